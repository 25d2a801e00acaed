"""
Voices for the tests of captions: engines of a package that the tests put on the path.

``scale`` hums each word at the pitch of its first letter, and tells the times. ``untold`` is espeak-ng, which knows
when it says each word, and keeps it to itself.
"""

import json
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import numpy as np

from vivavoce.audio.pcm import Pcm, Samples, joined
from vivavoce.engines.engine import EngineSettings
from vivavoce.engines.espeak import Espeak
from vivavoce.engines.espeak import open_engine as open_espeak
from vivavoce.speech import Voice, VoiceStyle, Word

__all__ = ["Scale", "Untold", "open_scale", "open_untold"]

_RATE_HZ = 24000
_WORD_S, _FADE_S, _PEAK = 0.25, 0.01, 8000
_LOWEST_HZ, _STEP_HZ = 300, 20
# Of the loudest sample that there can be: below it is silence.
_SILENCE = 0.01


def open_scale(settings: EngineSettings) -> "Scale":
    """There are no settings."""
    return Scale()


def open_untold(settings: EngineSettings) -> "Untold":
    """Setting: ``truth``, the file that gets a line of JSON for each text: its words, its length, where it is loud."""
    return Untold(open_espeak({}), Path(settings["truth"]))


class Scale:
    """Each word is as long as any other, and begins and ends softly."""

    name = "scale"

    async def speak(self, text: str, style: VoiceStyle) -> AsyncGenerator[Voice]:
        """All words at once; nothing for a text without words."""
        texts = text.split()
        if texts:
            words = tuple(Word(word, _WORD_S * at, _WORD_S * (at + 1)) for at, word in enumerate(texts))
            yield Voice(Pcm(np.concatenate([_hum(word) for word in texts]), _RATE_HZ), words)

    async def close(self) -> None:
        """There is nothing to free."""


class Untold:
    """Speaks with espeak-ng, and writes the times of the words where only the test looks."""

    name = "untold"

    def __init__(self, voice: Espeak, truth: Path) -> None:
        self._voice = voice
        self._truth = truth

    async def warm(self) -> None:
        """Start the process, so that the first text need not wait for it."""
        await self._voice.warm()

    async def speak(self, text: str, style: VoiceStyle) -> AsyncGenerator[Voice]:
        """The sound without the times."""
        words: list[Word] = []
        pieces: list[Pcm] = []
        async for voice in self._voice.speak(text, style):
            words += voice.words
            pieces.append(voice.pcm)
            yield Voice(voice.pcm)
        if pieces:
            self._tell(Pcm(joined([pcm.samples for pcm in pieces]), pieces[0].rate_hz), words)

    async def close(self) -> None:
        """End the process."""
        await self._voice.close()

    def _tell(self, pcm: Pcm, words: Sequence[Word]) -> None:
        loud = np.flatnonzero(np.abs(pcm.samples.astype(np.int32)) > _SILENCE * 32768)
        line = {
            "words": [[word.text, word.start_s, word.end_s] for word in words],
            "duration_s": pcm.duration_s,
            "loud_s": [float(loud[0]) / pcm.rate_hz, float(loud[-1]) / pcm.rate_hz],
        }
        with self._truth.open("a") as file:
            file.write(json.dumps(line) + "\n")


def _hum(word: str) -> Samples:
    """The sound of one word, which is told by its first letter."""
    pitch_hz = _LOWEST_HZ + _STEP_HZ * (ord(word[0].lower()) - ord("a"))
    time_s = np.arange(round(_WORD_S * _RATE_HZ)) / _RATE_HZ
    fade = np.clip(np.minimum(time_s, _WORD_S - time_s) / _FADE_S, 0.0, 1.0)
    return (np.sin(2 * np.pi * pitch_hz * time_s) * fade * _PEAK).astype(np.int16)
