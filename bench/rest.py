"""How long the lists of the REST API take beside a large store."""

import http.client
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import msgspec

from bench.figures import Spread, spread
from bench.machine import bench_cores
from bench.rest_store import Filled, fill
from bench.systems import stored

__all__ = ["Asked", "RestResult", "questions", "run_rest"]

# Source: the goal of the project, for a page of 100 out of 100,000 calls on SQLite.
_GOAL_P99_MS = 50.0
# The first answers also load code and fill caches.
_WARM_UP = 20
_LIMIT_S = 30.0


class Asked(msgspec.Struct, frozen=True):
    """One question, asked again and again: how long the answers took, in milliseconds, and how large they were."""

    title: str
    path: str
    took_ms: Spread
    answer_bytes: int


class RestResult(msgspec.Struct, frozen=True):
    """What was found, question by question."""

    calls: int
    database_bytes: int
    asked: list[Asked]

    def markdown(self) -> str:
        """The result as a table, with a verdict for each list."""
        lines = [
            f"## REST, {self.calls:,} calls in SQLite ({self.database_bytes / 1e6:.0f} MB)",
            "",
            "| question | answer | p50 | p99 | largest | within the goal |",
            "|---|---:|---:|---:|---:|---|",
        ]
        for asked in self.asked:
            met = "yes" if (asked.took_ms.p99 or 0.0) < _GOAL_P99_MS else "**no**"
            lines.append(
                f"| {asked.title} | {asked.answer_bytes / 1e3:.0f} kB | {_ms(asked.took_ms.p50)} "
                f"| {_ms(asked.took_ms.p99)} | {_ms(asked.took_ms.largest)} | {met} |"
            )
        return "\n".join([*lines, "", f"The goal is a p99 under {_GOAL_P99_MS:.0f} ms."])


def run_rest(*, calls: int, requests: int) -> RestResult:
    """
    Fill a store, start a server on it, and ask it one question after the other, one request at a time.

    Args:
        calls: How many calls are stored.
        requests: How often each question is asked.

    Raises:
        SystemExit: The server did not start, or answered anything but 200.
    """
    server_core, driver_core = bench_cores()
    with tempfile.TemporaryDirectory(prefix="vivavoce-bench-") as scratch:
        data = Path(scratch) / "data"
        filled = fill(data, number=calls)
        size = (data / "vivavoce.sqlite3").stat().st_size
        os.sched_setaffinity(0, {driver_core})
        with stored(data, core=server_core) as server:
            asked = [
                _ask(server.url, filled.key, title, path, requests=requests)
                for title, path in questions(filled).items()
            ]
    return RestResult(calls, size, asked)


def questions(filled: Filled) -> dict[str, str]:
    """What is asked: the lists as a console asks for them, pages far behind included, and one call."""
    agent = filled.agent_ids[0]
    last_day = filled.last_day.date().isoformat()
    pages = len(filled.call_ids) * filled.call_every // 100
    lists: Mapping[str, dict[str, object]] = {
        "first page": {},
        "page in the middle": {"page": max(1, pages // 2)},
        "last page": {"page": max(1, pages)},
        "newest first": {"sortBy": "createdAt"},
        "slowest first": {"sortBy": "avgLatency"},
        "one agent": {"agentIds": agent},
        "one agent, the longest first": {"agentIds": agent, "sortBy": "callDuration"},
        "failed": {"statusFilter": "failed"},
        "timed out, over 5 minutes": {"disconnectReasonFilter": "timeout", "durationFilter": "5+"},
        "one day": {"dateFrom": last_day, "dateTo": last_day},
        "part of an id": {"search": "00ff"},
    }
    return {
        **{title: f"/atoms/v1/conversation?{urlencode({'limit': 100, **query})}" for title, query in lists.items()},
        "call-logs of an agent": f"/atoms/v1/agent/{agent}/call-logs?limit=100",
        "call-counts-log": "/atoms/v1/analytics/call-counts-log?limit=100",
        "summary of 30 days": "/atoms/v1/analytics/summary",
        "concurrency of a day": f"/atoms/v1/analytics/concurrency?date={last_day}",
        "one call": f"/atoms/v1/conversation/{filled.call_ids[0]}",
    }


def _ask(url: str, key: str, title: str, path: str, *, requests: int) -> Asked:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_LIMIT_S)
    took_ms: list[float] = []
    size = 0
    for number in range(_WARM_UP + requests):
        began_s = time.perf_counter()
        connection.request("GET", path, headers={"authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        body = answer.read()
        if number >= _WARM_UP:
            took_ms.append(1000 * (time.perf_counter() - began_s))
        if answer.status != 200:
            raise SystemExit(f"GET {path} was answered with {answer.status}: {body[:300].decode(errors='replace')}")
        size = len(body)
    connection.close()
    return Asked(title, path, spread(took_ms), size)


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} ms"
