"""
Engines that follow a script: for tests, for measurements, and for pages that are built before their agent is.

They are deterministic and answer at once. A delay is not a sleep but ``pause``, an awaitable that the test gives,
called with the text that is about to come out; a failure is asked for with ``fail_on``.
"""

import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from functools import lru_cache

import numpy as np

from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.engines.engine import EngineSettings
from vivavoce.errors import ConfigError, EngineError
from vivavoce.speech import Message, Tool, ToolCall, Transcript, Voice, VoiceStyle, Word

__all__ = [
    "TWELVE_WORDS",
    "ScriptedLanguageModel",
    "ScriptedSpeechToText",
    "ScriptedTextToSpeech",
    "open_llm",
    "open_stt",
    "open_tts",
]

Pause = Callable[[str], Awaitable[None]]
Script = Callable[[Sequence[Message], Sequence[Tool]], Sequence[str | ToolCall]]

# What the language model says by default: twelve tokens, one sentence.
TWELVE_WORDS = "This is a scripted answer of twelve words and it never changes."
_UTTERANCE = "words of the utterance"
# Calls are remembered for tests; a server that runs for days forgets the oldest.
_MOST_CALLS = 1000
# A quiet tone that no one mistakes for speech: level about −26 dB, faded in and out so that it does not click.
_TONE_HZ, _TONE_PEAK, _FADE_S = 220.0, 2000, 0.01


def open_stt(settings: EngineSettings) -> "ScriptedSpeechToText":
    """Settings: ``lines``, the transcripts in turn, separated by "|"."""
    return ScriptedSpeechToText(_lines(settings) or (_UTTERANCE,))


def open_llm(settings: EngineSettings) -> "ScriptedLanguageModel":
    """Settings: ``lines``, the replies in turn, separated by "|"."""
    lines = _lines(settings)
    if not lines:
        return ScriptedLanguageModel()
    return ScriptedLanguageModel(lambda messages, tools: _tokens(lines[(_turns(messages) - 1) % len(lines)]))


def open_tts(settings: EngineSettings) -> "ScriptedTextToSpeech":
    """Settings: ``word_s``, how long a word sounds, in seconds."""
    try:
        word_s = float(settings.get("word_s", 1 / 6))
    except ValueError:
        word_s = 0.0
    if not 0 < word_s <= 10:
        raise ConfigError(
            'the setting word_s of the tts engine "scripted" must be a number of seconds above 0, up to 10'
        )
    return ScriptedTextToSpeech(word_s=word_s)


class ScriptedSpeechToText:
    """Listens to the end and then gives the next line; ``heard_s`` holds how long each utterance was."""

    name = "scripted"

    def __init__(
        self, lines: Sequence[str] = (_UTTERANCE,), *, pause: Pause | None = None, fail_on: str | None = None
    ) -> None:
        # The transcripts, in turn.
        self._lines = tuple(lines)
        # How many utterances have ended.
        self._count = 0
        self._pause = pause
        # A line that holds these words fails.
        self._fail_on = fail_on
        # How long each utterance was, in seconds.
        self.heard_s: deque[float] = deque(maxlen=_MOST_CALLS)

    async def transcribe(self, audio: AsyncIterator[Pcm]) -> AsyncGenerator[Transcript]:
        """Exactly one transcript, final, when the audio has ended."""
        heard_s = 0.0
        async for pcm in audio:
            heard_s += pcm.duration_s
        self.heard_s.append(heard_s)
        line = self._lines[self._count % len(self._lines)]
        self._count += 1
        await _before(line, self._pause, self._fail_on, stage="stt")
        yield Transcript(line, final=True)

    async def close(self) -> None:
        """There is nothing to free."""


