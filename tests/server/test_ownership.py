"""Which server a call belongs to, and which servers have died."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from vivavoce.clock import now
from vivavoce.errors import StoreError
from vivavoce.server.ownership import close_left_behind, hold_calls, sign_in
from vivavoce.store import agents, calls
from vivavoce.store.database import Database

Play = Callable[[Callable[[Database], Awaitable[None]]], None]

# A server that begins a call and then says who it is.
PROCESS = """
import asyncio, sys
from pathlib import Path
from vivavoce.server.ownership import sign_in
from vivavoce.clock import now
from vivavoce.store import agents, calls
from vivavoce.store.database import open_database

async def main(server):
    database = await open_database(sys.argv[2])
    agent = await agents.create(database, {})
    await calls.start(database, calls.Call("CALL-killed", "s", agent.id, "webcall", now(), owner=server))
    print(server, flush=True)
    await asyncio.sleep(60)

with sign_in(Path(sys.argv[1])) as server:
    asyncio.run(main(server))
"""


async def begin(database: Database, call_id: str, *, server: str) -> None:
    agent = await agents.create(database, {})
    await calls.start(database, calls.Call(call_id, "s", agent.id, "webcall", now(), owner=server))


async def is_open(database: Database, call_id: str) -> bool:
    call = await calls.find(database, call_id)

    assert call is not None
    return call.ended_at is None


def test_every_start_is_a_server_of_its_own(tmp_path: Path) -> None:
    """Each has its id, and a file that is nobody else's business."""
    with sign_in(tmp_path) as first, sign_in(tmp_path) as second:
        files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "servers").iterdir()}

    assert first != second
    assert {first: 0o600, second: 0o600} == files


def test_only_the_dead_leave_something_behind(play: Play, tmp_path: Path) -> None:
    """A neighbour on the same data folder keeps its calls, and its file, as long as it lives."""

    async def scenario(database: Database) -> None:
        with sign_in(tmp_path) as gone:
            await begin(database, "CALL-gone", server=gone)
        with sign_in(tmp_path) as neighbour:
            await begin(database, "CALL-neighbour", server=neighbour)
            with sign_in(tmp_path) as server:
                assert ("CALL-gone",) == await close_left_behind(database, tmp_path)
                assert await is_open(database, "CALL-neighbour")
                assert {neighbour, server} == {file.name for file in (tmp_path / "servers").iterdir()}

        assert ("CALL-neighbour",) == await close_left_behind(database, tmp_path)
        assert [] == list((tmp_path / "servers").iterdir())

    play(scenario)


def test_a_data_folder_without_servers_has_nobody_to_look_after(play: Play, tmp_path: Path) -> None:
    """As an older version left it."""

    async def scenario(database: Database) -> None:
        assert () == await close_left_behind(database, tmp_path)

    play(scenario)


@pytest.mark.slow
def test_the_calls_of_a_killed_server_are_closed_at_once(database_url: str, play: Play, tmp_path: Path) -> None:
    """SIGKILL gives no time to tidy up, and nobody has to wait until a lease expires."""
    with subprocess.Popen(
        [sys.executable, "-c", PROCESS, str(tmp_path), database_url], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()

        async def while_it_lives(database: Database) -> None:
            assert () == await close_left_behind(database, tmp_path)

        play(while_it_lives)
        os.kill(process.pid, signal.SIGKILL)

    async def afterwards(database: Database) -> None:
        assert ("CALL-killed",) == await close_left_behind(database, tmp_path)

    play(afterwards)


def test_a_data_folder_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    """It names the file."""
    (tmp_path / "servers").write_text("a file")

    with pytest.raises(StoreError, match="servers"), sign_in(tmp_path):
        pass


def test_live_calls_are_held_and_others_closed(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Again and again, also after a time in which the store could not be reached, or after a bug of ours."""
    monkeypatch.setattr(calls, "LEASE_RENEWED_EVERY_S", 0)
    renew = calls.renew
    rounds: list[list[str]] = []

    async def sometimes(database: Database, call_ids: list[str]) -> None:
        rounds.append(call_ids)
        if len(rounds) == 1:
            raise StoreError("the database cannot be reached")
        if len(rounds) == 2:
            raise ZeroDivisionError
        await renew(database, call_ids)

    monkeypatch.setattr(calls, "renew", sometimes)

    async def scenario(database: Database) -> None:
        for call_id in ("CALL-live", "CALL-lost"):
            await begin(database, call_id, server="server")
        later = now() + 2 * calls._LEASE
        monkeypatch.setattr(calls, "now", lambda: later)
        async with asyncio.timeout(10):
            holding = asyncio.create_task(hold_calls(database, lambda: ["CALL-live"]))
            while await is_open(database, "CALL-lost"):  # noqa: ASYNC110  # the database calls nobody
                await asyncio.sleep(0)
        holding.cancel()

        assert await is_open(database, "CALL-live")
        assert ["CALL-live"] == rounds[0]

    play(scenario)
