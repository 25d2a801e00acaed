"""
Looking for what was said: calls in whose transcript some words stand, the newest first.

There is no index of words. The calls that the other filters leave are looked through backwards in time, a few at
once, until a page is full or the time is over; then the answer says how far it has come, and the next search goes on
there. So a search is as quick in a hundred thousand calls as in ten, however long the way to the first call may be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from vivavoce.clock import monotonic_s
from vivavoce.store.call_lists import CallFilter, conditions
from vivavoce.store.database import Database
from vivavoce.store.tables import calls, facts
from vivavoce.talk.facts import AgentSaid, UserSaid

__all__ = ["Found", "Place", "SaidPage", "search_said"]

_SAID = (UserSaid.__name__, AgentSaid.__name__)
# Calls that are looked through at once: few to begin with, then as many as are quick.
_FIRST, _MOST_AT_ONCE = 50, 800
_QUICK_S, _SLOW_S = 0.1, 0.4


@dataclass(frozen=True, slots=True)
class Place:
    """A call in the order of time: what comes behind it began earlier."""

    started_at: datetime
    call_id: str


@dataclass(frozen=True, slots=True)
class Found:
    """A call, and the first thing said in it that holds the words."""

    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class SaidPage:
    """
    What a search has found.

    Args:
        found: The newest first.
        rest: Where the next search goes on; None where all has been looked through.
    """

    found: tuple[Found, ...]
    rest: Place | None


async def search_said(
    database: Database, wanted: CallFilter, words: str, *, after: Place | None = None, most: int, limit_s: float
) -> SaidPage:
    """
    The calls in which somebody said these words, one behind the other, upper or lower case.

    Args:
        database: The store.
        wanted: Which calls are looked through.
        words: A part of one turn, not empty.
        after: Go on behind this call.
        most: Calls to be found.
        limit_s: About how long it may take.
    """
    began_s = monotonic_s()
    found: list[Found] = []
    at_once = _FIRST
    while True:
        batch_s = monotonic_s()
        async with database.read() as connection:
            batch = await _next_calls(connection, wanted, after, at_once)
            said = await _said_in(connection, [place.call_id for place in batch], words)
        for place in batch:
            after = place
            if place.call_id in said:
                found.append(Found(place.call_id, said[place.call_id]))
                if len(found) == most:
                    return SaidPage(tuple(found), after)
        if len(batch) < at_once:
            return SaidPage(tuple(found), None)
        moment_s = monotonic_s()
        if moment_s - began_s >= limit_s:
            return SaidPage(tuple(found), after)
        if moment_s - batch_s < _QUICK_S:
            at_once = min(2 * at_once, _MOST_AT_ONCE)
        elif moment_s - batch_s > _SLOW_S:
            at_once = max(at_once // 2, 1)


async def _next_calls(
    connection: AsyncConnection, wanted: CallFilter, after: Place | None, most: int
) -> Sequence[Place]:
    matching = conditions(wanted)
    if after is not None:
        # The first half is what an index can use.
        matching.append(calls.c.started_at <= after.started_at)
        matching.append(
            or_(
                calls.c.started_at < after.started_at,
                and_(calls.c.started_at == after.started_at, calls.c.id < after.call_id),
            )
        )
    rows = await connection.execute(
        select(calls.c.id, calls.c.started_at)
        .where(*matching)
        .order_by(calls.c.started_at.desc(), calls.c.id.desc())
        .limit(most)
    )
    return [Place(row.started_at, row.id) for row in rows]


async def _said_in(connection: AsyncConnection, call_ids: Sequence[str], words: str) -> dict[str, str]:
    """The first final text of each of the calls that holds the words."""
    if not call_ids:
        return {}
    text = facts.c.body["text"].as_string()
    rows = await connection.execute(
        select(facts.c.call_id, text.label("text"))
        .where(
            facts.c.call_id.in_(call_ids),
            facts.c.kind.in_(_SAID),
            facts.c.body["final"].as_boolean(),
            _holds(text, words),
        )
        .order_by(facts.c.call_id, facts.c.n.desc())
    )
    # The last to be set is the first of its call.
    return {row.call_id: str(row.text) for row in rows}


def _holds(text: ColumnElement[str], words: str) -> ColumnElement[bool]:
    """SQLite knows upper and lower case of ASCII alone: of other letters, the usual forms are looked for."""
    forms = [words] if words.isascii() else list(dict.fromkeys((words, words.lower(), words.upper(), words.title())))
    return or_(*(text.icontains(form, autoescape=True) for form in forms))
