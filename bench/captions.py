"""How well the times of words are estimated: against those that espeak-ng tells, which are exact."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import accumulate, pairwise

import msgspec
import numpy as np

from bench.caption_texts import ENGLISH, OTHER_LANGUAGES
from bench.tables import table
from vivavoce.audio.envelope import Envelope, spans
from vivavoce.audio.pcm import Pcm, joined
from vivavoce.demo.agent import DEMO_AGENT
from vivavoce.engines.espeak import Espeak, open_engine
from vivavoce.speech import VoiceStyle, Word
from vivavoce.talk.sentences import Sentences
from vivavoce.talk.word_times import LETTERS_PER_S, Pace, aligned, first_guess

__all__ = ["CaptionsResult", "Error", "Spoken", "by_letters", "demo_texts", "errors", "run_captions", "speak"]

# Source: the goal of the project, for the median.
_GOAL_MS = 100.0
_SPEEDS = (1.0, 1.3)
_METHODS = {
    "letters": "letters, 14 a second",
    "first guess": "first guess",
    "paced guess": "first guess, at the pace of the parts before",
    "shared letters": "letters, once the length is known",
    "aligned": "aligned with the sound",
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """One part of a text as the voice has spoken it, and when it says that each word was."""

    text: str
    pcm: Pcm
    words: tuple[Word, ...]


class Error(msgspec.Struct, frozen=True):
    """How far the starts of words are from the truth, in milliseconds."""

    voice: str
    method: str
    words: int
    p50_ms: float
    p90_ms: float
    worst_ms: float


class CaptionsResult(msgspec.Struct, frozen=True):
    """The errors of each method with each voice."""

    parts: int
    errors: list[Error]

    def markdown(self) -> str:
        """The result as a table, with a verdict."""
        rows = [
            [error.voice, _METHODS[error.method], *map(str, (error.words, *map(round, _figures(error))))]
            for error in self.errors
        ]
        medians = [error.p50_ms for error in self.errors if error.method == "aligned"]
        met = "is met" if medians and max(medians) < _GOAL_MS else "**is not met**"
        title = f"## Captions, {self.parts} spoken parts\n\n"
        head = ["voice", "times of words", "words", "median, ms", "p90, ms", "worst, ms"]
        return f"{title}{table(head, rows)}\nThe goal, a median under {_GOAL_MS:.0f} ms once aligned, {met}."


def run_captions() -> CaptionsResult:
    """Have espeak-ng speak the texts, estimate when it says each word, and compare."""
    return asyncio.run(_run())


def demo_texts() -> list[str]:
    """The answers of the demo agent."""
    lines = str(DEMO_AGENT["knowledge"]).splitlines()
    return [line.removeprefix("Follow-up: ") for line in lines if line and not line.startswith(("#", "Also asked as"))]


async def speak(engine: Espeak, texts: Iterable[str], style: VoiceStyle) -> list[Spoken]:
    """The parts that the texts are cut into for the voice, as it speaks them; those without words are left out."""
    spoken: list[Spoken] = []
    for text in texts:
        sentences = Sentences()
        for part in [*sentences.add(text), *sentences.finish()]:
            async with aclosing(engine.speak(part, style)) as pieces:
                voices = [voice async for voice in pieces]
            if voices:
                pcm = Pcm(joined([voice.pcm.samples for voice in voices]), voices[0].pcm.rate_hz)
                spoken.append(Spoken(part, pcm, tuple(word for voice in voices for word in voice.words)))
    return spoken


def by_letters(text: str, s_per_letter: float) -> tuple[Word, ...]:
    """The words of a text when all letters, and the spaces, take equally long: what there is to be better than."""
    words = text.split()
    times = pairwise(accumulate((len(word) + 1 for word in words), initial=0))
    return tuple(
        Word(word, start * s_per_letter, end * s_per_letter) for word, (start, end) in zip(words, times, strict=True)
    )


def errors(spoken: Sequence[Spoken]) -> Mapping[str, list[float]]:
    """
    How far each method is from the truth, word by word, in seconds.

    Only the words after a part's first one count, which is right by itself.
    """
    found: dict[str, list[float]] = {method: [] for method in _METHODS}
    pace = Pace()
    for part in spoken:
        envelope = Envelope(part.pcm.rate_hz)
        envelope.add(part.pcm.samples)
        voiced = spans(envelope)
        letters = sum(len(word) + 1 for word in part.text.split())
        estimates = {
            "letters": by_letters(part.text, 1 / LETTERS_PER_S),
            "first guess": first_guess(part.text),
            "paced guess": first_guess(part.text, letters_per_s=pace.letters_per_s),
            "shared letters": by_letters(part.text, part.pcm.duration_s / letters),
            "aligned": aligned(part.text, voiced, part.pcm.duration_s),
        }
        pace.learn(part.text, voiced)
        for method, words in estimates.items():
            pairs = list(zip(words, part.words, strict=True))[1:]
            found[method] += [abs(word.start_s - truth.start_s) for word, truth in pairs]
    return found


async def _run() -> CaptionsResult:
    engine = open_engine({})
    result: list[Error] = []
    parts = 0
    try:
        english = {f"English, speed {speed:g}": VoiceStyle(speed=speed) for speed in _SPEEDS}
        for voice, style in english.items():
            spoken = await speak(engine, [*ENGLISH, *demo_texts()], style)
            parts += len(spoken)
            result += _summed(voice, errors(spoken))
        for language, texts in OTHER_LANGUAGES.items():
            spoken = await speak(engine, texts, VoiceStyle(language=language))
            parts += len(spoken)
            result += _summed(language, errors(spoken))
    finally:
        await engine.close()
    return CaptionsResult(parts, result)


def _summed(voice: str, found: Mapping[str, Sequence[float]]) -> list[Error]:
    """A voice's errors in a few numbers; nothing where a part is one word, as in Chinese."""
    summed: list[Error] = []
    for method, values_s in found.items():
        if values_s:
            p50, p90, worst = (1000 * np.quantile(values_s, (0.5, 0.9, 1.0))).tolist()
            summed.append(Error(voice, method, len(values_s), p50, p90, worst))
    return summed


def _figures(error: Error) -> tuple[float, float, float]:
    return error.p50_ms, error.p90_ms, error.worst_ms
