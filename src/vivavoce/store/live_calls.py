"""The calls that are going on at this moment."""

from sqlalchemy import select

from vivavoce.store.call_lists import CallFilter, CallPage, conditions, find_many
from vivavoce.store.database import Database
from vivavoce.store.tables import calls

__all__ = ["list_live"]


async def list_live(database: Database, wanted: CallFilter, *, most: int) -> CallPage:
    """Those of the wanted calls that have not ended, the newest first; ``total`` is how many are shown."""
    # By the index of ends: those that have none are few, however many calls there are.
    async with database.read() as connection:
        ids = await connection.execute(
            select(calls.c.id)
            .where(calls.c.ended_at.is_(None), *conditions(wanted))
            .order_by(calls.c.started_at.desc(), calls.c.id.desc())
            .limit(most)
        )
        call_ids = ids.scalars().all()
    return await find_many(database, call_ids)
