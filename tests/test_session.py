"""The shell: whole calls on simulated time, with scripted engines and the real Atoms codec."""

import asyncio
import base64
import gc
import json
import logging
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.engine_work import OwnTool
from vivavoce.engines.engine import Engines, LanguageModel, SpeechToText, TextToSpeech
from vivavoce.engines.scripted import ScriptedLanguageModel, ScriptedSpeechToText, ScriptedTextToSpeech
from vivavoce.errors import EngineError
from vivavoce.session import Session
from vivavoce.speech import Message, Tool, ToolCall, Transcript, Voice, VoiceStyle
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief, Mode
from vivavoce.talk.events import Event
from vivavoce.talk.facts import Fact
from vivavoce.talk.policy import Policy
from vivavoce.testing.virtual_loop import run
from vivavoce.wire.atoms import AtomsCodec
from vivavoce.wire.dialect import Frame, SessionNames
from vivavoce.wire.formats import AudioFormat, AudioFormats

OPENED_AT = datetime(2026, 7, 2, 10, 30, 45, tzinfo=UTC)
RATE_HZ = 16_000
MIC_FRAME_S = 0.02
# A resampler gives its samples in blocks: the longest are those from 8 kHz.
HELD_BACK_S = 0.065
GREETING = "Hello there, how can I help you today?"
STORY = "Once there was a king who had three daughters and a very large garden full of apple trees."

SECRET = "words of the visitor"

Json = dict[str, Any]


# -- the world around a session -----------------------------------------------------------------------------


class LoudIsSpeech:
    """A voice detector that takes everything loud for speech; it answers after a moment, as a batched one does."""

    name = "loud"

    def __init__(self, delay_s: float = 0.005) -> None:
        self._delay_s = delay_s
        self.open = 0

    def stream(self, heard: Callable[[float], None]) -> "_LoudStream":
        self.open += 1
        return _LoudStream(self, heard, self._delay_s)

    async def close(self) -> None:
        pass


class _LoudStream:
    def __init__(self, engine: LoudIsSpeech, heard: Callable[[float], None], delay_s: float) -> None:
        self._engine = engine
        self._heard: Callable[[float], None] | None = heard
        self._delay_s = delay_s

    def push(self, window: Samples) -> None:
        assert window.shape == (512,)
        speech = 0.95 if np.abs(window).mean() > 500 else 0.02
        asyncio.get_running_loop().call_later(self._delay_s, self._answer, speech)

    def _answer(self, speech: float) -> None:
        if self._heard is not None:
            self._heard(speech)

    def close(self) -> None:
        self._heard = None
        self._engine.open -= 1


@dataclass
class Client:
    """The other end of the socket: keeps what it is sent, with the time."""

    messages: list[tuple[float, Json]] = field(default_factory=list)
    closed_at: float | None = None
    # Called with the number of messages so far, for clients that give trouble.
    on_message: Callable[[int], None] = lambda count: None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, frame: Frame) -> None:
        if self.closed_at is None:
            self.messages.append((asyncio.get_running_loop().time(), json.loads(frame)))
            self.arrived.set()
            self.on_message(len(self.messages))

    def send_binary(self, frame: Frame) -> None:
        raise AssertionError("on the Atoms wire all messages are text")

    def close(self, code: int = 1000) -> None:
        if self.closed_at is None:
            self.closed_at = asyncio.get_running_loop().time()


@dataclass
class Record:
    """Keeps what an observer is told."""

    facts: list[Fact] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    visitor_samples: int = 0
    spoken: list[tuple[int, Pcm]] = field(default_factory=list)
    # Of each turn of the agent, when how many samples had been heard.
    heard: dict[int, tuple[float, int]] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    # A fact at which the record breaks, as a bug would.
    breaks_at: type | None = None

    def fact(self, fact: Fact) -> None:
        if self.breaks_at is not None and isinstance(fact, self.breaks_at):
            self.breaks_at = None
            raise ZeroDivisionError(SECRET)
        self.facts.append(fact)

    def event(self, event: Event) -> None:
        self.events.append(event)

    def visitor(self, at: float, samples: Samples) -> None:
        self.visitor_samples += len(samples)

    def agent(self, turn: int, pcm: Pcm) -> None:
        self.spoken.append((turn, pcm))

    def sounded(self, turn: int, at: float, heard: int) -> None:
        self.heard[turn] = (at, heard)

    def cut(self, turn: int) -> None:
        self.cuts.append(turn)


