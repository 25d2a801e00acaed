"""Reads 16-bit mono sound from a stream of bytes, whatever its chunks are: raw, or with a WAV head."""

import struct

import numpy as np

from vivavoce.audio.pcm import Pcm

__all__ = ["SoundReader", "UnreadableSound"]

# So many bytes tell every container from raw sound.
_ENOUGH_BYTES = 12
_CONTAINERS = {b"ID3": "MP3", b"OggS": "Ogg", b"fLaC": "FLAC", b"\x1aE\xdf\xa3": "WebM", b"{": "JSON", b"<": "HTML"}
_COMPRESSED = ("mpeg", "mp3", "ogg", "opus", "aac", "flac", "webm")
# WAVE_FORMAT_PCM and WAVE_FORMAT_EXTENSIBLE (Source: Multimedia Programming Interface and Data Specifications 1.0).
_PCM_FORMATS = (1, 0xFFFE)
# A head of more bytes than this is none.
_LONGEST_HEAD_BYTES = 65536
# Writers that stream cannot know the length and leave one of these in its place.
_UNKNOWN_LENGTHS = (0, 0x7FFFFFFF, 0xFFFFFFFF)


class UnreadableSound(Exception):
    """The stream is no 16-bit mono sound; the text says what it is."""


class SoundReader:
    """
    Turns chunks of bytes into sound.

    Args:
        content_type: What the server calls it; a ``rate`` parameter (``audio/pcm;rate=16000``) is believed.
        raw_rate_hz: Rate of raw sound that does not tell its own.
    """

    def __init__(self, content_type: str, *, raw_rate_hz: int) -> None:
        kind, _, parameters = content_type.lower().partition(";")
        # The main type, such as "audio/pcm".
        self._kind = kind.strip()
        # Rate of the sound; set anew by a WAV head.
        self._rate_hz = _rate_hz(parameters) or raw_rate_hz
        # Bytes that wait for the rest of a head or of a sample.
        self._waiting = b""
        # Whether sound follows, and how many bytes of it at most.
        self._in_sound = False
        self._left_bytes: int | None = None

    def feed(self, data: bytes) -> Pcm | None:
        """
        Take the next chunk.

        Returns:
            The sound that is complete now, at least one sample; or None.

        Raises:
            UnreadableSound: It is compressed, of another sample format, or no sound at all.
        """
        self._waiting += data
        if not self._in_sound and not self._read_head():
            return None
        return self._sound()

    def finish(self) -> Pcm | None:
        """The stream has ended: the sound that was too short to be sure of, if any."""
        if not self._in_sound and self._waiting.startswith(b"RIFF"):
            raise UnreadableSound("a WAV file that ends in its head")
        self._in_sound = True
        return self._sound()

    def _sound(self) -> Pcm | None:
        data = self._waiting if self._left_bytes is None else self._waiting[: self._left_bytes]
        whole = len(data) - len(data) % 2
        # What follows the sound of a WAV file is no sound.
        self._waiting = self._waiting[whole:] if self._left_bytes is None or whole < self._left_bytes else b""
        if self._left_bytes is not None:
            self._left_bytes -= whole
        return Pcm(np.frombuffer(data[:whole], "<i2").astype(np.int16), self._rate_hz) if whole else None

    def _read_head(self) -> bool:
        if len(self._waiting) < _ENOUGH_BYTES:
            return False
        if self._waiting.startswith(b"RIFF"):
            return self._read_riff()
        for mark, name in _CONTAINERS.items():
            # A bracket may begin raw sound as well; then the server does not call it text.
            if self._waiting.startswith(mark) and (len(mark) > 1 or "json" in self._kind or "text" in self._kind):
                raise UnreadableSound(name)
        if any(word in self._kind for word in _COMPRESSED):
            raise UnreadableSound(self._kind)
        self._in_sound = True
        return True

    def _read_riff(self) -> bool:
        place = 12
        while place + 8 <= len(self._waiting):
            name, size = struct.unpack_from("<4sI", self._waiting, place)
            place += 8
            if name == b"data":
                self._waiting = self._waiting[place:]
                self._left_bytes = None if size in _UNKNOWN_LENGTHS else size
                self._in_sound = True
                return True
            if place + size > len(self._waiting):
                break
            if name == b"fmt ":
                self._read_format(self._waiting[place : place + size])
            # Chunks are padded to even lengths.
            place += size + size % 2
        if len(self._waiting) > _LONGEST_HEAD_BYTES:
            raise UnreadableSound("a WAV file without sound")
        return False

    def _read_format(self, chunk: bytes) -> None:
        if len(chunk) < 16:
            raise UnreadableSound("a broken WAV file")
        code, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
        if code not in _PCM_FORMATS or channels != 1 or bits != 16 or not rate_hz:
            raise UnreadableSound(f"WAV of {bits} bits in {channels} channels")
        self._rate_hz = rate_hz


def _rate_hz(parameters: str) -> int:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "rate" and value.strip().isdigit():
            return int(value)
    return 0
