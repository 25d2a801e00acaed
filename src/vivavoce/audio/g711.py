"""
G.711, the coding of telephone audio: one byte a sample, 8000 samples a second.

Source: ITU-T Recommendation G.711 (11/1988), tables 1a and 1b (A-law) and 2a and 2b (μ-law).
Levels are scaled to 16 bits, as everywhere: 14-bit μ-law values times 4, 13-bit A-law values times 8.
"""

import numpy as np
from numpy.typing import NDArray

from vivavoce.audio.pcm import Samples

__all__ = ["RATE_HZ", "decode_alaw", "decode_mulaw", "encode_alaw", "encode_mulaw"]

# The only rate of G.711.
RATE_HZ = 8000


def decode_mulaw(data: bytes | memoryview) -> Samples:
    """The samples that ``data`` codes by μ-law: one sample a byte, peak ±32124."""
    return _MULAW_LEVELS.take(np.frombuffer(data, np.uint8))


def decode_alaw(data: bytes | memoryview) -> Samples:
    """The samples that ``data`` codes by A-law: one sample a byte, peak ±32256."""
    return _ALAW_LEVELS.take(np.frombuffer(data, np.uint8))


def encode_mulaw(samples: Samples) -> bytes:
    """Code samples by μ-law: each becomes the byte whose level is nearest."""
    return _nearest(samples, _MULAW_LEVELS, _MULAW_ASCENDING)


def encode_alaw(samples: Samples) -> bytes:
    """Code samples by A-law: each becomes the byte whose level is nearest."""
    return _nearest(samples, _ALAW_LEVELS, _ALAW_ASCENDING)


def _mulaw_levels() -> Samples:
    # A byte is sent with all bits inverted: sign, three bits of segment, four bits within the segment.
    code = ~np.arange(256, dtype=np.uint8)
    segment = (code >> 4 & 7).astype(np.int32)
    step = (code & 15).astype(np.int32)
    # Each segment is twice as long as the one below; 33 (of 14 bits) is the bias that makes zero a level.
    magnitude = ((2 * step + 33) << segment) - 33
    return np.where(code & 128, -4 * magnitude, 4 * magnitude).astype(np.int16)


def _alaw_levels() -> Samples:
    # A byte is sent with its even bits inverted; here a set sign bit means positive.
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    segment = (code >> 4 & 7).astype(np.int32)
    step = (code & 15).astype(np.int32)
    # The two lowest segments have the same step; zero lies between two levels, not on one.
    magnitude = np.where(segment == 0, 2 * step + 1, (2 * step + 33) << np.maximum(segment - 1, 0))
    return np.where(code & 128, 8 * magnitude, -8 * magnitude).astype(np.int16)


def _nearest(samples: Samples, levels: Samples, ascending: NDArray[np.uint8]) -> bytes:
    # The decision values of G.711 lie half-way between two neighbouring levels.
    ordered = levels[ascending].astype(np.float32)
    thresholds = (ordered[:-1] + ordered[1:]) / 2
    return ascending[np.searchsorted(thresholds, samples.astype(np.float32), side="right")].tobytes()


_MULAW_LEVELS = _mulaw_levels()
_ALAW_LEVELS = _alaw_levels()
# The bytes in the order of the levels that they stand for.
_MULAW_ASCENDING = np.argsort(_MULAW_LEVELS, kind="stable").astype(np.uint8)
_ALAW_ASCENDING = np.argsort(_ALAW_LEVELS, kind="stable").astype(np.uint8)
