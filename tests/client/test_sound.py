"""Sound files for a caller."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from vivavoce.audio.pcm import Pcm
from vivavoce.client.sound import load, save


@pytest.mark.parametrize(("rate_hz", "channels"), [(8000, 1), (16000, 2), (22050, 1), (44100, 2), (48000, 6)])
def test_any_rate_and_number_of_channels_becomes_mono(tmp_path: Path, rate_hz: int, channels: int) -> None:
    """Channels are averaged; the rate stays."""
    wanted = np.array([0, 1000, -1000, 32767, -32768], np.int16)
    soundfile.write(tmp_path / "a.wav", np.stack([wanted] * channels, axis=1), rate_hz)

    assert Pcm(wanted, rate_hz) == load(tmp_path / "a.wav")


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    """16 bits both ways, without loss."""
    pcm = Pcm(np.arange(-100, 100, dtype=np.int16), 24000)
    save(tmp_path / "a.wav", pcm)

    assert pcm == load(tmp_path / "a.wav")


def test_an_empty_recording_can_be_saved(tmp_path: Path) -> None:
    """A call may have been silent."""
    save(tmp_path / "a.wav", Pcm(np.zeros(0, np.int16), 24000))

    with pytest.raises(ValueError, match="has no sound in it"):
        load(tmp_path / "a.wav")


def test_what_is_no_sound_is_said_so(tmp_path: Path) -> None:
    """With the file's name."""
    (tmp_path / "a.wav").write_text("hello")

    with pytest.raises(ValueError, match=r"a\.wav is no sound file that can be read"):
        load(tmp_path / "a.wav")


def test_a_missing_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    """With the file's name too."""
    with pytest.raises(FileNotFoundError, match=r"nothing\.wav"):
        load(tmp_path / "nothing.wav")
