"""
The caller's side of the Atoms wire, as cheap as it can be made: microphone messages are made once, before the calls.

Source: Atoms Agent WebSocket API 1.0.0, ``input_audio_buffer.append``, ``session.close`` and the server's messages.
"""

from dataclasses import dataclass

import msgspec
import pybase64

__all__ = ["CLOSE", "RATE_HZ", "AgentMessage", "microphone_message", "read", "samples_in"]

# Both directions.
RATE_HZ = 24_000
CLOSE = b'{"type":"session.close"}'


@dataclass(frozen=True, slots=True)
class AgentMessage:
    """What a caller reads of a server's message. Empty strings stand for what is not there."""

    type: str
    # Base64 of PCM16: only ``output_audio.delta``.
    audio: str = ""
    # Only ``error``.
    code: str = ""


_decoder = msgspec.json.Decoder(AgentMessage)


def microphone_message(pcm16: bytes) -> bytes:
    """One piece of microphone sound as the text frame that a page sends."""
    return b'{"type":"input_audio_buffer.append","audio":"' + pybase64.b64encode(pcm16) + b'"}'


def read(payload: memoryview | bytes) -> AgentMessage:
    """
    Read one text frame of the server.

    Raises:
        msgspec.DecodeError: It is no JSON object with a ``type``.
    """
    return _decoder.decode(payload)


def samples_in(audio: str) -> int:
    """How many 16-bit samples the base64 text holds, without decoding it."""
    padding = audio.count("=", max(0, len(audio) - 2))
    return (len(audio) // 4 * 3 - padding) // 2
