"""The shell with a client of the Synthflow wire, on simulated time: who waits for whom, and how it ends."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from tests.test_session import GREETING, STORY, LoudIsSpeech, Record
from vivavoce.engines.engine import Engines
from vivavoce.engines.scripted import ScriptedLanguageModel, ScriptedSpeechToText, ScriptedTextToSpeech
from vivavoce.session import Session
from vivavoce.speech import Message, Tool, ToolCall, VoiceStyle
from vivavoce.talk import facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.policy import Policy
from vivavoce.testing.virtual_loop import run
from vivavoce.wire.dialect import Frame
from vivavoce.wire.synthflow import SynthflowCodec, formats_from_url

MIC_HZ, AGENT_HZ = 48_000, 16_000
# What the pages of this wire send at a time: 170.7 ms.
FRAME_SAMPLES = 8192
CLIENT_READY = b'{"type":"status_client_ready"}'
GREETING_S = len(GREETING.split()) / 6


@dataclass
class Page:
    """The other end of the socket: keeps what it is sent, with the time."""

    texts: list[tuple[float, str]] = field(default_factory=list)
    frames: list[tuple[float, bytes]] = field(default_factory=list)
    closed_at: float | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, frame: Frame) -> None:
        self._take(self.texts, json.loads(frame)["type"])

    def send_binary(self, frame: Frame) -> None:
        self._take(self.frames, frame)

    def close(self, code: int = 1000) -> None:
        if self.closed_at is None:
            self.closed_at = _now()

    @property
    def heard_s(self) -> float:
        """How much sound has come."""
        return sum(len(frame) for _, frame in self.frames) / 2 / AGENT_HZ

    def _take(self, kept: list[tuple[float, Frame]] | list[tuple[float, str]], what: str | Frame) -> None:
        if self.closed_at is None:
            kept.append((_now(), what))  # type: ignore[arg-type]  # each list gets its own kind
            self.arrived.set()


def _now() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Scene:
    session: Session
    page: Page
    record: Record
    reason: str = ""
    ended_at: float = 0.0

    def ready(self) -> None:
        """The page says that it can hear."""
        self.session.receive(CLIENT_READY, text=True)

    async def sound(self, duration_s: float, *, loud: bool) -> None:
        """The microphone hears something for a time."""
        samples = np.full(FRAME_SAMPLES, 3000 if loud else 0, "<i2").tobytes()
        for _ in range(round(duration_s * MIC_HZ / FRAME_SAMPLES)):
            await asyncio.sleep(FRAME_SAMPLES / MIC_HZ)
            self.session.receive(memoryview(samples), text=False)

    async def until_sound(self, frames: int = 1) -> None:
        """Wait until so many frames more have come."""
        wanted = len(self.page.frames) + frames
        async with asyncio.timeout(30):
            while len(self.page.frames) < wanted:
                self.page.arrived.clear()
                await self.page.arrived.wait()

    def leave(self) -> None:
        """The page closes its socket: the only way in which pages of this wire end a call."""
        self.session.leave("websocket_closed")

    def facts(self, kind: type) -> list[facts.Fact]:
        return [fact for fact in self.record.facts if isinstance(fact, kind)]


Script = Callable[[Scene], Awaitable[None]]
Model = Callable[[Sequence[Message], Sequence[Tool]], Sequence[str | ToolCall]]


def tells_a_story(messages: Sequence[Message], tools: Sequence[Tool]) -> Sequence[str | ToolCall]:
    return [word + " " for word in STORY.split()]


def play(
    script: Script,
    *,
    greeting: str = GREETING,
    events: bool = False,
    policy: Policy | None = None,
    llm: Model = tells_a_story,
) -> Scene:
    """Play a call to its end."""

    async def hold() -> Scene:
        codec = SynthflowCodec(formats_from_url({}), events=events)
        engines = Engines(
            LoudIsSpeech(), ScriptedSpeechToText(("stop please",)), ScriptedLanguageModel(llm), ScriptedTextToSpeech()
        )
        page, record = Page(), Record()
        brief = Brief(
            greeting=greeting, voice_rate_hz=codec.agent_rate_hz, lead_s=codec.lead_s, policy=policy or Policy()
        )
        session = Session(brief=brief, codec=codec, engines=engines, style=VoiceStyle(), outbox=page, observer=record)
        scene = Scene(session, page, record)
        holding = asyncio.create_task(session.run())
        await asyncio.sleep(0)
        await script(scene)
        scene.reason = await holding
        scene.ended_at = _now()
        return scene

    return run(hold(), limit_s=4000)


def test_the_agent_is_ready_at_once_and_speaks_when_the_client_is() -> None:
    """One status message before all else, and no sound before the client can hear."""

    async def script(scene: Scene) -> None:
        assert ["status_agent_ready"] == [kind for _, kind in scene.page.texts]
        await asyncio.sleep(2.0)
        assert [] == scene.page.frames
        scene.ready()
        await scene.until_sound()
        scene.leave()

    scene = play(script)

    assert 2.0 <= scene.page.frames[0][0] < 2.2
    assert [(0.0, "status_agent_ready")] == scene.page.texts


def test_a_client_that_never_says_so_is_greeted_all_the_same() -> None:
    """After the policy's wait, of about five seconds; the call's record begins with the call."""

    async def script(scene: Scene) -> None:
        await scene.until_sound()
        scene.leave()

    scene = play(script)

    assert pytest.approx(Policy().ready_wait_s, abs=0.2) == scene.page.frames[0][0]
    assert [facts.CallStarted(0.0, "webcall")] == scene.record.facts[:1]


def test_a_client_that_says_so_twice_is_greeted_once() -> None:
    """Ready messages come in any order and number."""

    async def script(scene: Scene) -> None:
        scene.ready()
        scene.ready()
        await asyncio.sleep(GREETING_S + 2)
        scene.ready()
        await asyncio.sleep(2)
        scene.leave()

    scene = play(script)

    assert pytest.approx(GREETING_S, abs=0.01) == scene.page.heard_s
    assert 1 == len(scene.facts(facts.AgentStartedTalking))


def test_sound_before_the_client_is_ready_is_no_error() -> None:
    """Microphones start before pages are done; the greeting comes all the same."""

    async def script(scene: Scene) -> None:
        await scene.sound(1.5, loud=False)
        scene.ready()
        await scene.until_sound(3)
        scene.leave()

    scene = play(script)

    assert 1.5 < scene.page.frames[0][0] < 2.0
    assert 16_000 < scene.record.visitor_samples


def test_who_speaks_before_the_client_is_ready_is_heard() -> None:
    """His turn is answered; a greeting would come too late."""

    async def script(scene: Scene) -> None:
        await scene.sound(1.0, loud=True)
        await scene.sound(0.4, loud=False)
        scene.ready()
        await scene.sound(1.0, loud=False)
        await scene.until_sound()
        scene.leave()

    said = [fact for fact in play(script).facts(facts.UserSaid) if isinstance(fact, facts.UserSaid) and fact.final]

    assert ["stop please"] == [fact.text for fact in said]


def test_sound_runs_a_fifth_of_a_second_ahead_at_most() -> None:
    """A client cannot be told to drop anything; frames are whole samples and never empty."""

    async def script(scene: Scene) -> None:
        scene.ready()
        await asyncio.sleep(GREETING_S + 1)
        scene.leave()

    scene = play(script)
    began_at, sent_s = scene.page.frames[0][0], 0.0
    for at, frame in scene.page.frames:
        sent_s += len(frame) / 2 / AGENT_HZ

        assert sent_s - (at - began_at) <= 0.2 + 1e-6
        assert (0, True) == (len(frame) % 2, len(frame) > 0)
    assert pytest.approx(GREETING_S, abs=0.01) == sent_s


def test_an_interruption_ends_the_sound() -> None:
    """Nothing is sent from then on until the next answer, so the client falls silent within the lead."""

    async def script(scene: Scene) -> None:
        scene.ready()
        await scene.sound(0.5, loud=False)
        await scene.sound(0.7, loud=True)
        await scene.sound(2.0, loud=False)
        await scene.until_sound()
        scene.leave()

    scene = play(script)
    (cut,) = scene.facts(facts.Interrupted)
    first, second = scene.facts(facts.AgentStartedTalking)
    between = [at for at, _ in scene.page.frames if cut.at < at < second.at]

    assert first.at < cut.at < 1.2
    assert [] == between
    assert ["status_agent_ready"] == [kind for _, kind in scene.page.texts]


def test_words_and_interruptions_are_told_where_they_are_wanted() -> None:
    """As text, among the binary frames."""

    async def script(scene: Scene) -> None:
        scene.ready()
        await scene.sound(0.5, loud=False)
        await scene.sound(0.7, loud=True)
        await scene.sound(2.0, loud=False)
        await scene.until_sound()
        scene.leave()

    kinds = [kind for _, kind in play(script, events=True).page.texts]

    assert ["status_agent_ready", "interruption", "transcript", "transcript"] == kinds[:4]


def test_the_agent_hangs_up_when_its_last_word_has_been_heard() -> None:
    """The socket is the sound: it stays open until everything that was sent is sure to have been played."""

    def says_goodbye(messages: Sequence[Message], tools: Sequence[Tool]) -> Sequence[str | ToolCall]:
        return ["Goodbye and thank you for calling us today. ", ToolCall("c", "end_call", "{}")]

    async def script(scene: Scene) -> None:
        scene.ready()
        await scene.sound(1.0, loud=True)
        await scene.sound(1.5, loud=False)

    scene = play(script, greeting="", llm=says_goodbye)
    (last_at, last), closed_at = scene.page.frames[-1], scene.page.closed_at

    assert closed_at is not None
    assert last_at + len(last) / 2 / AGENT_HZ + 0.3 <= closed_at <= last_at + 1.0
    assert ("ended", closed_at) == (scene.reason, scene.ended_at)
    assert isinstance(scene.record.facts[-1], facts.CallEnded)


def test_a_call_that_is_cut_off_lets_the_client_play_what_it_has() -> None:
    """So that a word that was sent is not torn."""

    async def script(scene: Scene) -> None:
        scene.ready()

    scene = play(script, policy=Policy(longest_call_s=1.0))
    began_at, closed_at = scene.page.frames[0][0], scene.page.closed_at

    assert "timeout" == scene.reason
    assert closed_at is not None
    assert began_at + scene.page.heard_s < closed_at <= 1.0 + 0.2 + 0.1 + 0.3 + 1e-6


def test_a_client_that_is_gone_is_not_waited_for() -> None:
    """There is nobody to play anything."""

    async def script(scene: Scene) -> None:
        scene.ready()
        await scene.until_sound(3)
        scene.leave()

    scene = play(script)

    assert ("websocket_closed", scene.page.frames[-1][0]) == (scene.reason, scene.ended_at)


def test_nothing_that_comes_after_the_end_is_taken() -> None:
    """The socket is still open then, and the page does not know."""

    async def script(scene: Scene) -> None:
        scene.ready()
        await scene.until_sound(3)
        scene.session.leave("server_error")
        ended = len(scene.record.facts)
        await scene.sound(0.2, loud=True)
        scene.ready()
        scene.leave()
        assert ended == len(scene.record.facts)

    scene = play(script)

    assert "server_error" == scene.reason
    assert scene.page.closed_at is not None
