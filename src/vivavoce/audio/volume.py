"""How loud a stretch of sound is."""

import math

import numpy as np

from vivavoce.audio.pcm import Samples

__all__ = ["volume"]

# The scale runs from -20 to 80 dB above one step of a 16-bit sample, so that 0.6 is 50 dB below full scale.
_LOWEST_DB, _HIGHEST_DB = -20.0, 80.0


def volume(samples: Samples) -> float:
    """
    The loudness of some samples, shape (n,), from 0 (digital silence) to 1 (10 dB below full scale, and more).

    A step of 0.1 is 10 dB. Source: the volume scale of pipecat, whose figures Atoms' ``voiceDetectionConfig`` has.
    """
    if not len(samples):
        return 0.0
    values = samples.astype(np.float32)
    power = float(np.dot(values, values)) / len(values)
    if power <= 0.0:
        return 0.0
    return min(max((10.0 * math.log10(power) - _LOWEST_DB) / (_HIGHEST_DB - _LOWEST_DB), 0.0), 1.0)
