"""A codec of the Atoms wire, and what a client sends it."""

import json
from datetime import UTC, datetime
from typing import Any

import pybase64

from vivavoce.wire.atoms import AtomsCodec
from vivavoce.wire.dialect import SessionNames
from vivavoce.wire.formats import AudioFormat, AudioFormats, Encoding

__all__ = ["NAMES", "OPENED_AT", "append", "codec"]

OPENED_AT = datetime(2026, 7, 2, 10, 30, 45, tzinfo=UTC)
NAMES = SessionNames("1a63db4d-1a39-4b4a-a1d0-0b7ab6a8e5b0", "CALL-1776756378884-6a553c", OPENED_AT)


def codec(encoding: Encoding = "pcm", rate_hz: int = 24000, **settings: Any) -> AtomsCodec:
    """A codec whose client codes its audio so; the agent's is the default."""
    return AtomsCodec(NAMES, AudioFormats(AudioFormat(encoding, rate_hz)), **settings)


def append(data: bytes, **fields: object) -> bytes:
    """Microphone audio as a message."""
    message = {"type": "input_audio_buffer.append", "audio": pybase64.b64encode(data).decode(), **fields}
    return json.dumps(message).encode()
