"""A fresh database for each test, of either kind."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.fresh_database import open_fresh
from vivavoce.store.database import Database

Scenario = Callable[[Database], Awaitable[None]]


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
