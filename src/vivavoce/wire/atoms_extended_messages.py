"""
The messages that the extension adds to the Atoms wire, as they stand in its JSON.

Those of the server get their number ``seq`` when they are sent, so it is no field here.
Source: docs/wire-extension.md.
"""

from typing import Annotated

import msgspec

from vivavoce.wire.dialect import PlaybackState
from vivavoce.wire.extension import Frames

__all__ = [
    "Caption",
    "CaptionWord",
    "ClientMessage",
    "Count",
    "Ext",
    "Hold",
    "InputAck",
    "PingMessage",
    "PlaybackReport",
    "Pong",
    "Release",
    "Seq",
    "ServerMessage",
    "ToolEnded",
    "ToolStarted",
    "TurnMetrics",
    "UserStartedSpeaking",
    "UserStoppedSpeaking",
]

# As far as the numbers of JavaScript count by ones.
_LARGEST = 2**53
Count = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST)]
Seq = Annotated[int, msgspec.Meta(ge=1, le=_LARGEST)]


class PlaybackReport(msgspec.Struct, tag="playback", frozen=True, gc=False):
    """How far the agent has been heard."""

    turn: Count
    played: Count
    state: PlaybackState
    ack: Count


class PingMessage(msgspec.Struct, tag="ping", frozen=True, gc=False):
    """Is anybody there?"""

    id: Count
    ack: Count


ClientMessage = PlaybackReport | PingMessage


class Ext(msgspec.Struct, frozen=True):
    """The field ``ext`` of ``session.created``."""

    version: int
    frames: Frames
    resume_token: str
    resume_window_s: float
    resumed: bool
    input_seq: int


class InputAck(msgspec.Struct, tag="input_ack", frozen=True, gc=False):
    """The server has everything of the client up to ``seq``. It has no number of its own."""

    seq: int


class Pong(msgspec.Struct, tag="pong", frozen=True, gc=False):
    """Somebody is. It has no number either."""

    id: int


class CaptionWord(msgspec.Struct, frozen=True, gc=False):
    """A word and its place in the turn's audio, in seconds."""

    text: str
    start: float
    end: float


class Caption(msgspec.Struct, tag="caption", frozen=True):
    """The words of a turn from number ``first`` on, in place of all that were told of them before."""

    turn: int
    first: int
    words: tuple[CaptionWord, ...]


class Hold(msgspec.Struct, tag="hold", frozen=True):
    """The client is to fall silent and keep what it has not played."""

    turn: int


class Release(msgspec.Struct, tag="release", frozen=True):
    """It is to play on."""

    turn: int


class UserStartedSpeaking(msgspec.Struct, tag="user_started_speaking", frozen=True):
    """The visitor's voice was heard. ``timestamp`` as in ``agent_start_talking``."""

    timestamp: str


class UserStoppedSpeaking(msgspec.Struct, tag="user_stopped_speaking", frozen=True):
    """His turn is over."""

    timestamp: str


class ToolStarted(msgspec.Struct, tag="tool_started", frozen=True):
    """The agent uses a tool, wherever it runs."""

    call_id: str
    name: str


class ToolEnded(msgspec.Struct, tag="tool_ended", frozen=True):
    """The tool has answered, or has failed with ``error``."""

    call_id: str
    name: str
    error: str


class TurnMetrics(msgspec.Struct, tag="turn_metrics", frozen=True):
    """How long an answer took, stage by stage, in whole milliseconds."""

    turn: int
    endpoint_ms: int
    transcript_ms: int
    text_ms: int
    voice_ms: int
    total_ms: int


ServerMessage = (
    InputAck
    | Pong
    | Caption
    | Hold
    | Release
    | UserStartedSpeaking
    | UserStoppedSpeaking
    | ToolStarted
    | ToolEnded
    | TurnMetrics
)
