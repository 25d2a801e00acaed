"""
Tests that every engine has to pass, for authors of engines.

Each function exercises one kind of engine as a session would,
and raises ``AssertionError`` with a sentence if a promise of ``vivavoce.engines.engine`` is not kept.
Call them from a test of your own:

    def test_keeps_the_contract():
        asyncio.run(check_text_to_speech(open_engine({"voice": "anna"})))

They close the engine at the end, because closing is part of the contract.
"""

import asyncio
import json
import re
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

from vivavoce.audio.pcm import Pcm, Samples, silence
from vivavoce.clock import monotonic_s
from vivavoce.engines.engine import LanguageModel, SpeechToText, TextToSpeech, VoiceActivity
from vivavoce.errors import EngineError
from vivavoce.speech import Message, Tool, ToolCall, Transcript, Voice, VoiceStyle, Word

__all__ = ["check_language_model", "check_speech_to_text", "check_text_to_speech", "check_voice_activity"]

T = TypeVar("T")

_RATE_HZ = 16_000
_WINDOW = 512
_PIECE = _RATE_HZ // 50
# A cancellation is to take some ten milliseconds; the rest is for busy machines.
_CANCEL_LIMIT_S = 0.25
# Everything else is to come to an end at all.
_LIMIT_S = 60.0
# Two ways of computing the same number in float32 differ by less.
_SAME = 1e-3


async def check_voice_activity(engine: VoiceActivity) -> None:
    """
    Check a detector of voice activity with silence and noise.

    Each window has one answer, from 0 to 1, on the event loop, in order, also in a burst.
    Streams do not disturb each other, not even by a callback that raises. After ``close`` nothing comes.
    """
    _check_name(engine.name)
    random = np.random.default_rng(1)
    windows: list[Samples] = [random.normal(0, 3000, _WINDOW).astype(np.int16) for _ in range(40)]
    windows[10:20] = [np.zeros(_WINDOW, np.int16)] * 10

    def failing(speech: float) -> None:
        raise RuntimeError("this callback is meant to fail")

    in_turn, at_once, closed = _Answers(), _Answers(), _Answers()
    one, burst, late, broken = (engine.stream(heard) for heard in (in_turn, at_once, closed, failing))
    for window in windows:
        burst.push(window)
        broken.push(window)
    late.push(windows[0])
    late.close()
    for number, window in enumerate(windows, start=1):
        one.push(window)
        await in_turn.reach(number)
    await at_once.reach(len(windows))

    assert in_turn.count == len(windows), "a window must have exactly one answer"
    assert at_once.count == len(windows), "a window of a burst must have exactly one answer"
    assert closed.count == 0, "a stream must not call back after close()"
    for answers in (in_turn, at_once):
        assert answers.threads == {threading.get_ident()}, "answers must come on the event loop's thread"
        assert all(0.0 <= speech <= 1.0 for speech in answers.speech), "a probability must be between 0 and 1"
    assert np.allclose(in_turn.speech, at_once.speech, atol=_SAME), (
        "a burst must get the same answers, in the same order, as windows one by one"
    )
    assert max(in_turn.speech[12:20]) < 0.5, "digital silence must not be taken for speech"
    for stream in (one, burst, broken, late):
        stream.close()
    await _check_closes(engine.close)


async def check_speech_to_text(engine: SpeechToText, speech: Pcm, expected_words: Sequence[str]) -> None:
    """
    Check a recogniser with an utterance at 16 kHz and words that it must find in it.

    Any number of partials, then exactly one final; two utterances at once; no sound at all, and silence;
    ``aclose`` while it listens and while it works; words, if it gives them, in order and within the sound.
    """
    _check_name(engine.name)
    assert speech.rate_hz == _RATE_HZ, "give this check an utterance at 16 kHz"

    first, second = await asyncio.gather(_final(engine, speech), _final(engine, speech))
    assert first.text == second.text, "two utterances at once must not disturb each other"
    found = _words_of(first.text)
    for word in expected_words:
        assert _words_of(word)[0] in found, f'"{word}" was said and must be in the final transcript'
    _check_words(first.words, speech.duration_s)

    for quiet in (silence(0, _RATE_HZ), silence(0.5, _RATE_HZ)):
        await _final(engine, quiet)

    forever = asyncio.Event()
    await _check_cancels(engine.transcribe(_pieces(speech, then=forever)), "while it listens")
    await _check_cancels(engine.transcribe(_pieces(speech)), "while it works")
    after = await _final(engine, speech)
    assert after.text == first.text, "after a cancellation the next utterance must be recognised as if nothing had been"
    await _check_closes(engine.close)


