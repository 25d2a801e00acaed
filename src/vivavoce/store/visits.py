"""
What public pages have used of an agent today: calls that go on, and minutes.

Both are counted from the calls themselves, so that they outlive a restart and hold for all servers of a database.
A day is one of UTC.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, case, func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from vivavoce.clock import now
from vivavoce.store.calls import Call, start_within
from vivavoce.store.database import Database
from vivavoce.store.tables import agents, calls, microseconds

__all__ = ["Usage", "Used", "start", "usage"]

# A call lasts an hour at most (``agent_limits``): what began longer before a moment than this is over by then.
_LONGEST_CALL = timedelta(hours=2)
_MICROSECONDS_IN_S = 1_000_000


@dataclass(frozen=True, slots=True)
class Used:
    """Calls that go on, and the seconds that calls have lasted today, those that go on included."""

    calls: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What one visitor has used of an agent, and all visitors together; of ``agent`` nothing where nobody asked."""

    visitor: Used
    agent: Used


async def usage(database: Database, agent_id: str, visitor: str, *, of_agent: bool) -> Usage:
    """
    What is used at this moment.

    Args:
        database: The store.
        agent_id: The agent.
        visitor: Who asks; not empty.
        of_agent: Whether that of all visitors is wanted too: it costs a look at each call of the day.
    """
    async with database.read() as connection:
        return await _usage(connection, agent_id, visitor, of_agent=of_agent)


async def start(database: Database, call: Call, *, of_agent: bool, check: Callable[[Usage], None]) -> Usage:
    """
    Store a call of a public page, if what is used without it allows that.

    Args:
        database: The store.
        call: With a visitor.
        of_agent: As in ``usage``.
        check: Told what is used; what it raises is raised, and the call is not stored.
    """
    async with database.write() as connection:
        # However many ask at once, on however many servers: who has this row counts and stores before the next one
        # counts. On SQLite, where there are no locks of rows, a writing transaction has the whole database.
        await connection.execute(
            select(agents.c.id).where(agents.c.id == call.agent_id).with_for_update(key_share=True)
        )
        found = await _usage(connection, call.agent_id, call.visitor, of_agent=of_agent)
        check(found)
        await start_within(connection, call)
    return found


async def _usage(connection: AsyncConnection, agent_id: str, visitor: str, *, of_agent: bool) -> Usage:
    moment = now()
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    since = day - _LONGEST_CALL
    # Each of the two begins as an index does, see ``tables``.
    of_visitor = (calls.c.agent_id == agent_id, calls.c.visitor == visitor, calls.c.started_at >= since)
    of_all = (calls.c.agent_id == agent_id, calls.c.updated_at >= since, calls.c.visitor != "")
    return Usage(
        visitor=await _used(connection, moment, day, *of_visitor),
        agent=await _used(connection, moment, day, *of_all) if of_agent else Used(),
    )


async def _used(connection: AsyncConnection, moment: datetime, day: datetime, *which: ColumnElement[bool]) -> Used:
    began, ended = type_coerce(calls.c.started_at, BigInteger), type_coerce(calls.c.ended_at, BigInteger)
    from_us = case((began < microseconds(day), microseconds(day)), else_=began)
    lasted_us = func.coalesce(ended, microseconds(moment)) - from_us
    # One of a server that died goes on until somebody closes it, but is no longer held.
    goes_on = case((calls.c.ended_at.is_(None) & (calls.c.leased_until > moment), 1), else_=0)
    row = (
        await connection.execute(
            select(func.sum(goes_on).label("calls"), func.sum(lasted_us).label("lasted_us")).where(
                *which, or_(calls.c.ended_at.is_(None), calls.c.ended_at > day)
            )
        )
    ).one()
    return Used(int(row.calls or 0), max(0, int(row.lasted_us or 0)) / _MICROSECONDS_IN_S)