class ScriptedLanguageModel:
    """
    Says what its script says; ``calls`` holds the messages of each call.

    Without a script: ``TWELVE_WORDS``; but "call tool NAME {json}" calls that tool if it is offered, a tool's output
    is read out, and "goodbye" calls ``end_call`` if it is offered.
    """

    name = "scripted"

    def __init__(self, script: Script | None = None, *, pause: Pause | None = None, fail_on: str | None = None) -> None:
        self._script = script or _by_default
        # Awaited before each token.
        self._pause = pause
        # A token that holds these words fails.
        self._fail_on = fail_on
        # The messages of each call.
        self.calls: deque[tuple[Message, ...]] = deque(maxlen=_MOST_CALLS)

    async def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall]:
        """The script's tokens, one by one."""
        self.calls.append(tuple(messages))
        for token in self._script(messages, tools):
            text = token if isinstance(token, str) else token.name
            await _before(text, self._pause, self._fail_on, stage="llm")
            yield token

    async def close(self) -> None:
        """There is nothing to free."""


class ScriptedTextToSpeech:
    """Hums each word for the same time, all words at once; ``spoken`` holds the texts."""

    name = "scripted"

    def __init__(
        self,
        *,
        word_s: float = 1 / 6,
        rate_hz: int = 24000,
        pause: Pause | None = None,
        fail_on: str | None = None,
    ) -> None:
        # How long a word sounds, in seconds.
        self._word_s = word_s
        self._rate_hz = rate_hz
        self._pause = pause
        # A text that holds these words fails.
        self._fail_on = fail_on
        # The texts that were spoken.
        self.spoken: deque[str] = deque(maxlen=_MOST_CALLS)

    async def speak(self, text: str, style: VoiceStyle) -> AsyncGenerator[Voice]:
        """One piece of sound with all words and their exact times; nothing for a text without words."""
        self.spoken.append(text)
        await _before(text, self._pause, self._fail_on, stage="tts")
        texts = text.split()
        if not texts:
            return
        words = tuple(Word(word, self._word_s * at, self._word_s * (at + 1)) for at, word in enumerate(texts))
        yield Voice(Pcm(_tone(len(texts), self._word_s, self._rate_hz), self._rate_hz), words)

    async def close(self) -> None:
        """There is nothing to free."""


async def _before(text: str, pause: Pause | None, fail_on: str | None, *, stage: str) -> None:
    if pause is not None:
        await pause(text)
    if fail_on is not None and fail_on in text:
        raise EngineError(stage, "scripted", "failed as its script asks for")


def _by_default(messages: Sequence[Message], tools: Sequence[Tool]) -> Sequence[str | ToolCall]:
    last = messages[-1] if messages else Message("user", "")
    if last.role == "tool":
        return _tokens(f"The tool says: {last.text}")
    offered = {tool.name for tool in tools}
    said = last.text.strip()
    asked, _, wanted = said.partition("call tool ")
    name, _, arguments = wanted.partition(" ")
    if not asked and name in offered:
        return (ToolCall(f"call_{len(messages)}", name, _json_object(arguments)),)
    if said.casefold().strip(" .!") == "goodbye" and "end_call" in offered:
        return (ToolCall(f"call_{len(messages)}", "end_call", "{}"),)
    return _tokens(TWELVE_WORDS)


def _json_object(text: str) -> str:
    try:
        return text if isinstance(json.loads(text), dict) else "{}"
    except ValueError:
        return "{}"


def _tokens(text: str) -> list[str]:
    """One token a word, with the space that follows it; joined they are the text."""
    words = text.split()
    return [f"{word} " for word in words[:-1]] + words[-1:]


def _turns(messages: Sequence[Message]) -> int:
    return max(1, sum(message.role == "user" for message in messages))


def _lines(settings: EngineSettings) -> tuple[str, ...]:
    return tuple(line.strip() for line in settings.get("lines", "").split("|") if line.strip())


@lru_cache(maxsize=64)
def _tone(words: int, word_s: float, rate_hz: int) -> Samples:
    """The sound of so many words; shared by all callers and therefore read-only."""
    size = round(words * word_s * rate_hz)
    time_s = np.arange(size) / rate_hz
    in_word_s = time_s % word_s
    fade = np.clip(np.minimum(in_word_s, word_s - in_word_s) / _FADE_S, 0.0, 1.0)
    tone = (np.sin(2 * np.pi * _TONE_HZ * time_s) * fade * _TONE_PEAK).astype(np.int16)
    tone.setflags(write=False)
    return tone
