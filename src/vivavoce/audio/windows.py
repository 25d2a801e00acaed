"""Cuts a stream of samples into windows of equal length."""

import numpy as np

from vivavoce.audio.pcm import Samples

__all__ = ["VAD_RATE_HZ", "WINDOW_SAMPLES", "Windows"]

# What Silero takes: 512 samples at 16 kHz, which are 32 ms.
VAD_RATE_HZ = 16_000
WINDOW_SAMPLES = 512


class Windows:
    """Collects samples and gives out whole windows."""

    def __init__(self, length: int = WINDOW_SAMPLES) -> None:
        self._length = length
        self._rest: Samples = np.zeros(0, np.int16)

    @property
    def filled(self) -> float:
        """How much of the next window is there, from 0 to 1."""
        return len(self._rest) / self._length

    def push(self, samples: Samples) -> list[Samples]:
        """The windows that are complete now, each of shape (length,)."""
        if len(self._rest):
            samples = np.concatenate((self._rest, samples))
        whole = len(samples) - len(samples) % self._length
        self._rest = samples[whole:]
        return [samples[start : start + self._length] for start in range(0, whole, self._length)]

    def flush(self) -> list[Samples]:
        """What is left, filled up with silence to a whole window; nothing if nothing is left."""
        if not len(self._rest):
            return []
        return self.push(np.zeros(self._length - len(self._rest), np.int16))
