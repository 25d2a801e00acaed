"""
The messages of the Atoms wire, as they stand in its JSON.

One union for each direction, told apart by ``type``.
Unknown fields are passed over: newer clients may send more than we know.
Source: Atoms Agent WebSocket API (wire-spec 1.6 to 1.8).
"""

from typing import Annotated

import msgspec

__all__ = [
    "AgentStartTalking",
    "AgentStopTalking",
    "AudioAppend",
    "AudioCommit",
    "ClientMessage",
    "ErrorMessage",
    "FunctionCall",
    "FunctionCallResult",
    "Interruption",
    "ServerMessage",
    "SessionClose",
    "SessionClosed",
    "SessionCreated",
    "SessionUpdate",
    "SessionUpdated",
    "TextSend",
    "ToolDeclaration",
    "Transcript",
    "TranscriptDelta",
]

# Messages are short-lived trees without cycles, so the collector need not watch them.


class AudioAppend(msgspec.Struct, tag="input_audio_buffer.append", frozen=True, gc=False):
    """Visitor's audio: base64 of bytes in the input format."""

    audio: str = ""


class AudioCommit(msgspec.Struct, tag="input_audio_buffer.commit", frozen=True, gc=False):
    """The user's turn is over."""


class TextSend(msgspec.Struct, tag="input_text.send", frozen=True, gc=False):
    """Typed text, at least one character."""

    text: str = ""


class SessionUpdate(msgspec.Struct, tag="session.update", frozen=True, gc=False):
    """The client's tools; absent or null changes nothing. They are read in a second step, for their own error code."""

    tools: msgspec.Raw = msgspec.Raw(b"null")


class FunctionCallResult(msgspec.Struct, tag="function_call.result", frozen=True, gc=False):
    """What a tool of the client has answered."""

    # Identifiers are ours and short; the limit keeps foreign ones out of our messages.
    call_id: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    output: str


class SessionClose(msgspec.Struct, tag="session.close", frozen=True, gc=False):
    """The client wants to end the call."""


ClientMessage = AudioAppend | AudioCommit | TextSend | SessionUpdate | FunctionCallResult | SessionClose


class ToolDeclaration(msgspec.Struct, tag="function", frozen=True):
    """One entry of ``session.update.tools``."""

    name: str
    description: str
    parameters: dict[str, object]
    timeout_ms: int | float | None = None
    expects_response: bool | None = msgspec.field(default=None, name="expectsResponse")


class SessionCreated(msgspec.Struct, tag="session.created", frozen=True):
    """The first message. ``sample_rate`` is that of the agent's audio."""

    session_id: str
    call_id: str
    sample_rate: int
    channels: int
    input_audio_format: str
    output_audio_format: str


class SessionUpdated(msgspec.Struct, tag="session.updated", frozen=True):
    """The names of the client's tools that are in force."""

    tools: tuple[str, ...]


class AgentStartTalking(msgspec.Struct, tag="agent_start_talking", frozen=True):
    """The agent's turn begins. ``timestamp``: UTC, ISO 8601 with microseconds and without a zone."""

    timestamp: str


class AgentStopTalking(msgspec.Struct, tag="agent_stop_talking", frozen=True):
    """The agent's turn is over."""

    timestamp: str


class Transcript(msgspec.Struct, tag="transcript", frozen=True):
    """All the words of a turn."""

    role: str
    text: str


class TranscriptDelta(msgspec.Struct, tag="transcript.delta", frozen=True):
    """The words of a turn so far, replacing those sent before."""

    role: str
    text: str


class Interruption(msgspec.Struct, tag="interruption", frozen=True):
    """The visitor has interrupted the agent; the client drops what it has not yet played."""


class FunctionCall(msgspec.Struct, tag="function_call", frozen=True):
    """A tool of the client is to run. ``arguments``: an object, or for configured tools its text."""

    call_id: str
    name: str
    arguments: msgspec.Raw | str


class ErrorMessage(msgspec.Struct, tag="error", frozen=True):
    """Something is wrong. There is no key ``error`` in any message: one client reads it as an object."""

    code: str
    message: str


class SessionClosed(msgspec.Struct, tag="session.closed", frozen=True):
    """The last message."""

    reason: str


ServerMessage = (
    SessionCreated
    | SessionUpdated
    | AgentStartTalking
    | AgentStopTalking
    | Transcript
    | TranscriptDelta
    | Interruption
    | FunctionCall
    | ErrorMessage
    | SessionClosed
)
