"""A store as a busy server has it after a season: many calls that are over, with all that is kept of them."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec
from sqlalchemy import insert

from vivavoce.clock import now
from vivavoce.config import Config
from vivavoce.store import agents, keys
from vivavoce.store.database import Database, open_database
from vivavoce.store.tables import calls

__all__ = ["Filled", "fill"]

_BATCH = 1_000
_SPAN = timedelta(days=90)
_AGENTS = 20
# The largest part of a row: the agent's document as the call used it.
_PROMPT_CHARS = 4_000
_REASONS = ("client_requested", "client_requested", "websocket_closed", "ended", "timeout", "server_error")
_METRICS = [
    {"identifier": "goal_reached", "dispositionMetricPrompt": "Was it?", "dispositionMetricType": "BOOLEAN"},
    {"identifier": "reason_for_call", "dispositionMetricPrompt": "Why?", "dispositionMetricType": "STRING"},
]


class Filled(msgspec.Struct, frozen=True):
    """What was stored: a key, the agents, and some of the calls."""

    key: str
    agent_ids: list[str]
    # One of so many calls, evenly.
    call_ids: list[str]
    call_every: int
    first_day: datetime
    last_day: datetime


def fill(folder: Path, *, number: int, seed: int = 1) -> Filled:
    """
    Make the store of a data folder, with calls that differ alike for the same seed.

    Args:
        folder: The data folder.
        number: How many calls.
        seed: Of the chance by which calls differ.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return asyncio.run(_fill(Config(data=folder).database_url, number, Random(seed)))


async def _fill(url: str, number: int, chance: Random) -> Filled:
    database = await open_database(url)
    try:
        _, key = await keys.create(database, "bench")
        documents = {}
        for count in range(_AGENTS):
            document = _document(count, chance)
            documents[(await agents.create(database, document)).id] = document
        last = now()
        first = last - _SPAN
        await _insert(database, list(_rows(number, documents, first, chance)))
        every = max(1, number // 100)
        ids = [_call_id(first + _SPAN * count / number, count) for count in range(0, number, every)]
        return Filled(key, list(documents), ids, every, first, last)
    finally:
        await database.close()


async def _insert(database: Database, rows: list[dict[str, object]]) -> None:
    for start in range(0, len(rows), _BATCH):
        async with database.write() as connection:
            await connection.execute(insert(calls), rows[start : start + _BATCH])


def _rows(
    number: int, documents: dict[str, dict[str, object]], first: datetime, chance: Random
) -> Iterator[dict[str, object]]:
    ids = list(documents)
    for count in range(number):
        agent_id = chance.choice(ids)
        started_at = first + _SPAN * count / number
        duration_ms = int(chance.expovariate(1 / 150_000)) + 1_000
        ended_at = started_at + timedelta(milliseconds=duration_ms)
        reason = chance.choice(_REASONS)
        latencies = [chance.randint(300, 1_500) for _ in range(chance.randint(1, 20))]
        mean_ms = sum(latencies) // len(latencies)
        yield {
            "id": _call_id(started_at, count),
            "session_id": f"{count:032x}",
            "agent_id": agent_id,
            "mode": "chat" if count % 10 == 0 else "webcall",
            "status": "failed" if reason == "server_error" else "completed",
            "started_at": started_at,
            "ended_at": ended_at,
            "end_reason": reason,
            "variables": {"customer_name": f"Visitor {count}", "call_id": _call_id(started_at, count)},
            "agent": documents[agent_id],
            "voice": {"model": "espeak", "voiceId": "nyah", "gender": "female"},
            "model": "knowledge",
            "recording": "ready",
            "recording_path": f"{_call_id(started_at, count)}/dual.flac",
            # Some were analysed late, so the two orders differ.
            "updated_at": ended_at + timedelta(seconds=chance.randint(10, 3_600)),
            "duration_ms": duration_ms,
            "avg_latency_ms": mean_ms,
            "figures": {"turnLatencyMetrics": _latency(latencies, mean_ms), "metrics": {"durationMs": duration_ms}},
            "analytics": {
                "state": "done",
                "reason": "",
                "summary": "The visitor asked about opening hours and was told. " * 4,
                "dispositionMetrics": [
                    {"identifier": "goal_reached", "value": True, "confidence": 0.9, "reasoning": "He said so."},
                    {"identifier": "reason_for_call", "value": "Opening hours", "confidence": 0.8, "reasoning": ""},
                ],
            },
        }


def _latency(latencies: list[int], mean_ms: int) -> dict[str, object]:
    return {
        "turns": len(latencies),
        "avgLatency": mean_ms,
        "medianLatency": sorted(latencies)[len(latencies) // 2],
        "minLatency": min(latencies),
        "maxLatency": max(latencies),
        "latencies": latencies,
        "transitions": [
            {"turn": turn, "user_end": 9_000 * turn, "bot_start": 9_000 * turn + latency, "latency": latency}
            for turn, latency in enumerate(latencies, 1)
        ],
        "processedAt": "2026-07-02T10:30:00.000Z",
    }


def _document(count: int, chance: Random) -> dict[str, object]:
    words = ("answer", "visitor", "kindly", "opening", "hours", "never", "always", "price", "order", "ask")
    prompt = ""
    while len(prompt) < _PROMPT_CHARS:
        prompt += chance.choice(words) + " "
    return {
        "name": f"Agent {count}",
        "firstMessage": "Good evening.",
        "singlePromptConfig": {"prompt": prompt},
        "postCallAnalyticsConfig": {"dispositionMetrics": _METRICS},
    }


def _call_id(started_at: datetime, count: int) -> str:
    milliseconds = (started_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return f"CALL-{milliseconds:013d}-{count:06x}"
