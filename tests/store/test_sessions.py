"""Sessions end: when they are not used, when they are old, and when somebody ends them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from vivavoce.clock import now
from vivavoce.store import keys, sessions, users
from vivavoce.store.database import Database

Play = Callable[[Callable[[Database], object]], None]
MINUTE = timedelta(minutes=1)


async def made(database: Database, name: str = "ada") -> str:
    """A user; returns his id."""
    user = await users.create(database, name, "viewer")

    assert user is not None
    return user.id


def at(monkeypatch: pytest.MonkeyPatch, later: timedelta) -> None:
    """From here on the store's clock is so much later than it was at the start of the test."""
    moment = now() + later
    monkeypatch.setattr(sessions, "now", lambda: moment)


def test_a_session_says_whose_it_is(play: Play) -> None:
    """A user's has his role as it is now; a key's is an admin's."""

    async def scenario(database: Database) -> None:
        user_id = await made(database)
        key, _ = await keys.create(database, "shop")
        by_user = await sessions.begin(database, user_id=user_id)
        by_key = await sessions.begin(database, key_id=key.id)
        await users.create(database, "boss", "admin")
        seen = [await sessions.find(database, secret) for secret in (by_user, by_key)]
        await users.set_role(database, user_id, "admin")
        later = await sessions.find(database, by_user)

        assert [("ada", "viewer", user_id, ""), ("shop", "admin", "", key.id)] == [
            (found.name, found.role, found.user_id, found.key_id) for found in seen if found
        ]
        assert later is not None
        assert "admin" == later.role
        assert None is await sessions.find(database, "unknown")

    play(scenario)


def test_a_session_that_is_not_used_ends(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """After twelve hours; each use begins them anew."""

    async def scenario(database: Database) -> None:
        secret = await sessions.begin(database, user_id=await made(database))
        at(monkeypatch, sessions.IDLE_LIMIT - MINUTE)
        used = await sessions.find(database, secret)
        at(monkeypatch, 2 * sessions.IDLE_LIMIT - 3 * MINUTE)
        still = await sessions.find(database, secret)
        at(monkeypatch, 4 * sessions.IDLE_LIMIT)

        assert used is not None
        assert still is not None
        assert None is await sessions.find(database, secret)
        assert not await sessions.any_live(database)

    play(scenario)


def test_every_session_ends_after_a_while(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much it is used."""

    async def scenario(database: Database) -> None:
        secret = await sessions.begin(database, user_id=await made(database))
        passed = timedelta()
        while passed < sessions.LIMIT - sessions.IDLE_LIMIT:
            passed += sessions.IDLE_LIMIT / 2
            at(monkeypatch, passed)
            assert await sessions.find(database, secret)
        at(monkeypatch, sessions.LIMIT + MINUTE)

        assert None is await sessions.find(database, secret)

    play(scenario)


def test_the_session_of_a_revoked_key_ends_with_it(play: Play) -> None:
    """Whoever lost a key locks out whoever found it."""

    async def scenario(database: Database) -> None:
        key, _ = await keys.create(database, "shop")
        secret = await sessions.begin(database, key_id=key.id)
        await keys.revoke(database, key.id)

        assert None is await sessions.find(database, secret)

    play(scenario)


def test_a_user_ends_his_other_sessions_and_nobody_elses(play: Play) -> None:
    """The one in which he asks goes on."""

    async def scenario(database: Database) -> None:
        ada, bob = await made(database), await made(database, "bob")
        here, there, other = [await sessions.begin(database, user_id=user) for user in (ada, ada, bob)]
        kept = await sessions.find(database, here)

        assert kept is not None
        assert 2 == await sessions.count_of(database, ada)
        assert 1 == await sessions.end_others(database, ada, keep=kept.digest)
        assert [True, False, True] == [
            await sessions.find(database, secret) is not None for secret in (here, there, other)
        ]
        await sessions.end(database, here)
        assert None is await sessions.find(database, here)

    play(scenario)


def test_expired_sessions_are_swept(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table does not grow with every sign-in for ever."""

    async def scenario(database: Database) -> None:
        ada = await made(database)
        await sessions.begin(database, user_id=ada)
        at(monkeypatch, sessions.IDLE_LIMIT + MINUTE)
        await sessions.begin(database, user_id=ada)
        async with database.read() as connection:
            count = (await connection.execute(text("SELECT count(*) FROM sessions"))).scalar_one()

        assert 1 == count

    play(scenario)


def test_the_secret_itself_is_not_stored(play: Play) -> None:
    """Whoever reads the database cannot sign in with it."""

    async def scenario(database: Database) -> None:
        secret = await sessions.begin(database, user_id=await made(database))
        async with database.read() as connection:
            row = (await connection.execute(text("SELECT * FROM sessions"))).one()

        assert secret not in row
        assert len(secret) >= 43

    play(scenario)
