"""The contract tests catch what they are there to catch."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from vivavoce.audio.pcm import Pcm, Samples, silence
from vivavoce.engines.engine import LanguageModel, SpeechToText, TextToSpeech, VoiceActivity
from vivavoce.errors import EngineError
from vivavoce.speech import Message, Tool, ToolCall, Transcript, Voice, VoiceStyle, Word
from vivavoce.testing.contracts import (
    check_language_model,
    check_speech_to_text,
    check_text_to_speech,
    check_voice_activity,
)

SPEECH = Pcm(np.full(16_000, 500, np.int16), 16_000)


class Closing:
    """An engine's name and its end."""

    name = "scripted"

    async def close(self) -> None:
        """Nothing to free."""


# Voice activity.


class Loudness(Closing):
    """Takes what is loud for speech; ``answer`` hands out the answers of a window."""

    def __init__(self, answer: Callable[[Callable[[float], None], float], None] | None = None) -> None:
        self._answer = answer or (lambda heard, speech: heard(speech))

    def stream(self, heard: Callable[[float], None]) -> "LoudnessStream":
        return LoudnessStream(self._answer, heard)


class LoudnessStream:
    """Answers in the next turn of the event loop."""

    def __init__(
        self, answer: Callable[[Callable[[float], None], float], None], heard: Callable[[float], None]
    ) -> None:
        self._answer, self._heard, self._closed = answer, heard, False

    def push(self, window: Samples) -> None:
        speech = float(min(np.abs(window.astype(float)).mean() / 4000, 1.0))
        asyncio.get_running_loop().call_soon(self._tell, speech)

    def _tell(self, speech: float) -> None:
        if not self._closed:
            try:
                self._answer(self._heard, speech)
            except RuntimeError:
                return

    def close(self) -> None:
        self._closed = True


class Deaf(LoudnessStream):
    """Goes on after it was closed."""

    def close(self) -> None:
        """Not at all."""


class NeverClosing(Loudness):
    """Has streams that go on."""

    def stream(self, heard: Callable[[float], None]) -> LoudnessStream:
        return Deaf(self._answer, heard)


def twice(heard: Callable[[float], None], speech: float) -> None:
    """Answer every window twice."""
    heard(speech)
    heard(speech)


def in_a_thread(heard: Callable[[float], None], speech: float) -> None:
    """Answer from another thread."""
    with ThreadPoolExecutor(1) as pool:
        # The result, so that what the callback raises comes out here.
        pool.submit(heard, speech).result()


def test_a_good_detector_passes() -> None:
    """The contract can be kept in a few lines."""
    asyncio.run(check_voice_activity(Loudness()))


@pytest.mark.parametrize(
    ("engine", "sentence"),
    [
        (Loudness(twice), "exactly one answer"),
        (Loudness(in_a_thread), "on the event loop's thread"),
        (Loudness(lambda heard, speech: heard(2 * speech)), "between 0 and 1"),
        (Loudness(lambda heard, speech: heard(1.0 - speech)), "silence"),
        (NeverClosing(), "after close"),
    ],
)
def test_a_bad_detector_is_told_what_is_wrong(engine: VoiceActivity, sentence: str) -> None:
    """Each broken promise has its sentence."""
    with pytest.raises(AssertionError, match=sentence):
        asyncio.run(check_voice_activity(engine))


# Speech to text.


class Stenographer(Closing):
    """Writes down "hello" whatever is said, with transcripts that a test chooses."""

    def __init__(self, *transcripts: Transcript, stubborn_s: float = 0.0) -> None:
        self._transcripts = transcripts or (Transcript("hel", final=False), Transcript("hello", final=True))
        self._stubborn_s = stubborn_s

    async def transcribe(self, audio: AsyncIterator[Pcm]) -> AsyncGenerator[Transcript]:
        try:
            async for _ in audio:
                pass
            for transcript in self._transcripts:
                yield transcript
        finally:
            await asyncio.sleep(self._stubborn_s)


def final(*words: Word) -> Transcript:
    return Transcript("hello", final=True, words=words)


def test_a_good_recogniser_passes() -> None:
    """Partials and one final."""
    asyncio.run(check_speech_to_text(Stenographer(), SPEECH, ["Hello"]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "sentence"),
    [
        (Stenographer(Transcript("hello", final=False)), "exactly one final transcript, not 0"),
        (Stenographer(final(), final()), "exactly one final transcript, not 2"),
        (Stenographer(final(), Transcript("hello", final=False)), "after the final"),
        (Stenographer(Transcript("goodbye", final=True)), '"hello" was said'),
        (Stenographer(final(Word("a", 0.5, 0.6), Word("b", 0.2, 0.3))), "in the order of their times"),
        (Stenographer(final(Word("a", 0.5, 9.0))), "within the sound"),
        (Stenographer(stubborn_s=0.4), "must take some ten milliseconds"),
    ],
)
def test_a_bad_recogniser_is_told_what_is_wrong(engine: SpeechToText, sentence: str) -> None:
    """Each broken promise has its sentence."""
    with pytest.raises(AssertionError, match=sentence):
        asyncio.run(check_speech_to_text(engine, SPEECH, ["hello"]))