@dataclass
class Scene:
    """One call: the session, its client, and what a visitor does."""

    session: Session
    client: Client
    record: Record
    vad: LoudIsSpeech
    mic_hz: int = RATE_HZ
    reason: str = ""
    # How long the session lived on after its socket was closed.
    ended_s: float = 0.0
    # Tasks and timers that were left when the session had ended.
    left: list[str] = field(default_factory=list)
    timers: list[asyncio.TimerHandle] = field(default_factory=list)

    def send(self, message: Json) -> None:
        """The page sends a message."""
        self.session.receive(json.dumps(message).encode(), text=True)

    def send_sound(self, duration_s: float, *, loud: bool) -> None:
        """The page sends so much sound in one message."""
        samples = np.full(round(duration_s * self.mic_hz), 3000 if loud else 0, np.dtype("<i2"))
        self.send({"type": "input_audio_buffer.append", "audio": base64.b64encode(samples.tobytes()).decode()})

    async def sound(self, duration_s: float, *, loud: bool) -> None:
        """The microphone hears something for a time."""
        for _ in range(round(duration_s / MIC_FRAME_S)):
            await asyncio.sleep(MIC_FRAME_S)
            self.send_sound(MIC_FRAME_S, loud=loud)

    async def say(self, duration_s: float = 1.0) -> None:
        """The visitor speaks, and is quiet for long enough to be answered."""
        await self.sound(duration_s, loud=True)
        await self.sound(0.8, loud=False)

    async def until(self, kind: str, count: int = 1, *, within_s: float = 30.0) -> Json:
        """Wait for a message of a kind; ``count`` for the how many-th."""
        async with asyncio.timeout(within_s):
            while len(found := self.of(kind)) < count:
                self.client.arrived.clear()
                await self.client.arrived.wait()
        return found[count - 1]

    def of(self, kind: str) -> list[Json]:
        """The messages of a kind."""
        return [message for _, message in self.client.messages if message["type"] == kind]

    def kinds(self) -> list[str]:
        """The types of all messages, sound and partial texts only once in a row."""
        names = [_kind(message) for _, message in self.client.messages]
        return [name for number, name in enumerate(names) if number == 0 or names[number - 1] != name]


def _kind(message: Json) -> str:
    return f"{message['type']} {message['role']}" if "role" in message else str(message["type"])


Script = Callable[[Scene], Awaitable[None]]


async def _hold(
    script: Script,
    *,
    brief: Brief,
    stt: SpeechToText,
    llm: LanguageModel,
    tts: TextToSpeech,
    rates_hz: tuple[int, int],
    vad_delay_s: float,
    early: Callable[[Scene], None],
    record: Record,
    own_tools: Mapping[str, OwnTool],
) -> Scene:
    formats = AudioFormats(AudioFormat("pcm", rates_hz[0]), AudioFormat("pcm", rates_hz[1]))
    names = SessionNames("5f3c5ee1-0d6f-4bb8-8a8e-0d2f6d6c1c11", "CALL-1776756378884-6a553c", OPENED_AT)
    vad, client = LoudIsSpeech(vad_delay_s), Client()
    session = Session(
        brief=brief,
        codec=AtomsCodec(names, formats, brief.mode),
        engines=Engines(vad, stt, llm, tts),
        style=VoiceStyle(),
        outbox=client,
        observer=record,
        own_tools=own_tools,
    )
    scene = Scene(session, client, record, vad, rates_hz[0])
    early(scene)
    holding = asyncio.create_task(session.run(), name="session")
    await asyncio.sleep(0)
    await script(scene)
    scene.reason = await holding
    ours = asyncio.current_task()
    assert client.closed_at is not None
    scene.ended_s = asyncio.get_running_loop().time() - client.closed_at
    scene.left = [task.get_name() for task in asyncio.all_tasks() if task is not ours]
    scene.timers = _timers()
    return scene


def _timers() -> list[asyncio.TimerHandle]:
    """The timers of the loop that would still ring; asyncio has no public way to ask."""
    scheduled: list[asyncio.TimerHandle] = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    return [timer for timer in scheduled if not timer.cancelled()]


def play(
    script: Script,
    *,
    mode: Mode = "webcall",
    greeting: str = "",
    brief: Brief | None = None,
    stt: SpeechToText | None = None,
    llm: LanguageModel | None = None,
    tts: TextToSpeech | None = None,
    rates_hz: tuple[int, int] = (RATE_HZ, RATE_HZ),
    vad_delay_s: float = 0.005,
    early: Callable[[Scene], None] = lambda scene: None,
    record: Record | None = None,
    own_tools: Mapping[str, OwnTool] | None = None,
) -> Scene:
    """Play a call to its end; the script is what the visitor and his page do."""
    return run(
        _hold(
            script,
            brief=brief or Brief(mode=mode, greeting=greeting, voice_rate_hz=rates_hz[1]),
            stt=stt or ScriptedSpeechToText(("what is the price", "stop please")),
            llm=llm or ScriptedLanguageModel(lambda messages, tools: [word + " " for word in STORY.split()]),
            tts=tts or ScriptedTextToSpeech(),
            rates_hz=rates_hz,
            vad_delay_s=vad_delay_s,
            early=early,
            record=record or Record(),
            own_tools=own_tools or {},
        ),
        limit_s=4000,
    )


