"""Windows of equal length out of a stream."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.audio.windows import VAD_RATE_HZ, WINDOW_SAMPLES, Windows
from vivavoce.talk.policy import WINDOW_S


def test_a_window_lasts_what_the_policy_counts() -> None:
    """Rule: ears count windows as time, so both must mean the same length."""
    assert WINDOW_S == WINDOW_SAMPLES / VAD_RATE_HZ


@settings(max_examples=100)
@given(lengths=st.lists(st.integers(0, 40), max_size=30))
def test_the_windows_joined_are_the_stream(lengths: list[int]) -> None:
    """Rule: whole windows, in order, nothing lost and nothing twice; the rest waits."""
    windows = Windows(10)
    stream = np.arange(sum(lengths), dtype=np.int16)
    given_out, start = [], 0
    for length in lengths:
        given_out += windows.push(stream[start : start + length])
        start += length
    whole = len(stream) // 10 * 10

    assert [10] * (whole // 10) == [len(window) for window in given_out]
    assert stream[:whole].tolist() == [sample for window in given_out for sample in window]
    assert windows.filled == (len(stream) - whole) / 10


def test_a_flush_fills_the_last_window_with_silence() -> None:
    """Rule: the end of a word is heard, though it fills no window; then all is empty."""
    windows = Windows(4)
    windows.push(np.array([1, 2, 3, 4, 5], np.int16))

    assert [[5, 0, 0, 0]] == [window.tolist() for window in windows.flush()]
    assert [] == windows.flush()
    assert 0.0 == windows.filled
