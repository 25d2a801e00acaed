"""Refusals on their way into the store: counted together, bounded, and written before the end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.fresh_database import open_fresh
from vivavoce.errors import StoreError
from vivavoce.server.embed_log import RefusalLog
from vivavoce.store import agents, refusals
from vivavoce.store.database import Database
from vivavoce.store.refusals import ELSEWHERE, Refusal, RefusalRow


def play(folder: Path, scenario: Callable[[Database, str], Awaitable[None]]) -> None:
    async def scene() -> None:
        database = await open_fresh(f"sqlite:///{folder / 'x.sqlite3'}")
        try:
            await scenario(database, (await agents.create(database, {"name": "Ada"})).id)
        finally:
            await database.close()

    asyncio.run(scene())


async def stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def stored(database: Database) -> dict[tuple[str, str], int]:
    """How often, by origin and visitor."""
    page = await refusals.list_page(database)
    return {(row.refusal.origin, row.refusal.visitor): row.times for row in page.rows}


def test_refusals_of_a_kind_are_written_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood costs one row and one transaction."""
    written: list[list[RefusalRow]] = []
    done = asyncio.Event()

    async def count(_: Database, rows: Iterable[RefusalRow]) -> None:
        written.append(list(rows))
        done.set()

    async def scenario(database: Database, agent_id: str) -> None:
        monkeypatch.setattr(refusals, "count", count)
        log = RefusalLog(database, every_s=0)
        running = asyncio.create_task(log.run())
        for _ in range(1000):
            log.note(Refusal(agent_id, "host_not_allowed", "https://evil.example", "v"))
        await done.wait()
        await stop(running)

        assert [[1000], []] == [[row.times for row in rows] for rows in written]

    play(tmp_path, scenario)


def test_what_is_left_at_the_end_is_written(tmp_path: Path) -> None:
    """Also when the task had only just begun to gather."""

    async def scenario(database: Database, agent_id: str) -> None:
        log = RefusalLog(database, every_s=3600)
        running = asyncio.create_task(log.run())
        await asyncio.sleep(0)
        log.note(Refusal(agent_id, "agent_busy", "https://shop.example", "v"))
        await stop(running)

        assert {("https://shop.example", "v"): 1} == await stored(database)

    play(tmp_path, scenario)


def test_beyond_a_bound_only_agent_and_reason_count(tmp_path: Path) -> None:
    """However many origins somebody makes up while the store is away."""

    async def scenario(database: Database, agent_id: str) -> None:
        log = RefusalLog(database, most_kinds=2)
        running = asyncio.create_task(log.run())
        await asyncio.sleep(0)
        for number in range(10):
            log.note(Refusal(agent_id, "host_not_allowed", f"https://{number}.example", "v"))
        await stop(running)

        assert {("https://0.example", "v"): 1, ("https://1.example", "v"): 1, (ELSEWHERE, ""): 8} == await stored(
            database
        )

    play(tmp_path, scenario)


def test_a_store_that_fails_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What could not be written is told and forgotten; what comes later is written."""
    caplog.set_level(logging.WARNING)
    count, failures = refusals.count, iter([StoreError("the disk is full"), ValueError("a bug")])
    done = asyncio.Event()

    async def failing(database: Database, rows: Iterable[RefusalRow]) -> None:
        done.set()
        if (error := next(failures, None)) is not None:
            raise error
        await count(database, rows)

    async def scenario(database: Database, agent_id: str) -> None:
        monkeypatch.setattr(refusals, "count", failing)
        log = RefusalLog(database, every_s=0)
        running = asyncio.create_task(log.run())
        for number in range(3):
            done.clear()
            log.note(Refusal(agent_id, "agent_busy", f"https://{number}.example", "v"))
            await done.wait()
        await stop(running)

        assert {("https://2.example", "v"): 1} == await stored(database)
        assert 2 == len(caplog.records)

    play(tmp_path, scenario)


def test_a_write_that_is_broken_off_is_made_up_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server stops in the middle of it; what came meanwhile is added."""
    count, begun = refusals.count, asyncio.Event()

    async def endless(*_: object) -> None:
        monkeypatch.setattr(refusals, "count", count)
        begun.set()
        await asyncio.Event().wait()

    async def scenario(database: Database, agent_id: str) -> None:
        monkeypatch.setattr(refusals, "count", endless)
        log, refusal = RefusalLog(database, every_s=0), Refusal(agent_id, "agent_busy", "https://shop.example", "v")
        running = asyncio.create_task(log.run())
        log.note(refusal)
        await begun.wait()
        log.note(refusal)
        await stop(running)

        assert {("https://shop.example", "v"): 2} == await stored(database)

    play(tmp_path, scenario)
