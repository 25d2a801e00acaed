"""The API keys: made, recognised, revoked. Only a digest of each is stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, insert, select, update

from vivavoce import ids
from vivavoce.clock import now
from vivavoce.store.database import Database
from vivavoce.store.tables import keys

__all__ = ["Key", "create", "list_all", "recognise", "revoke"]

# How many characters of a key are kept so that people can tell keys apart.
_SHOWN = len("sk_") + 6
# The time of the last use is for people: a write for every request would cost more than it tells.
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is stored: everything about it, except the key."""

    id: str
    name: str
    prefix: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


async def create(database: Database, name: str) -> tuple[Key, str]:
    """
    Make a key.

    Returns:
        What is stored of it, and the secret itself: ``sk_…``, which cannot be read again.
    """
    secret = ids.api_key()
    key = Key(ids.agent_id(), name, secret[:_SHOWN], now(), None, None)
    async with database.write() as connection:
        await connection.execute(
            insert(keys).values(
                id=key.id, name=name, digest=ids.digest(secret), prefix=key.prefix, created_at=key.created_at
            )
        )
    return key, secret


async def recognise(database: Database, secret: str) -> Key | None:
    """The key that this secret is; None when it is unknown or revoked."""
    digest = ids.digest(secret)
    moment = now()
    async with database.read() as connection:
        row = (
            await connection.execute(select(keys).where(keys.c.digest == digest, keys.c.revoked_at.is_(None)))
        ).first()
    if row is None:
        return None
    key = _key(row)
    if key.last_used_at is None or moment - key.last_used_at > _USE_IS_NOTED_EVERY:
        async with database.write() as connection:
            await connection.execute(update(keys).where(keys.c.id == key.id).values(last_used_at=moment))
    return key


async def revoke(database: Database, key_id: str) -> bool:
    """Let a key stop working at once; false when there is none of this id that works."""
    async with database.write() as connection:
        changed = await connection.execute(
            update(keys).where(keys.c.id == key_id, keys.c.revoked_at.is_(None)).values(revoked_at=now())
        )
    return changed.rowcount == 1


async def list_all(database: Database) -> tuple[Key, ...]:
    """All keys, the oldest first, revoked ones included."""
    async with database.read() as connection:
        rows = (await connection.execute(select(keys).order_by(keys.c.created_at, keys.c.id))).all()
    return tuple(_key(row) for row in rows)


def _key(row: Row[*tuple[object, ...]]) -> Key:
    return Key(row.id, row.name, row.prefix, row.created_at, row.last_used_at, row.revoked_at)
