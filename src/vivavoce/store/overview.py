"""
Calls over time: how many, how long, how many at once, how they ended, how long answers took.

The database counts, out of the indexes that hold all that is asked (see ``tables``): a period of 90 days with 100,000
calls takes some tenths of a second, in a thread of the database, and a few thousand rows come back at most.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Label,
    case,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy import cast as sql_cast

from vivavoce.store.call_lists import CallFilter, conditions
from vivavoce.store.database import Database
from vivavoce.store.tables import calls, microseconds

__all__ = ["AnswerTimes", "Peak", "StepTotals", "Steps", "answer_times", "any_calls", "ends", "peaks", "step_totals"]

# No call goes on as long: sessions are limited to an hour.
_LONGEST_CALL = timedelta(days=1)
# The last six digits of a call's id are random hexadecimal ones.
_RANDOM_DIGITS = 6
_RANDOM_IDS = 16**_RANDOM_DIGITS


@dataclass(frozen=True, slots=True)
class Steps:
    """A span of time in steps of equal length: step 0 begins with ``start``."""

    start: datetime
    length: timedelta
    count: int

    @property
    def end(self) -> datetime:
        """The moment behind the last step."""
        return self.start + self.count * self.length


@dataclass(frozen=True, slots=True)
class StepTotals:
    """The calls that began in a step: how many, those that failed among them, and how long they lasted together."""

    step: int
    calls: int
    failed: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Peak:
    """The most calls at once in a step in which a call began or ended, and how many went on at its end."""

    step: int
    most: int
    at_end: int


@dataclass(frozen=True, slots=True)
class AnswerTimes:
    """
    How long visitors waited for answers, in milliseconds.

    Args:
        by_step: Of the calls that began in each step, every turn that was answered.
        calls: How many calls these turns are of.
        of_calls: How many there are in all; more than ``calls`` where it is a sample.
    """

    by_step: Mapping[int, list[int]]
    calls: int
    of_calls: int


async def any_calls(database: Database) -> bool:
    """Whether there has been a call at all."""
    async with database.read() as connection:
        return (await connection.execute(select(calls.c.id).limit(1))).first() is not None


async def step_totals(database: Database, wanted: CallFilter, steps: Steps) -> tuple[StepTotals, ...]:
    """The sums of each step in which a call began."""
    step = _step(type_coerce(calls.c.started_at, BigInteger), steps)
    query = (
        select(
            step,
            func.count().label("calls"),
            func.sum(case((calls.c.status == "failed", 1), else_=0)).label("failed"),
            func.coalesce(func.sum(calls.c.duration_ms), 0).label("duration_ms"),
        )
        .where(*conditions(wanted.within(steps.start, steps.end)))
        .group_by(step.name)
        .order_by(step.name)
    )
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    return tuple(StepTotals(int(row.step), row.calls, int(row.failed), int(row.duration_ms)) for row in rows)


async def ends(database: Database, wanted: CallFilter, steps: Steps) -> Mapping[str, int]:
    """How often each reason ended a call that began in the span, the most frequent first."""
    number = func.count().label("calls")
    query = (
        select(calls.c.end_reason, number)
        .where(*conditions(wanted.within(steps.start, steps.end)), calls.c.duration_ms.is_not(None))
        .group_by(calls.c.end_reason)
        .order_by(number.desc(), calls.c.end_reason)
    )
    async with database.read() as connection:
        return {row.end_reason: row.calls for row in await connection.execute(query)}


async def peaks(database: Database, wanted: CallFilter, steps: Steps) -> tuple[Peak, ...]:
    """
    How many calls went on at once, for the steps in which that changed, in their order.

    A call that ends in the moment in which another begins is not counted with it.
    """
    began_us = type_coerce(calls.c.started_at, BigInteger)
    ended_us = began_us + sql_cast(calls.c.duration_ms, BigInteger) * 1000
    start_us, end_us = (literal(microseconds(moment), BigInteger) for moment in (steps.start, steps.end))
    matching = (
        *conditions(wanted),
        calls.c.started_at >= steps.start - _LONGEST_CALL,
        calls.c.started_at < steps.end,
        or_(calls.c.duration_ms.is_(None), ended_us > start_us),
    )
    # What began before goes on from the first moment of the span.
    begun = select(
        case((began_us < start_us, start_us), else_=began_us).label("at_us"), literal(1, Integer).label("change")
    ).where(*matching)
    over = select(ended_us.label("at_us"), literal(-1, Integer).label("change")).where(*matching, ended_us < end_us)
    changes = union_all(begun, over).subquery()
    # Ends before beginnings, and each row by itself.
    live = func.sum(changes.c.change).over(order_by=(changes.c.at_us, changes.c.change), rows=(None, 0))
    counted = select(_step(changes.c.at_us, steps), changes.c.change, live.label("live")).subquery()
    before = counted.c.live - counted.c.change
    query = (
        select(
            counted.c.step,
            func.max(case((before > counted.c.live, before), else_=counted.c.live)).label("most"),
            func.sum(counted.c.change).label("change"),
        )
        .group_by(counted.c.step)
        .order_by(counted.c.step)
    )
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    found, at_end = [], 0
    for row in rows:
        at_end += int(row.change)
        found.append(Peak(int(row.step), int(row.most), at_end))
    return tuple(found)


async def answer_times(database: Database, wanted: CallFilter, steps: Steps, *, most_calls: int) -> AnswerTimes:
    """
    How long visitors waited for each answer, from the end of their turn to the first sound of the agent.

    Every turn counts by itself, not the mean of its call, in which one slow answer hides. The turns are in the figures
    of each call, next to its documents, so reading them takes time: of more than ``most_calls`` calls a random share
    of about so many is read, the same one each time.
    """
    matching = (*conditions(wanted.within(steps.start, steps.end)), calls.c.avg_latency_ms.is_not(None))
    step = _step(type_coerce(calls.c.started_at, BigInteger), steps)
    waits = calls.c.figures["turnLatencyMetrics"]["latencies"].as_string().label("waits")
    async with database.read() as connection:
        of_calls = (await connection.execute(select(func.count()).select_from(calls).where(*matching))).scalar_one()
        chosen = select(step, waits).where(*matching)
        if of_calls > most_calls:
            # Compared as text: hexadecimal digits sort as their numbers do.
            below = f"{_RANDOM_IDS * most_calls // of_calls:0{_RANDOM_DIGITS}x}"
            chosen = chosen.where(func.substr(calls.c.id, func.length(calls.c.id) - _RANDOM_DIGITS + 1) < below)
        rows = [(int(row.step), row.waits) for row in (await connection.execute(chosen)).all()]
    return AnswerTimes(await asyncio.to_thread(_by_step, rows), len(rows), of_calls)


def _by_step(rows: list[tuple[int, str | None]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    decode = msgspec.json.Decoder(list[int]).decode
    for step, waits in rows:
        if waits:
            found.setdefault(step, []).extend(decode(waits))
    return found


def _step(moment_us: ColumnElement[int], steps: Steps) -> Label[int]:
    length_us = steps.length // timedelta(microseconds=1)
    return ((moment_us - literal(microseconds(steps.start), BigInteger)) // length_us).label("step")
