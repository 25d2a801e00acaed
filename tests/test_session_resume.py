"""A call that survives its socket: the session with the real extended codec, on simulated time."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tests.test_session import GREETING, STORY, Record
from tests.wire.extended_codec import append, extended, playback
from vivavoce.audio.pcm import Samples
from vivavoce.engines.engine import Engines
from vivavoce.engines.scripted import ScriptedLanguageModel, ScriptedSpeechToText, ScriptedTextToSpeech
from vivavoce.session import Session
from vivavoce.speech import VoiceStyle
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.policy import Policy
from vivavoce.testing.virtual_loop import run
from vivavoce.wire.atoms_extended import ExtendedCodec

RATE_HZ = 24_000
FRAME_S = 0.02
AWAY_S = 20.0

Json = dict[str, Any]


class InOrder:
    """A voice detector that takes everything loud for speech, and answers many windows at once in their order."""

    name = "in order"

    def stream(self, heard: Callable[[float], None]) -> "_Stream":
        return _Stream(heard)

    async def close(self) -> None:
        pass


class _Stream:
    def __init__(self, heard: Callable[[float], None]) -> None:
        self._heard = heard
        self._closed = False

    def push(self, window: Samples) -> None:
        asyncio.get_running_loop().call_soon(self._answer, 0.95 if np.abs(window).mean() > 500 else 0.02)

    def _answer(self, speech: float) -> None:
        if not self._closed:
            self._heard(speech)

    def close(self) -> None:
        self._closed = True


@dataclass
class Socket:
    """One socket of the client: its messages, and whether the server has closed it."""

    messages: list[Json] = field(default_factory=list)
    code: int | None = None

    def send(self, frame: bytes) -> None:
        if self.code is None:
            self.messages.append(json.loads(frame))

    def send_binary(self, frame: bytes) -> None:
        raise AssertionError("this client asks for JSON")

    def close(self, code: int = 1000) -> None:
        self.code = self.code or code

    @property
    def numbers(self) -> list[int]:
        return [message["seq"] for message in self.messages if "seq" in message and message["type"] != "input_ack"]

    def of(self, kind: str) -> list[Json]:
        return [message for message in self.messages if message["type"] == kind]


@dataclass
class Track(Record):
    """A record that knows where the visitor's sound lies."""

    windows: list[tuple[float, Samples]] = field(default_factory=list)

    def visitor(self, at: float, samples: Samples) -> None:
        self.windows.append((at, samples))


@dataclass
class Scene:
    """A call and its client: everything that it has sent, by number, and all its sockets."""

    session: Session
    codec: ExtendedCodec
    record: Track
    socket: Socket
    opened_at: float
    sockets: list[Socket] = field(default_factory=list)
    # The client's own messages, so that they can be sent again.
    kept: list[bytes] = field(default_factory=list)
    reason: str = ""

    def now(self) -> float:
        """Seconds since the session opened."""
        return asyncio.get_running_loop().time() - self.opened_at

    def say(self, message: bytes) -> None:
        """A numbered message, which goes out if there is a socket."""
        self.kept.append(message)
        if self.socket.code is None:
            self.session.receive(message, text=True)

    def report(self, **changed: object) -> None:
        """What the client has played."""
        self.session.receive(playback(**changed), text=True)

    def send_sound(self, level: int) -> None:
        """The microphone has taken a piece of sound."""
        samples = np.full(round(FRAME_S * RATE_HZ), level, np.dtype("<i2"))
        self.say(append(samples.tobytes(), len(self.kept) + 1))

    async def sound(self, duration_s: float, level: int) -> None:
        """The microphone hears something for a time, whether there is a socket or not."""
        for _ in range(round(duration_s / FRAME_S)):
            await asyncio.sleep(FRAME_S)
            self.send_sound(level)

    def lose(self) -> None:
        """The socket is gone, and the server knows."""
        self.socket.code = 1006
        self.session.lose(self.socket)

    def resume(self, last_seq: int | None = None) -> Socket:
        """Another socket: what the server has is dropped, the rest sent again."""
        has = max((number for socket in self.sockets for number in socket.numbers), default=0)
        self.socket = Socket()
        self.sockets.append(self.socket)
        last_seq = has if last_seq is None else last_seq

        assert self.session.can_resume(last_seq)

        self.session.resume(self.socket, last_seq=last_seq, input_seq=len(self.kept))
        for message in self.kept[self.socket.messages[0]["ext"]["input_seq"] :]:
            self.session.receive(message, text=True)
        return self.socket

    def all_numbers(self) -> list[int]:
        """The numbers of everything that the client has got, in the order in which it came."""
        return [number for socket in self.sockets for number in socket.numbers]