# Language models.


class Parrot(Closing):
    """Says what a test chooses."""

    def __init__(self, *items: str | ToolCall, stubborn_s: float = 0.0) -> None:
        self._items = items
        self._stubborn_s = stubborn_s

    async def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall]:
        try:
            for item in self._items:
                await asyncio.sleep(0)
                yield item
        finally:
            await asyncio.sleep(self._stubborn_s)


def test_a_good_model_passes() -> None:
    """Text in pieces is an answer."""
    asyncio.run(check_language_model(Parrot("Hello", " there.")))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "sentence"),
    [
        (Parrot(), "must not be empty"),
        (Parrot("", " "), "must say or ask something"),
        (Parrot(ToolCall("1", "no_such_tool", "{}")), "one of the tools"),
        (Parrot("Hello", stubborn_s=0.4), "must take some ten milliseconds"),
    ],
)
def test_a_bad_model_is_told_what_is_wrong(engine: LanguageModel, sentence: str) -> None:
    """Each broken promise has its sentence."""
    with pytest.raises(AssertionError, match=sentence):
        asyncio.run(check_language_model(engine))


# Text to speech.


class Horn(Closing):
    """Makes two pieces of sound for a text, as a test chooses."""

    def __init__(
        self,
        *,
        rates_hz: tuple[int, int] = (8000, 8000),
        words: tuple[Word, ...] = (Word("Good", 0.0, 0.5), Word("morning", 1.2, 2.0)),
        stubborn_s: float = 0.0,
        dtype: type[np.generic] = np.int16,
        refuses_nothing: bool = False,
    ) -> None:
        self._rates_hz = rates_hz
        self._words = words
        self._stubborn_s = stubborn_s
        self._dtype = dtype
        self._refuses_nothing = refuses_nothing

    async def speak(self, text: str, style: VoiceStyle) -> AsyncGenerator[Voice]:
        if not any(sign.isalpha() for sign in text):
            if self._refuses_nothing:
                raise EngineError("tts", self.name, "there is nothing to say")
            return
        try:
            for rate_hz, words in zip(self._rates_hz, (self._words, ()), strict=True):
                await asyncio.sleep(0)
                sound = silence(1.0, rate_hz)
                yield Voice(Pcm(sound.samples.astype(self._dtype), rate_hz), words)
        finally:
            await asyncio.sleep(self._stubborn_s)


@pytest.mark.parametrize("engine", [Horn(), Horn(words=()), Horn(refuses_nothing=True)])
def test_a_good_voice_passes(engine: TextToSpeech) -> None:
    """With and without words; a text without words may be refused."""
    asyncio.run(check_text_to_speech(engine))


class Late(Horn):
    """Tells a word after its sound."""

    async def speak(self, text: str, style: VoiceStyle) -> AsyncGenerator[Voice]:
        yield Voice(silence(1.0, 8000))
        yield Voice(silence(1.0, 8000), (Word("Good", 0.1, 0.2),))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "sentence"),
    [
        (Horn(rates_hz=(8000, 16_000)), "one rate"),
        (Horn(words=(Word("a", 0.0, 3.5),)), "within the sound"),
        (Horn(words=(Word("a", 1.0, 1.1), Word("b", 0.5, 0.6))), "in the order of their times"),
        (Horn(words=(Word("", 0.0, 0.1),)), "must have a text"),
        (Late(), "with or before the piece"),
        (Horn(dtype=np.float32), "16-bit"),
        (Horn(stubborn_s=0.4), "must take some ten milliseconds"),
    ],
)
def test_a_bad_voice_is_told_what_is_wrong(engine: TextToSpeech, sentence: str) -> None:
    """Each broken promise has its sentence."""
    with pytest.raises(AssertionError, match=sentence):
        asyncio.run(check_text_to_speech(engine))


def test_an_engine_must_close_twice() -> None:
    """The second time does nothing."""

    class OnlyOnce(Parrot):
        """Fails when it is closed again."""

        closed = False

        async def close(self) -> None:
            assert not self.closed, "closed twice"
            self.closed = True

    with pytest.raises(AssertionError, match="closed twice"):
        asyncio.run(check_language_model(OnlyOnce("Hello")))
