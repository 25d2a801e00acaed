"""
Opus packets into samples and back, where the machine can.

The binding is the optional extra ``opus`` (``opuslib-next``) and needs the system's own libopus.
It is loaded at the first question, never by importing this module:
finding the library may start a process, so ask ``available`` once when the server starts.
Source: RFC 6716 (the codec); libopus 1.3 and later, ``opus_decode`` and ``opus_encode``.
"""

import importlib
import logging
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from vivavoce.audio.pcm import Samples

__all__ = ["LONGEST_PACKET_S", "OpusDecoder", "OpusEncoder", "available"]

# A packet never lasts longer. Source: RFC 6716, section 2.1.4.
LONGEST_PACKET_S = 0.12
# The lengths that our packets have: 1 to 6 of these. Source: libopus, ``opus_encode``, frame sizes.
_PACKETS_PER_S = 50
# Speech sounds like itself at this rate, at a twelfth of the bytes of PCM at 24 kHz.
_BITS_PER_S = 32_000
# With these, 0.1 s of speech at 24 kHz costs 0.2 ms of a processor. For ``voip``, or for the library's own complexity
# of 9, it costs three to six times as much and is hardly told apart at our bit rate. Measured with libopus 1.3.1.
_APPLICATION = "audio"
_COMPLEXITY = 5

_log = logging.getLogger(__name__)


def available() -> bool:
    """Whether this machine can code and decode Opus."""
    return _binding() is not None


class OpusDecoder:
    """
    Decodes one stream of raw Opus packets to mono; stereo packets are mixed down.

    Args:
        rate_hz: 8000, 12000, 16000, 24000 or 48000; any stream can be decoded at any of them.

    Raises:
        RuntimeError: This machine cannot decode Opus; ask ``available`` first.
    """

    def __init__(self, rate_hz: int) -> None:
        binding = _binding()
        if binding is None:
            raise RuntimeError("Opus cannot be decoded here: install libopus and vivavoce[opus]")
        # The library's own decoder, which carries the stream's state from packet to packet. Foreign and untyped.
        self._decoder: Any = binding.Decoder(rate_hz, 1)
        # The library's error for a packet that is none.
        self._error: type[Exception] = binding.OpusError
        # Room for the longest packet, in samples.
        self._longest = round(LONGEST_PACKET_S * rate_hz)

    def decode(self, packet: bytes) -> Samples | None:
        """The samples of one packet (no container); None where the bytes are no Opus packet."""
        # The library takes zero bytes for a lost packet and would invent sound.
        if not packet:
            return None
        try:
            sound = self._decoder.decode(packet, self._longest)
        except self._error:
            return None
        return np.frombuffer(sound, np.int16)


class OpusEncoder:
    """
    Codes one stream of mono sound into raw Opus packets.

    What comes out of a decoder is a few milliseconds late: that is how far the library looks ahead.

    Args:
        rate_hz: 8000, 12000, 16000, 24000 or 48000.

    Raises:
        RuntimeError: This machine cannot code Opus; ask ``available`` first.
    """

    def __init__(self, rate_hz: int) -> None:
        binding = _binding()
        if binding is None:
            raise RuntimeError("Opus cannot be coded here: install libopus and vivavoce[opus]")
        # The library's own encoder, which carries the stream's state from packet to packet. Foreign and untyped.
        self._encoder: Any = binding.Encoder(rate_hz, 1, _APPLICATION)
        self._encoder.bitrate = _BITS_PER_S
        self._encoder.complexity = _COMPLEXITY
        # Samples in the shortest packet and in the longest.
        self._unit = rate_hz // _PACKETS_PER_S
        self._longest = round(LONGEST_PACKET_S * rate_hz)

    def encode(self, samples: Samples) -> bytes:
        """
        One packet of one sample to 0.12 s, filled up with silence to the next multiple of 0.02 s.

        Raises:
            ValueError: There are no samples, or too many for a packet.
        """
        if not 0 < len(samples) <= self._longest:
            raise ValueError(f"an Opus packet holds 1 to {self._longest} samples, not {len(samples)}: cut the sound")
        units = -(-len(samples) // self._unit)
        sound = np.ascontiguousarray(samples, np.int16).tobytes().ljust(2 * units * self._unit, b"\0")
        packet: bytes = self._encoder.encode(sound, units * self._unit)
        return packet


@cache
def _binding() -> ModuleType | None:
    # The binding raises a plain Exception where it finds no libopus, so there is nothing narrower to catch.
    try:
        return importlib.import_module("opuslib_next")
    except ImportError:
        _log.debug("opus is off: install vivavoce[opus]")
    except Exception:
        _log.warning("opus is off: opuslib-next is installed, but the system has no libopus (Debian: libopus0)")
    return None
