"""What holds for all tests."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from tests.fresh_database import open_fresh
from vivavoce.store.database import Database

Scenario = Callable[[Database], Awaitable[None]]

# How long an example takes depends on what else the machine does; the same tree is to give the same result again.
settings.register_profile(
    "vivavoce", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("vivavoce")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database that does not exist yet, or is empty: SQLite always, PostgreSQL where there is a server."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'vivavoce.sqlite3'}"
        return
    server = os.environ.get("VIVAVOCE_TEST_POSTGRES", "")
    if not server:
        pytest.skip("VIVAVOCE_TEST_POSTGRES names no server; see script/postgres")
    name = f"vivavoce_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        yield server.rpartition("/")[0] + f"/{name}"
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture
def play(database_url: str) -> Callable[[Scenario], None]:
    """Plays a scenario on a fresh database."""

    def play(scenario: Scenario) -> None:
        async def opened() -> None:
            database = await open_fresh(database_url)
            try:
                await scenario(database)
            finally:
                await database.close()

        asyncio.run(opened())

    return play
