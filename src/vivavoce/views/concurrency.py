"""
How many calls went on at the same time, minute by minute of a day.

Source: Atoms analytics concurrency (wire-spec 2.9).
"""

from collections.abc import Iterable
from datetime import date
from itertools import accumulate

from msgspec import UNSET, Struct, UnsetType

from vivavoce.store.call_totals import MinuteCount

__all__ = ["AgentConcurrency", "Concurrency", "MinutePoint", "concurrency"]


class MinutePoint(Struct, frozen=True, rename="camel"):
    """A minute, as ``HH:MM``, and the calls that went on in it, however short a part of it."""

    minute: str
    concurrent_calls: int


class AgentConcurrency(Struct, frozen=True, rename="camel"):
    """The same for one agent."""

    agent_id: str
    peak_concurrent: int
    avg_concurrent: float
    total_calls: int


class Concurrency(Struct, frozen=True, rename="camel"):
    """
    A day in UTC.

    Args:
        data_points: Every minute of the day, or until now.
        peak_concurrent: The most in one minute.
        avg_concurrent: The mean of all minutes.
        total_minutes: How many minutes there are.
        by_agent: Where it was asked for; agents without a call are left out.
    """

    date: str
    data_points: list[MinutePoint]
    peak_concurrent: int
    avg_concurrent: float
    total_minutes: int
    by_agent: list[AgentConcurrency] | UnsetType = UNSET


def concurrency(counts: Iterable[MinuteCount], *, day: date, minutes: int, by_agent: bool) -> Concurrency:
    """
    The figures of a day.

    Args:
        counts: When calls began and ended, in minutes since the beginning of the day.
        day: The day.
        minutes: How many minutes of it there are so far.
        by_agent: Whether each agent is told of as well.
    """
    known = list(counts)
    live = _live(known, minutes)
    agents: list[AgentConcurrency] | UnsetType = UNSET
    if by_agent:
        counted: dict[str, list[MinuteCount]] = {}
        for count in known:
            counted.setdefault(count.agent_id, []).append(count)
        agents = [_of_agent(agent_id, counted[agent_id], minutes) for agent_id in sorted(counted)]
    points = [MinutePoint(f"{minute // 60:02}:{minute % 60:02}", calls) for minute, calls in enumerate(live)]
    return Concurrency(day.isoformat(), points, max(live, default=0), _mean(live), minutes, agents)


def _of_agent(agent_id: str, counts: list[MinuteCount], minutes: int) -> AgentConcurrency:
    live = _live(counts, minutes)
    return AgentConcurrency(agent_id, max(live, default=0), _mean(live), sum(count.began for count in counts))


def _live(counts: Iterable[MinuteCount], minutes: int) -> list[int]:
    """Calls that went on in each minute: one that ends in a minute is still in it, and gone in the next."""
    changes = [0] * (minutes + 1)
    for count in counts:
        if count.minute < minutes:
            changes[count.minute] += count.began
            changes[count.minute + 1] -= count.ended
    return list(accumulate(changes))[:minutes]


def _mean(live: list[int]) -> float:
    return round(sum(live) / len(live), 2) if live else 0