async def close(scene: Scene) -> None:
    """The page ends the call."""
    scene.send({"type": "session.close"})


async def nothing(scene: Scene) -> None:
    """The page does nothing; the call ends by itself."""


# -- whole calls --------------------------------------------------------------------------------------------


def test_a_whole_call_comes_in_the_order_of_the_wire() -> None:
    """Rule O1 to O7: created, greeting, the user's turn, an interrupted answer, the next answer, closed."""

    async def script(scene: Scene) -> None:
        await scene.until("agent_stop_talking")
        await scene.say()
        await scene.until("output_audio.delta", len(scene.of("output_audio.delta")) + 5)
        await scene.say(0.5)
        await scene.until("agent_stop_talking", 3)
        await close(scene)

    scene = play(script, greeting=GREETING)
    order = [kind for kind in scene.kinds() if "delta" not in kind]

    assert [
        "session.created",
        *("agent_start_talking", "transcript assistant", "agent_stop_talking"),
        *("transcript user", "agent_start_talking"),
        *("interruption", "transcript assistant", "agent_stop_talking"),
        *("transcript user", "agent_start_talking", "transcript assistant", "agent_stop_talking"),
        "session.closed",
    ] == order
    assert "client_requested" == scene.reason
    assert {"type": "session.closed", "reason": "client_requested"} == scene.client.messages[-1][1]
    assert [] == scene.left
    assert 0 == scene.vad.open


def test_sound_lies_only_between_start_and_stop() -> None:
    """Rules O2, O4: no sound outside a turn, none after an interruption."""

    async def script(scene: Scene) -> None:
        await scene.until("agent_stop_talking")
        await scene.say()
        await scene.until("output_audio.delta", len(scene.of("output_audio.delta")) + 5)
        await scene.say(0.5)
        await scene.until("agent_stop_talking", 3)
        await close(scene)

    scene = play(script, greeting=GREETING)
    talking = False
    for _, message in scene.client.messages:
        match message["type"]:
            case "agent_start_talking":
                talking = True
            case "interruption" | "agent_stop_talking":
                talking = False
            case "output_audio.delta":
                assert talking


def test_the_text_of_an_interrupted_answer_is_what_was_heard() -> None:
    """Rule: the final text is a beginning of the answer, as long as the sound that had been played."""

    async def script(scene: Scene) -> None:
        await scene.say()
        await scene.until("agent_start_talking")
        await scene.sound(1.5, loud=False)
        await scene.say(0.5)
        await close(scene)

    scene = play(script)
    said = next(message["text"] for message in scene.of("transcript") if message["role"] == "assistant")

    assert STORY.startswith(said)
    # 1.7 s less the client's delay and the window of the onset, at 6 words a second.
    assert 8 <= len(said.split()) <= 10


def test_the_client_gets_the_sound_that_the_voice_made() -> None:
    """Rule: resampling and framing lose nothing: the length is the voice's at the client's rate."""

    async def script(scene: Scene) -> None:
        await scene.until("agent_stop_talking")
        await close(scene)

    scene = play(script, greeting=GREETING, rates_hz=(8000, 16_000))
    sent = b"".join(base64.b64decode(message["audio"]) for message in scene.of("output_audio.delta"))
    words = len(GREETING.split())

    assert len(sent) / 2 / 16_000 == pytest.approx(words / 6, abs=0.002)
    assert sum(len(pcm.samples) for _, pcm in scene.record.spoken) == len(sent) // 2


@pytest.mark.parametrize("mic_hz", [8000, 16_000, 24_000, 48_000])
def test_the_recogniser_hears_the_whole_utterance(mic_hz: int) -> None:
    """Rule: whatever the microphone's rate, the engine gets all of the speech at 16 kHz."""
    stt = ScriptedSpeechToText()

    async def script(scene: Scene) -> None:
        await scene.sound(0.5, loud=False)
        await scene.say(2.0)
        await close(scene)

    scene = play(script, stt=stt, rates_hz=(mic_hz, RATE_HZ))

    assert scene.record.visitor_samples / 16_000 == pytest.approx(3.3, abs=HELD_BACK_S)
    # The pre-roll, the speech, and the pause after which the text was asked for.
    assert stt.heard_s[0] == pytest.approx(0.3 + 2.0 + 0.192, abs=0.064)


