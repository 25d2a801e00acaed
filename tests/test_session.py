"""The shell: whole calls on simulated time, with scripted engines and the real Atoms codec."""

import asyncio
import base64
import gc
import json
import logging
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.engines.engine import Engines, LanguageModel, SpeechToText, TextToSpeech
from vivavoce.engines.scripted import ScriptedLanguageModel, ScriptedSpeechToText, ScriptedTextToSpeech
from vivavoce.errors import EngineError
from vivavoce.session import Session
from vivavoce.speech import Message, Tool, ToolCall, Transcript, Voice, VoiceStyle
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief, Mode
from vivavoce.testing.virtual_loop import run
from vivavoce.wire.atoms import AtomsCodec
from vivavoce.wire.dialect import Frame, SessionNames
from vivavoce.wire.formats import AudioFormat, AudioFormats

OPENED_AT = datetime(2026, 7, 2, 10, 30, 45, tzinfo=UTC)
RATE_HZ = 16_000
MIC_FRAME_S = 0.02
GREETING = "Hello there, how can I help you today?"
STORY = "Once there was a king who had three daughters and a very large garden full of apple trees."

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

    def close(self) -> None:
        if self.closed_at is None:
            self.closed_at = asyncio.get_running_loop().time()


@dataclass
class Record:
    """Keeps what an observer is told."""

    facts: list[facts.Fact] = field(default_factory=list)
    events: list[events.Event] = field(default_factory=list)
    visitor_samples: int = 0
    agent: list[tuple[float, Pcm]] = field(default_factory=list)
    cuts: list[float] = field(default_factory=list)
    # A fact at which the record breaks, as a bug would.
    breaks_at: type | None = None

    def fact(self, fact: facts.Fact) -> None:
        if self.breaks_at is not None and isinstance(fact, self.breaks_at):
            self.breaks_at = None
            raise ZeroDivisionError("a secret that was spoken")
        self.facts.append(fact)

    def event(self, event: events.Event) -> None:
        self.events.append(event)

    def visitor(self, at: float, samples: Samples) -> None:
        self.visitor_samples += len(samples)

    def agent_sound(self, play_at: float, pcm: Pcm) -> None:
        self.agent.append((play_at, pcm))

    def cut(self, at: float) -> None:
        self.cuts.append(at)


class _Observer(Record):
    """The record, under the names that a session uses."""


def _observer(record: Record) -> Any:
    """An observer for a record: ``agent`` is a list there and a method here."""

    class Observer:
        fact = staticmethod(record.fact)
        event = staticmethod(record.event)
        visitor = staticmethod(record.visitor)
        agent = staticmethod(record.agent_sound)
        cut = staticmethod(record.cut)

    return Observer()


@dataclass
class Scene:
    """One call: the session, its client, and what a visitor does."""

    session: Session
    client: Client
    record: Record
    vad: LoudIsSpeech
    mic_hz: int = RATE_HZ
    reason: str = ""
    # Tasks and timers that were left when the session had ended.
    left: list[str] = field(default_factory=list)

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
        observer=_observer(record),
    )
    scene = Scene(session, client, record, vad, rates_hz[0])
    early(scene)
    holding = asyncio.create_task(session.run(), name="session")
    await asyncio.sleep(0)
    await script(scene)
    scene.reason = await holding
    ours = asyncio.current_task()
    scene.left = [task.get_name() for task in asyncio.all_tasks() if task is not ours]
    return scene


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
        ),
        limit_s=4000,
    )


async def close(scene: Scene) -> None:
    """The page ends the call."""
    scene.send({"type": "session.close"})
