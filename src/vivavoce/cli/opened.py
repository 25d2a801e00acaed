"""The store, for a verb that needs it."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

from vivavoce.config import load_config
from vivavoce.store.database import Database, open_database

__all__ = ["with_database"]

T = TypeVar("T")


def with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """
    Do something with the configured database; what it gives is returned.

    Raises:
        ConfigError: The configuration is wrong.
        StoreError: The database cannot be used.
    """
    url = load_config(os.environ).database_url

    async def opened() -> T:
        database = await open_database(url)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(opened())
