"""What the operator set by the API about the server itself: one JSON value for each name."""

from collections.abc import Callable

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from vivavoce.store.database import Database
from vivavoce.store.tables import settings

__all__ = ["change", "read"]


async def read(database: Database, name: str) -> object:
    """The value of this name; None where it was never set."""
    async with database.read() as connection:
        row = (await connection.execute(select(settings.c.value).where(settings.c.name == name))).first()
    return None if row is None else row.value


async def change(database: Database, name: str, edit: Callable[[object], object]) -> object:
    """
    Replace a value by an edited one; two changes at the same time are made one after the other.

    Args:
        database: The store.
        name: The setting.
        edit: Gives the new value for the old one (None where there is none); what it raises is raised.

    Returns:
        The new value.
    """
    async with database.write() as connection:
        on = postgresql if connection.dialect.name == "postgresql" else sqlite
        # A row to lock: of two who make it at once, one finds it made.
        await connection.execute(on.insert(settings).values(name=name, value=None).on_conflict_do_nothing())
        found = await connection.execute(select(settings.c.value).where(settings.c.name == name).with_for_update())
        value = edit(found.scalar_one())
        await connection.execute(update(settings).where(settings.c.name == name).values(value=value))
    return value
