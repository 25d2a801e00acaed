"""
What a dialect is: the translation between one kind of client and the conversation.

A dialect decides nothing about the conversation and does no I/O.
``receive`` never raises for what a client sends: a broken message becomes ``Broken``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from vivavoce.audio.pcm import Pcm
from vivavoce.speech import Tool, ToolCall
from vivavoce.talk.facts import Fact

__all__ = [
    "Broken",
    "CloseAsked",
    "Codec",
    "CommitAsked",
    "Dialect",
    "Frame",
    "Mic",
    "Ping",
    "Playback",
    "PlaybackState",
    "Ready",
    "Received",
    "ResumableCodec",
    "SessionNames",
    "Text",
    "ToolOutput",
    "ToolsDeclared",
]


@dataclass(frozen=True, slots=True)
class Dialect:
    """A dialect as the server looks it up: its name and the paths on which it is spoken."""

    name: str
    paths: tuple[str, ...]


# One WebSocket message to the client. Those of text carry UTF-8; which are binary, the codec says.
Frame = bytes


@dataclass(frozen=True, slots=True)
class Mic:
    """Microphone audio at the codec's ``mic_rate_hz``, in memory of its own: the socket's is used again."""

    pcm: Pcm


@dataclass(frozen=True, slots=True)
class Ready:
    """The client can hear: the agent may speak."""


@dataclass(frozen=True, slots=True)
class Text:
    """A typed message."""

    text: str


@dataclass(frozen=True, slots=True)
class CommitAsked:
    """The client declares the user's turn to be over."""


@dataclass(frozen=True, slots=True)
class ToolsDeclared:
    """The client's tools, replacing those declared before."""

    tools: tuple[Tool, ...]


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """The answer of a tool that the client ran."""

    call_id: str
    output: str


@dataclass(frozen=True, slots=True)
class CloseAsked:
    """The client wants to end the call."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A message that breaks the contract; the client is to be told, and the call goes on."""

    code: str
    message: str


# What the client's output does: it plays, has nothing to play, waits after a hold, or does not run at all.
PlaybackState = Literal["playing", "idle", "held", "suspended"]


@dataclass(frozen=True, slots=True)
class Playback:
    """
    How much of the agent the client has really played.

    Args:
        turn: The agent's turn that is being played, or was played last; 0 before the first.
        played: Its samples, at ``agent_rate_hz``, that have left the loudspeaker.
        state: What the output does.
        ack: The number of the last frame that the client has; 0 for none.
    """

    turn: int
    played: int
    state: PlaybackState
    ack: int


@dataclass(frozen=True, slots=True)
class Ping:
    """The client wants to know whether anybody is there; ``ack`` as in ``Playback``."""

    id: int
    ack: int


Received = Mic | Ready | Text | CommitAsked | ToolsDeclared | ToolOutput | CloseAsked | Playback | Ping | Broken


class Codec(Protocol):
    """The translation of one call. It may keep state, such as a decoder's."""

    # Rate of ``Mic.pcm``.
    mic_rate_hz: int
    # Rate that ``voice`` takes.
    agent_rate_hz: int
    # How far agent audio may run ahead of real time, in seconds:
    # as far as the client can take it back when it is interrupted.
    lead_s: float
    # Whether the frames that ``voice`` makes are binary messages. All other frames are text.
    voice_is_binary: bool
    # Whether the client says when it can hear (``Ready``); one that does not can hear from the start.
    announces_ready: bool
    # Whether ``bye`` tells the client that the call is over. One that is told nothing stops with its socket, which
    # therefore stays open until everything has been heard that was sent.
    says_goodbye: bool

    def hello(self) -> Sequence[Frame]:
        """The first messages of a session."""

    def receive(self, data: bytes | memoryview, *, text: bool) -> Received | None:
        """Translate one message of the client; None where it means nothing to the conversation."""

    def voice(self, pcm: Pcm, *, turn: int, start: int) -> Frame:
        """
        Agent audio as one message.

        Args:
            pcm: At least one sample, at ``agent_rate_hz``.
            turn: The agent's turn (the reply's id).
            start: The first sample within the turn.
        """

    def tell(self, fact: Fact) -> Sequence[Frame]:
        """The messages that tell the client of a fact; most facts have none or one."""

    def call(self, call: ToolCall) -> Sequence[Frame]:
        """The messages that have the client run a tool."""

    def error(self, code: str, message: str) -> Sequence[Frame]:
        """The messages that tell the client of its own mistake."""

    def bye(self, reason: str) -> Sequence[Frame]:
        """The last messages of a session."""


@runtime_checkable
class ResumableCodec(Codec, Protocol):
    """
    The translation of a call that survives its socket.

    It numbers the frames of ``voice``, ``tell``, ``call``, ``error`` and ``bye``, in the order in which they are made;
    those of ``hello``, ``hello_again``, ``acknowledgement`` and ``pong`` belong to the socket.
    """

    # What opens the call again, and how long it waits for a client that is gone.
    resume_token: str
    resume_window_s: float

    @property
    def input_seq(self) -> int:
        """The number of the client's last message; 0 for none."""

    def hello_again(self) -> Sequence[Frame]:
        """The first messages on a further socket."""

    def acknowledgement(self) -> Frame | None:
        """What tells the client that its messages have come, where it is time to; asked after each."""

    def pong(self, ping_id: int) -> Sequence[Frame]:
        """The answer to a ``Ping``."""


@dataclass(frozen=True, slots=True)
class SessionNames:
    """How a call is called: needed by ``hello`` and by time stamps."""

    session_id: str
    call_id: str
    # Wall-clock time at which the session opened, UTC.
    opened_at: datetime
