"""
The database: opened, brought to the newest form, lent out as transactions, closed.

SQLite by default, PostgreSQL by URL; the rest of ``store/`` cannot tell them apart.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import msgspec
from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from vivavoce.errors import StoreError
from vivavoce.store.migrations import bring_up_to_date

__all__ = ["Database", "open_database"]

_log = logging.getLogger(__name__)
_WRITES = {"vivavoce_writes": True}
# How long closing waits for connections that are lent out.
_RETURNED_WITHIN_S = 2.0
_SQLITE_PRAGMAS = (
    # Readers and the writer do not wait for each other.
    "journal_mode=WAL",
    # With WAL this is safe against a killed process; only a power cut may lose the last transactions.
    "synchronous=NORMAL",
    "busy_timeout=5000",
    "foreign_keys=ON",
)


class Database:
    """
    Lends out transactions.

    Made by ``open_database``. Every failure to reach or use the database is a ``StoreError``;
    errors of the statements themselves, such as a violated constraint, stay SQLAlchemy's.
    """

    def __init__(self, engine: AsyncEngine, *, name: str) -> None:
        # Owns the connections.
        self._engine = engine
        # The URL without its password, for messages.
        self.name = name
        # SQLite has one writer at a time; queueing here is fair and keeps its threads free.
        self._turn = asyncio.Lock() if engine.dialect.name == "sqlite" else None
        # How many connections are lent out, from their opening until they have been given back.
        self._lent_out = 0
        # Set while there are none.
        self._all_back = asyncio.Event()
        self._all_back.set()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads: on SQLite it sees one state throughout, on PostgreSQL each query its own."""
        with self._translated():
            async with self._lent() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write; committed at the end of the block, undone by an exception."""
        async with AsyncExitStack() as stack:
            if self._turn is not None:
                await stack.enter_async_context(self._turn)
            with self._translated():
                async with self._lent() as connection:
                    await connection.execution_options(**_WRITES)
                    async with connection.begin():
                        yield connection

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[AsyncConnection]:
        """
        A connection for as long as the block lasts.

        It is opened and given back in tasks of their own, which go on where the block is cancelled: the thread that
        runs a statement would otherwise answer an event loop that is gone.
        """
        self._lent_out += 1
        self._all_back.clear()
        connection = self._engine.connect()
        opening = asyncio.ensure_future(connection.start())
        try:
            await asyncio.shield(opening)
            yield connection
        finally:
            returning = asyncio.create_task(_give_back(connection, opening))
            returning.add_done_callback(self._came_back)
            await asyncio.shield(returning)

    def _came_back(self, _: asyncio.Task[None]) -> None:
        self._lent_out -= 1
        if not self._lent_out:
            self._all_back.set()

    async def ping(self) -> None:
        """
        Ask the database for next to nothing.

        Raises:
            StoreError: It cannot be used.
        """
        async with self.read() as connection:
            await connection.exec_driver_sql("SELECT 1")

    @property
    def file(self) -> Path | None:
        """The file of SQLite; None for a database that is elsewhere."""
        url = self._engine.url
        return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None

    async def close(self) -> None:
        """Close all connections; those that are still lent out are waited for, within a limit."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_RETURNED_WITHIN_S):
                await self._all_back.wait()
        await self._engine.dispose()

    def _translated(self) -> "_Translated":
        return _Translated(self.name)


async def _give_back(connection: AsyncConnection, opening: asyncio.Future[AsyncConnection]) -> None:
    """Close a connection, once it has been opened; that it could not be, another is told."""
    with suppress(Exception):
        await opening
    if opening.exception() is None:
        await connection.close()


class _Translated:
    """Turns a failure of the database itself into a ``StoreError`` that names the database and the reason."""

    def __init__(self, name: str) -> None:
        # What the message calls the database.
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        match error:
            case OperationalError() | InterfaceError():
                raise self._unusable(error) from error
            case DatabaseError() if type(error) is DatabaseError:
                # Such as a file that is no database, or is damaged; its subclasses tell of single statements.
                raise self._unusable(error) from error
            case PoolTimeout():
                raise StoreError(f"the database {self._name} is overloaded: no free connection") from error
            case _:
                return

    def _unusable(self, error: DBAPIError) -> StoreError:
        lines = str(error.orig).strip().splitlines()
        return StoreError(
            f"the database {self._name} cannot be used: {lines[0] if lines else type(error.orig).__name__}"
        )


async def open_database(url: str) -> Database:
    """
    Open the database and bring its tables to the form that this version needs.

    Args:
        url: ``sqlite:///path`` (its folder is made if need be) or ``postgresql://user:password@host/name``.

    Raises:
        StoreError: The database cannot be reached, or was made by a newer version.
    """
    try:
        given = make_url(url)
        parsed = _with_driver(given)
        engine = create_async_engine(
            parsed,
            pool_pre_ping=not parsed.drivername.startswith("sqlite"),
            json_serializer=lambda value: msgspec.json.encode(value).decode(),
            json_deserializer=msgspec.json.decode,
        )
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise StoreError(f"the database URL cannot be used: {error}") from error
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, parsed)
    database = Database(engine, name=given.render_as_string(hide_password=True))
    try:
        async with database.write() as connection:
            await connection.run_sync(bring_up_to_date)
    except BaseException:
        await database.close()
        raise
    return database


def _with_driver(url: URL) -> URL:
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
    return url.set(drivername=drivers.get(url.drivername, url.drivername))


def _prepare_sqlite(engine: AsyncEngine, url: URL) -> None:
    if url.database and url.database != ":memory:":
        folder = Path(url.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StoreError(f"the folder {folder} cannot be made: {error.strerror}") from error

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # Without this the driver opens transactions on its own, and only before some statements.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _SQLITE_PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        # A transaction that reads first and writes later fails at once if another has written in between,
        # whatever the busy timeout; one that says at the start that it writes waits for its turn.
        writes = connection.get_execution_options().get("vivavoce_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
