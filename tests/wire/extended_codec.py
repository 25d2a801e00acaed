"""A codec of the extended Atoms wire, and what its client sends it."""

import json
import struct

import pybase64

from tests.wire.atoms_codec import NAMES
from vivavoce.wire.atoms import AtomsCodec, Mode
from vivavoce.wire.atoms_extended import ExtendedCodec
from vivavoce.wire.extension import Extension, Frames
from vivavoce.wire.formats import AudioFormat, AudioFormats

__all__ = ["append", "extended", "mic_frame", "playback"]


def extended(
    frames: Frames = "json", *, opus_hz: int = 0, mode: Mode = "webcall", tool_names: tuple[str, ...] = ()
) -> ExtendedCodec:
    """A codec of PCM at 24 kHz, or of Opus at another rate."""
    formats = AudioFormats(*2 * (AudioFormat("opus", opus_hz),)) if opus_hz else AudioFormats()
    plain = AtomsCodec(NAMES, formats, mode, configured_tool_names=tool_names)
    extension = Extension(frames, opus=bool(opus_hz))
    return ExtendedCodec(plain, formats, extension, resume_token="vrt_1", resume_window_s=60.0)


def append(data: bytes, seq: int | None) -> bytes:
    """Microphone audio as JSON."""
    message = {"type": "input_audio_buffer.append", "seq": seq, "audio": pybase64.b64encode(data).decode()}
    return json.dumps(message).encode()


def mic_frame(data: bytes, seq: int) -> bytes:
    """Microphone audio as a binary frame."""
    return struct.pack("<BBHI", 1, 0, 0, seq) + data


def playback(**changed: object) -> bytes:
    """A report of what has been heard."""
    report = {"type": "playback", "turn": 1, "played": 31200, "state": "playing", "ack": 25}
    return json.dumps({**report, **changed}).encode()