def test_a_tool_call_goes_to_the_page_and_back() -> None:
    """Rule: declared tools are confirmed; the call, its result and the spoken answer follow each other."""

    def llm(messages: Sequence[Message], tools: Sequence[Tool]) -> Sequence[str | ToolCall]:
        if messages[-1].role == "tool":
            return [f"It is {messages[-1].text}."]
        return [ToolCall("call_1", "look_up", '{"what": "tea"}')]

    async def script(scene: Scene) -> None:
        tool = {"type": "function", "name": "look_up", "description": "Looks up.", "parameters": {"type": "object"}}
        scene.send({"type": "session.update", "tools": [tool]})
        scene.send({"type": "input_text.send", "text": "price?"})
        call = await scene.until("function_call")
        scene.send({"type": "function_call.result", "call_id": call["call_id"], "output": "five"})
        await scene.until("agent_stop_talking")
        await close(scene)

    scene = play(script, llm=ScriptedLanguageModel(llm))
    call = scene.of("function_call")[0]

    assert {"type": "session.updated", "tools": ["look_up"]} == scene.of("session.updated")[0]
    assert ("look_up", {"what": "tea"}) == (call["name"], call["arguments"])
    assert {"type": "transcript", "role": "assistant", "text": "It is five."} == scene.of("transcript")[-1]


@pytest.mark.parametrize("output", ["five", None])
def test_a_tool_of_the_server_never_reaches_the_page(output: str | None) -> None:
    """Rule: it runs here, and the model reads its output; one that breaks says so without telling of what was said."""

    async def look_up(arguments: str) -> str:
        assert '{"what": "tea"}' == arguments
        if output is None:
            raise ValueError(SECRET)
        return output

    def llm(messages: Sequence[Message], tools: Sequence[Tool]) -> Sequence[str | ToolCall]:
        if messages[-1].role == "tool":
            return [f"It is {messages[-1].text}"]
        return [ToolCall("call_1", "look_up", '{"what": "tea"}')]

    async def script(scene: Scene) -> None:
        scene.send({"type": "input_text.send", "text": "price?"})
        await scene.until("agent_stop_talking")
        await close(scene)

    brief = Brief(voice_rate_hz=RATE_HZ, tools=(Tool("look_up", "Looks up."),))
    scene = play(script, brief=brief, llm=ScriptedLanguageModel(llm), own_tools={"look_up": look_up})

    assert [] == scene.of("function_call")
    said = "It is five" if output else "It is The tool failed: ValueError."
    assert {"type": "transcript", "role": "assistant", "text": said} == scene.of("transcript")[-1]


def test_a_chat_opens_no_ear_and_makes_no_sound() -> None:
    """Rule O6: typed text in, texts out; audio that a page sends all the same is ignored."""

    async def script(scene: Scene) -> None:
        assert scene.vad.open == 0

        await scene.sound(0.5, loud=True)
        scene.send({"type": "input_text.send", "text": "hi"})
        await scene.until("agent_stop_talking")
        await close(scene)

    scene = play(script, mode="chat")

    assert [] == scene.of("output_audio.delta")
    assert [] == scene.of("error")
    assert [("user", "hi"), ("assistant", STORY)] == [
        (message["role"], message["text"]) for message in scene.of("transcript")
    ]


def test_an_untouched_call_ends_with_timeout() -> None:
    """Rule: the one timer is enough: nudges and the end come although nothing is sent."""
    scene = play(nothing, greeting=GREETING)

    assert "timeout" == scene.reason
    assert 4 == len(scene.of("agent_stop_talking"))
    assert [] == scene.left


def test_the_agent_hangs_up_with_reason_ended() -> None:
    """Rule: the model's ``end_call`` ends the session after its goodbye has been heard."""

    async def script(scene: Scene) -> None:
        scene.send({"type": "input_text.send", "text": "bye"})

    llm = ScriptedLanguageModel(lambda messages, tools: ["Goodbye then.", ToolCall("c", "end_call", "{}")])
    scene = play(script, llm=llm)
    sent = sum(len(pcm.samples) for turn, pcm in scene.record.spoken if turn == 1)
    heard_at, heard = scene.record.heard[1]

    assert "ended" == scene.reason
    assert sent == heard
    assert heard_at >= sent / RATE_HZ


