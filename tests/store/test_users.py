"""Users of the console: their names, their passwords, and the admin who stays."""

import asyncio
from collections.abc import Callable

import pytest

from vivavoce.clock import now
from vivavoce.store import sessions, sign_in_links, users
from vivavoce.store.database import Database

Play = Callable[[Callable[[Database], object]], None]


def test_a_name_is_taken_in_whatever_case(play: Play) -> None:
    """Nobody can pass for another by a capital letter."""

    async def scenario(database: Database) -> None:
        ada = await users.create(database, " Ada ", "admin")

        assert ada is not None
        assert None is await users.create(database, "ADA", "viewer")
        assert ada == await users.find_named(database, "aDa")
        assert (ada,) == await users.list_all(database)

    play(scenario)


@pytest.mark.parametrize(("name", "fits"), [("ada@example.com", True), ("Zoë", True), ("a b", False), ("", False)])
def test_a_name_has_no_spaces(name: str, fits: bool) -> None:
    """What is said instead tells which names do."""
    assert fits is (users.complaint_about(name) == "")


def test_the_last_admin_stays(play: Play) -> None:
    """He is neither removed nor made a viewer; one of two may be."""

    async def scenario(database: Database) -> None:
        ada = await users.create(database, "ada", "admin")
        bob = await users.create(database, "bob", "admin")

        assert ada is not None and bob is not None
        assert "done" == await users.set_role(database, bob.id, "viewer")
        assert "last admin" == await users.set_role(database, ada.id, "viewer")
        assert "last admin" == await users.remove(database, ada.id)
        assert "done" == await users.remove(database, bob.id)
        assert "unknown" == await users.remove(database, bob.id)
        assert [("ada", "admin")] == [(user.name, user.role) for user in await users.list_all(database)]

    play(scenario)


def test_two_admins_who_remove_each_other_leave_one(play: Play) -> None:
    """The database decides, so two servers on one database cannot lose both."""

    async def scenario(database: Database) -> None:
        ada = await users.create(database, "ada", "admin")
        bob = await users.create(database, "bob", "admin")

        assert ada is not None and bob is not None
        assert {"done", "last admin"} == set(
            await asyncio.gather(users.remove(database, ada.id), users.remove(database, bob.id))
        )

    play(scenario)


def test_another_password_ends_sessions_and_links(play: Play) -> None:
    """But for the session in which it was changed."""

    async def scenario(database: Database) -> None:
        ada = await users.create(database, "ada", "admin")
        assert ada is not None
        kept = await sessions.begin(database, user_id=ada.id)
        other = await sessions.begin(database, user_id=ada.id)
        link = await sign_in_links.create(database, ada.id)
        here = await sessions.find(database, kept)

        assert here is not None
        assert await users.set_password(database, ada.id, "hash", keep_session=here.digest)
        assert here == await sessions.find(database, kept)
        assert None is await sessions.find(database, other)
        assert None is await sign_in_links.find(database, link)

    play(scenario)


def test_removing_a_user_ends_all_that_is_his(play: Play) -> None:
    """A removed user is signed out at once."""

    async def scenario(database: Database) -> None:
        await users.create(database, "ada", "admin")
        bob = await users.create(database, "bob", "viewer")
        assert bob is not None
        session = await sessions.begin(database, user_id=bob.id)
        link = await sign_in_links.create(database, bob.id)
        await users.remove(database, bob.id)

        assert None is await sessions.find(database, session)
        assert None is await sign_in_links.spend(database, link)

    play(scenario)


def test_the_first_admin_is_made_once(play: Play) -> None:
    """Where somebody has removed him and others are there, he stays away."""

    async def scenario(database: Database) -> None:
        first = await users.first_admin(database)

        assert first is not None
        assert first == await users.first_admin(database)
        await users.create(database, "ada", "admin")
        await users.remove(database, first.id)
        assert None is await users.first_admin(database)

    play(scenario)


def test_a_hash_is_not_in_what_is_printed() -> None:
    """A user may end up in a log line."""
    user = users.User("id", "ada", "admin", "$argon2id$hash", now())

    assert "argon2" not in repr(user)
