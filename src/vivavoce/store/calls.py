"""
The calls: one row each, opened when the session starts and closed when it ends.

Several servers may share a database, so a call belongs to the server that holds it, which renews its lease.
A call whose server is known to be dead, or has let the lease expire, is an orphan, and any server may close it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, cast

from sqlalchemy import Row, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vivavoce.clock import now
from vivavoce.store.database import Database
from vivavoce.store.facts import fact_to_row
from vivavoce.store.tables import after_calls, agents, calls, facts
from vivavoce.talk.facts import CallEnded

__all__ = [
    "FIRST_STEP",
    "LEASE_RENEWED_EVERY_S",
    "Call",
    "CallStatus",
    "RecordingState",
    "brief_call",
    "close_orphans",
    "find",
    "finish",
    "held",
    "renew",
    "set_recording",
    "start",
    "start_within",
]

CallStatus = Literal["active", "completed", "failed"]
# None was wanted; being written; ready to be fetched; lost.
RecordingState = Literal["none", "recording", "ready", "failed"]
# A server that could not renew its leases three times in a row is taken for dead. The rest of the minute is for the
# joining of a recording, which comes after the last renewal, and for clocks that differ.
LEASE_RENEWED_EVERY_S = 15.0
_LEASE = timedelta(seconds=60)
_MILLISECOND = timedelta(milliseconds=1)
# What is done first when a call is over, and how long its recording may take to be joined before that.
FIRST_STEP = "figures"
_RECORDING_JOINED = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Call:
    """
    One call as it is stored.

    Args:
        id: ``CALL-…``.
        owner: The server that holds it (see ``server.ownership``); its first lease begins with ``start``.
        agent: The agent's document as it was when the call began.
        voice: The voice that speaks: ``model``, ``voiceId``, ``gender``.
        model: The language model that answers.
        recording_path: Relative to the folder of the recordings.
        duration_ms: How long it lasted; None while it runs.
        updated_at: When the row last changed; None before it is stored.
        figures: What ``analytics.figures`` computed when the call was over; None before.
        analytics: What a model made of the call, or why there is none; None before.
        visitor: Who called from a public page, as ``server.embed_visitors`` tells people apart; empty otherwise.
    """

    id: str
    session_id: str
    agent_id: str
    mode: str
    started_at: datetime
    owner: str = ""
    status: CallStatus = "active"
    ended_at: datetime | None = None
    end_reason: str = ""
    variables: Mapping[str, object] = field(default_factory=dict)
    agent: Mapping[str, object] = field(default_factory=dict)
    voice: Mapping[str, object] = field(default_factory=dict)
    model: str = ""
    recording: RecordingState = "none"
    recording_path: str = ""
    duration_ms: int | None = None
    updated_at: datetime | None = None
    figures: Mapping[str, object] | None = None
    analytics: Mapping[str, object] | None = None
    visitor: str = ""


async def start(database: Database, call: Call) -> None:
    """Store a call that begins. Its facts can be stored from now on."""
    async with database.write() as connection:
        await start_within(connection, call)


async def start_within(connection: AsyncConnection, call: Call) -> None:
    """The same as a part of a transaction."""
    await connection.execute(
        insert(calls).values(
            id=call.id,
            session_id=call.session_id,
            agent_id=call.agent_id,
            mode=call.mode,
            visitor=call.visitor,
            status=call.status,
            owner=call.owner,
            leased_until=now() + _LEASE,
            started_at=call.started_at,
            ended_at=call.ended_at,
            end_reason=call.end_reason,
            variables=dict(call.variables),
            agent=dict(call.agent),
            voice=dict(call.voice),
            model=call.model,
            recording=call.recording,
            recording_path=call.recording_path,
            updated_at=call.started_at,
        )
    )
    await connection.execute(
        update(agents).where(agents.c.id == call.agent_id).values(total_calls=agents.c.total_calls + 1)
    )


async def finish(database: Database, call_id: str, *, reason: str, ended_at: datetime | None = None) -> bool:
    """
    Close a call.

    Args:
        call_id: A call that is open.
        reason: The reason of its ``CallEnded``; ``server_error`` makes the call a failed one.
        ended_at: When it ended; None for now.

    Returns:
        False when there is no such open call.
    """
    async with database.write() as connection:
        return await _finish(connection, call_id, reason=reason, ended_at=ended_at or now())


async def set_recording(database: Database, call_id: str, state: RecordingState, *, path: str = "") -> bool:
    """
    Note the state of a call's recording.

    Args:
        call_id: The call.
        state: The new state.
        path: The file, relative to the folder of the recordings; empty keeps the path that is known.
    """
    values: dict[str, object] = {"recording": state, "updated_at": now()} | ({"recording_path": path} if path else {})
    async with database.write() as connection:
        changed = await connection.execute(update(calls).where(calls.c.id == call_id).values(values))
    return changed.rowcount == 1


async def find(database: Database, call_id: str) -> Call | None:
    """The call of this id."""
    async with database.read() as connection:
        row = (await connection.execute(select(calls).where(calls.c.id == call_id))).first()
    return None if row is None else _call(row)


async def renew(database: Database, call_ids: Collection[str]) -> None:
    """Say that calls are still held."""
    if not call_ids:
        return
    async with database.write() as connection:
        await connection.execute(update(calls).where(calls.c.id.in_(call_ids)).values(leased_until=now() + _LEASE))


async def held(database: Database, call_ids: Collection[str]) -> frozenset[str]:
    """Those of the calls that a server holds, or held until a moment ago."""
    async with database.read() as connection:
        rows = await connection.execute(
            select(calls.c.id).where(calls.c.id.in_(call_ids), calls.c.leased_until > now())
        )
        return frozenset(rows.scalars())


async def close_orphans(database: Database, dead: Collection[str] = ()) -> tuple[str, ...]:
    """
    Close the calls that a killed server left open, with the reason ``server_error``.

    Each ends when its last fact happened, and gets its ``CallEnded``. A recording that nobody finishes any more is
    marked as failed; whoever finds its files may finish it all the same.

    Args:
        database: The store.
        dead: Owners that are known to be dead: their leases count no longer.

    Returns:
        The ids of the calls that were closed.
    """
    async with database.write() as connection:
        moment = now()
        forsaken = or_(calls.c.owner.in_(dead), calls.c.leased_until <= moment)
        # Locked, so that of two servers that look at the same moment one closes each call.
        found = await connection.execute(
            select(calls.c.id).where(calls.c.ended_at.is_(None), forsaken).with_for_update(skip_locked=True)
        )
        orphans = (
            await connection.execute(
                select(calls.c.id, calls.c.started_at, func.max(facts.c.n).label("n"), func.max(facts.c.at).label("at"))
                .join_from(calls, facts, facts.c.call_id == calls.c.id, isouter=True)
                .where(calls.c.id.in_(found.scalars().all()))
                .group_by(calls.c.id, calls.c.started_at)
            )
        ).all()
        told = await connection.execute(
            select(facts.c.call_id, facts.c.body).where(
                facts.c.call_id.in_([orphan.id for orphan in orphans]), facts.c.kind == CallEnded.__name__
            )
        )
        ends = {row.call_id: str(row.body["reason"]) for row in told}
        for orphan in orphans:
            at = orphan.at or 0.0
            # A process may also have died between its last fact and the closing of the row.
            reason = ends.get(orphan.id, "server_error")
            if orphan.id not in ends:
                await connection.execute(
                    insert(facts).values(fact_to_row(orphan.id, (orphan.n or 0) + 1, CallEnded(at, reason)))
                )
            await _finish(connection, orphan.id, reason=reason, ended_at=orphan.started_at + timedelta(seconds=at))
        await connection.execute(
            update(calls)
            .where(calls.c.recording == "recording", calls.c.ended_at.is_not(None), forsaken)
            .values(recording="failed", leased_until=moment)
        )
    return tuple(orphan.id for orphan in orphans)


async def _finish(connection: AsyncConnection, call_id: str, *, reason: str, ended_at: datetime) -> bool:
    started_at = (
        await connection.execute(select(calls.c.started_at).where(calls.c.id == call_id, calls.c.ended_at.is_(None)))
    ).scalar()
    if started_at is None:
        return False
    changed = await connection.execute(
        update(calls)
        .where(calls.c.id == call_id, calls.c.ended_at.is_(None))
        .values(
            status="failed" if reason == "server_error" else "completed",
            ended_at=ended_at,
            end_reason=reason,
            duration_ms=max(0, (ended_at - started_at) // _MILLISECOND),
            updated_at=now(),
        )
    )
    if changed.rowcount != 1:
        return False
    # In the same transaction, so that no end of a call is forgotten. Its recording is joined meanwhile.
    await connection.execute(
        insert(after_calls).values(call_id=call_id, step=FIRST_STEP, attempts=0, due_at=now() + _RECORDING_JOINED)
    )
    return True


def brief_call(
    row: Row[*tuple[object, ...]], *, figures: Mapping[str, object] | None, analytics: Mapping[str, object] | None
) -> Call:
    """What a row without its owner and its documents says of a call; the figures as whoever read the row has them."""
    return Call(
        id=row.id,
        session_id=row.session_id,
        agent_id=row.agent_id,
        mode=row.mode,
        started_at=row.started_at,
        status=cast("CallStatus", row.status),
        ended_at=row.ended_at,
        end_reason=row.end_reason,
        model=row.model,
        recording=cast("RecordingState", row.recording),
        recording_path=row.recording_path,
        duration_ms=row.duration_ms,
        updated_at=row.updated_at,
        figures=figures,
        analytics=analytics,
    )


def _call(row: Row[*tuple[object, ...]]) -> Call:
    brief = brief_call(row, figures=row.figures, analytics=row.analytics)
    return replace(
        brief, owner=row.owner, visitor=row.visitor, variables=row.variables, agent=row.agent, voice=row.voice
    )
