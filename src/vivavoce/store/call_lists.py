"""
Lists of calls: a page of those that match, and how many match.

A call's row holds whole documents, so nothing here reads rows that are not shown: filters, order and count are
answered by indexes that hold all that can be asked for (see ``tables``), and only then the rows of the page are read,
without the documents that a list does not show.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, Row, Text, and_, func, or_, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.asyncio import AsyncConnection

from vivavoce.store.calls import Call, brief_call
from vivavoce.store.database import Database
from vivavoce.store.tables import agents, calls

__all__ = ["AgentBrief", "CallFilter", "CallPage", "CallSort", "conditions", "find_many", "list_page"]

CallSort = Literal["createdAt", "updatedAt", "callDuration", "avgLatency"]

_KEYS: Mapping[CallSort, ColumnElement[object]] = {
    "createdAt": calls.c.started_at,
    "updatedAt": calls.c.updated_at,
    "callDuration": calls.c.duration_ms,
    "avgLatency": calls.c.avg_latency_ms,
}
# What a list shows; both documents as text, so that they are not decoded on the event loop.
_SHOWN = (
    calls.c.id,
    calls.c.session_id,
    calls.c.agent_id,
    calls.c.mode,
    calls.c.status,
    calls.c.started_at,
    calls.c.ended_at,
    calls.c.end_reason,
    calls.c.model,
    calls.c.recording,
    calls.c.recording_path,
    calls.c.updated_at,
    calls.c.duration_ms,
    sql_cast(calls.c.figures, Text).label("figures"),
    sql_cast(calls.c.analytics, Text).label("analytics"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """
    Which calls are wanted: those that match every field that is not None.

    Args:
        agent_ids: Of one of these agents.
        modes: ``webcall``, ``chat``.
        statuses: As ``Call.status``.
        end_reasons: As ``Call.end_reason``.
        search: A part of the id, written as ids are; empty for all.
        durations_ms: Lasted at least the first and less than the second, which may be None, of one of these pairs;
            calls that still run match none.
        latencies_ms: The same of how long answers took on average; calls without an answer match none.
        started_from: Began then or later.
        started_before: Began before.
    """

    agent_ids: Collection[str] | None = None
    modes: Collection[str] | None = None
    statuses: Collection[str] | None = None
    end_reasons: Collection[str] | None = None
    search: str = ""
    durations_ms: Collection[tuple[int, int | None]] | None = None
    latencies_ms: Collection[tuple[int, int | None]] | None = None
    started_from: datetime | None = None
    started_before: datetime | None = None

    def within(self, start: datetime, end: datetime) -> "CallFilter":
        """The same for the calls that began in a period, up to the moment behind it."""
        return replace(self, started_from=start, started_before=end)


@dataclass(frozen=True, slots=True)
class AgentBrief:
    """What a list of calls says about an agent as it is now: its name and its ``postCallAnalyticsConfig``."""

    name: str
    analytics_config: object


@dataclass(frozen=True, slots=True)
class CallPage:
    """
    A page of a list of calls.

    Args:
        calls: Without ``variables``, ``agent`` and ``voice``, which a list does not show.
        total: The number of all that match.
        agents: The agents of these calls.
    """

    calls: tuple[Call, ...]
    total: int
    agents: Mapping[str, AgentBrief]


async def list_page(
    database: Database,
    wanted: CallFilter,
    *,
    page: int = 1,
    size: int = 5,
    sort: CallSort = "updatedAt",
    descending: bool = True,
) -> CallPage:
    """
    A page of the calls that match.

    Args:
        database: The store.
        wanted: Which calls.
        page: Counts from 1; one behind the last is empty.
        size: Calls on a page.
        sort: What gives the order; equal ones are ordered by id. A figure that is not known yet counts as the least.
        descending: The newest, longest or slowest first.
    """
    matching = conditions(wanted)
    behind = (page - 1) * size
    async with database.read() as connection:
        total = (await connection.execute(select(func.count()).select_from(calls).where(*matching))).scalar_one()
        if behind >= total:
            return CallPage((), total, {})
        ids = await _ids(connection, matching, sort, descending=descending, behind=behind, size=size, total=total)
        rows = await _rows(connection, ids)
        known = await _agents(connection, {row.agent_id for row in rows})
    return CallPage(await asyncio.to_thread(_in_order, ids, rows), total, known)


async def find_many(database: Database, call_ids: Sequence[str]) -> CallPage:
    """Those of the calls that there are, in the order of the ids."""
    ids = tuple(dict.fromkeys(call_ids))
    async with database.read() as connection:
        rows = await _rows(connection, ids)
        known = await _agents(connection, {row.agent_id for row in rows})
    found = await asyncio.to_thread(_in_order, ids, rows)
    return CallPage(found, len(found), known)


def conditions(wanted: CallFilter) -> list[ColumnElement[bool]]:
    """The filter in SQL."""
    found: list[ColumnElement[bool]] = [
        column.in_(values)
        for column, values in (
            (calls.c.agent_id, wanted.agent_ids),
            (calls.c.mode, wanted.modes),
            (calls.c.status, wanted.statuses),
            (calls.c.end_reason, wanted.end_reasons),
        )
        if values is not None
    ]
    if wanted.search:
        found.append(calls.c.id.contains(wanted.search, autoescape=True))
    found += [
        or_(False, *(_between(column, least, most) for least, most in spans))
        for column, spans in ((calls.c.duration_ms, wanted.durations_ms), (calls.c.avg_latency_ms, wanted.latencies_ms))
        if spans is not None
    ]
    if wanted.started_from is not None:
        found.append(calls.c.started_at >= wanted.started_from)
    if wanted.started_before is not None:
        found.append(calls.c.started_at < wanted.started_before)
    return found


def _between(column: ColumnElement[int], least_ms: int, most_ms: int | None) -> ColumnElement[bool]:
    at_least = column >= least_ms
    return at_least if most_ms is None else and_(at_least, column < most_ms)


def _order(sort: CallSort, *, descending: bool) -> tuple[ColumnElement[object], ColumnElement[object]]:
    key = _KEYS[sort]
    ordered, last = (key.desc(), calls.c.id.desc()) if descending else (key.asc(), calls.c.id.asc())
    if sort in ("callDuration", "avgLatency"):
        # The two databases disagree on where nothing comes; said only where there may be nothing, as an index helps
        # PostgreSQL only if its own order is asked for.
        ordered = ordered.nulls_last() if descending else ordered.nulls_first()
    return ordered, last


async def _ids(
    connection: AsyncConnection,
    matching: Sequence[ColumnElement[bool]],
    sort: CallSort,
    *,
    descending: bool,
    behind: int,
    size: int,
    total: int,
) -> Sequence[str]:
    """The ids of a page; one in the second half is looked for from the other end, which is nearer."""
    size = min(size, total - behind)
    left = total - behind - size
    backwards = left < behind
    found = await connection.execute(
        select(calls.c.id)
        .where(*matching)
        .order_by(*_order(sort, descending=descending is not backwards))
        .limit(size)
        .offset(left if backwards else behind)
    )
    ids = found.scalars().all()
    return ids[::-1] if backwards else ids


async def _rows(connection: AsyncConnection, ids: Sequence[str]) -> Sequence[Row[*tuple[object, ...]]]:
    return (await connection.execute(select(*_SHOWN).where(calls.c.id.in_(ids)))).all() if ids else ()


async def _agents(connection: AsyncConnection, ids: Collection[str]) -> dict[str, AgentBrief]:
    if not ids:
        return {}
    rows = await connection.execute(
        select(agents.c.id, agents.c.name, agents.c.document["postCallAnalyticsConfig"].label("config")).where(
            agents.c.id.in_(ids)
        )
    )
    return {row.id: AgentBrief(row.name, row.config) for row in rows}


def _in_order(ids: Sequence[str], rows: Sequence[Row[*tuple[object, ...]]]) -> tuple[Call, ...]:
    found = {row.id: row for row in rows}
    return tuple(_call(found[call_id]) for call_id in ids if call_id in found)


def _call(row: Row[*tuple[object, ...]]) -> Call:
    return brief_call(row, figures=_object(row.figures), analytics=_object(row.analytics))


def _object(text: str | None) -> Mapping[str, object] | None:
    return None if text is None else msgspec.json.decode(text, type=dict[str, object] | None)
