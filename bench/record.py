"""Pure: the figures of one window, read from the callers' records."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.caller import Caller
from bench.playout import gaps, lateness_s, split_around

__all__ = ["CUSHION_S", "Interruptions", "Replies", "Sound", "Window", "around", "interruptions", "replies", "sound"]

# A player that holds two frames before it starts. Audio that is later than that is not in real time.
CUSHION_S = 0.04
# A caller waits so long for an answer, and so long for the agent to notice an interruption.
_REPLY_PATIENCE_S = 4.0
_INTERRUPTION_PATIENCE_S = 2.1
# The opening of a call is felt from its first packet until it has settled.
_BEFORE_OPENING_S = 0.0
_AFTER_OPENING_S = 0.35


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time on the driver's clock, the end excluded."""

    begins_at: float
    ends_at: float

    def holds(self, at: float | None) -> bool:
        """Whether the moment is there and lies within."""
        return at is not None and self.begins_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class Replies:
    """Answers to what was said within a window."""

    # ``at_s`` is when the first frame of each answer came.
    at_s: list[float]
    latencies_s: list[float]
    missed: int


@dataclass(frozen=True, slots=True)
class Interruptions:
    """Replies that callers talked over within a window."""

    # First frame of speech sent to ``interruption`` received.
    latencies_s: list[float]
    # First frame of speech sent to the last frame of the old reply; 0 where that came before.
    old_replies_s: list[float]
    missed: int


@dataclass(frozen=True, slots=True)
class Sound:
    """Agent audio around a window."""

    # Of the utterances that began within the window, every frame but the first; ``at_s`` is when it came.
    at_s: list[float]
    lateness_s: list[float]
    gaps: int
    # Of all utterances, what came within the window.
    frames: int
    samples: int


def replies(callers: Iterable[Caller], window: Window, *, now: float) -> Replies:
    """
    The answers to all that was said to its end within the window.

    Args:
        callers: Whose records are read.
        window: When the last frame of speech was sent.
        now: When the records end; a question younger than the callers' patience is not yet missed.
    """
    at, latencies, missed = [], [], 0
    for caller in callers:
        for turn in caller.turns:
            if turn.ended_at is None or not window.holds(turn.ended_at):
                continue
            if turn.replied_at is not None:
                at.append(turn.replied_at)
                latencies.append(turn.replied_at - turn.ended_at)
            elif turn.over or now - turn.ended_at >= _REPLY_PATIENCE_S:
                missed += 1
    return Replies(at, latencies, missed)


def interruptions(callers: Iterable[Caller], window: Window, *, now: float) -> Interruptions:
    """
    How the agent took it when callers began to talk over it within the window.

    Args:
        callers: Whose records are read.
        window: When the first frame of the interrupting speech was sent.
        now: When the records end.
    """
    latencies, old_replies, missed = [], [], 0
    for caller in callers:
        for turn in caller.turns:
            if turn.interrupts is None or not window.holds(turn.onset_at):
                continue
            if turn.interrupted_at is not None:
                latencies.append(turn.interrupted_at - turn.onset_at)
                old_replies.append(max(0.0, (turn.old_reply_ended_at or 0.0) - turn.onset_at))
            elif turn.over or now - turn.onset_at >= _INTERRUPTION_PATIENCE_S:
                missed += 1
    return Interruptions(latencies, old_replies, missed)


def sound(callers: Iterable[Caller], window: Window, *, rate_hz: int) -> Sound:
    """How late the utterances were that began within the window, and how much audio came within it."""
    at: list[float] = []
    lateness: list[float] = []
    dry = frames = samples = 0
    for caller in callers:
        for utterance in caller.utterances:
            within = [
                count for at_s, count in zip(utterance.arrivals_s, utterance.samples, strict=True) if window.holds(at_s)
            ]
            frames += len(within)
            samples += sum(within)
            if not window.holds(utterance.arrivals_s[0]):
                continue
            at.extend(utterance.arrivals_s[1:])
            lateness.extend(lateness_s(utterance.arrivals_s, utterance.samples, rate_hz=rate_hz))
            dry += gaps(utterance.arrivals_s, utterance.samples, rate_hz=rate_hz, cushion_s=CUSHION_S)
    return Sound(at, lateness, dry, frames, samples)


def around(
    at_s: Sequence[float], values: Sequence[float], openings_at: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    What was measured while a call was being opened, and all else.

    Args:
        at_s: When each value was measured.
        values: The values, in the same order.
        openings_at: When each call began to open.
    """
    near = split_around(at_s, openings_at, before_s=_BEFORE_OPENING_S, after_s=_AFTER_OPENING_S)
    measured = np.asarray(values, np.float64)
    return measured[near], measured[~near]