async def check_language_model(engine: LanguageModel) -> None:
    """
    Check a language model with a greeting.

    It answers with text or complete tool calls, twice at once, with and without tools; ``aclose`` stops it.
    """
    _check_name(engine.name)
    messages = [Message("system", "You are a friendly receptionist. Answer briefly."), Message("user", "Hello!")]
    clock = Tool("what_time_is_it", "Tells the time.", {"type": "object", "properties": {}})

    async def reply(tools: Sequence[Tool]) -> None:
        items = await _all(engine.reply(messages, tools))
        assert items, "a reply must not be empty; a model that fails raises EngineError"
        for item in items:
            assert isinstance(item, str | ToolCall), f"a reply is made of text and ToolCall, not {type(item).__name__}"
            if isinstance(item, ToolCall):
                assert item.id and item.name in {tool.name for tool in tools}, "a call must name one of the tools"
                assert isinstance(json.loads(item.arguments), dict), "arguments must be one whole JSON object"
        text = "".join(item for item in items if isinstance(item, str))
        assert text.strip() or any(isinstance(item, ToolCall) for item in items), "a reply must say or ask something"

    await asyncio.gather(reply([]), reply([clock]))
    await _check_cancels(engine.reply(messages, []), "while it thinks")
    await _check_stops(engine.reply(messages, []), "after the first piece of a reply")
    await reply([])
    await _check_closes(engine.close)


async def check_text_to_speech(engine: TextToSpeech) -> None:
    """
    Check a voice with a sentence, two at once, a long text, and texts without words.

    Sound comes in pieces of one rate; words, if it gives them, in order, within the sound,
    and each with or before the piece in which it starts; ``aclose`` stops it at any time.
    """
    _check_name(engine.name)
    sentence = "Good morning, and welcome. How can I help you today?"
    style = VoiceStyle()

    one, other = await asyncio.gather(_all(engine.speak(sentence, style)), _all(engine.speak(sentence, style)))
    for pieces in (one, other):
        _check_voice(pieces)
        assert _duration_s(pieces) > 1.0, "a sentence of ten words must last more than a second"
    _check_voice(await _all(engine.speak(" ".join([sentence] * 20), style)))
    for nothing in ("", " ", "...", "\N{EM DASH}"):
        try:
            _check_voice(await _all(engine.speak(nothing, style)))
        except EngineError:
            # To refuse a text without words is as good as to be silent.
            continue

    await _check_cancels(engine.speak(sentence, style), "before its first sound")
    await _check_stops(engine.speak(" ".join([sentence] * 20), style), "after the first sound")
    _check_voice(await _all(engine.speak(sentence, style)))
    await _check_closes(engine.close)


class _Answers:
    """A callback that remembers what it was called with, and where."""

    def __init__(self) -> None:
        self.speech: list[float] = []
        self.threads: set[int] = set()
        self._more = asyncio.Event()

    def __call__(self, speech: float) -> None:
        self.speech.append(speech)
        self.threads.add(threading.get_ident())
        self._more.set()

    @property
    def count(self) -> int:
        return len(self.speech)

    async def reach(self, count: int) -> None:
        try:
            async with asyncio.timeout(_LIMIT_S):
                while self.count < count:
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            raise AssertionError(f"only {self.count} of {count} windows were answered") from None


def _check_name(name: str) -> None:
    assert isinstance(name, str) and name, "an engine must have a name"


