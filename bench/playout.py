"""
Pure: what the agent's audio would have sounded like at the visitor's end.

The clock of an utterance starts with its first frame. Frame *k* is due when the samples before it have been played,
and its lateness is how long after that moment it arrived. A negative lateness is a lead: the server sent ahead.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["gaps", "lateness_s", "split_around"]


def lateness_s(arrivals_s: Sequence[float], samples: Sequence[int], *, rate_hz: int) -> NDArray[np.float64]:
    """
    How late each frame of one utterance came, in seconds.

    The first frame sets the clock and is never late, so it is left out: it would only flatter the rest.

    Args:
        arrivals_s: When each frame came.
        samples: How many samples each frame carried.
        rate_hz: Samples a second.

    Returns:
        One value per frame after the first; negative where the frame came early.
    """
    if len(arrivals_s) < 2:
        return np.empty(0)
    played_before_s = np.cumsum(np.asarray(samples[:-1], np.float64)) / rate_hz
    return np.asarray(arrivals_s[1:], np.float64) - arrivals_s[0] - played_before_s


def gaps(arrivals_s: Sequence[float], samples: Sequence[int], *, rate_hz: int, cushion_s: float) -> int:
    """
    How often the playout of one utterance ran dry.

    A player that holds ``cushion_s`` of audio before it starts runs dry when a frame comes later than that.
    It then starts anew with the late frame, so that one stall counts once and not for every frame behind it.
    """
    if not arrivals_s:
        return 0
    dry = 0
    empty_at = arrivals_s[0] + cushion_s + samples[0] / rate_hz
    for arrived_at, count in zip(arrivals_s[1:], samples[1:], strict=True):
        if arrived_at > empty_at:
            dry += 1
            empty_at = arrived_at + cushion_s
        empty_at += count / rate_hz
    return dry


def split_around(
    at_s: Sequence[float], moments_s: Sequence[float], *, before_s: float, after_s: float
) -> NDArray[np.bool_]:
    """
    Which of the times lie close to a moment: from ``before_s`` before it to ``after_s`` after it.

    Returns:
        One truth value for each of ``at_s``.
    """
    times = np.asarray(at_s, np.float64)
    near = np.zeros(times.shape, np.bool_)
    for moment in moments_s:
        near |= (times >= moment - before_s) & (times <= moment + after_s)
    return near
