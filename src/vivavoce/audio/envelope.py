"""How loud a stretch of sound is from moment to moment, and where in it there is voice."""

import numpy as np
from numpy.typing import NDArray

from vivavoce.audio.pcm import Samples

__all__ = ["Envelope", "spans"]

_STEPS_PER_S = 100
# Loud is what only a tenth of the steps with any sound in them exceeds: vowels.
_LOUD_QUANTILE = 0.9
# Voice is at least 32 dB below that: the weakest consonants are some 30 dB below the vowels around them.
_LEAST_SHARE = 10**-3.2
# The noise of a room is what there is in the quietest moments, of 50 ms each, if it is steady: from the hundredth to
# the twentieth part of them it grows by less than 2 dB. Voice is then 5 dB above it, but at most 16 dB below what is
# loud. Measured: pauses are found in espeak-ng's speech with white noise 15 dB below it, and in a speech of 1961.
_NOISE_STEPS = 5
_NOISE_QUANTILES = (0.01, 0.05)
_STEADY = 10**0.2
_ABOVE_NOISE = 10**0.5
_MOST_SHARE = 10**-1.6
# Whatever is below -72 dBFS is no voice: mean square of samples around 8 of 32,768.
_SILENCE = 8.0**2
# A shorter gap is the closure of a plosive, within a word or between two.
_SHORTEST_GAP_S = 0.06
# A shorter sound between gaps is a click.
_SHORTEST_VOICE_S = 0.03


class Envelope:
    """
    Keeps the level of every 10 ms of a sound that comes in pieces: a four-hundredth of its size, for later.

    Args:
        rate_hz: Samples a second; the step is rounded to whole samples.
    """

    def __init__(self, rate_hz: int) -> None:
        self._step = max(round(rate_hz / _STEPS_PER_S), 1)
        self._rate_hz = rate_hz
        # The levels of the pieces so far.
        self._levels: list[NDArray[np.float32]] = []
        # Samples that do not fill a step yet.
        self._rest: Samples = np.zeros(0, np.int16)

    @property
    def step_s(self) -> float:
        """How long a step is, in seconds: about 0.01."""
        return self._step / self._rate_hz

    @property
    def levels(self) -> NDArray[np.float32]:
        """The mean square of the samples of each whole step, shape (n,), float32."""
        if len(self._levels) > 1:
            self._levels = [np.concatenate(self._levels)]
        return self._levels[0] if self._levels else np.zeros(0, np.float32)

    def add(self, samples: Samples) -> None:
        """Take the next samples, shape (n,), int16."""
        if len(self._rest):
            samples = np.concatenate((self._rest, samples))
        whole = len(samples) // self._step * self._step
        # A copy, so that a large piece is not kept for its end.
        self._rest = samples[whole:].copy()
        if whole:
            steps = samples[:whole].astype(np.float32).reshape(-1, self._step)
            self._levels.append(np.einsum("ij,ij->i", steps, steps) / np.float32(self._step))


def spans(envelope: Envelope) -> tuple[tuple[float, float], ...]:
    """
    Where there is voice: from when to when, in seconds from the start of the sound, in order.

    Gaps shorter than 60 ms are joined; silence, and noise too faint to be heard, has no spans.
    """
    levels = envelope.levels
    sounding = levels[levels > _SILENCE]
    if not len(sounding):
        return ()
    loud = float(np.quantile(sounding, _LOUD_QUANTILE))
    threshold = min(max(loud * _LEAST_SHARE, _noise(levels) * _ABOVE_NOISE), loud * _MOST_SHARE)
    voiced = np.concatenate(([False], levels > max(threshold, _SILENCE), [False]))
    edges = np.flatnonzero(voiced[1:] != voiced[:-1])
    found: list[list[float]] = []
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if found and (begin - found[-1][1]) * envelope.step_s < _SHORTEST_GAP_S:
            found[-1][1] = end
        else:
            found.append([begin, end])
    return tuple(
        (begin * envelope.step_s, end * envelope.step_s)
        for begin, end in found
        if (end - begin) * envelope.step_s >= _SHORTEST_VOICE_S
    )


def _noise(levels: NDArray[np.float32]) -> float:
    """The level of a steady noise that is heard wherever there is no voice; 0 where there is none."""
    if len(levels) < _NOISE_STEPS:
        return 0.0
    smooth = np.convolve(levels, np.full(_NOISE_STEPS, 1 / _NOISE_STEPS, np.float32), "valid")
    lowest, low = np.quantile(smooth, _NOISE_QUANTILES).tolist()
    return float(low) if low < lowest * _STEADY else 0.0
