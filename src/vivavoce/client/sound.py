"""Sound files for a caller."""

from pathlib import Path

import numpy as np
import soundfile

from vivavoce.audio.pcm import Pcm

__all__ = ["load", "save"]


def load(path: Path) -> Pcm:
    """
    Read a sound file, mixed down to mono at its own rate.

    Args:
        path: WAV, FLAC, Ogg or whatever else libsndfile reads, of any number of channels.

    Raises:
        OSError: The file cannot be opened.
        ValueError: The file is no sound, or has none in it.
    """
    with path.open("rb") as file:
        try:
            channels, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise ValueError(f"{path} is no sound file that can be read: {error}") from error
    if len(channels) == 0:
        raise ValueError(f"{path} has no sound in it")
    mono = np.clip(np.rint(channels.mean(axis=1) * 32768), -32768, 32767).astype(np.int16)
    return Pcm(mono, rate_hz)


def save(path: Path, pcm: Pcm) -> None:
    """
    Write a WAV file of 16 bits.

    Raises:
        OSError: The file cannot be written.
    """
    with path.open("wb") as file:
        soundfile.write(file, pcm.samples, pcm.rate_hz, format="WAV", subtype="PCM_16")
