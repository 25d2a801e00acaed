"""What is to be done: everything that a conversation can ask its shell for."""

from dataclasses import dataclass

from vivavoce.audio.pcm import Pcm
from vivavoce.speech import Message, Tool, ToolCall
from vivavoce.talk.facts import Fact

__all__ = [
    "Call",
    "Command",
    "Cut",
    "Feed",
    "HangUp",
    "Listen",
    "Publish",
    "Say",
    "SendAudio",
    "Sounded",
    "StopListening",
    "Think",
]


@dataclass(frozen=True, slots=True)
class Listen:
    """Open speech-to-text for an utterance."""

    utterance: int


@dataclass(frozen=True, slots=True)
class Feed:
    """More sound of the open utterance, at 16 kHz."""

    utterance: int
    pcm: Pcm


@dataclass(frozen=True, slots=True)
class StopListening:
    """The utterance has ended: its final text is wanted now, or, if ``keep`` is false, no longer at all."""

    utterance: int
    keep: bool = True


@dataclass(frozen=True, slots=True)
class Think:
    """Ask the language model for a reply. Asked again under the same id once its tools have answered."""

    reply: int
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """Have the client run a tool."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class Say:
    """Speak a part of a reply. Parts of a reply are spoken in their order."""

    reply: int
    part: int
    text: str


@dataclass(frozen=True, slots=True)
class SendAudio:
    """
    Send agent audio now.

    ``start`` is the first sample within the reply, and ``play_at`` is when the client is going to play it, in session
    seconds.
    """

    reply: int
    start: int
    play_at: float
    pcm: Pcm


@dataclass(frozen=True, slots=True)
class Sounded:
    """Take note that by ``at`` the visitor has heard the first ``samples`` of a reply."""

    reply: int
    at: float
    samples: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Give a reply up: stop thinking and speaking it, and drop what of it has not been heard."""

    reply: int


@dataclass(frozen=True, slots=True)
class Publish:
    """Let the world know a fact."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call. Always the last command of a conversation."""

    reason: str


Command = Listen | Feed | StopListening | Think | Call | Say | SendAudio | Sounded | Cut | Publish | HangUp
