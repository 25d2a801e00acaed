"""The words that every caller speaks."""

import numpy as np
import pytest

from bench.clip import FRAME_S, SPEECH_FRAMES, best_cut, caller_speech, frames_of, levels_db, noise
from vivavoce.audio.pcm import Pcm


def test_the_level_of_a_frame_is_in_decibels_below_full_scale() -> None:
    """A square wave of half of full scale lies at -6 dB; silence has a floor instead of minus infinity."""
    loud = np.full(320, 16384, np.int16)
    found = levels_db(Pcm(np.concatenate([loud, np.zeros(320, np.int16)]), 16_000))

    assert [pytest.approx(-6.02, abs=0.01), pytest.approx(-90.3, abs=0.1)] == found


def test_the_cut_avoids_pauses() -> None:
    """Of two places that begin and end in full voice the one without a pause is taken."""
    levels = [-20.0] * 4 + [-60.0] * 2 + [-20.0] * 10
    cut = best_cut(levels, frames=8)

    assert cut is not None
    assert (0, 6) == (cut.longest_pause_frames, cut.first_frame)


def test_the_cut_begins_and_ends_in_full_voice() -> None:
    """Only then is its last frame the end of speech for the server too."""
    levels = [-20.0, -40.0, -20.0, -20.0, -20.0, -20.0, -20.0, -20.0, -40.0, -20.0]
    cut = best_cut(levels, frames=6)

    assert cut is not None
    assert 2 == cut.first_frame


@pytest.mark.parametrize("levels", [[-20.0] * 5, [-20.0, -60.0] * 10], ids=["short", "broken"])
def test_a_recording_without_a_suitable_place_gives_no_cut(levels: list[float]) -> None:
    """Too short, or never loud for two frames in a row."""
    assert best_cut(levels, frames=6) is None


def test_the_clip_is_unbroken_speech_of_exact_length() -> None:
    """2.1 s in whole frames, nowhere 0.2 s of pause, voice at both ends."""
    speech = caller_speech(24_000)
    levels = levels_db(speech)
    loud = sorted(levels)[len(levels) * 9 // 10]
    voiced = "".join("v" if level > loud - 25 else "." for level in levels)

    assert SPEECH_FRAMES == len(frames_of(speech)) == len(voiced)
    assert "v" == voiced[0] == voiced[-1]
    assert "." * round(0.2 / FRAME_S) not in voiced


def test_a_muted_caller_sends_zeros() -> None:
    """Digital silence."""
    assert bytes(960) == frames_of(noise(0.02, 24_000, None))[0]


def test_a_quiet_room_has_the_level_that_was_asked_for() -> None:
    """White noise, measured as its root mean square."""
    found = levels_db(noise(1.0, 24_000, -50.0))

    assert -50.0 == pytest.approx(sum(found) / len(found), abs=0.5)


def test_a_frame_is_twenty_milliseconds_of_little_endian_samples() -> None:
    """A rest that fills no frame is left out."""
    found = frames_of(Pcm(np.arange(1000, dtype=np.int16), 24_000))

    assert [np.arange(480, dtype="<i2").tobytes(), np.arange(480, 960, dtype="<i2").tobytes()] == found
