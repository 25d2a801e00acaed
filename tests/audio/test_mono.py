"""A stereo recording becomes one channel."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from vivavoce.audio.mono import mix_to_mono


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_the_mix_is_the_mean_of_all_channels(suffix: str, tmp_path: Path) -> None:
    """Also where the sum would not fit into 16 bits, and over more than one block."""
    loud = np.array([[32767, 32767], [-32768, -32768], [100, 301], [0, -400]], np.int16)
    samples = np.tile(loud, (50_000, 1))
    soundfile.write(tmp_path / f"dual.{suffix}", samples, 24000, subtype="PCM_16")
    mix_to_mono(tmp_path / f"dual.{suffix}", tmp_path / f"mono.{suffix}")
    mixed, rate_hz = soundfile.read(tmp_path / f"mono.{suffix}", dtype="int16")

    assert 24000 == rate_hz
    assert (200_000,) == mixed.shape
    assert [32767, -32768, 200, -200] == mixed[-4:].tolist()
    assert soundfile.info(tmp_path / f"dual.{suffix}").format == soundfile.info(tmp_path / f"mono.{suffix}").format


def test_what_is_no_sound_cannot_be_mixed(tmp_path: Path) -> None:
    """The message names the file."""
    (tmp_path / "dual.flac").write_bytes(b"a letter")
    with pytest.raises(ValueError, match=r"dual\.flac cannot be mixed"):
        mix_to_mono(tmp_path / "dual.flac", tmp_path / "mono.flac")
