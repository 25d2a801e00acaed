"""From a client's microphone to the windows of the voice detector."""

import math

import numpy as np

from vivavoce.audio.pcm import Samples
from vivavoce.audio.resample import Resampler
from vivavoce.audio.windows import VAD_RATE_HZ, WINDOW_SAMPLES, Windows

__all__ = ["Intake"]


class Intake:
    """
    Brings a microphone's sound to 16 kHz and cuts it into windows.

    Resampling a long piece costs hardly more than a short one, so frames are gathered until they can complete a
    window: half the cost, and no window is any later for it.
    """

    def __init__(self, from_hz: int) -> None:
        self._from_hz = from_hz
        self._resampler = Resampler(from_hz, VAD_RATE_HZ)
        self._windows = Windows()
        self._per_window = WINDOW_SAMPLES * from_hz / VAD_RATE_HZ
        # Samples that may complete the next window.
        self._missing = self._per_window
        # Sound that has not been resampled, at the beginning of the buffer, and how many samples it has.
        self._gathered: Samples = np.empty(math.ceil(self._per_window), np.int16)
        self._fill = 0

    def push(self, samples: Samples) -> list[Samples]:
        """The windows that are complete now, each of 512 samples at 16 kHz."""
        fill, end = self._fill, self._fill + len(samples)
        if end > len(self._gathered):
            self._gathered = np.concatenate([self._gathered[:fill], np.empty(2 * len(samples), np.int16)])
        self._gathered[fill:end] = samples
        self._fill = end
        if end < self._missing:
            return []
        windows = self._windows.push(self._resampler.push(self._take()))
        self._missing = self._per_window * (1 - self._windows.filled)
        return windows

    def flush(self) -> list[Samples]:
        """The windows of everything that has come, the last one filled up with silence."""
        # A filter holds back up to 60 ms: the end of the last word. What comes next begins a new stream.
        rest = self._resampler.push(self._take(), last=True)
        self._resampler = Resampler(self._from_hz, VAD_RATE_HZ)
        return self._windows.push(rest) + self._windows.flush()

    def _take(self) -> Samples:
        """What has been gathered; to be used before more is."""
        fill, self._fill = self._fill, 0
        return self._gathered[:fill]
