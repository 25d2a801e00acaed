"""
What public pages were refused: the log of abuse, a row for each kind, page, visitor and day.

A flood stays small: it is counted, and beyond so many rows of an agent and a day, or of all agents, only by its reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vivavoce.store.database import Database
from vivavoce.store.tables import agents, refusals

__all__ = ["ELSEWHERE", "MOST_ROWS", "Refusal", "RefusalPage", "RefusalRow", "count", "day_of", "list_page", "totals"]

# In place of an origin: this row counts for pages and visitors that have none of their own.
ELSEWHERE = "…"
# Of an agent and a day; beside them each reason may have one for the rest.
MOST_ROWS = 1_000
_KEPT = timedelta(days=30)
# The longest origin: a name of the web has 253 characters at most.
_LONGEST_ORIGIN = 280


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    One kind of refusal.

    Args:
        agent_id: The agent that was asked for.
        reason: A word such as ``host_not_allowed``.
        origin: Of the page, such as ``https://shop.example``; empty where it said none.
        visitor: As in ``calls``.
    """

    agent_id: str
    reason: str
    origin: str
    visitor: str


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """How often one kind of refusal was given on a day (days since 1970), and when last."""

    refusal: Refusal
    day: int
    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class RefusalPage:
    """Some rows, and how many there are in all."""

    rows: tuple[RefusalRow, ...]
    total: int


def day_of(moment: datetime) -> int:
    """The day of a moment: days since 1970, in UTC."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)).days


async def count(database: Database, given: Iterable[RefusalRow]) -> None:
    """Add to the log, and sweep what is a month old. Refusals of agents that are not there are left out."""
    rows = [row for row in given if row.times]
    if not rows:
        return
    latest = max(row.last_at for row in rows)
    async with database.write() as connection:
        await connection.execute(delete(refusals).where(refusals.c.last_at < latest - _KEPT))
        wanted = {row.refusal.agent_id for row in rows}
        # In one order everywhere, and locked, so that of two servers one counts the rows, then the other.
        known = await connection.execute(
            select(agents.c.id).where(agents.c.id.in_(wanted)).order_by(agents.c.id).with_for_update(key_share=True)
        )
        for agent_id in known.scalars().all():
            mine = [row for row in rows if row.refusal.agent_id == agent_id]
            for day in sorted({row.day for row in mine}):
                await _add(connection, agent_id, day, [row for row in mine if row.day == day])


async def list_page(
    database: Database,
    *,
    agent_id: str = "",
    reason: str = "",
    day: int | None = None,
    page: int = 1,
    size: int = 50,
) -> RefusalPage:
    """
    A page of the log, the latest first.

    Args:
        database: The store.
        agent_id: Of this agent only; empty for all.
        reason: For this reason only; empty for all.
        day: Of this day only; None for all.
        page: Counts from 1.
        size: Rows on a page.
    """
    matching = [
        column == value for column, value in ((refusals.c.agent_id, agent_id), (refusals.c.reason, reason)) if value
    ]
    if day is not None:
        matching.append(refusals.c.day == day)
    async with database.read() as connection:
        total = (await connection.execute(select(func.count()).select_from(refusals).where(*matching))).scalar_one()
        rows = await connection.execute(
            select(refusals)
            .where(*matching)
            .order_by(refusals.c.last_at.desc(), *refusals.primary_key.columns)
            .limit(size)
            .offset((page - 1) * size)
        )
        return RefusalPage(tuple(_row(row) for row in rows), total)


async def totals(database: Database, day: int, *, agent_id: str = "") -> Mapping[str, int]:
    """How often each reason was given on a day, by its word; of one agent, or of all."""
    query = select(refusals.c.reason, func.sum(refusals.c.times).label("times")).where(refusals.c.day == day)
    if agent_id:
        query = query.where(refusals.c.agent_id == agent_id)
    async with database.read() as connection:
        rows = await connection.execute(query.group_by(refusals.c.reason).order_by(refusals.c.reason))
        return {row.reason: int(row.times) for row in rows}


async def _add(connection: AsyncConnection, agent_id: str, day: int, rows: Sequence[RefusalRow]) -> None:
    of_day = (refusals.c.agent_id == agent_id, refusals.c.day == day)
    taken = (await connection.execute(select(func.count()).select_from(refusals).where(*of_day))).scalar_one()
    for row in rows:
        own = (row.refusal.origin[:_LONGEST_ORIGIN], row.refusal.visitor)
        for origin, visitor in (own, (ELSEWHERE, "")):
            of_kind = {"reason": row.refusal.reason, "origin": origin, "visitor": visitor}
            counted = await connection.execute(
                update(refusals)
                .where(*of_day)
                .filter_by(**of_kind)
                .values(times=refusals.c.times + row.times, last_at=row.last_at)
            )
            if counted.rowcount:
                break
            if taken < MOST_ROWS or origin == ELSEWHERE:
                await connection.execute(
                    insert(refusals).values(agent_id=agent_id, day=day, times=row.times, last_at=row.last_at, **of_kind)
                )
                taken += 1
                break


def _row(row: Row[*tuple[object, ...]]) -> RefusalRow:
    return RefusalRow(Refusal(row.agent_id, row.reason, row.origin, row.visitor), row.day, row.times, row.last_at)
