"""
The calls of a period, hour by hour or day by day, as the console's overview draws them.

Hours and days are those of the reader's time zone.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from vivavoce.store.overview import AnswerTimes, Peak, Steps, StepTotals
from vivavoce.views.end_reasons import plain_end

__all__ = ["PERIODS", "CallEnds", "Overview", "OverviewTotals", "Period", "Span", "overview", "span_of"]

Period = Literal["24h", "7d", "30d", "90d"]
Unit = Literal["hour", "day"]
# In how many hours or days each period is drawn, the one that runs included.
PERIODS: Mapping[Period, tuple[Unit, int]] = {
    "24h": ("hour", 24),
    "7d": ("day", 7),
    "30d": ("day", 30),
    "90d": ("day", 90),
}
_HOUR = timedelta(hours=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Span:
    """
    The hours or days of a period.

    Args:
        unit: Which of the two.
        starts: When each begins.
        end: The moment behind the last.
        steps: Steps of equal length that fit into each of them: a day is longer or shorter where clocks are changed.
    """

    unit: Unit
    starts: tuple[datetime, ...]
    end: datetime
    steps: Steps


class OverviewTotals(Struct, frozen=True, rename="camel"):
    """
    The whole period.

    Args:
        calls: Those that began in it.
        failed: Those of them that ended with a fault of the server.
        minutes: How long those lasted that are over.
        average_s: How long one of them lasted; None where there is none.
        most_at_once: How many calls went on at the same time at most.
        answer_p50_ms: Half of the answers began within this time; None where nothing was answered.
        answer_p95_ms: 95 of 100 answers did.
    """

    calls: int
    failed: int
    minutes: float
    average_s: float | None
    most_at_once: int
    answer_p50_ms: int | None
    answer_p95_ms: int | None


class CallEnds(Struct, frozen=True):
    """How often calls ended in a way."""

    reason: str
    text: str
    calls: int


class Overview(Struct, frozen=True, kw_only=True, rename="camel"):
    """
    What the page draws: a list for each figure, with an entry for each hour or day.

    Args:
        unit: ``hour`` or ``day``.
        starts: When each begins, in seconds since 1970.
        answered_calls: Of how many calls the answers were looked at, and of how many there are.
    """

    unit: Unit
    starts: list[int]
    calls: list[int]
    minutes: list[float]
    most_at_once: list[int]
    answer_p50_ms: list[int | None]
    answer_p95_ms: list[int | None]
    totals: OverviewTotals
    ends: list[CallEnds]
    answered_calls: tuple[int, int]


def span_of(period: Period, *, at: datetime, zone: tzinfo) -> Span:
    """
    The hours or days up to the one that runs.

    Args:
        period: How far back.
        at: The present moment.
        zone: Of the reader.
    """
    unit, count = PERIODS[period]
    local = at.astimezone(zone)
    if unit == "hour":
        # By the clock on the wall, but an hour of real time each: one of them may come twice.
        last = at - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        edges = [last + (number - count + 1) * _HOUR for number in range(count + 1)]
    else:
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        # Added to the clock on the wall, so that each is a midnight.
        edges = [(midnight + timedelta(days=number - count + 1)).astimezone(at.tzinfo) for number in range(count + 1)]
    lengths = [(after - before) // _SECOND for before, after in pairwise(edges)]
    step_s = math.gcd(*lengths)
    steps = Steps(edges[0], timedelta(seconds=step_s), sum(lengths) // step_s)
    return Span(unit, tuple(edges[:-1]), edges[-1], steps)


def overview(
    span: Span,
    *,
    totals: Iterable[StepTotals],
    peaks: Iterable[Peak],
    ends: Mapping[str, int],
    answers: AnswerTimes,
    ended_calls: int,
) -> Overview:
    """
    Put the figures of a period together.

    Args:
        span: The period.
        totals: Of each step.
        peaks: Of each step in which the number of live calls changed.
        ends: How often each reason ended a call.
        answers: How long answers took.
        ended_calls: How many of the calls are over.
    """
    places = _places(span)
    count = len(span.starts)
    calls, failed, lasted_ms = [0] * count, 0, [0] * count
    for step in totals:
        calls[places[step.step]] += step.calls
        lasted_ms[places[step.step]] += step.duration_ms
        failed += step.failed
    waits: list[list[int]] = [[] for _ in range(count)]
    for number, found in answers.by_step.items():
        waits[places[number]] += found
    for one in waits:
        one.sort()
    every_wait = sorted(wait for one in waits for wait in one)
    most_at_once = _most_at_once(peaks, places, count)
    return Overview(
        unit=span.unit,
        starts=[int(start.timestamp()) for start in span.starts],
        calls=calls,
        minutes=[_minutes(one) for one in lasted_ms],
        most_at_once=most_at_once,
        answer_p50_ms=[_percentile(one, 0.50) for one in waits],
        answer_p95_ms=[_percentile(one, 0.95) for one in waits],
        totals=OverviewTotals(
            calls=sum(calls),
            failed=failed,
            minutes=_minutes(sum(lasted_ms)),
            average_s=round(sum(lasted_ms) / ended_calls / 1000, 1) if ended_calls else None,
            most_at_once=max(most_at_once),
            answer_p50_ms=_percentile(every_wait, 0.50),
            answer_p95_ms=_percentile(every_wait, 0.95),
        ),
        ends=[CallEnds(reason, plain_end(reason), calls) for reason, calls in ends.items()],
        answered_calls=(answers.calls, answers.of_calls),
    )


def _places(span: Span) -> list[int]:
    """For each step the number of its hour or day."""
    return [
        bisect_right(span.starts, span.steps.start + number * span.steps.length) - 1
        for number in range(span.steps.count)
    ]


def _most_at_once(peaks: Iterable[Peak], places: Sequence[int], count: int) -> list[int]:
    changed = {peak.step: peak for peak in peaks}
    most, live = [0] * count, 0
    for step, place in enumerate(places):
        peak = changed.get(step)
        most[place] = max(most[place], live if peak is None else peak.most)
        live = live if peak is None else peak.at_end
    return most


def _minutes(duration_ms: int) -> float:
    return round(duration_ms / 60_000, 1)


def _percentile(waits: Sequence[int], share: float) -> int | None:
    """The shortest wait that this share of all waits does not exceed (nearest rank); ``waits`` are sorted."""
    return waits[math.ceil(share * len(waits)) - 1] if waits else None
