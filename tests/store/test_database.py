"""The database opens, migrates and lends out transactions."""

import asyncio
import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, select, text

from tests.fresh_database import open_fresh
from vivavoce.clock import now
from vivavoce.errors import StoreError
from vivavoce.store import agents, calls, migrations
from vivavoce.store.database import Database, open_database
from vivavoce.store.tables import keys, metadata

Play = Callable[[Callable[[Database], object]], None]


def test_migrations_make_the_tables_that_the_code_expects(play: Play) -> None:
    """Whoever changes a table must write a migration that does the same."""

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async def scenario(database: Database) -> None:
        async with database.read() as connection:
            found = await connection.run_sync(differences)

        assert [] == found

    play(scenario)


def test_the_newest_revision_is_the_one_that_the_code_expects() -> None:
    """A start with nothing to do compares a constant, which must follow the scripts."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    scripts = ScriptDirectory.from_config(config)

    assert migrations.NEWEST == scripts.get_current_head()
    assert migrations.known_revisions() == {script.revision for script in scripts.walk_revisions()}


def test_calls_of_an_older_version_belong_to_nobody(database_url: str) -> None:
    """A database from before servers were told apart opens, and what was left open in it is closed."""

    def older(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")

    async def scenario() -> None:
        database = await open_database(database_url)
        agent = await agents.create(database, {})
        await calls.start(database, calls.Call("CALL-1", "s", agent.id, "webcall", now(), owner="server"))
        async with database.write() as connection:
            await connection.run_sync(older)
        await database.close()
        database = await open_database(database_url)
        call = await calls.find(database, "CALL-1")

        assert call is not None
        assert "" == call.owner
        assert ("CALL-1",) == await calls.close_orphans(database)
        await database.close()

    asyncio.run(scenario())


def test_a_second_start_does_not_import_alembic(tmp_path: Path) -> None:
    """A start that has nothing to migrate takes a moment."""
    url = f"sqlite:///{tmp_path / 'x.sqlite3'}"

    async def start() -> None:
        await (await open_database(url)).close()

    asyncio.run(start())
    alembic = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "alembic"}
    try:
        asyncio.run(start())
        imported = [name for name in sys.modules if name.split(".")[0] == "alembic"]
    finally:
        sys.modules.update(alembic)

    assert [] == imported


def test_two_starts_at_the_same_time_share_the_work(database_url: str) -> None:
    """Processes that find an empty database together take turns, and all find the tables made."""

    async def scenario() -> None:
        databases = await asyncio.gather(*(open_database(database_url) for _ in range(4)))
        for database in databases:
            async with database.read() as connection:
                revision = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
            await database.close()

            assert migrations.NEWEST == revision

    asyncio.run(scenario())


def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    """An older program must not touch tables that it does not know, and says what to do."""

    async def scenario() -> None:
        database = await open_database(database_url)
        async with database.write() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await database.close()
        with pytest.raises(StoreError, match="revision 9999, which this version does not know"):
            await open_database(database_url)

    asyncio.run(scenario())


def test_a_failed_write_leaves_nothing_behind(play: Play) -> None:
    """A transaction is done whole or not at all."""

    async def scenario(database: Database) -> None:
        with pytest.raises(RuntimeError):
            async with database.write() as connection:
                await connection.execute(
                    insert(keys).values(id="1", name="n", digest="d", prefix="p", created_at=now())
                )
                raise RuntimeError
        async with database.read() as connection:
            rows = (await connection.execute(select(keys))).all()

        assert [] == rows

    play(scenario)


def test_writes_at_the_same_time_all_succeed(play: Play) -> None:
    """A transaction that reads before it writes waits for its turn instead of failing."""

    async def scenario(database: Database) -> None:
        async def add(number: int) -> None:
            async with database.write() as connection:
                await connection.execute(select(keys))
                await asyncio.sleep(0)
                await connection.execute(
                    insert(keys).values(id=str(number), name="n", digest=str(number), prefix="p", created_at=now())
                )

        await asyncio.gather(*(add(number) for number in range(12)))
        async with database.read() as connection:
            rows = (await connection.execute(select(keys))).all()

        assert 12 == len(rows)

    play(scenario)


def test_sqlite_is_set_up_for_a_server(tmp_path: Path) -> None:
    """Readers do not wait for the writer, references hold, and a second process waits instead of failing."""

    async def scenario() -> dict[str, object]:
        database = await open_database(f"sqlite:///{tmp_path / 'made' / 'x.sqlite3'}")
        async with database.read() as connection:
            found = {
                name: (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            }
        await database.close()
        return found

    # synchronous 1 is NORMAL.
    expected = {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 5000}

    assert expected == asyncio.run(scenario())


def test_a_database_that_cannot_be_reached_is_named_without_its_password() -> None:
    """The message says which database and why, and keeps the password."""

    async def scenario() -> None:
        await open_database("postgresql://user:geheim@127.0.0.1:1/none")

    with pytest.raises(StoreError, match=r"127\.0\.0\.1:1/none cannot be used") as caught:
        asyncio.run(scenario())

    assert "geheim" not in str(caught.value)


def test_a_url_of_another_database_is_refused() -> None:
    """Only SQLite and PostgreSQL are supported."""
    with pytest.raises(StoreError, match="URL cannot be used"):
        asyncio.run(open_database("no-such-database://x"))


def test_a_file_that_is_no_database_is_a_store_error(tmp_path: Path) -> None:
    """A file of something else is neither used nor overwritten."""
    path = tmp_path / "x.sqlite3"
    path.write_text("this is a letter, not a database" * 100)

    with pytest.raises(StoreError, match="not a database"):
        asyncio.run(open_database(f"sqlite:///{path}"))


def test_closing_waits_for_connections_that_nobody_waits_for_any_more(tmp_path: Path) -> None:
    """Whoever was cancelled while his connection was being opened leaves no thread behind."""
    failed: list[threading.ExceptHookArgs] = []
    connect = sqlite3.connect

    def slowly(*arguments: Any, **named: Any) -> sqlite3.Connection:
        opening.set()
        closed.wait(0.05)
        made: sqlite3.Connection = connect(*arguments, **named)
        return made

    opening, closed = threading.Event(), threading.Event()

    async def scene() -> None:
        database = await open_fresh(f"sqlite:///{tmp_path / 'vivavoce.sqlite3'}")

        async def ask() -> None:
            async with database.read() as connection:
                await connection.exec_driver_sql("SELECT 1")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sqlite3, "connect", slowly)
            # The pool has one connection: the others are opened anew.
            asking = [asyncio.create_task(ask()) for _ in range(3)]
            await asyncio.to_thread(opening.wait, 10)
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
            await database.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading, "excepthook", failed.append)
        asyncio.run(scene())
        closed.set()
        for thread in threading.enumerate():
            if "_connection_worker_thread" in thread.name:
                thread.join(10)

    assert [] == failed


def test_closing_waits_for_statements_whose_tasks_were_cancelled(tmp_path: Path) -> None:
    """Their threads would otherwise answer an event loop that is gone."""
    failed: list[threading.ExceptHookArgs] = []
    counts = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 300000) SELECT count(*) FROM n"

    async def scene() -> None:
        database = await open_fresh(f"sqlite:///{tmp_path / 'vivavoce.sqlite3'}")
        lent = asyncio.Event()

        async def count() -> None:
            async with database.read() as connection:
                lent.set()
                await connection.exec_driver_sql(counts)

        counting = asyncio.create_task(count())
        await lent.wait()
        await asyncio.sleep(0)
        counting.cancel()
        await database.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading, "excepthook", failed.append)
        asyncio.run(scene())
        for thread in threading.enumerate():
            if "_connection_worker_thread" in thread.name:
                thread.join(10)

    assert [] == failed
