"""Calls that are over, stored with any figures that a test wants."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from vivavoce.store import agents, calls
from vivavoce.store.calls import Call
from vivavoce.store.database import Database
from vivavoce.store.tables import calls as table

__all__ = ["BEGAN", "FIGURES", "call_id", "make_agent", "make_call"]

# The first call began then; each further one an hour later.
BEGAN = datetime(2026, 7, 2, 10, 0, tzinfo=UTC)
FIGURES: dict[str, object] = {
    "turnLatencyMetrics": {
        "turns": 1,
        "avgLatency": 700,
        "medianLatency": 700,
        "minLatency": 700,
        "maxLatency": 700,
        "latencies": [700],
        "transitions": [{"turn": 1, "user_end": 5000, "bot_start": 5700, "latency": 700}],
        "processedAt": "2026-07-02T11:00:00.000Z",
    },
    "metrics": {"userTurns": 1},
}


def call_id(number: int) -> str:
    """The id of the call of this number, such as ``CALL-1776756378001-00000a``."""
    return f"CALL-{1776756378000 + number}-{number:06x}"


async def make_agent(database: Database, name: str = "Ada", **settings: object) -> str:
    """The id of a new agent."""
    return (await agents.create(database, {"name": name, **settings})).id


async def make_call(
    database: Database,
    number: int,
    agent_id: str,
    *,
    mode: str = "webcall",
    reason: str = "client_requested",
    duration_ms: int | None = 30_000,
    **columns: object,
) -> str:
    """
    Store a call and return its id.

    Args:
        database: The store.
        number: Gives the id, and how many hours after the first it began.
        agent_id: An agent that is stored.
        mode: ``webcall`` or ``chat``.
        reason: How it ended.
        duration_ms: How long it lasted; None leaves it running.
        columns: What its row holds besides, such as ``avg_latency_ms``.
    """
    began = BEGAN + timedelta(hours=number)
    call = Call(call_id(number), "session", agent_id, mode, began, agent={"name": "As it was"})
    await calls.start(database, call)
    if duration_ms is not None:
        ended = began + timedelta(milliseconds=duration_ms)
        await calls.finish(database, call.id, reason=reason, ended_at=ended)
        columns = {"updated_at": ended, **columns}
    if columns:
        async with database.write() as connection:
            await connection.execute(update(table).where(table.c.id == call.id).values(columns))
    return call.id
