"""16-bit mono sound out of any stream of bytes."""

import struct
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.engines.sound_reader import SoundReader, UnreadableSound


def _wav(samples: bytes, *, rate_hz: int = 16000, bits: int = 16, channels: int = 1, size: int | None = None) -> bytes:
    form = struct.pack("<IHHIIHH", 16, 1, channels, rate_hz, rate_hz * 2, 2, bits)
    # A chunk of odd length before the sound, with its padding, and one behind it.
    extra = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    length = struct.pack("<I", len(samples) if size is None else size)
    return b"RIFF\0\0\0\0WAVEfmt " + form + extra + b"data" + length + samples + b"LIST\x04\0\0\0tail"


def _read(reader: SoundReader, *chunks: bytes) -> tuple[list[int], set[int]]:
    pieces = [pcm for pcm in (*(reader.feed(chunk) for chunk in chunks), reader.finish()) if pcm is not None]
    return [int(sample) for pcm in pieces for sample in pcm.samples], {pcm.rate_hz for pcm in pieces}


@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=8), wav=st.booleans())
def test_any_cutting_gives_the_same_sound(data: bytes, cuts: list[int], wav: bool) -> None:
    """Where the chunks end has no influence, with a head and without; an odd last byte is dropped."""
    # Such a beginning would be a container's mark.
    raw = b"\0\0" + data
    stream = _wav(raw) if wav else raw
    places = sorted({0, *(cut for cut in cuts if cut < len(stream)), len(stream)})
    chunks = [stream[begin:end] for begin, end in pairwise(places)]
    expected = np.frombuffer(raw[: len(raw) - len(raw) % 2], "<i2").tolist()

    assert (expected, {16000}) == _read(SoundReader("", raw_rate_hz=16000), *chunks)


def test_what_follows_the_sound_of_a_wav_file_is_no_sound() -> None:
    """The length in the head is kept to."""
    sound, _ = _read(SoundReader("audio/wav", raw_rate_hz=8000), _wav(b"\1\0\2\0"))

    assert [1, 2] == sound


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_an_unknown_length_means_to_the_end(size: int) -> None:
    """A server that streams cannot know the length."""
    sound, _ = _read(SoundReader("audio/wav", raw_rate_hz=8000), _wav(b"\1\0\2\0", size=size))

    assert [1, 2] == sound[:2]


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (_wav(b"\0\0", bits=8), "8 bits"),
        (_wav(b"\0\0", channels=2), "2 channels"),
        (_wav(b"\0\0", rate_hz=0), "WAV"),
        (b"RIFF\0\0\0\0WAVEfmt \x04\0\0\0abcd", "broken"),
        (b"RIFF\0\0\0\0WAVE" + (b"junk\0\0\1\0" + bytes(65536)) * 2, "without sound"),
        (b"fLaC" + bytes(20), "FLAC"),
    ],
)
def test_other_sounds_are_named(data: bytes, named: str) -> None:
    """Sound of another form is refused by its name."""
    with pytest.raises(UnreadableSound, match=named):
        _read(SoundReader("", raw_rate_hz=8000), data)


def test_a_wav_file_that_ends_in_its_head_is_refused() -> None:
    """A head without sound is no silence."""
    with pytest.raises(UnreadableSound, match="ends in its head"):
        _read(SoundReader("", raw_rate_hz=8000), _wav(b"")[:30])


def test_a_bracket_is_a_sample_unless_the_server_says_text() -> None:
    """Raw sound may begin with any byte."""
    data = b"{\0" * 10

    assert [123] * 10 == _read(SoundReader("audio/pcm", raw_rate_hz=8000), data)[0]
    with pytest.raises(UnreadableSound, match="JSON"):
        _read(SoundReader("application/json", raw_rate_hz=8000), data)
