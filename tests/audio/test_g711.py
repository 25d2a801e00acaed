"""G.711 against the values of the recommendation's own tables."""

import numpy as np
import pytest

from vivavoce.audio.g711 import decode_alaw, decode_mulaw, encode_alaw, encode_mulaw

# Tables 2a and 2b: the byte on the line and the level in 14 bits; ours are 16 bits, so times 4.
MULAW = {0x80: 8031, 0x8F: 4191, 0x9F: 2079, 0xAF: 1023, 0xBF: 495, 0xCF: 231, 0xDF: 99, 0xEF: 33, 0xFE: 2, 0xFF: 0}
# Tables 1a and 1b: the byte on the line (even bits inverted) and the level in 13 bits, so times 8.
ALAW = {0xAA: 4032, 0xA5: 2112, 0xB5: 1056, 0x85: 528, 0x95: 264, 0xE5: 132, 0xF5: 66, 0xD5: 1}


@pytest.mark.parametrize(("byte", "level"), MULAW.items())
def test_mulaw_levels_are_those_of_the_table(byte: int, level: int) -> None:
    """A byte with the highest bit set is positive, the same byte without it is the negative of it."""
    decoded = decode_mulaw(bytes([byte, byte & 0x7F]))

    assert [4 * level, -4 * level] == decoded.tolist()


@pytest.mark.parametrize(("byte", "level"), ALAW.items())
def test_alaw_levels_are_those_of_the_table(byte: int, level: int) -> None:
    """A byte with the highest bit set is positive, the same byte without it is the negative of it."""
    decoded = decode_alaw(bytes([byte, byte & 0x7F]))

    assert [8 * level, -8 * level] == decoded.tolist()


@pytest.mark.parametrize(("decode", "encode"), [(decode_mulaw, encode_mulaw), (decode_alaw, encode_alaw)])
def test_every_level_codes_to_a_byte_of_that_level(decode, encode) -> None:  # type: ignore[no-untyped-def]
    """Coding is exact for the 255 or 256 levels themselves."""
    levels = decode(bytes(range(256)))

    assert levels.tolist() == decode(encode(levels)).tolist()


@pytest.mark.parametrize(("decode", "encode"), [(decode_mulaw, encode_mulaw), (decode_alaw, encode_alaw)])
def test_no_sample_is_coded_further_off_than_half_a_step(decode, encode) -> None:  # type: ignore[no-untyped-def]
    """The nearest level is chosen, over the whole range of 16 bits."""
    samples = np.arange(-32768, 32768).astype(np.int16)
    levels = np.unique(decode(bytes(range(256))).astype(np.int64))
    nearest = np.abs(levels[:, None] - samples[None, ::97]).min(axis=0)

    error = np.abs(decode(encode(samples[::97])).astype(np.int64) - samples[::97])

    assert nearest.tolist() == error.tolist()


def test_silence_is_the_idle_byte_of_mulaw() -> None:
    """Digital silence is coded as 0xFF, the idle pattern of a μ-law line."""
    assert b"\xff\xff" == encode_mulaw(np.zeros(2, np.int16))


def test_memoryviews_are_decoded_like_bytes() -> None:
    """A socket hands over views of its buffer."""
    assert decode_mulaw(b"\x80\x00").tolist() == decode_mulaw(memoryview(b"\x80\x00")).tolist()
