"""The browsers that are signed in to the console: a secret in a cookie, of which only a digest is stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update

from vivavoce import ids
from vivavoce.clock import now
from vivavoce.store.database import Database
from vivavoce.store.tables import keys, sessions, users
from vivavoce.store.users import Role

__all__ = ["IDLE_LIMIT", "LIMIT", "Session", "any_live", "begin", "count_of", "end", "end_others", "find"]

# A session that is not used for so long ends.
IDLE_LIMIT = timedelta(hours=12)
# And every session ends after so long.
LIMIT = timedelta(days=14)
# The time of the last use is written down at most so often: a write for every request would cost too much.
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    """
    A session that goes on, and whose it is: a user's, or that of somebody who signed in with an API key.

    Args:
        digest: Of the cookie's secret.
        name: The user's, or the key's.
        user_id: Empty for a key.
        key_id: Empty for a user.
    """

    digest: str
    name: str
    role: Role
    user_id: str
    key_id: str
    created_at: datetime
    seen_at: datetime


async def begin(database: Database, *, user_id: str | None = None, key_id: str | None = None) -> str:
    """
    Begin a session of a user or of a key; those that have expired are swept.

    Returns:
        The secret for the cookie.
    """
    secret, moment = ids.sign_in_secret(), now()
    async with database.write() as connection:
        await connection.execute(
            delete(sessions).where(or_(sessions.c.expires_at <= moment, sessions.c.seen_at <= moment - IDLE_LIMIT))
        )
        await connection.execute(
            insert(sessions).values(
                digest=ids.digest(secret),
                user_id=user_id,
                key_id=key_id,
                created_at=moment,
                seen_at=moment,
                expires_at=moment + LIMIT,
            )
        )
        if user_id is not None:
            await connection.execute(update(users).where(users.c.id == user_id).values(last_seen_at=moment))
    return secret


async def find(database: Database, secret: str) -> Session | None:
    """The session with this secret, whose use is noted; None when it is unknown or over, or its key is revoked."""
    moment = now()
    query = (
        select(
            sessions,
            users.c.name.label("user_name"),
            users.c.role.label("user_role"),
            keys.c.name.label("key_name"),
        )
        .outerjoin(users, users.c.id == sessions.c.user_id)
        .outerjoin(keys, and_(keys.c.id == sessions.c.key_id, keys.c.revoked_at.is_(None)))
        .where(
            sessions.c.digest == ids.digest(secret),
            sessions.c.expires_at > moment,
            sessions.c.seen_at > moment - IDLE_LIMIT,
            or_(users.c.id.is_not(None), keys.c.id.is_not(None)),
        )
    )
    async with database.read() as connection:
        row = (await connection.execute(query)).first()
    if row is None:
        return None
    if moment - row.seen_at > _USE_IS_NOTED_EVERY:
        async with database.write() as connection:
            await connection.execute(update(sessions).where(sessions.c.digest == row.digest).values(seen_at=moment))
            if row.user_id is not None:
                await connection.execute(update(users).where(users.c.id == row.user_id).values(last_seen_at=moment))
    return Session(
        digest=row.digest,
        name=row.user_name if row.user_id is not None else row.key_name,
        # Whoever has a key may do everything over the API as well.
        role=row.user_role if row.user_id is not None else "admin",
        user_id=row.user_id or "",
        key_id=row.key_id or "",
        created_at=row.created_at,
        seen_at=row.seen_at,
    )


async def end(database: Database, secret: str) -> None:
    """End the session with this secret, if there is one."""
    async with database.write() as connection:
        await connection.execute(delete(sessions).where(sessions.c.digest == ids.digest(secret)))


async def end_others(database: Database, user_id: str, *, keep: str) -> int:
    """End a user's sessions, but for the one with the digest ``keep``; returns how many there were."""
    async with database.write() as connection:
        ended = await connection.execute(
            delete(sessions).where(sessions.c.user_id == user_id, sessions.c.digest != keep)
        )
    return ended.rowcount


async def count_of(database: Database, user_id: str) -> int:
    """How many sessions of a user go on."""
    query = select(func.count()).select_from(sessions).where(sessions.c.user_id == user_id, *_live(now()))
    async with database.read() as connection:
        return (await connection.execute(query)).scalar_one()


async def any_live(database: Database) -> bool:
    """Whether anybody is signed in."""
    async with database.read() as connection:
        return (await connection.execute(select(sessions.c.digest).where(*_live(now())).limit(1))).first() is not None


def _live(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    return sessions.c.expires_at > moment, sessions.c.seen_at > moment - IDLE_LIMIT
