"""How loud a stretch of sound is."""

import numpy as np
import pytest

from vivavoce.audio.volume import volume


@pytest.mark.parametrize(("amplitude", "expected"), [(0, 0.0), (1, 0.2), (10, 0.4), (100, 0.6), (1000, 0.8)])
def test_ten_times_the_amplitude_are_a_fifth_of_the_scale(amplitude: int, expected: float) -> None:
    """The scale is one of decibels: 20 dB are 0.2 of it, and 0.6 is 50 dB below full scale."""
    assert volume(np.full(512, amplitude, np.int16)) == pytest.approx(expected, abs=0.001)


def test_the_scale_has_ends() -> None:
    """The loudest sound is 1, and sound of no length is silent."""
    assert 1.0 == volume(np.full(512, -32768, np.int16))
    assert 0.0 == volume(np.zeros(0, np.int16))
