"""Mixes a stereo recording down to one channel."""

from pathlib import Path

import numpy as np
import soundfile

__all__ = ["mix_to_mono"]

# A second or so at a time: the length of a recording does not show in the memory.
_BLOCK_FRAMES = 65_536


def mix_to_mono(source: Path, target: Path) -> None:
    """
    Write the mean of all channels of ``source`` to ``target``, in the same format.

    Raises:
        OSError: A file cannot be read or written.
        ValueError: ``source`` is not a sound file.
    """
    try:
        with (
            soundfile.SoundFile(source) as sound,
            soundfile.SoundFile(
                target, "w", samplerate=sound.samplerate, channels=1, format=sound.format, subtype=sound.subtype
            ) as mixed,
        ):
            for block in sound.blocks(_BLOCK_FRAMES, dtype="int16", always_2d=True):
                mixed.write(block.mean(axis=1).round().astype(np.int16))
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{source.name} cannot be mixed: {error}") from error
