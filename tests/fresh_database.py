"""A fresh SQLite database without waiting for its migrations: a copy of one that has been through them."""

import asyncio
import functools
import tempfile
from pathlib import Path

from vivavoce.store.database import Database, open_database

__all__ = ["open_fresh"]


async def open_fresh(url: str) -> Database:
    """Open a database; one of SQLite that is not there yet is made at once."""
    if url.startswith("sqlite:///"):
        await asyncio.to_thread(_lay, Path(url.removeprefix("sqlite:///")))
    return await open_database(url)


def _lay(file: Path) -> None:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_migrated())


@functools.cache
def _migrated() -> bytes:
    async def make(file: Path) -> None:
        await (await open_database(f"sqlite:///{file}")).close()

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "fresh.sqlite3")
        asyncio.run(make(file))
        return file.read_bytes()
