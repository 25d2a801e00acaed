"""
Fills the database of a server with calls of the last days, for tests in a browser.

    python -m tests.seeded_calls URL AGENT_ID [calls a day]
"""

import asyncio
import random
import sys
from datetime import timedelta

from sqlalchemy import insert

from vivavoce import ids
from vivavoce.clock import now
from vivavoce.store.database import open_database
from vivavoce.store.tables import calls

__all__ = ["seed"]

_DAYS = 8
_REASONS = ("client_requested",) * 5 + ("websocket_closed", "ended", "ended", "timeout", "server_error")


async def seed(url: str, agent_id: str, *, a_day: int = 12) -> int:
    """Store calls that are over, the same ones each time but for their dates; returns how many."""
    chance = random.Random(7)
    database = await open_database(url)
    rows: list[dict[str, object]] = []
    for number in range(_DAYS * a_day):
        began = now() - timedelta(minutes=10 + number * 24 * 60 / a_day + chance.random() * 60)
        duration_ms = chance.randrange(8_000, 240_000)
        waits = [chance.randrange(350, 1_400) for _ in range(chance.randrange(1, 7))]
        reason = chance.choice(_REASONS)
        rows.append(
            {
                "id": ids.call_id(),
                "session_id": ids.session_id(),
                "agent_id": agent_id,
                "mode": "webcall",
                "status": "failed" if reason == "server_error" else "completed",
                "started_at": began,
                "ended_at": began + timedelta(milliseconds=duration_ms),
                "end_reason": reason,
                "variables": {},
                "agent": {},
                "voice": {},
                "model": "scripted",
                "recording": "none",
                "recording_path": "",
                "updated_at": began,
                "duration_ms": duration_ms,
                "avg_latency_ms": sum(waits) // len(waits),
                "figures": {"turnLatencyMetrics": {"latencies": waits}},
            }
        )
    async with database.write() as connection:
        await connection.execute(insert(calls), rows)
    await database.close()
    return len(rows)


if __name__ == "__main__":
    more = {"a_day": int(sys.argv[3])} if len(sys.argv) > 3 else {}
    print(asyncio.run(seed(sys.argv[1], sys.argv[2], **more)))
