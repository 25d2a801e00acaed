"""The visitor's audio, from the bytes of a message to samples; more of it is in ``test_atoms``."""

import pytest

from vivavoce.audio import opus
from vivavoce.wire.atoms_audio import decoder
from vivavoce.wire.formats import AudioFormat


@pytest.mark.parametrize(
    ("chosen", "data", "expected"),
    [
        (AudioFormat("pcm", 24000), b"", []),
        (AudioFormat("pcm", 24000), b"\x01", []),
        (AudioFormat("pcm", 48000), b"\x01\x00\xff\xff\x07", [1, -1]),
        (AudioFormat("mulaw", 8000), b"\x80\x00", [32124, -32124]),
        (AudioFormat("alaw", 8000), b"\xaa\x2a", [32256, -32256]),
    ],
)
def test_bytes_become_whole_samples(chosen: AudioFormat, data: bytes, expected: list[int]) -> None:
    """Little-endian PCM, or one byte a sample."""
    samples = decoder(chosen)(data)

    assert samples is not None
    assert expected == samples.tolist()


@pytest.mark.skipif(not opus.available(), reason="needs libopus and the extra opus")
def test_an_ogg_page_is_nothing_and_garbage_is_none() -> None:
    """The first is dropped in silence, the second is an error of the client."""
    decode = decoder(AudioFormat("opus", 48000))
    page = decode(b"OggS" + bytes(40))

    assert page is not None
    assert [] == page.tolist()
    assert decode(b"\xff" * 30) is None