def play(script: Callable[[Scene], Awaitable[None]], *, greeting: str = GREETING) -> Scene:
    """Play a call to its end."""

    async def hold() -> Scene:
        codec, socket, record = extended(), Socket(), Track()
        brief = Brief(greeting=greeting, voice_rate_hz=RATE_HZ, holds=True, policy=Policy(away_s=AWAY_S))
        session = Session(
            brief=brief,
            codec=codec,
            engines=Engines(
                InOrder(),
                ScriptedSpeechToText(("what is the price", "stop please")),
                ScriptedLanguageModel(lambda messages, tools: [STORY]),
                ScriptedTextToSpeech(),
            ),
            style=VoiceStyle(),
            outbox=socket,
            observer=record,
        )
        scene = Scene(session, codec, record, socket, asyncio.get_running_loop().time(), [socket])
        holding = asyncio.create_task(session.run())
        await asyncio.sleep(0)
        scene.report(turn=0, played=0, state="idle", ack=0)
        await script(scene)
        scene.reason = await holding
        return scene

    return run(hold(), limit_s=1000)


def hang_up(scene: Scene) -> None:
    """The page ends the call."""
    scene.session.receive(b'{"type":"session.close"}', text=True)


# -- what the server sends ----------------------------------------------------------------------------------


def test_what_the_client_lacks_comes_again_in_order() -> None:
    """Rule: over all sockets together every number once and rising; the greeting says that it is the old call."""

    async def script(scene: Scene) -> None:
        await asyncio.sleep(0.5)
        scene.lose()
        await asyncio.sleep(2.0)
        scene.resume()
        for step in range(5):
            scene.report(turn=1, played=8000 * step, state="playing" if step < 4 else "idle", ack=0)
            await asyncio.sleep(8000 / RATE_HZ)
        hang_up(scene)

    scene = play(script)
    created = [socket.messages[0] for socket in scene.sockets]

    assert list(range(1, scene.all_numbers()[-1] + 1)) == scene.all_numbers()
    assert [False, True] == [message["ext"]["resumed"] for message in created]
    assert created[0]["call_id"] == created[1]["call_id"]
    assert created[0]["session_id"] == created[1]["session_id"]
    assert [GREETING] == [message["text"] for socket in scene.sockets for message in socket.of("transcript")]


def test_what_was_lost_on_the_way_comes_again() -> None:
    """Rule: the client says what it has; all above that is sent again, to the byte, although it was sent before."""

    async def script(scene: Scene) -> None:
        await asyncio.sleep(1.0)
        scene.lose()
        scene.resume(last_seq=3)
        hang_up(scene)

    scene = play(script)
    first, second = scene.sockets
    again = [message for message in first.messages if message.get("seq", 0) > 3]

    assert len(again) > 3
    assert again == second.messages[1 : 1 + len(again)]


def test_nothing_is_sent_while_the_client_is_away() -> None:
    """Rule: the agent waits; the samples of its turn go on without a gap on the next socket."""

    async def script(scene: Scene) -> None:
        await asyncio.sleep(0.5)
        scene.report(turn=1, played=0, state="playing", ack=0)
        scene.lose()
        before = len(scene.record.spoken)
        await asyncio.sleep(10.0)

        assert before == len(scene.record.spoken)

        scene.resume()
        scene.report(turn=1, played=12_000, state="playing", ack=0)
        await asyncio.sleep(0.5)
        hang_up(scene)

    scene = play(script)
    starts = [message["start"] for socket in scene.sockets for message in socket.of("output_audio.delta")]
    lost, back = (
        next(fact.at for fact in scene.record.facts if isinstance(fact, kind))
        for kind in (facts.ClientLost, facts.ClientReturned)
    )

    assert starts == sorted(set(starts))
    assert back - lost == pytest.approx(10.0)
    assert [] == [fact for fact in scene.record.facts if isinstance(fact, facts.AgentStoppedTalking) and fact.at < back]


