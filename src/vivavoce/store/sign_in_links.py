"""Links that sign a user in once: for the first start, for new users, and for lost passwords."""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, insert, select, update

from vivavoce import ids
from vivavoce.clock import now
from vivavoce.store.database import Database
from vivavoce.store.tables import sign_in_links, users
from vivavoce.store.users import User, as_user

__all__ = ["LIFETIME", "create", "find", "spend"]

LIFETIME = timedelta(days=1)


async def create(database: Database, user_id: str) -> str:
    """Make a link for a user; returns its secret part, of which only a digest is stored."""
    secret, moment = ids.sign_in_secret(), now()
    async with database.write() as connection:
        await connection.execute(delete(sign_in_links).where(sign_in_links.c.expires_at <= moment))
        await connection.execute(
            insert(sign_in_links).values(digest=ids.digest(secret), user_id=user_id, expires_at=moment + LIFETIME)
        )
    return secret


async def find(database: Database, secret: str) -> User | None:
    """Whom a link would sign in now, without spending it; None when it is unknown, expired or spent."""
    query = select(users).join(sign_in_links, sign_in_links.c.user_id == users.c.id).where(*_good(secret))
    async with database.read() as connection:
        row = (await connection.execute(query)).first()
    return None if row is None else as_user(row)


async def spend(database: Database, secret: str) -> User | None:
    """Spend a link, and with it the user's others. Of several that try at the same time, one gets the user."""
    async with database.write() as connection:
        user_id = (
            await connection.execute(
                update(sign_in_links).where(*_good(secret)).values(used_at=now()).returning(sign_in_links.c.user_id)
            )
        ).scalar_one_or_none()
        if user_id is None:
            return None
        await connection.execute(
            delete(sign_in_links).where(
                sign_in_links.c.user_id == user_id, sign_in_links.c.digest != ids.digest(secret)
            )
        )
        return as_user((await connection.execute(select(users).where(users.c.id == user_id))).one())


def _good(secret: str) -> tuple[ColumnElement[bool], ...]:
    return (
        sign_in_links.c.digest == ids.digest(secret),
        sign_in_links.c.used_at.is_(None),
        sign_in_links.c.expires_at > now(),
    )
