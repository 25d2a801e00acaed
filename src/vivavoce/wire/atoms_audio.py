"""
The visitor's audio: the bytes of one message into samples.

Source: Atoms audio formats (wire-spec 1.6.1, 1.9).
"""

import logging
from collections.abc import Callable
from typing import assert_never

import numpy as np

from vivavoce.audio.g711 import decode_alaw, decode_mulaw
from vivavoce.audio.opus import OpusDecoder
from vivavoce.audio.pcm import Samples
from vivavoce.wire.formats import AudioFormat

__all__ = ["Decoder", "decoder"]

# Takes a message's bytes; returns its samples (perhaps none), or None where the bytes are no audio of the format.
Decoder = Callable[[bytes], Samples | None]

_log = logging.getLogger(__name__)
_LITTLE_ENDIAN = np.dtype("<i2")


def decoder(chosen: AudioFormat) -> Decoder:
    """
    The decoder of one call; it may keep a stream's state.

    Raises:
        RuntimeError: Opus on a machine that cannot decode it; ``formats`` refuses its tokens there.
    """
    match chosen.encoding:
        case "pcm":
            return _pcm
        case "mulaw":
            return decode_mulaw
        case "alaw":
            return decode_alaw
        case "opus":
            return _opus(OpusDecoder(chosen.rate_hz))
        case _:
            assert_never(chosen.encoding)


def _pcm(coded: bytes) -> Samples:
    # Whole samples only: the last byte of an odd number is dropped.
    return np.frombuffer(coded, _LITTLE_ENDIAN, len(coded) // 2)


def _opus(decoder: OpusDecoder) -> Decoder:
    nothing = np.empty(0, np.int16)
    logged = False

    def samples(coded: bytes) -> Samples | None:
        nonlocal logged
        if not coded.startswith(b"OggS"):
            return decoder.decode(coded)
        if not logged:
            logged = True
            _log.warning("a client sends Ogg pages where raw Opus packets are expected; they are dropped")
        return nothing

    return samples