def test_a_new_socket_closes_the_old_one() -> None:
    """Rule: the server need not have noticed that it is dead; what the old one brings at its end means nothing."""

    async def script(scene: Scene) -> None:
        await asyncio.sleep(0.5)
        old = scene.socket
        scene.resume()
        scene.session.lose(old)
        await asyncio.sleep(1.0)

        assert 4409 == old.code
        assert scene.socket.code is None

        hang_up(scene)

    scene = play(script)

    assert "client_requested" == scene.reason
    assert 1 == len([event for event in scene.record.events if isinstance(event, events.ClientAway)])
    assert list(range(1, scene.all_numbers()[-1] + 1)) == scene.all_numbers()


def test_a_client_that_stays_away_ends_the_call() -> None:
    """Rule: after its window, with the reason of a closed socket; then nothing can be taken up."""

    async def script(scene: Scene) -> None:
        await asyncio.sleep(1.0)
        scene.lose()
        await asyncio.sleep(AWAY_S + 0.1)

        assert not scene.session.can_resume(1)

    scene = play(script)

    assert "websocket_closed" == scene.reason
    assert isinstance(scene.record.facts[-1], facts.CallEnded)
    assert scene.record.facts[-1].at == pytest.approx(1.0 + AWAY_S, abs=0.01)


def test_a_client_that_never_said_a_word_is_not_waited_for() -> None:
    """Rule: its socket may never have opened, and nobody has its token."""

    async def hold() -> str:
        codec, socket = extended(), Socket()
        session = Session(
            brief=Brief(),
            codec=codec,
            engines=Engines(
                InOrder(), ScriptedSpeechToText(()), ScriptedLanguageModel(lambda *_: []), ScriptedTextToSpeech()
            ),
            style=VoiceStyle(),
            outbox=socket,
            observer=Record(),
        )
        holding = asyncio.create_task(session.run())
        await asyncio.sleep(0)
        session.lose(socket)
        async with asyncio.timeout(1.0):
            return await holding

    assert "websocket_closed" == run(hold())


def test_what_the_client_has_acknowledged_is_gone() -> None:
    """Rule: the call cannot be taken up before that; pings and reports tell."""

    async def script(scene: Scene) -> None:
        await asyncio.sleep(0.5)
        scene.report(turn=1, played=0, state="playing", ack=3)

        assert [False, True] == [scene.session.can_resume(seq) for seq in (2, 3)]

        scene.session.receive(b'{"type":"ping","id":1,"ack":4}', text=True)

        assert [False, True] == [scene.session.can_resume(seq) for seq in (3, 4)]

        hang_up(scene)

    scene = play(script)

    assert [1] == [message["id"] for message in scene.socket.of("pong")]


# -- what the client sends again ----------------------------------------------------------------------------


def test_a_message_that_comes_twice_is_passed_over() -> None:
    """Rule: what is typed once is answered once, however often it is sent."""

    async def script(scene: Scene) -> None:
        await asyncio.sleep(0.5)
        scene.say(b'{"type":"input_text.send","text":"what is the price","seq":1}')
        scene.lose()
        scene.resume()
        scene.session.receive(scene.kept[0], text=True)
        await asyncio.sleep(1.0)
        hang_up(scene)

    scene = play(script)

    assert ["what is the price"] == [fact.text for fact in scene.record.facts if isinstance(fact, facts.UserSaid)]


def test_what_was_typed_while_the_client_was_away_arrives() -> None:
    """Rule: it waits in the client, and comes first."""

    async def script(scene: Scene) -> None:
        await asyncio.sleep(0.5)
        scene.lose()
        scene.say(b'{"type":"input_text.send","text":"what is the price","seq":1}')
        await asyncio.sleep(3.0)
        scene.resume()
        await asyncio.sleep(1.0)
        hang_up(scene)

    scene = play(script)

    assert [0, 0] == [socket.messages[0]["ext"]["input_seq"] for socket in scene.sockets]
    assert ["what is the price"] == [fact.text for fact in scene.record.facts if isinstance(fact, facts.UserSaid)]