def test_what_came_in_is_told_to_the_observer_in_order() -> None:
    """Rule: from the client's being ready to its leaving, with times that never go back; the last fact is the end."""

    async def script(scene: Scene) -> None:
        await scene.say()
        await scene.until("agent_stop_talking")
        await close(scene)

    scene = play(script)

    assert isinstance(scene.record.events[0], events.ClientReady)
    assert isinstance(scene.record.events[-1], events.ClientLeft)
    assert all(earlier.at <= later.at for earlier, later in pairwise(scene.record.events))
    assert isinstance(scene.record.facts[-1], facts.CallEnded)


# -- before it runs, and after ------------------------------------------------------------------------------


def test_nothing_is_sent_before_hello() -> None:
    """Rule O1: a message that comes before the session runs is taken after ``session.created``."""

    def early(scene: Scene) -> None:
        scene.send({"type": "input_text.send", "text": "hi"})
        scene.send_sound(0.5, loud=False)

    async def script(scene: Scene) -> None:
        await scene.until("agent_stop_talking")
        await close(scene)

    scene = play(script, early=early)

    assert "session.created" == scene.client.messages[0][1]["type"]
    assert {"type": "transcript", "role": "user", "text": "hi"} == scene.of("transcript")[0]
    assert [events.ClientReady, events.Typed] == [type(event) for event in scene.record.events[:2]]


def test_a_client_that_left_before_the_session_ran_has_a_short_call() -> None:
    """Rule: the call begins and ends, for the record."""
    scene = play(nothing, early=lambda scene: scene.session.leave("websocket_closed"))

    assert "websocket_closed" == scene.reason
    assert [facts.CallStarted, facts.CallEnded] == [type(fact) for fact in scene.record.facts]
    assert [] == scene.left


def test_messages_after_the_end_change_nothing() -> None:
    """Rule: nothing follows ``session.closed``, whatever the page still sends."""

    async def script(scene: Scene) -> None:
        await close(scene)
        scene.send({"type": "input_text.send", "text": "hello?"})
        scene.send_sound(1.0, loud=True)
        scene.session.leave("websocket_closed")
        await close(scene)

    scene = play(script)

    assert ["session.created", "session.closed"] == scene.kinds()
    assert "client_requested" == scene.reason


MOMENTS_S = (0.0, 0.001, 0.3, 0.9, 1.1, 1.6, 1.75, 1.8, 1.9, 2.4, 3.0)


@pytest.mark.parametrize("moment_s", MOMENTS_S)
def test_a_client_may_leave_in_the_middle_of_everything(moment_s: float) -> None:
    """Rule: no task and no timer is left, no ear stays open, and the reason is the client's."""
    pauses = Pauses(0.05)

    async def script(scene: Scene) -> None:
        speaking = asyncio.create_task(scene.say())
        await asyncio.sleep(moment_s)
        scene.session.leave("websocket_closed")
        speaking.cancel()

    scene = play(
        script,
        greeting=GREETING,
        stt=ScriptedSpeechToText(pause=pauses),
        llm=ScriptedLanguageModel(pause=pauses),
        tts=ScriptedTextToSpeech(pause=pauses),
    )

    assert "websocket_closed" == scene.reason
    assert [] == scene.left
    assert [] == scene.timers
    assert 0 == scene.vad.open
    assert 1 == sum(isinstance(fact, facts.CallEnded) for fact in scene.record.facts)


class Pauses:
    """What a scripted engine waits for: so many simulated seconds before everything that it gives out."""

    def __init__(self, duration_s: float) -> None:
        self._duration_s = duration_s

    async def __call__(self, text: str) -> None:
        await asyncio.sleep(self._duration_s)


@pytest.mark.slow
def test_a_thousand_short_sessions_leave_nothing() -> None:
    """Rule (pain 30): sessions, tasks and timers are gone when their calls are."""

    async def calls() -> tuple[int, int, int]:
        sessions: weakref.WeakSet[Session] = weakref.WeakSet()
        for _ in range(1000):
            scene = await _hold(
                say_little,
                brief=Brief(greeting="Hello.", voice_rate_hz=RATE_HZ),
                stt=stt,
                llm=llm,
                tts=tts,
                rates_hz=(RATE_HZ, RATE_HZ),
                vad_delay_s=0.0,
                early=lambda scene: sessions.add(scene.session),
                record=Record(),
                own_tools={},
            )

            assert "client_requested" == scene.reason
        del scene
        gc.collect()
        return len(sessions), len(asyncio.all_tasks()), len(_timers())

    async def say_little(scene: Scene) -> None:
        scene.send({"type": "input_text.send", "text": "hi"})
        scene.send_sound(0.3, loud=True)
        await asyncio.sleep(0.05)
        await close(scene)

    stt, llm, tts = ScriptedSpeechToText(), ScriptedLanguageModel(), ScriptedTextToSpeech()

    assert (0, 1, 0) == run(calls())


