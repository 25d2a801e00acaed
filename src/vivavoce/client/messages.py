"""
What a server of the Atoms wire says, as the client reads it.

Written from the contract and not from our server's own messages, so that a slip in one is not repeated in the other.
``at_s`` is when a message arrived, on the event loop's clock.
``seq``, ``turn`` and ``start`` are told by the extension only (docs/wire-extension.md); elsewhere they are 0.
Source: Atoms Agent WebSocket API (wire-spec 1.7); older spellings are understood too.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec
import numpy as np
import pybase64

from vivavoce.audio.pcm import Pcm
from vivavoce.client.extension import Extension, ExtensionMessage, InputAcknowledged, read_extension, terms
from vivavoce.errors import ProtocolError

__all__ = [
    "AgentAudio",
    "AgentStarted",
    "AgentStopped",
    "ErrorReported",
    "Interrupted",
    "Message",
    "SessionEnded",
    "SessionStarted",
    "ToolRequested",
    "ToolsAccepted",
    "TranscriptHeard",
    "UnknownMessage",
    "read",
    "read_binary",
]

# The head of a binary frame of the agent's audio: kind, three zeros, ``seq``, ``turn``, ``start``.
_AUDIO_HEAD = struct.Struct("<B3xIII")
_AUDIO_KIND = 2


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """The call is open. Formats are empty where the server does not echo them."""

    at_s: float
    session_id: str
    call_id: str
    # Of the agent's audio.
    rate_hz: int
    input_format: str
    output_format: str
    # Set where the server speaks the extension.
    extension: Extension | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True)
class AgentStarted:
    """The agent's turn begins."""

    at_s: float
    turn: int = 0
    seq: int = 0


@dataclass(frozen=True, slots=True)
class AgentStopped:
    """The agent's turn is over."""

    at_s: float
    turn: int = 0
    seq: int = 0


@dataclass(frozen=True, slots=True)
class AgentAudio:
    """A piece of the agent's voice, perhaps ahead of its time."""

    at_s: float
    pcm: Pcm
    turn: int = 0
    # The first sample within the turn.
    start: int = 0
    seq: int = 0


@dataclass(frozen=True, slots=True)
class TranscriptHeard:
    """The words of a turn so far (cumulative), or all of them when ``final``."""

    at_s: float
    speaker: Literal["user", "agent"]
    text: str
    final: bool
    # Of the agent's turn.
    turn: int = 0
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The visitor has interrupted the agent: what has not been played is to be dropped."""

    at_s: float
    turn: int = 0
    seq: int = 0


@dataclass(frozen=True, slots=True)
class ToolsAccepted:
    """The client's tools that are in force."""

    at_s: float
    names: tuple[str, ...]
    seq: int = 0


@dataclass(frozen=True, slots=True)
class ToolRequested:
    """The server wants a tool of the client to run; answer with ``AtomsClient.answer_tool``."""

    at_s: float
    call_id: str
    name: str
    arguments: Mapping[str, Any]
    seq: int = 0


@dataclass(frozen=True, slots=True)
class ErrorReported:
    """The server reports an error; the call may go on."""

    at_s: float
    code: str
    message: str
    seq: int = 0


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The last message of a call."""

    at_s: float
    reason: str
    seq: int = 0


@dataclass(frozen=True, slots=True)
class UnknownMessage:
    """A message that the contract does not know."""

    at_s: float
    type: str
    seq: int = 0


Message = (
    SessionStarted
    | AgentStarted
    | AgentStopped
    | AgentAudio
    | TranscriptHeard
    | Interrupted
    | ToolsAccepted
    | ToolRequested
    | ErrorReported
    | SessionEnded
    | ExtensionMessage
    | UnknownMessage
)


def read(data: bytes | memoryview, *, at_s: float, rate_hz: int) -> Message:
    """
    Read one message of the server.

    Args:
        data: The text frame.
        at_s: When it arrived.
        rate_hz: The rate of the agent's audio, as ``SessionStarted`` told it.

    Raises:
        ProtocolError: ``bad_message``: the server breaks the contract.
    """
    try:
        fields = msgspec.json.decode(data, type=dict[str, Any])
        message = _read(fields, at_s=at_s, rate_hz=rate_hz)
        # The number in an acknowledgement is not its own.
        if "seq" in fields and not isinstance(message, InputAcknowledged):
            return replace(message, seq=int(fields["seq"]))
        return message
    # A missing field is a KeyError, a field of the wrong type a TypeError or AttributeError.
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProtocolError("bad_message", f"the server sent a message that cannot be read: {error!r}") from error


def read_binary(data: bytes | memoryview, *, at_s: float, rate_hz: int) -> AgentAudio | None:
    """
    Read one binary frame of the extension; None for a kind that is not known.

    Args:
        data: The binary frame.
        at_s: When it arrived.
        rate_hz: The rate of the agent's audio.

    Raises:
        ProtocolError: ``bad_message``: the frame is cut off, or ends in half a sample.
    """
    if not data or data[0] != _AUDIO_KIND:
        return None
    try:
        _, seq, turn, start = _AUDIO_HEAD.unpack_from(data)
        # A copy: the memory is the socket's, which uses it again.
        samples = np.frombuffer(bytes(data[_AUDIO_HEAD.size :]), "<i2")
    except (struct.error, ValueError) as error:
        raise ProtocolError("bad_message", f"the server sent a frame that cannot be read: {error}") from error
    return AgentAudio(at_s, Pcm(samples, rate_hz), turn, start, seq)


def _read(fields: dict[str, Any], *, at_s: float, rate_hz: int) -> Message:
    turn = int(fields.get("turn", 0))
    match fields["type"]:
        case "output_audio.delta":
            samples = np.frombuffer(pybase64.b64decode(fields["audio"], validate=True), "<i2")
            return AgentAudio(at_s, Pcm(samples, rate_hz), turn, int(fields.get("start", 0)))
        case "transcript" | "transcript.delta" as kind:
            # The word for the agent has changed over time; only the user was always the user.
            speaker: Literal["user", "agent"] = "user" if fields["role"] == "user" else "agent"
            return TranscriptHeard(at_s, speaker, fields["text"], kind == "transcript", turn)
        case "agent_start_talking" | "agent.start_talking":
            return AgentStarted(at_s, turn)
        case "agent_stop_talking" | "agent.stop_talking":
            return AgentStopped(at_s, turn)
        case "interruption":
            return Interrupted(at_s, turn)
        case "session.created":
            return SessionStarted(
                at_s,
                fields["session_id"],
                fields["call_id"],
                int(fields["sample_rate"]),
                fields.get("input_audio_format", ""),
                fields.get("output_audio_format", ""),
                terms(fields["ext"]) if fields.get("ext") else None,
            )
        case "session.updated":
            return ToolsAccepted(at_s, tuple(fields["tools"]))
        case "session.closed":
            return SessionEnded(at_s, fields["reason"])
        case "function_call":
            arguments = fields["arguments"]
            parsed = json.loads(arguments) if isinstance(arguments, str) else arguments
            return ToolRequested(at_s, fields["call_id"], fields["name"], dict(parsed))
        case "error":
            return ErrorReported(at_s, fields["code"], fields["message"])
        case kind:
            return read_extension(fields, at_s=at_s) or UnknownMessage(at_s, str(kind))
