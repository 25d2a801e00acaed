"""What a call is told in: turns, tools, absences and troubles. The times count in seconds since the session opened."""

from dataclasses import dataclass
from typing import Literal

from vivavoce.speech import Word
from vivavoce.talk.facts import TurnTimed
from vivavoce.views.times import milliseconds

__all__ = ["Absence", "Entry", "Stage", "ToolUse", "Trouble", "Turn", "stages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """
    What one side said at one time.

    Args:
        role: Who.
        at: When it began.
        end: When it was over; None while it goes on.
        text: What was heard, with single spaces.
        words: The words of ``text`` with their times in the call; empty where there was no sound.
        unheard: What the agent had to say and was not heard any more.
        cut_at: When the visitor interrupted the agent; None where he did not.
        timing: How long the answer took.
        final: Whether its words are certain.
    """

    role: Literal["agent", "user"]
    at: float
    end: float | None
    text: str
    words: tuple[Word, ...] = ()
    unheard: str = ""
    cut_at: float | None = None
    timing: TurnTimed | None = None
    final: bool = True

    @property
    def kind(self) -> Literal["turn"]:
        """Tells it from the other entries."""
        return "turn"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """
    A tool that was run.

    Args:
        arguments: A JSON object as text.
        output: What it answered; empty while it runs.
        error: Such as ``tool_timeout``; empty for none.
        took_s: How long; None while it runs.
    """

    at: float
    call_id: str
    name: str
    arguments: str
    output: str = ""
    error: str = ""
    took_s: float | None = None

    @property
    def kind(self) -> Literal["tool"]:
        """Tells it from the other entries."""
        return "tool"


@dataclass(frozen=True, slots=True)
class Absence:
    """The visitor's connection was lost. ``away_s`` is for how long; None where it has not come back."""

    at: float
    away_s: float | None = None

    @property
    def kind(self) -> Literal["absence"]:
        """Tells it from the other entries."""
        return "absence"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something went wrong. ``where`` is a stage, such as ``stt``, or a code of the wire."""

    at: float
    where: str
    text: str

    @property
    def kind(self) -> Literal["trouble"]:
        """Tells it from the other entries."""
        return "trouble"


# A stage of an answer, as the waterfall of the console calls it, and how long it took in milliseconds.
Stage = tuple[Literal["wait", "stt", "llm", "voice"], int]
Entry = Turn | ToolUse | Absence | Trouble


def stages(timing: TurnTimed) -> tuple[Stage, ...]:
    """What the visitor waited for, one after the other."""
    return (
        ("wait", milliseconds(timing.endpoint_s)),
        ("stt", milliseconds(timing.transcript_s)),
        ("llm", milliseconds(timing.text_s)),
        ("voice", milliseconds(timing.voice_s)),
    )
