"""
What passes between the conversation and the engines: words, messages, tools.

Both the core (``talk/``) and the engines speak in these types, so that neither imports the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from vivavoce.audio.pcm import Pcm

__all__ = ["Message", "Role", "Tool", "ToolCall", "Transcript", "Voice", "VoiceStyle", "Word"]

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word; its times count from the start of the audio that carries it."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """
    What an engine understood of one utterance so far.

    ``text`` is cumulative: a later transcript replaces an earlier one.
    The last transcript of an utterance is the only one with ``final`` set.
    """

    text: str
    final: bool
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The language model wants a tool to run. ``arguments`` is a JSON object as text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the language model may call. ``parameters`` is a JSON Schema object."""

    name: str
    description: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    timeout_s: float = 15.0
    # Without an answer the agent goes on at once: fire and forget.
    awaited: bool = True
    # What the agent may say while this tool takes its time; empty for what it says with any tool.
    fillers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the conversation as a language model reads it."""

    role: Role
    text: str
    # Assistant only: the tools that this message asked for.
    calls: tuple[ToolCall, ...] = ()
    # Tool only: the call that this message answers.
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class VoiceStyle:
    """How an agent sounds. An engine that cannot do something ignores it."""

    # The engine's own name of a voice; empty for its default.
    voice: str = ""
    # 1.0 is the engine's natural pace.
    speed: float = 1.0
    # BCP 47 tag, such as ``en`` or ``en-GB``.
    language: str = "en"
    # Words as they are written, and how to spell them for the voice; a text that an engine gets is respelt already.
    pronunciations: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Voice:
    """
    A piece of synthesised speech, in order.

    Word times count from the start of the whole spoken text, not of this piece;
    a word comes with or before the piece in which it starts.
    """

    pcm: Pcm
    words: tuple[Word, ...] = ()
