"""
How the engines have been doing for the last hour: requests, failures, and how long answers took.

Counted in memory, per request and never per piece of sound or text; what is kept does not grow with the calls: for each
minute a few numbers, and how many answers took about how long.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from vivavoce.clock import monotonic_s, now

__all__ = ["WATCHED", "EngineFigures", "EngineWatch", "Fault"]

# The stages that are asked request by request; voice detection runs all the time.
WATCHED = ("stt", "llm", "tts")
_MINUTE_S = 60.0
_MINUTES = 60
# Answers are sorted into classes, each a twelfth longer than the one before: a percentile is right to 5 in 100.
_CLASSES_PER_DOUBLING = 8
_SHORTEST_S, _LONGEST_S = 0.001, 600.0
# Enough for a sentence and what to do about it; an engine of somebody else may raise anything.
_LONGEST_FAULT_CHARS = 300


@dataclass(frozen=True, slots=True)
class Fault:
    """The last failure of an engine: what it said of it, and when."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """
    The last hour of a stage.

    Args:
        requests: All of them, those that failed included.
        failures: Those that failed.
        wait_p50_s: Half of the answers began within this time; None where there were none. For speech-to-text an
            answer is the final transcript, counted from the end of the utterance.
        wait_p95_s: 95 of 100 did.
        fault: The last failure since the start, however long ago.
    """

    requests: int = 0
    failures: int = 0
    wait_p50_s: float | None = None
    wait_p95_s: float | None = None
    fault: Fault | None = None


@dataclass(slots=True)
class _Minute:
    """What happened to a stage in one minute."""

    number: int
    requests: int = 0
    failures: int = 0
    # How many answers fell into each class of waiting time.
    waits: Counter[int] = field(default_factory=Counter)


class EngineWatch:
    """
    Counts requests to engines.

    Args:
        clock: Seconds that never jump.
        calendar: The present moment, for what people read.
    """

    def __init__(self, *, clock: Callable[[], float] = monotonic_s, calendar: Callable[[], datetime] = now) -> None:
        self._clock = clock
        self._calendar = calendar
        # Of each stage a ring of minutes, by the minute's number modulo their count.
        self._minutes: dict[str, dict[int, _Minute]] = {stage: {} for stage in WATCHED}
        # Of each stage the last failure.
        self._faults: dict[str, Fault] = {}

    def note(self, stage: str, wait_s: float | None, fault: str) -> None:
        """Count a request; see ``engine_work.NoteRequest``."""
        if stage not in self._minutes:
            return
        number = int(self._clock() // _MINUTE_S)
        ring = self._minutes[stage]
        minute = ring.get(number % _MINUTES)
        if minute is None or minute.number != number:
            minute = ring[number % _MINUTES] = _Minute(number)
        minute.requests += 1
        if wait_s is not None:
            minute.waits[_class_of(wait_s)] += 1
        if fault:
            minute.failures += 1
            self._faults[stage] = Fault(fault[:_LONGEST_FAULT_CHARS], self._calendar())

    def figures(self, stage: str) -> EngineFigures:
        """The last hour of a stage: the minute that runs, and the 59 before it."""
        first = int(self._clock() // _MINUTE_S) - _MINUTES + 1
        minutes = [minute for minute in self._minutes.get(stage, {}).values() if minute.number >= first]
        waits = sum((minute.waits for minute in minutes), Counter[int]())
        return EngineFigures(
            requests=sum(minute.requests for minute in minutes),
            failures=sum(minute.failures for minute in minutes),
            wait_p50_s=_percentile(waits.items(), 0.50),
            wait_p95_s=_percentile(waits.items(), 0.95),
            fault=self._faults.get(stage),
        )


def _class_of(wait_s: float) -> int:
    return int(_CLASSES_PER_DOUBLING * math.log2(min(max(wait_s, _SHORTEST_S), _LONGEST_S) / _SHORTEST_S))


def _percentile(waits: Iterable[tuple[int, int]], share: float) -> float | None:
    """The middle of the class in which this share of the answers is reached."""
    sorted_waits = sorted(waits)
    wanted = share * sum(count for _, count in sorted_waits)
    reached = 0
    for number, count in sorted_waits:
        reached += count
        if reached >= wanted:
            return float(_SHORTEST_S * 2.0 ** ((number + 0.5) / _CLASSES_PER_DOUBLING))
    return None