# -- the microphone -----------------------------------------------------------------------------------------


def test_a_flood_of_audio_is_dropped_with_one_error() -> None:
    """Rule: more than half a minute ahead of real time is not taken; the page is told once."""

    async def script(scene: Scene) -> None:
        for _ in range(100):
            scene.send_sound(1.0, loud=False)
        await asyncio.sleep(1.0)
        await close(scene)

    scene = play(script)

    assert 30 * 16_000 == pytest.approx(scene.record.visitor_samples, abs=16_000)
    assert ["invalid_event"] == [message["code"] for message in scene.of("error")]


def test_silence_saves_up_no_right_to_flood() -> None:
    """Rule: a client that was silent for minutes may not send minutes at once."""

    async def script(scene: Scene) -> None:
        await asyncio.sleep(15.0)
        for _ in range(100):
            scene.send_sound(1.0, loud=False)
        await close(scene)

    scene = play(script)

    assert scene.record.visitor_samples <= 31 * 16_000


def test_a_steady_client_may_talk_for_as_long_as_it_likes() -> None:
    """Rule: real time is never a flood."""

    async def script(scene: Scene) -> None:
        for _ in range(200):
            await asyncio.sleep(0.5)
            scene.send_sound(0.5, loud=False)
        await close(scene)

    scene = play(script, brief=Brief(voice_rate_hz=RATE_HZ, policy=Policy(idle_s=1000.0)))

    assert [] == scene.of("error")
    assert 100 * 16_000 == scene.record.visitor_samples


def test_a_commit_waits_for_the_sound_before_it() -> None:
    """Rule: a recording that is sent at once and committed is heard whole, though the detector answers later."""

    async def script(scene: Scene) -> None:
        scene.send_sound(0.15, loud=True)
        scene.send({"type": "input_audio_buffer.commit"})
        scene.send({"type": "input_audio_buffer.commit"})
        await scene.until("agent_start_talking")
        await close(scene)

    stt = ScriptedSpeechToText(("yes",))
    scene = play(script, stt=stt, vad_delay_s=0.1)

    assert "yes" == scene.of("transcript")[0]["text"]
    # The last piece of sound, which fills no window, is heard as well.
    assert stt.heard_s[0] == pytest.approx(0.15, abs=0.032)
    assert 1 == sum(isinstance(event, events.Committed) for event in scene.record.events)


def test_a_commit_gets_the_resampler_to_give_all_it_holds() -> None:
    """Rule: the end of the last word belongs to this turn, not to the beginning of the next."""

    async def script(scene: Scene) -> None:
        for _ in range(2):
            await scene.sound(1.0, loud=True)
            scene.send({"type": "input_audio_buffer.commit"})
            await asyncio.sleep(3.0)
        await close(scene)

    stt = ScriptedSpeechToText(("yes",))
    play(script, stt=stt, rates_hz=(8000, RATE_HZ))

    assert [1.0, 1.0] == pytest.approx(list(stt.heard_s), abs=0.032)


def test_a_commit_without_sound_is_told_at_once() -> None:
    """Rule: nothing to wait for, nothing waited for; no error."""

    async def script(scene: Scene) -> None:
        scene.send({"type": "input_audio_buffer.commit"})
        await close(scene)

    scene = play(script)

    assert [events.ClientReady, events.Committed, events.ClientLeft] == [type(event) for event in scene.record.events]
    assert [] == scene.of("error")


def test_a_broken_message_is_complained_of_and_the_call_goes_on() -> None:
    """Rule: a mistake of the page is an ``error`` frame."""

    async def script(scene: Scene) -> None:
        scene.session.receive(b"{", text=True)
        await scene.say()
        await scene.until("agent_start_talking")
        await close(scene)

    scene = play(script)

    assert ["invalid_event"] == [message["code"] for message in scene.of("error")]
    assert "client_requested" == scene.reason


# -- the way to the client ----------------------------------------------------------------------------------


def test_a_client_that_does_not_read_is_left() -> None:
    """Rule: the socket reports, in the middle of a send, that the client is gone; the call ends in order."""

    async def script(scene: Scene) -> None:
        scene.client.on_message = lambda count: scene.session.leave("websocket_closed") if count == 12 else None
        await scene.say()
        await asyncio.sleep(5.0)

    scene = play(script, greeting=GREETING)

    assert "websocket_closed" == scene.reason
    assert [] == scene.left
    assert isinstance(scene.record.facts[-1], facts.CallEnded)
    assert 1 == sum(isinstance(fact, facts.CallEnded) for fact in scene.record.facts)


