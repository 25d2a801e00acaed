"""The outline of a stereo recording, for drawing it without fetching and decoding its sound."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

__all__ = ["Peaks", "draw_peaks"]

# Loudest and least value of an outline.
_FULL = 255
# A second or so at a time: the length of a recording does not show in the memory.
_BLOCK_FRAMES = 65_536


@dataclass(frozen=True, slots=True)
class Peaks:
    """
    The loudest moment of each short stretch of time, 0 to 255, for both sides.

    Args:
        duration_s: Length of the recording.
        visitor: The left channel.
        agent: The right channel.
    """

    duration_s: float
    visitor: list[int]
    agent: list[int]


def draw_peaks(source: Path, *, most: int, per_s: float) -> Peaks:
    """
    The outline of a recording with two channels.

    Args:
        source: The sound file.
        most: How many values a side may have.
        per_s: How many values a second has, in recordings that are short enough.

    Raises:
        OSError: The file cannot be read.
        ValueError: ``source`` is not a sound file.
    """
    try:
        with soundfile.SoundFile(source) as sound:
            frames, rate_hz = sound.frames, sound.samplerate
            count = max(1, min(most, math.ceil(frames / rate_hz * per_s)))
            # Rounded up, so that the last stretch is the shorter one.
            stretch = max(1, -(-frames // count))
            loudest = np.zeros((-(-frames // stretch) or 1, 2), np.int32)
            blocks = max(1, _BLOCK_FRAMES // stretch) * stretch
            done = 0
            for block in sound.blocks(blocks, dtype="int16", always_2d=True):
                found = np.maximum.reduceat(np.abs(block.astype(np.int32)), range(0, len(block), stretch), axis=0)
                loudest[done : done + len(found)] = found[:, [0, -1]]
                done += len(found)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{source.name} cannot be drawn: {error}") from error
    levels = np.ceil(loudest * (_FULL / 32768)).astype(int)
    return Peaks(round(frames / rate_hz, 3), levels[:, 0].tolist(), levels[:, 1].tolist())
