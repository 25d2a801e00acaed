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
        # The window that is being filled, and how many of its samples are there.
        self._window: Samples = np.empty(length, np.int16)
        self._fill = 0

    @property
    def filled(self) -> float:
        """How much of the next window is there, from 0 to 1."""
        return self._fill / self._length

    def push(self, samples: Samples) -> list[Samples]:
        """The windows that are complete now, each of shape (length,)."""
        windows: list[Samples] = []
        start, end, length = 0, len(samples), self._length
        while end - start >= length - self._fill:
            stop = start + length - self._fill
            self._window[self._fill :] = samples[start:stop]
            windows.append(self._window)
            self._window, self._fill, start = np.empty(length, np.int16), 0, stop
        if start < end:
            self._window[self._fill : self._fill + end - start] = samples[start:]
            self._fill += end - start
        return windows

    def flush(self) -> list[Samples]:
        """What is left, filled up with silence to a whole window; nothing if nothing is left."""
        return self.push(np.zeros(self._length - self._fill, np.int16)) if self._fill else []
