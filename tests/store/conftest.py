"""A fresh database for each test: SQLite always, PostgreSQL where VIVAVOCE_TEST_POSTGRES names a server."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.fresh_database import open_fresh
from vivavoce.store.database import Database

Scenario = Callable[[Database], Awaitable[None]]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'vivavoce.sqlite3'}"
        return
    server = os.environ.get("VIVAVOCE_TEST_POSTGRES", "")
    if not server:
        pytest.skip("VIVAVOCE_TEST_POSTGRES names no server, such as postgresql://user@localhost/postgres")
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
