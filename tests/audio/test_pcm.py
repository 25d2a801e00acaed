"""A stretch of sound."""

import numpy as np
import pytest

from vivavoce.audio.pcm import Pcm, joined, silence


def test_a_sound_lasts_its_samples_by_its_rate() -> None:
    """Rule: the duration is computed, never stored."""
    assert Pcm(np.zeros(12_000, np.int16), 24_000).duration_s == 0.5


def test_silence_has_whole_samples() -> None:
    """Rule: the length is rounded to samples, and all of them are zero."""
    quiet = silence(0.0321, 16_000)

    assert 514 == len(quiet.samples)
    assert quiet.samples.dtype == np.int16
    assert not quiet.samples.any()


def test_sounds_are_equal_by_rate_and_samples() -> None:
    """Rule: the same samples at another rate are another sound, and a sound equals nothing else."""
    sound = Pcm(np.array([1, 2, 3], np.int16), 8000)

    assert Pcm(np.array([1, 2, 3], np.int16), 8000) == sound
    assert Pcm(np.array([1, 2, 3], np.int16), 16_000) != sound
    assert Pcm(np.array([1, 2, 4], np.int16), 8000) != sound
    assert Pcm(np.array([1, 2], np.int16), 8000) != sound
    assert sound != "sound"


def test_a_sound_is_no_key() -> None:
    """Rule: samples can change, so a sound has no hash."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(silence(0.1, 8000))


def test_a_sound_is_not_shown_by_its_samples() -> None:
    """Rule: a log line or a failing test shows length and rate, not a voice."""
    assert "Pcm(0.500 s at 8000 Hz)" == repr(silence(0.5, 8000))


def test_pieces_join_in_their_order() -> None:
    """Rule: nothing gives nothing, and one piece is handed on as it is."""
    one, two = np.array([1, 2], np.int16), np.array([3], np.int16)

    assert [1, 2, 3] == joined([one, two]).tolist()
    assert joined([one]) is one
    assert 0 == len(joined([]))
    assert joined([]).dtype == np.int16
