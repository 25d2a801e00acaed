"""Links sign in once, and within a day."""

import asyncio
from collections.abc import Callable

import pytest

from vivavoce.clock import now
from vivavoce.store import sign_in_links, users
from vivavoce.store.database import Database

Play = Callable[[Callable[[Database], object]], None]


async def made(database: Database) -> users.User:
    user = await users.create(database, "ada", "admin")

    assert user is not None
    return user


def test_looking_does_not_spend_a_link(play: Play) -> None:
    """Signing in does."""

    async def scenario(database: Database) -> None:
        user = await made(database)
        link = await sign_in_links.create(database, user.id)

        assert user == await sign_in_links.find(database, link)
        assert user == await sign_in_links.spend(database, link)
        assert None is await sign_in_links.find(database, link)
        assert None is await sign_in_links.spend(database, link)

    play(scenario)


def test_of_many_that_spend_at_the_same_time_one_wins(play: Play) -> None:
    """The database decides."""

    async def scenario(database: Database) -> None:
        link = await sign_in_links.create(database, (await made(database)).id)
        results = await asyncio.gather(*(sign_in_links.spend(database, link) for _ in range(5)))

        assert 1 == sum(result is not None for result in results)

    play(scenario)


def test_a_spent_link_takes_the_others_with_it(play: Play) -> None:
    """One that was mailed to a wrong address is of no use any more."""

    async def scenario(database: Database) -> None:
        user = await made(database)
        first, second = [await sign_in_links.create(database, user.id) for _ in range(2)]
        await sign_in_links.spend(database, second)

        assert None is await sign_in_links.find(database, first)

    play(scenario)


def test_a_link_expires(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a day."""

    async def scenario(database: Database) -> None:
        link = await sign_in_links.create(database, (await made(database)).id)
        later = now() + sign_in_links.LIFETIME
        monkeypatch.setattr(sign_in_links, "now", lambda: later)

        assert None is await sign_in_links.find(database, link)
        assert None is await sign_in_links.spend(database, link)

    play(scenario)
