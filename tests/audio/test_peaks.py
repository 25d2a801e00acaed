"""A recording is drawn by its loudest moments."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from vivavoce.audio.peaks import draw_peaks

RATE_HZ = 8000


def _write(file: Path, left: list[int], right: list[int]) -> Path:
    soundfile.write(file, np.array([left, right], np.int16).T, RATE_HZ, format="FLAC", subtype="PCM_16")
    return file


def test_each_stretch_has_the_loudest_sample_of_either_side(tmp_path: Path) -> None:
    """In 255ths of full loudness, whatever its sign."""
    file = _write(tmp_path / "a.flac", [0, -32768, 0, 0], [16384, 0, 0, 1])
    drawn = draw_peaks(file, most=2, per_s=RATE_HZ)

    assert ([255, 0], [128, 1], 0.0) == (drawn.visitor, drawn.agent, round(drawn.duration_s, 2))


def test_a_long_recording_has_no_more_values_than_asked_for(tmp_path: Path) -> None:
    """However long it is, and the last stretch is drawn too."""
    file = _write(tmp_path / "a.flac", [0] * 3 * RATE_HZ + [9000], [0] * (3 * RATE_HZ + 1))
    drawn = draw_peaks(file, most=100, per_s=1000)

    assert len(drawn.visitor) <= 100
    assert drawn.visitor[-1] > 0


def test_a_recording_longer_than_a_block_is_drawn_to_its_end(tmp_path: Path) -> None:
    """It is read in pieces, and no piece is lost between two."""
    left = [0] * 20 * RATE_HZ
    for second in range(20):
        left[second * RATE_HZ] = 10_000
    drawn = draw_peaks(_write(tmp_path / "a.flac", left, left), most=10_000, per_s=1)

    assert [78] * 20 == drawn.visitor


def test_a_recording_without_sound_is_a_line(tmp_path: Path) -> None:
    """A call that ended at once."""
    file = tmp_path / "a.wav"
    soundfile.write(file, np.zeros((0, 2), np.int16), RATE_HZ)
    drawn = draw_peaks(file, most=10, per_s=1)

    assert ([0], 0.0) == (drawn.visitor, drawn.duration_s)


def test_what_is_no_sound_file_is_refused(tmp_path: Path) -> None:
    """With a sentence."""
    file = tmp_path / "a.flac"
    file.write_bytes(b"no sound")

    with pytest.raises(ValueError, match=r"a\.flac cannot be drawn"):
        draw_peaks(file, most=10, per_s=1)