def _check_words(words: Iterable[Word], duration_s: float) -> None:
    last_s = 0.0
    for word in words:
        assert word.text, "a word must have a text"
        assert last_s - _SAME <= word.start_s <= word.end_s + _SAME, "words must be in the order of their times"
        assert word.end_s <= duration_s + 0.05, "a word must end within the sound"
        last_s = word.start_s


def _check_voice(pieces: Sequence[Voice]) -> None:
    """The promises of ``TextToSpeech.speak``."""
    at_s = 0.0
    for piece in pieces:
        samples = piece.pcm.samples
        assert samples.dtype == np.int16 and samples.ndim == 1, "sound must be one row of 16-bit samples"
        for word in piece.words:
            assert word.start_s >= at_s - _SAME, "a word must come with or before the piece in which it starts"
        at_s += piece.pcm.duration_s
    assert len({piece.pcm.rate_hz for piece in pieces}) <= 1, "all pieces of a text must have one rate"
    _check_words([word for piece in pieces for word in piece.words], at_s)


def _duration_s(pieces: Iterable[Voice]) -> float:
    return sum(piece.pcm.duration_s for piece in pieces)


async def _final(engine: SpeechToText, speech: Pcm) -> Transcript:
    """The final transcript, which must be the last and the only one of its kind."""
    transcripts = await _all(engine.transcribe(_pieces(speech)))
    finals = [transcript for transcript in transcripts if transcript.final]
    assert len(finals) == 1, f"an utterance must have exactly one final transcript, not {len(finals)}"
    assert transcripts[-1].final, "nothing may come after the final transcript"
    return finals[0]


async def _pieces(speech: Pcm, *, then: asyncio.Event | None = None) -> AsyncIterator[Pcm]:
    """An utterance in pieces of 20 ms; it ends only when ``then`` is set."""
    for at in range(0, len(speech.samples), _PIECE):
        await asyncio.sleep(0)
        yield Pcm(speech.samples[at : at + _PIECE], speech.rate_hz)
    if then is not None:
        await then.wait()


async def _all(stream: AsyncGenerator[T]) -> list[T]:
    """Everything that comes."""

    async def collect() -> list[T]:
        return [item async for item in stream]

    return await _within_limit(collect(), "the engine must come to an end")


async def _check_cancels(stream: AsyncGenerator[T], when: str) -> None:
    """Closing the stream while it is waited for must take little time."""
    waiting = asyncio.ensure_future(anext(stream, None))
    # Long enough to be in the middle of something.
    await asyncio.wait([waiting], timeout=0.05)
    waiting.cancel()
    began_s = monotonic_s()
    await _within_limit(asyncio.wait([waiting]), f"a cancellation {when} must come through")
    await _close_within_limit(stream, began_s, when)


async def _check_stops(stream: AsyncGenerator[T], when: str) -> None:
    """Closing the stream after its first item must take little time."""
    await _within_limit(anext(stream, None), "the engine must begin")
    await _close_within_limit(stream, monotonic_s(), when)


async def _close_within_limit(stream: AsyncGenerator[T], began_s: float, when: str) -> None:
    await _within_limit(stream.aclose(), f"aclose() {when} must come to an end")
    took_s = monotonic_s() - began_s
    assert took_s < _CANCEL_LIMIT_S, f"aclose() {when} took {took_s:.2f} s and must take some ten milliseconds"
    assert await anext(stream, None) is None, f"nothing may come after aclose() {when}"


async def _check_closes(close: Callable[[], Awaitable[None]]) -> None:
    for _ in range(2):
        await _within_limit(close(), "close() must come to an end")


async def _within_limit(work: Awaitable[T], sentence: str) -> T:
    """Wait for something that must not take for ever."""
    try:
        async with asyncio.timeout(_LIMIT_S):
            return await work
    except TimeoutError:
        raise AssertionError(f"{sentence}, and has not within {_LIMIT_S:g} s") from None


def _words_of(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())
