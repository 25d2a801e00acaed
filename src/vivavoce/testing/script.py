"""What is played on the stage: the visitor's lines, the model's, the page's answers, and how long the engines take."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vivavoce.speech import Message, ToolCall

__all__ = ["Delays", "Failure", "Model", "Page", "Pause", "Speech"]


@dataclass(frozen=True, slots=True)
class Speech:
    """The visitor speaks from one moment to another. Noise is speech without text."""

    start_s: float
    end_s: float
    text: str
    probability: float = 0.95


@dataclass(frozen=True, slots=True)
class Delays:
    """How long the engines take, in seconds."""

    transcript_s: float = 0.05
    text_s: float = 0.1
    voice_s: float = 0.05
    # Pace of the voice.
    word_s: float = 0.25


@dataclass(frozen=True, slots=True)
class Pause:
    """In the language model's script: nothing comes for so long."""

    duration_s: float


@dataclass(frozen=True, slots=True)
class Failure:
    """In the language model's script: here it fails, or, without a reason, falls silent for good."""

    reason: str = ""


# What the language model says to these messages.
Model = Callable[[Sequence[Message]], Sequence[str | ToolCall | Pause | Failure]]
# What the page answers to a tool call and after how many seconds; None for never.
Page = Callable[[ToolCall], tuple[float, str] | None]
