"""
What a server of the Atoms wire says, as the client reads it.

Written from the contract and not from our server's own messages, so that a slip in one is not repeated in the other.
``at_s`` is when a message arrived, on the clock that never jumps (``clock.monotonic_s``).
Source: Atoms Agent WebSocket API (wire-spec 1.7); older spellings are understood too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np
import pybase64

from vivavoce.audio.pcm import Pcm
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
]


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


@dataclass(frozen=True, slots=True)
class AgentStarted:
    """The agent's turn begins."""

    at_s: float


@dataclass(frozen=True, slots=True)
class AgentStopped:
    """The agent's turn is over."""

    at_s: float


@dataclass(frozen=True, slots=True)
class AgentAudio:
    """A piece of the agent's voice, perhaps ahead of its time."""

    at_s: float
    pcm: Pcm


@dataclass(frozen=True, slots=True)
class TranscriptHeard:
    """The words of a turn so far (cumulative), or all of them when ``final``."""

    at_s: float
    speaker: Literal["user", "agent"]
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The visitor has interrupted the agent: what has not been played is to be dropped."""

    at_s: float


@dataclass(frozen=True, slots=True)
class ToolsAccepted:
    """The client's tools that are in force."""

    at_s: float
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToolRequested:
    """The server wants a tool of the client to run; answer with ``AtomsClient.answer_tool``."""

    at_s: float
    call_id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ErrorReported:
    """The server reports an error; the call may go on."""

    at_s: float
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The last message of a call."""

    at_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class UnknownMessage:
    """A message that the contract does not know."""

    at_s: float
    type: str


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
        return _read(msgspec.json.decode(data, type=dict[str, Any]), at_s=at_s, rate_hz=rate_hz)
    # A missing field is a KeyError, a field of the wrong type a TypeError or AttributeError.
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProtocolError("bad_message", f"the server sent a message that cannot be read: {error!r}") from error


def _read(fields: dict[str, Any], *, at_s: float, rate_hz: int) -> Message:
    match fields["type"]:
        case "output_audio.delta":
            samples = np.frombuffer(pybase64.b64decode(fields["audio"], validate=True), "<i2")
            return AgentAudio(at_s, Pcm(samples, rate_hz))
        case "transcript" | "transcript.delta" as kind:
            # The word for the agent has changed over time; only the user was always the user.
            speaker: Literal["user", "agent"] = "user" if fields["role"] == "user" else "agent"
            return TranscriptHeard(at_s, speaker, fields["text"], kind == "transcript")
        case "agent_start_talking" | "agent.start_talking":
            return AgentStarted(at_s)
        case "agent_stop_talking" | "agent.stop_talking":
            return AgentStopped(at_s)
        case "interruption":
            return Interrupted(at_s)
        case "session.created":
            return SessionStarted(
                at_s,
                fields["session_id"],
                fields["call_id"],
                int(fields["sample_rate"]),
                fields.get("input_audio_format", ""),
                fields.get("output_audio_format", ""),
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
            return UnknownMessage(at_s, str(kind))
