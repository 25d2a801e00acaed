"""
What the extension of the Atoms wire adds to a server's messages.

Source: docs/wire-extension.md. ``seq`` is the number of a message, ``turn`` that of an agent's turn; 0 where the wire
tells none. Words have their times in seconds of their turn's audio.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vivavoce.speech import Word

__all__ = [
    "Caption",
    "Extension",
    "ExtensionMessage",
    "Held",
    "InputAcknowledged",
    "Pong",
    "Reconnected",
    "Reconnecting",
    "Released",
    "ToolEnded",
    "ToolStarted",
    "TurnMeasured",
    "UserStartedSpeaking",
    "UserStoppedSpeaking",
    "read_extension",
    "terms",
]


@dataclass(frozen=True, slots=True)
class Extension:
    """The terms of an extended call, from ``session.created``."""

    version: int
    frames: Literal["json", "binary"]
    # Opens the call again, so it is kept like a key.
    resume_token: str = field(repr=False)
    resume_window_s: float
    resumed: bool
    # The number of the client's last message that the server has.
    input_seq: int


@dataclass(frozen=True, slots=True)
class Caption:
    """Words of a turn from number ``first`` on; they replace all words from there on that were told before."""

    at_s: float
    turn: int
    first: int
    words: tuple[Word, ...]
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """The agent's sound is to pause: perhaps the visitor interrupts it."""

    at_s: float
    turn: int
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Released:
    """The agent's sound goes on after ``Held``."""

    at_s: float
    turn: int
    seq: int = 0


@dataclass(frozen=True, slots=True)
class UserStartedSpeaking:
    """The visitor's voice was heard."""

    at_s: float
    seq: int = 0


@dataclass(frozen=True, slots=True)
class UserStoppedSpeaking:
    """The visitor's turn is over."""

    at_s: float
    seq: int = 0


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """The agent uses a tool, wherever it runs."""

    at_s: float
    call_id: str
    name: str
    seq: int = 0


@dataclass(frozen=True, slots=True)
class ToolEnded:
    """A tool has answered; ``error`` is empty, or such as ``tool_timeout``."""

    at_s: float
    call_id: str
    name: str
    error: str
    seq: int = 0


@dataclass(frozen=True, slots=True)
class TurnMeasured:
    """Where the time went before the agent's first sound: milliseconds by stage, such as ``total_ms``."""

    at_s: float
    turn: int
    stages_ms: Mapping[str, float | None]
    seq: int = 0


@dataclass(frozen=True, slots=True)
class InputAcknowledged:
    """The server has everything of the client up to the number ``up_to``."""

    at_s: float
    up_to: int
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a ping."""

    at_s: float
    id: int
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Reconnecting:
    """The socket is lost and the call is being taken up again; said by the client, not by the server."""

    at_s: float
    # What became of the socket, for people.
    why: str
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Reconnected:
    """The call goes on where it was; said by the client, not by the server."""

    at_s: float
    # How long the call was without a socket.
    away_s: float
    seq: int = 0


ExtensionMessage = (
    Caption
    | Held
    | Released
    | UserStartedSpeaking
    | UserStoppedSpeaking
    | ToolStarted
    | ToolEnded
    | TurnMeasured
    | InputAcknowledged
    | Pong
    | Reconnecting
    | Reconnected
)


def terms(fields: Mapping[str, Any]) -> Extension:
    """
    Read the field ``ext`` of ``session.created``.

    Raises:
        KeyError, TypeError, ValueError: The server breaks the contract.
    """
    frames: Literal["json", "binary"] = "binary" if fields["frames"] == "binary" else "json"
    return Extension(
        int(fields["version"]),
        frames,
        str(fields["resume_token"]),
        float(fields["resume_window_s"]),
        bool(fields["resumed"]),
        int(fields["input_seq"]),
    )


def read_extension(fields: Mapping[str, Any], *, at_s: float) -> ExtensionMessage | None:
    """
    Read a message that only the extension has; None where it is another.

    Raises:
        KeyError, TypeError, ValueError: The server breaks the contract.
    """
    match fields["type"]:
        case "caption":
            words = tuple(Word(word["text"], float(word["start"]), float(word["end"])) for word in fields["words"])
            return Caption(at_s, int(fields["turn"]), int(fields["first"]), words)
        case "hold":
            return Held(at_s, int(fields["turn"]))
        case "release":
            return Released(at_s, int(fields["turn"]))
        case "user_started_speaking":
            return UserStartedSpeaking(at_s)
        case "user_stopped_speaking":
            return UserStoppedSpeaking(at_s)
        case "tool_started":
            return ToolStarted(at_s, fields["call_id"], fields["name"])
        case "tool_ended":
            return ToolEnded(at_s, fields["call_id"], fields["name"], fields["error"])
        case "turn_metrics":
            stages = {name: value for name, value in fields.items() if name.endswith("_ms")}
            return TurnMeasured(at_s, int(fields["turn"]), stages)
        case "input_ack":
            return InputAcknowledged(at_s, int(fields["seq"]))
        case "pong":
            return Pong(at_s, int(fields["id"]))
        case _:
            return None
