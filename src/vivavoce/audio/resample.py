"""Changes the rate of a stream of sound."""

import numpy as np
import soxr

from vivavoce.audio.pcm import Pcm, Samples

__all__ = ["Resampler", "resampled"]

_NOTHING: Samples = np.zeros(0, np.int16)


class Resampler:
    """
    Resamples a stream piece by piece.

    soxr's quality LQ for the ear of a recogniser: 6 ms of lag against 24 ms of HQ, and half the time.
    """

    def __init__(self, from_hz: int, to_hz: int, *, quality: str = "LQ") -> None:
        self.to_hz = to_hz
        self._stream = (
            None if from_hz == to_hz else soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16", quality=quality)
        )

    def push(self, samples: Samples, *, last: bool = False) -> Samples:
        """The next samples at the new rate; with ``last`` also those that the filter still held back."""
        if self._stream is None:
            return samples
        # As a column, which it takes and gives as it is; of a row it would make one, and squeeze the answer.
        out: Samples = self._stream.resample_chunk(samples[:, np.newaxis], last=last)[:, 0]
        return out

    def flush(self) -> Samples:
        """What the filter still holds back; the stream is over."""
        return self.push(_NOTHING, last=True)


def resampled(pcm: Pcm, rate_hz: int, *, quality: str = "HQ") -> Pcm:
    """A whole sound at another rate."""
    if pcm.rate_hz == rate_hz:
        return pcm
    samples: Samples = soxr.resample(pcm.samples, pcm.rate_hz, rate_hz, quality=quality)
    return Pcm(samples, rate_hz)
