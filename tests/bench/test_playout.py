"""Lateness and gaps of agent audio against a playout that starts with the first frame."""

import numpy as np
import pytest

from bench.playout import gaps, lateness_s, split_around

_RATE_HZ = 24_000
_FRAME = 480


def _paced(count: int) -> list[float]:
    """Arrivals at real time, 20 ms apart, from second 10."""
    return [10.0 + number * 0.02 for number in range(count)]


def test_frames_paced_at_real_time_are_not_late() -> None:
    """Each comes exactly when the frames before it have been played."""
    found = lateness_s(_paced(5), [_FRAME] * 5, rate_hz=_RATE_HZ)

    np.testing.assert_allclose(np.zeros(4), found, atol=1e-9)


def test_a_frame_is_due_when_the_samples_before_it_have_been_played() -> None:
    """Frames may be of any size: after 20 ms and 100 ms the third is due at 120 ms."""
    found = lateness_s([1.0, 1.02, 1.15], [480, 2400, 480], rate_hz=_RATE_HZ)

    np.testing.assert_allclose([0.0, 0.03], found, atol=1e-9)


def test_a_server_that_sends_ahead_has_negative_lateness() -> None:
    """Two seconds sent at once: the last of the frames is 1.98 s early."""
    found = lateness_s([5.0] * 100, [_FRAME] * 100, rate_hz=_RATE_HZ)

    assert -1.98 == pytest.approx(found.min())


@pytest.mark.parametrize("count", [0, 1])
def test_the_first_frame_sets_the_clock_and_is_not_counted(count: int) -> None:
    """It is never late by definition and would flatter the percentiles."""
    assert 0 == len(lateness_s(_paced(count), [_FRAME] * count, rate_hz=_RATE_HZ))


def test_jitter_within_the_cushion_is_no_gap() -> None:
    """A player holds 40 ms before it starts; a frame 39 ms late is still in time."""
    arrivals = _paced(5)
    arrivals[3] += 0.039

    assert 0 == gaps(arrivals, [_FRAME] * 5, rate_hz=_RATE_HZ, cushion_s=0.04)


def test_one_stall_is_one_gap() -> None:
    """The playout starts anew with the late frame, so that those behind it are not counted again."""
    arrivals = _paced(3) + [at + 0.5 for at in _paced(10)[3:]]

    assert 1 == gaps(arrivals, [_FRAME] * 10, rate_hz=_RATE_HZ, cushion_s=0.04)


def test_two_stalls_are_two_gaps() -> None:
    """After a gap the cushion is whole again, and another stall empties it again."""
    delays = [0.0] * 3 + [0.1] * 3 + [0.3] * 3
    arrivals = [at + delay for at, delay in zip(_paced(9), delays, strict=True)]

    assert 2 == gaps(arrivals, [_FRAME] * 9, rate_hz=_RATE_HZ, cushion_s=0.04)


def test_silence_has_no_gap() -> None:
    """An utterance without a frame cannot run dry."""
    assert 0 == gaps([], [], rate_hz=_RATE_HZ, cushion_s=0.04)


def test_times_close_to_a_moment_are_told_from_the_others() -> None:
    """From the moment until 0.3 s after it, both ends included."""
    found = split_around([0.9, 1.0, 1.3, 1.4, 2.1], [1.0, 2.0], before_s=0.0, after_s=0.3)

    assert [False, True, True, False, True] == found.tolist()