@pytest.mark.parametrize("noticed", [True, False])
def test_the_visitors_track_is_aligned_after_a_replay(noticed: bool) -> None:
    """Rule (pain 32): what comes late lies where it was said, within 10 ms, and so does all that follows."""
    clicks: list[float] = []

    async def script(scene: Scene) -> None:
        for number in range(5):
            await scene.sound(0.98, 0)
            await asyncio.sleep(FRAME_S)
            clicks.append(scene.now() - FRAME_S)
            scene.send_sound(9000)
            if number == 1:
                # The second click is the last that arrives.
                if noticed:
                    scene.lose()
                else:
                    scene.socket.code = 1006
            if number == 3:
                await scene.sound(0.1, 0)
                scene.resume()
        await scene.sound(0.5, 0)
        hang_up(scene)

    scene = play(script, greeting="")
    rate_hz = 16_000
    track = np.zeros(10 * rate_hz, np.int16)
    for at, samples in scene.record.windows:
        end = round(at * rate_hz)
        track[end - len(samples) : end] = samples
    loud = np.flatnonzero(np.abs(track) > 3000)
    heard = (loud[np.diff(loud, prepend=-rate_hz) > rate_hz // 10] / rate_hz).tolist()

    assert clicks == pytest.approx(heard, abs=0.01)


def test_a_sentence_over_a_lost_socket_is_one_turn() -> None:
    """Rule: its second half is said while the client is away, and comes tenfold when it is back."""

    async def script(scene: Scene) -> None:
        await scene.sound(0.6, 5000)
        scene.lose()
        await scene.sound(0.6, 5000)
        await scene.sound(1.5, 0)
        scene.resume()
        await scene.sound(1.0, 0)
        await asyncio.sleep(1.0)
        hang_up(scene)

    scene = play(script, greeting="")
    speech = [event for event in scene.record.events if isinstance(event, events.Heard) and event.speech > 0.5]

    assert ["what is the price"] == [
        fact.text for fact in scene.record.facts if isinstance(fact, facts.UserSaid) and fact.final
    ]
    assert 1 == len([fact for fact in scene.record.facts if isinstance(fact, facts.UserStoppedSpeaking)])
    assert len(speech) == pytest.approx(1.2 / 0.032, abs=2)


def test_a_minute_that_was_kept_is_no_flood() -> None:
    """Rule: what comes after a return may come at once; afterwards the usual limit holds again."""

    async def script(scene: Scene) -> None:
        await scene.sound(0.1, 0)
        scene.lose()
        await scene.sound(15.0, 0)
        for _ in range(round(45.0 / FRAME_S)):
            scene.send_sound(0)
        scene.resume()
        heard = len(scene.record.windows)

        assert heard * 0.032 == pytest.approx(60.1, abs=0.2)

        await scene.sound(0.1, 0)
        for _ in range(round(45.0 / FRAME_S)):
            scene.send_sound(0)
        hang_up(scene)

    scene = play(script, greeting="")

    assert ["invalid_event"] == [message["code"] for message in scene.socket.of("error")]
    assert len(scene.record.windows) * 0.032 < 60.1 + 31.0


# -- the agent's memory -------------------------------------------------------------------------------------


def test_memory_ends_at_the_word_that_the_client_reports_after_its_return() -> None:
    """Rule (pain 19): what was sent and lost is not heard; the report that comes first says how much was."""

    async def script(scene: Scene) -> None:
        await asyncio.sleep(1.0)
        scene.lose()
        await asyncio.sleep(3.0)
        scene.resume(last_seq=0)
        scene.report(turn=1, played=0, state="idle", ack=0)
        scene.say(b'{"type":"input_text.send","text":"stop","seq":1}')
        await asyncio.sleep(1.0)
        hang_up(scene)

    scene = play(script)
    first = next(fact for fact in scene.record.facts if isinstance(fact, facts.AgentSaid) and fact.final)

    assert "" == first.text
