"""What a start does so that somebody can sign in."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.fresh_database import open_fresh
from vivavoce.config import Config
from vivavoce.server.console.first_start import open_console
from vivavoce.server.console.passwords import Passwords
from vivavoce.store import sessions, sign_in_links, users
from vivavoce.store.database import Database

PASSWORD = "correct horse battery"


def play(folder: Path, scenario: Callable[[Database], Awaitable[None]]) -> None:
    async def opened() -> None:
        database = await open_fresh(f"sqlite:///{folder / 'vivavoce.sqlite3'}")
        try:
            await scenario(database)
        finally:
            await database.close()

    asyncio.run(opened())


def test_each_start_prints_a_link_until_somebody_can_enter(tmp_path: Path) -> None:
    """Closed terminals must not lock anybody out; later nobody needs a link."""

    async def scenario(database: Database) -> None:
        config = Config()
        first, second = [await open_console(config, database) for _ in range(2)]
        admin = await sign_in_links.spend(database, second.removeprefix("/console/sign-in/"))

        assert admin is not None
        assert first != second
        session = await sessions.begin(database, user_id=admin.id)
        assert "/console" == await open_console(config, database)
        await sessions.end(database, session)
        assert "/console" != await open_console(config, database)
        await users.set_password(database, admin.id, "hash")
        assert "/console" == await open_console(config, database)

    play(tmp_path, scenario)


def test_a_server_for_others_prints_no_link(tmp_path: Path) -> None:
    """Its output may be read by more than its operator; a key or the setting opens it."""

    async def scenario(database: Database) -> None:
        assert "/console" == await open_console(Config(host="0.0.0.0"), database)
        assert () == await users.list_all(database)

    play(tmp_path, scenario)


def test_without_a_console_nothing_is_made(tmp_path: Path) -> None:
    """No user, no link."""

    async def scenario(database: Database) -> None:
        assert "" == await open_console(Config(console=False, admin_password=PASSWORD), database)
        assert () == await users.list_all(database)

    play(tmp_path, scenario)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_password_of_the_settings_is_the_admins(host: str, tmp_path: Path) -> None:
    """As a hash; the same one at the next start, so that his sessions go on."""

    async def scenario(database: Database) -> None:
        config = Config(host=host, admin_password=PASSWORD)
        assert "/console" == await open_console(config, database)
        (admin,) = await users.list_all(database)
        session = await sessions.begin(database, user_id=admin.id)
        await open_console(config, database)

        assert ("admin", "admin") == (admin.name, admin.role)
        assert await Passwords().matches(admin.password, PASSWORD)
        assert admin.password == (await users.list_all(database))[0].password
        assert await sessions.find(database, session)

    play(tmp_path, scenario)


def test_another_password_in_the_settings_ends_what_began_with_the_old_one(tmp_path: Path) -> None:
    """An operator who fears that it is known changes it and restarts."""

    async def scenario(database: Database) -> None:
        await open_console(Config(admin_password=PASSWORD), database)
        (admin,) = await users.list_all(database)
        session = await sessions.begin(database, user_id=admin.id)
        await open_console(Config(admin_password="another horse battery"), database)
        (changed,) = await users.list_all(database)

        assert await Passwords().matches(changed.password, "another horse battery")
        assert None is await sessions.find(database, session)

    play(tmp_path, scenario)


def test_the_admin_of_the_settings_is_one(tmp_path: Path) -> None:
    """Whatever he was made in the meantime."""

    async def scenario(database: Database) -> None:
        await users.create(database, "boss", "admin")
        await users.create(database, "admin", "viewer")
        await open_console(Config(admin_password=PASSWORD), database)
        admin = await users.find_named(database, "admin")

        assert admin is not None
        assert "admin" == admin.role

    play(tmp_path, scenario)


def test_the_password_is_in_nothing_that_is_printed() -> None:
    """Settings end up in error messages."""
    assert PASSWORD not in repr(Config(admin_password=PASSWORD))
