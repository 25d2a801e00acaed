"""The users of the console: who they are, what they may do, and the hashes of their passwords."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from vivavoce import ids
from vivavoce.clock import now
from vivavoce.store.database import Database
from vivavoce.store.tables import sessions, sign_in_links, users

__all__ = [
    "ADMIN",
    "Change",
    "Role",
    "User",
    "as_user",
    "complaint_about",
    "create",
    "find",
    "find_named",
    "first_admin",
    "list_all",
    "remove",
    "set_password",
    "set_role",
    "stored_name",
]

# The user that a first start makes.
ADMIN = "admin"
# An admin may change everything, a viewer nothing but his own password.
Role = Literal["admin", "viewer"]
# What became of a change: there may be no such user, and one admin has to stay.
Change = Literal["done", "unknown", "last admin"]

# Of letters and digits of any script, and what mail addresses have.
_NAME = re.compile(r"[\w.@+-]{1,64}")


@dataclass(frozen=True, slots=True)
class User:
    """
    A user as he is stored.

    Args:
        name: In lower case.
        password: An Argon2 hash; empty while he has set none.
    """

    id: str
    name: str
    role: Role
    password: str = field(repr=False)
    created_at: datetime
    last_seen_at: datetime | None = None


def stored_name(name: str) -> str:
    """The form in which names are kept and compared."""
    return name.strip().casefold()


def complaint_about(name: str) -> str:
    """What is wrong with the name of a new user; empty where nothing is."""
    if _NAME.fullmatch(stored_name(name)):
        return ""
    return "A name has 1 to 64 letters, digits, dots, dashes, underscores, plus or at signs, such as ada@example.com"


async def create(database: Database, name: str, role: Role, *, password: str = "") -> User | None:
    """
    Make a user; None where the name is taken.

    Args:
        name: As it is typed.
        role: What he may do.
        password: An Argon2 hash, or nothing.
    """
    user = User(ids.agent_id(), stored_name(name), role, password, now())
    try:
        async with database.write() as connection:
            await connection.execute(
                insert(users).values(
                    id=user.id, name=user.name, role=role, password=password, created_at=user.created_at
                )
            )
    except IntegrityError:
        return None
    return user


async def find(database: Database, user_id: str) -> User | None:
    """The user with this id."""
    async with database.read() as connection:
        row = (await connection.execute(select(users).where(users.c.id == user_id))).first()
    return None if row is None else as_user(row)


async def find_named(database: Database, name: str) -> User | None:
    """The user with this name, in whatever case it is typed."""
    async with database.read() as connection:
        row = (await connection.execute(select(users).where(users.c.name == stored_name(name)))).first()
    return None if row is None else as_user(row)


async def first_admin(database: Database) -> User | None:
    """The user ``admin``, made where there are no users at all; None where he has been removed."""
    user = await find_named(database, ADMIN)
    if user is None and not await list_all(database):
        # Another server on this database may have been faster.
        user = await create(database, ADMIN, "admin") or await find_named(database, ADMIN)
    return user


async def list_all(database: Database) -> tuple[User, ...]:
    """All users by their names."""
    async with database.read() as connection:
        rows = (await connection.execute(select(users).order_by(users.c.name))).all()
    return tuple(as_user(row) for row in rows)


async def set_password(database: Database, user_id: str, password: str, *, keep_session: str = "") -> bool:
    """
    Give a user another password; his links and his sessions end, but for one.

    Args:
        password: An Argon2 hash.
        keep_session: The digest of the session that goes on.

    Returns:
        False where there is no such user.
    """
    async with database.write() as connection:
        changed = await connection.execute(update(users).where(users.c.id == user_id).values(password=password))
        await connection.execute(
            delete(sessions).where(sessions.c.user_id == user_id, sessions.c.digest != keep_session)
        )
        await connection.execute(delete(sign_in_links).where(sign_in_links.c.user_id == user_id))
    return changed.rowcount == 1


async def set_role(database: Database, user_id: str, role: Role) -> Change:
    """Change what a user may do; the last admin stays one."""
    async with database.write() as connection:
        if role != "admin" and await _is_last_admin(connection, user_id):
            return "last admin"
        changed = await connection.execute(update(users).where(users.c.id == user_id).values(role=role))
    return "done" if changed.rowcount == 1 else "unknown"


async def remove(database: Database, user_id: str) -> Change:
    """Remove a user with his sessions and links; the last admin stays."""
    async with database.write() as connection:
        if await _is_last_admin(connection, user_id):
            return "last admin"
        changed = await connection.execute(delete(users).where(users.c.id == user_id))
    return "done" if changed.rowcount == 1 else "unknown"


async def _is_last_admin(connection: AsyncConnection, user_id: str) -> bool:
    # Locked, so that of two admins who remove each other one fails (SQLite has one writer anyway).
    admins = (await connection.execute(select(users.c.id).where(users.c.role == "admin").with_for_update())).scalars()
    return list(admins) == [user_id]


def as_user(row: Row[*tuple[object, ...]]) -> User:
    """A row of the table."""
    return User(row.id, row.name, row.role, row.password, row.created_at, row.last_seen_at)
