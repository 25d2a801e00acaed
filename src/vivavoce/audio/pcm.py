"""A stretch of sound: 16-bit samples and their rate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pcm", "Samples", "joined", "silence"]

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class Pcm:
    """Mono sound: ``samples`` of shape (n,), int16, at ``rate_hz`` samples a second."""

    samples: Samples
    rate_hz: int

    @property
    def duration_s(self) -> float:
        """How long it sounds, in seconds."""
        return len(self.samples) / self.rate_hz

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pcm):
            return NotImplemented
        return self.rate_hz == other.rate_hz and np.array_equal(self.samples, other.samples)

    __hash__ = None  # type: ignore[assignment]  # arrays are mutable; a stretch of sound is no key

    def __repr__(self) -> str:
        return f"Pcm({self.duration_s:.3f} s at {self.rate_hz} Hz)"


def joined(pieces: Sequence[Samples]) -> Samples:
    """Pieces of sound as one, in their order; one piece alone is not copied."""
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)


def silence(duration_s: float, rate_hz: int) -> Pcm:
    """Digital silence of the given length, rounded to whole samples."""
    return Pcm(np.zeros(round(duration_s * rate_hz), np.int16), rate_hz)
