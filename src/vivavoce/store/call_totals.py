"""Sums over many calls: how many, how long, and how many at the same time; the database does the counting."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Label, case, func, literal, or_, select, type_coerce
from sqlalchemy import cast as sql_cast

from vivavoce.store.call_lists import CallFilter, conditions
from vivavoce.store.database import Database
from vivavoce.store.tables import calls, microseconds

__all__ = ["CallTotals", "MinuteCount", "minutes_of", "totals"]

_MINUTE_US = 60_000_000
# No call goes on as long: sessions are limited to an hour.
_LONGEST_CALL = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CallTotals:
    """
    Sums over the calls that match a filter.

    Args:
        calls: All of them, those that still run included.
        failed: Those that ended with a fault of the server.
        ended: Those that are over; the next two are about them.
        duration_ms: How long they lasted together.
        median_ms: Half of them were shorter; None where there are none, or it was not asked for.
    """

    calls: int
    failed: int
    ended: int
    duration_ms: int
    median_ms: int | None


@dataclass(frozen=True, slots=True)
class MinuteCount:
    """How many calls of an agent began, and how many ended, within a minute, counted from the first of the span."""

    agent_id: str
    minute: int
    began: int = 0
    ended: int = 0


async def totals(database: Database, wanted: CallFilter, *, median: bool = True) -> CallTotals:
    """The sums over the calls that match; the ``median`` takes most of the time, so it can be left out."""
    matching = conditions(wanted)
    lasted = calls.c.duration_ms
    summed = select(
        func.count().label("calls"),
        func.coalesce(func.sum(case((calls.c.status == "failed", 1), else_=0)), 0).label("failed"),
        func.count(lasted).label("ended"),
        func.coalesce(func.sum(lasted), 0).label("duration_ms"),
    ).where(*matching)
    async with database.read() as connection:
        row = (await connection.execute(summed)).one()
        # Of an even number the two in the middle.
        middle = select(lasted).where(*matching, lasted.is_not(None)).order_by(lasted)
        middle = middle.limit(2 - row.ended % 2).offset(max(0, (row.ended - 1) // 2))
        values = (await connection.execute(middle)).scalars().all() if median else ()
    median_ms = round(sum(values) / len(values)) if values else None
    return CallTotals(row.calls, int(row.failed), row.ended, int(row.duration_ms), median_ms)


async def minutes_of(
    database: Database, wanted: CallFilter, *, start: datetime, end: datetime, by_agent: bool = True
) -> tuple[MinuteCount, ...]:
    """
    When calls began and ended within a span, minute by minute.

    Args:
        database: The store.
        wanted: Which calls.
        start: The first moment of the span; calls that went on then count as begun in its first minute.
        end: The moment behind it; calls that went on then have no end.
        by_agent: Whether agents are told apart; if not, all go by an empty id.

    Returns:
        The minutes in which something happened, of each agent, in no order.
    """
    began_us = type_coerce(calls.c.started_at, BigInteger)
    ended_us = began_us + sql_cast(calls.c.duration_ms, BigInteger) * 1000
    start_us, end_us = (literal(microseconds(moment), BigInteger) for moment in (start, end))
    matching = (
        *conditions(wanted),
        calls.c.started_at >= start - _LONGEST_CALL,
        calls.c.started_at < end,
        or_(calls.c.duration_ms.is_(None), ended_us >= start_us),
    )
    began = _minute(case((began_us < start_us, start_us), else_=began_us), start_us)
    ended = _minute(ended_us, start_us)
    # The minute first: grouped by the agent first, all calls of each agent would be looked through.
    agent_id = calls.c.agent_id if by_agent else literal("").label("agent_id")
    whose = (agent_id.name,) if by_agent else ()
    async with database.read() as connection:
        begun = await connection.execute(
            select(agent_id, began, func.count().label("calls")).where(*matching).group_by(began.name, *whose)
        )
        found = [MinuteCount(row.agent_id, int(row.minute), began=row.calls) for row in begun]
        over = await connection.execute(
            select(agent_id, ended, func.count().label("calls"))
            .where(*matching, ended_us < end_us)
            .group_by(ended.name, *whose)
        )
        found += [MinuteCount(row.agent_id, int(row.minute), ended=row.calls) for row in over]
    return tuple(found)


def _minute(moment_us: ColumnElement[int], start_us: ColumnElement[int]) -> Label[int]:
    return ((moment_us - start_us) // _MINUTE_US).label("minute")
