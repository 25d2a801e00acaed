"""What an operator wants to know of a running server: its engines, its store, its disk, and since when it runs."""

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import vivavoce
from vivavoce.clock import monotonic_s, now
from vivavoce.config import Config
from vivavoce.engines.engine import Engines
from vivavoce.errors import EngineError, StoreError
from vivavoce.lineup import OpenedEngine
from vivavoce.server.checks import ENGINE_LIMIT_S, check_data_folder, check_engine, check_pages
from vivavoce.server.engine_watch import EngineFigures, EngineWatch
from vivavoce.store.database import Database

__all__ = ["Check", "Health", "ServerState", "StageState"]

# Below this, the page says so: a minute of a call takes about 4 MB on disk while it is recorded.
_LITTLE_ROOM_BYTES = 2_000_000_000
# What is asked for again so soon is answered from memory: checks cost engines time, and some of them money.
_CHECKED_FOR_S = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """
    What a check found.

    Args:
        name: What was checked: a stage such as ``stt``, ``data``, ``pages`` or ``database``.
        fault: What is wrong and what to do about it; empty for nothing.
        took_s: How long it took; for an engine, until its answer began.
        at: When.
    """

    name: str
    fault: str
    took_s: float
    at: datetime


@dataclass(frozen=True, slots=True)
class StageState:
    """One stage of every call: its engine, the last hour, and the last check."""

    engine: OpenedEngine
    figures: EngineFigures
    check: Check | None

    @property
    def troubled(self) -> bool:
        """Whether there is a fault to tell of."""
        return bool(self.engine.faults or self.figures.fault or (self.check and self.check.fault))


@dataclass(frozen=True, slots=True)
class ServerState:
    """
    The rest of the server.

    Args:
        started_at: When this process was started.
        database: Its URL without the password.
        database_bytes: The size of its file; None for PostgreSQL.
        database_s: How long a small query took; None where it failed.
        disk_free_bytes: The room that is left for the data folder.
        disk_bytes: The size of the disk that it is on.
        checks: The last ones of what is no engine.
    """

    version: str
    started_at: datetime
    uptime_s: float
    database: str
    database_bytes: int | None
    database_s: float | None
    data_folder: str
    disk_free_bytes: int
    disk_bytes: int
    checks: Mapping[str, Check]

    @property
    def little_room(self) -> bool:
        """Whether the disk will be full soon."""
        return self.disk_free_bytes < _LITTLE_ROOM_BYTES


class Health:
    """
    Knows how a server is doing, and has it checked.

    Args:
        config: Of the server.
        database: The store.
        static: The folder of the built pages.
        engines: Those of the process; None where there are none, such as in tests of pages.
        opened: What is known of them.
        watch: Counts what they do.
    """

    def __init__(
        self,
        config: Config,
        database: Database,
        *,
        static: Path,
        engines: Engines | None = None,
        opened: tuple[OpenedEngine, ...] = (),
        watch: EngineWatch | None = None,
    ) -> None:
        self._config = config
        self._database = database
        self._engines = engines
        self._opened = opened
        self.watch = watch or EngineWatch()
        self._static = static
        self._started_at = now()
        self._started_s = monotonic_s()
        # The last check of each name, and when (monotonic) all of them were made.
        self._checks: dict[str, Check] = {}
        self._checked_s: float | None = None
        # One at a time: several people may press the button.
        self._checking = asyncio.Lock()

    def stages(self) -> list[StageState]:
        """The stages in the order in which a turn goes through them."""
        return [
            StageState(engine, self.watch.figures(engine.kind), self._checks.get(engine.kind))
            for engine in self._opened
        ]

    async def server(self) -> ServerState:
        """The state of everything that is no engine."""
        disk = await asyncio.to_thread(shutil.disk_usage, _nearest(self._config.data))
        return ServerState(
            version=vivavoce.__version__,
            started_at=self._started_at,
            uptime_s=monotonic_s() - self._started_s,
            database=self._database.name,
            database_bytes=await asyncio.to_thread(_bytes_of, self._database.file),
            database_s=await self._query_s(),
            data_folder=str(self._config.data.absolute()),
            disk_free_bytes=disk.free,
            disk_bytes=disk.total,
            checks={name: check for name, check in self._checks.items() if name in ("data", "pages", "database")},
        )

    async def check(self) -> list[Check]:
        """
        Check everything now: each engine does a little real work, one after the other, so that none is measured while
        another works.

        It ends within about 90 seconds, whatever hangs.
        """
        async with self._checking:
            if self._checked_s is None or monotonic_s() - self._checked_s > _CHECKED_FOR_S:
                for engine in self._opened:
                    if self._engines is not None:
                        await self._check_engine(self._engines, engine.kind)
                await self._check_rest()
                self._checked_s = monotonic_s()
            return list(self._checks.values())

    async def _check_engine(self, engines: Engines, kind: str) -> None:
        fault, began_s = "", monotonic_s()
        took_s = None
        try:
            took_s = await check_engine(engines, kind, limit_s=ENGINE_LIMIT_S)
        except EngineError as error:
            fault = error.reason
        self._keep(kind, fault, monotonic_s() - began_s if took_s is None else took_s)

    async def _check_rest(self) -> None:
        for name, check in (
            ("data", check_data_folder(self._config.data)),
            ("pages", check_pages(self._static)),
        ):
            fault, began_s = "", monotonic_s()
            try:
                await check
            except OSError as error:
                fault = str(error)
            self._keep(name, fault, monotonic_s() - began_s)
        query_s = await self._query_s()
        self._keep("database", "" if query_s is not None else "it cannot be used: see the log", query_s or 0.0)

    def _keep(self, name: str, fault: str, took_s: float) -> None:
        self._checks[name] = Check(name, fault, took_s, now())

    async def _query_s(self) -> float | None:
        began_s = monotonic_s()
        try:
            await self._database.ping()
        except StoreError:
            return None
        return monotonic_s() - began_s


def _nearest(folder: Path) -> Path:
    """The folder, or the first above it that is there."""
    return next((place for place in (folder, *folder.absolute().parents) if place.exists()), Path())


def _bytes_of(file: Path | None) -> int | None:
    """The size of a SQLite file, with what is still in its journal."""
    if file is None:
        return None
    return sum(part.stat().st_size for part in (file, Path(f"{file}-wal")) if part.is_file())