# -- engines in trouble -------------------------------------------------------------------------------------


class Troubled:
    """An engine of any kind that raises, hangs, or breaks its contract."""

    name = "troubled"

    def __init__(self, error: Exception | None = None, *, stubborn: bool = False) -> None:
        self._error = error
        self._stubborn = stubborn
        self.closed = 0

    async def _trouble(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + 1000
        while loop.time() < until:
            try:
                if self._error is not None:
                    raise self._error
                await asyncio.sleep(until - loop.time())
            except asyncio.CancelledError:
                if not self._stubborn:
                    self.closed += 1
                    raise

    async def transcribe(self, audio: AsyncIterator[Pcm]) -> AsyncGenerator[Transcript]:
        await self._trouble()
        yield Transcript("", final=True)

    async def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall]:
        await self._trouble()
        yield ""

    async def speak(self, text: str, style: VoiceStyle) -> AsyncGenerator[Voice]:
        await self._trouble()
        yield Voice(Pcm(np.zeros(0, np.int16), RATE_HZ))

    async def close(self) -> None:
        pass


STRANGERS = [EngineError("llm", "troubled", "no credit left"), RuntimeError("spoken words"), ValueError("\ud800")]


@pytest.mark.parametrize("error", STRANGERS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("stage", ["stt", "llm", "tts"])
def test_an_engine_that_raises_is_an_event(stage: str, error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """Rule: whatever an engine raises, the call goes on; no text of a stranger's error is logged or told."""

    async def script(scene: Scene) -> None:
        await scene.say()
        await asyncio.sleep(5.0)
        await close(scene)

    troubled = Troubled(error)
    with caplog.at_level(logging.DEBUG):
        scene = play(
            script,
            stt=troubled if stage == "stt" else None,
            llm=troubled if stage == "llm" else None,
            tts=troubled if stage == "tts" else None,
        )
    stumbled = [fact for fact in scene.record.facts if isinstance(fact, facts.EngineStumbled) and fact.stage == stage]

    assert stumbled
    assert stumbled[0].reason == (error.reason if isinstance(error, EngineError) else type(error).__name__)
    assert scene.reason == ("server_error" if stage == "tts" else "client_requested")
    assert "spoken words" not in caplog.text
    assert [] == scene.left


@pytest.mark.parametrize("stage", ["stt", "llm", "tts"])
def test_an_engine_that_hangs_is_closed_when_the_call_ends(stage: str) -> None:
    """Rule: closing the stream is the cancellation, and the session does it."""

    async def script(scene: Scene) -> None:
        await scene.say()
        await asyncio.sleep(0.5)
        await close(scene)

    troubled = Troubled()
    scene = play(
        script,
        stt=troubled if stage == "stt" else None,
        llm=troubled if stage == "llm" else None,
        tts=troubled if stage == "tts" else None,
    )

    assert 1 == troubled.closed
    assert [] == scene.left


def test_an_engine_that_does_not_stop_does_not_hold_the_call() -> None:
    """Rule: every wait has a limit: the session ends two seconds after the call, and says so in the log."""

    async def script(scene: Scene) -> None:
        scene.send({"type": "input_text.send", "text": "hi"})
        await asyncio.sleep(1.0)
        await close(scene)

    scene = play(script, llm=Troubled(stubborn=True))

    assert "client_requested" == scene.reason
    assert ["think 1"] == scene.left
    assert scene.ended_s == pytest.approx(2.0, abs=0.1)


def test_an_interruption_closes_the_engines_of_the_reply() -> None:
    """Rule: model and voice of a reply that was given up stop at once."""

    closed: list[float] = []

    class Endless(Troubled):
        async def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall]:
            try:
                while True:
                    yield "One more sentence. "
                    await asyncio.sleep(0.3)
            finally:
                closed.append(asyncio.get_running_loop().time())

    async def script(scene: Scene) -> None:
        await scene.say()
        await scene.until("agent_start_talking")
        await scene.sound(1.0, loud=False)
        await scene.sound(0.5, loud=True)
        interrupted_at.append(next(at for at, message in scene.client.messages if message["type"] == "interruption"))

        assert [] != closed

        await close(scene)

    interrupted_at: list[float] = []
    play(script, llm=Endless())

    assert closed[0] == pytest.approx(interrupted_at[0])


def test_a_recogniser_without_a_final_text_has_failed() -> None:
    """Rule: an utterance that ends without a final transcript is a failure now, not after a long wait."""

    class Forgetful(Troubled):
        async def transcribe(self, audio: AsyncIterator[Pcm]) -> AsyncGenerator[Transcript]:
            async for _ in audio:
                pass
            yield Transcript("what is", final=False)

    async def script(scene: Scene) -> None:
        await scene.say()
        await scene.until("agent_start_talking", within_s=1.0)
        await close(scene)

    scene = play(script, stt=Forgetful())

    assert "what is" == scene.of("transcript")[0]["text"]
    assert any(isinstance(fact, facts.EngineStumbled) for fact in scene.record.facts)


def test_a_recogniser_is_closed_after_its_final_text() -> None:
    """Rule: exactly one final transcript; what an engine would do afterwards is not waited for."""
    closed: list[str] = []

    class Talkative(Troubled):
        async def transcribe(self, audio: AsyncIterator[Pcm]) -> AsyncGenerator[Transcript]:
            try:
                async for _ in audio:
                    pass
                yield Transcript("what is the price", final=True)
                await asyncio.sleep(1000)
            finally:
                closed.append("transcribe")

    async def script(scene: Scene) -> None:
        await scene.say()
        await scene.until("agent_start_talking")

        assert ["transcribe"] == closed

        await close(scene)

    play(script, stt=Talkative())


def test_a_recogniser_that_does_not_listen_fills_no_memory() -> None:
    """Rule: sound that waits for an engine is bounded; an engine that does not keep up has failed."""

    class Deaf(Troubled):
        async def transcribe(self, audio: AsyncIterator[Pcm]) -> AsyncGenerator[Transcript]:
            await asyncio.sleep(1000)
            yield Transcript("", final=True)

    async def script(scene: Scene) -> None:
        await scene.sound(62.0, loud=True)
        await close(scene)

    # An utterance longer than what may wait: with the policy's own lengths none is.
    policy = Policy(longest_utterance_s=100.0, longest_turn_s=100.0)
    scene = play(script, stt=Deaf(), brief=Brief(voice_rate_hz=RATE_HZ, policy=policy))
    stumbled = [fact.reason for fact in scene.record.facts if isinstance(fact, facts.EngineStumbled)]

    assert ["the engine does not keep up"] == stumbled
    assert "client_requested" == scene.reason
    assert [] == scene.left


def test_half_a_character_of_an_engine_reaches_nobody() -> None:
    """Rule: text that JSON can carry and UTF-8 cannot is replaced at the door, or the socket would break."""

    async def script(scene: Scene) -> None:
        await scene.say()
        await scene.until("agent_stop_talking")
        await close(scene)

    llm = ScriptedLanguageModel(lambda messages, tools: ["Half a \ud83d smile."])
    scene = play(script, stt=ScriptedSpeechToText(("what \udc00 is",)), llm=llm)

    assert ["what ? is", "Half a ? smile."] == [message["text"] for message in scene.of("transcript")]


def test_half_a_character_of_a_tool_call_or_a_failure_reaches_nobody() -> None:
    """Rule: the same for everything else that engines say: a journal could not write it, and the call would end."""

    def llm(messages: Sequence[Message], tools: Sequence[Tool]) -> Sequence[str | ToolCall]:
        if messages[-1].role == "tool":
            raise EngineError("llm", "scripted", "half a \ud83d reason")
        return [ToolCall("call_\ud83d", "look_\ud83d", '{"what": "\ud83d"}')]

    async def script(scene: Scene) -> None:
        scene.send({"type": "input_text.send", "text": "price?"})
        await scene.until("agent_stop_talking")
        await close(scene)

    scene = play(script, llm=ScriptedLanguageModel(llm))
    asked = [event.call for event in scene.record.events if isinstance(event, events.ToolAsked)]
    reasons = [event.reason for event in scene.record.events if isinstance(event, events.EngineFailed)]

    assert [ToolCall("call_?", "look_?", '{"what": "?"}')] == asked
    assert ["half a ? reason"] == reasons


# -- a bug of ours ------------------------------------------------------------------------------------------


def test_a_bug_ends_the_call_instead_of_silencing_it(caplog: pytest.LogCaptureFixture) -> None:
    """Rule: an error within the house ends the call with ``server_error``; the log has the place, not the words."""

    async def script(scene: Scene) -> None:
        await scene.say()
        await asyncio.sleep(5.0)

    scene = play(script, record=Record(breaks_at=facts.AgentStartedTalking))

    assert "server_error" == scene.reason
    assert "session.closed" == scene.client.messages[-1][1]["type"]
    assert isinstance(scene.record.facts[-1], facts.CallEnded)
    assert "ZeroDivisionError" in caplog.text
    assert SECRET not in caplog.text
    assert [] == scene.left
