"""
What happened: everything that a conversation can be told.

``at`` is always seconds since the session opened.
Every result of asynchronous work carries the id of what asked for it;
the conversation ignores ids that it has given up.
"""

from dataclasses import dataclass
from typing import Literal

from vivavoce.audio.pcm import Pcm
from vivavoce.speech import Tool, ToolCall, Word

__all__ = [
    "ClientAway",
    "ClientBack",
    "ClientLeft",
    "ClientReady",
    "Committed",
    "EngineFailed",
    "Event",
    "Heard",
    "PlaybackState",
    "Played",
    "ReplyDone",
    "ReplyText",
    "TimePassed",
    "ToolAnswered",
    "ToolAsked",
    "ToolsOffered",
    "Transcribed",
    "Typed",
    "VoiceDone",
    "Voiced",
]

PlaybackState = Literal["playing", "idle", "held", "suspended"]


@dataclass(frozen=True, slots=True)
class ClientReady:
    """The client can hear: the greeting may start."""

    at: float


@dataclass(frozen=True, slots=True)
class ClientAway:
    """The client's socket is gone, and it may come back: it plays what it has, and hears nothing new."""

    at: float


@dataclass(frozen=True, slots=True)
class ClientBack:
    """The client is back: it has, or will have in a moment, all that was sent."""

    at: float


@dataclass(frozen=True, slots=True)
class ClientLeft:
    """The call ends from outside. ``reason`` is ``client_requested``, ``websocket_closed`` or ``server_error``."""

    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class Heard:
    """One VAD window of the visitor's voice (512 samples at 16 kHz) and its probability of being speech."""

    at: float
    pcm: Pcm
    speech: float


@dataclass(frozen=True, slots=True)
class Typed:
    """The visitor typed a message."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Committed:
    """The client says that the user's turn ends now, such as when a push-to-talk button is released."""

    at: float


@dataclass(frozen=True, slots=True)
class Transcribed:
    """What speech-to-text made of an utterance so far; ``text`` is cumulative."""

    at: float
    utterance: int
    text: str
    final: bool
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplyText:
    """The next piece of the language model's text."""

    at: float
    reply: int
    text: str


@dataclass(frozen=True, slots=True)
class ToolAsked:
    """The language model wants a tool to run before it goes on."""

    at: float
    reply: int
    call: ToolCall


@dataclass(frozen=True, slots=True)
class ToolAnswered:
    """A tool's output arrived; ``call_id`` is the id of the ``ToolCall``."""

    at: float
    call_id: str
    output: str


@dataclass(frozen=True, slots=True)
class ToolsOffered:
    """The client declares the tools that it can run; they replace those that it declared before."""

    at: float
    tools: tuple[Tool, ...]


@dataclass(frozen=True, slots=True)
class ReplyDone:
    """The language model has said everything."""

    at: float
    reply: int


@dataclass(frozen=True, slots=True)
class Voiced:
    """The next piece of a part's sound, at the client's rate; word times count from the start of the part."""

    at: float
    reply: int
    part: int
    pcm: Pcm
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class VoiceDone:
    """All sound of a part has been given."""

    at: float
    reply: int
    part: int


@dataclass(frozen=True, slots=True)
class Played:
    """
    The client reports how much of a reply it has really played, in seconds of the reply's audio.

    ``state`` is ``playing``, ``idle`` (there is nothing to play), ``held``, or ``suspended``: its output does not run.
    A reply of 0 stands for none.
    """

    at: float
    reply: int
    played_s: float
    state: PlaybackState = "playing"


@dataclass(frozen=True, slots=True)
class EngineFailed:
    """
    Work that an engine was asked for has failed.

    ``stage`` is ``stt``, ``llm`` or ``tts``; ``id`` is the utterance (stt) or the reply (llm, tts).
    """

    at: float
    stage: str
    id: int
    reason: str


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The time that ``Conversation.deadline`` asked for has come."""

    at: float


Event = (
    ClientReady
    | ClientAway
    | ClientBack
    | ClientLeft
    | Heard
    | Typed
    | Committed
    | Transcribed
    | ReplyText
    | ToolAsked
    | ToolAnswered
    | ToolsOffered
    | ReplyDone
    | Voiced
    | VoiceDone
    | Played
    | EngineFailed
    | TimePassed
)
