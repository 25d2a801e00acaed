"""What public pages have used: calls that go on, and the minutes of a day, under concurrency too."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from tests.store.made_calls import call_id, make_agent
from vivavoce.store import calls, visits
from vivavoce.store.calls import Call
from vivavoce.store.database import Database
from vivavoce.store.tables import calls as table
from vivavoce.store.visits import Usage, Used

Play = Callable[[Callable[[Database], Awaitable[None]]], None]
NOW = datetime(2026, 7, 2, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def one_o_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one o'clock at night, UTC."""
    for module in (visits, calls):
        monkeypatch.setattr(module, "now", lambda: NOW)


def call(number: int, agent_id: str, *, minutes_ago: float = 0, visitor: str = "v", mode: str = "webcall") -> Call:
    return Call(call_id(number), "s", agent_id, mode, NOW - timedelta(minutes=minutes_ago), visitor=visitor)


async def had(
    database: Database, number: int, agent_id: str, *, minutes_ago: float, lasted: float, **more: str
) -> None:
    """A call that is over; minutes."""
    one = call(number, agent_id, minutes_ago=minutes_ago, **more)
    await calls.start(database, one)
    await calls.finish(database, one.id, reason="ended", ended_at=one.started_at + timedelta(minutes=lasted))


def minutes(used: Used) -> tuple[int, float]:
    return used.calls, used.seconds / 60


def test_nothing_is_used_at_first(play: Play) -> None:
    """Of an agent that nobody has called."""

    async def scenario(database: Database) -> None:
        assert Usage(Used(), Used()) == await visits.usage(database, await make_agent(database), "v", of_agent=True)

    play(scenario)


def test_calls_of_the_day_are_counted(play: Play) -> None:
    """Those of one visitor, and of all; one that goes on counts with the time that it has lasted so far."""

    async def scenario(database: Database) -> None:
        agent_id, other = await make_agent(database), await make_agent(database, "Bo")
        await had(database, 1, agent_id, minutes_ago=50, lasted=5)
        await had(database, 2, agent_id, minutes_ago=40, lasted=2, visitor="w", mode="chat")
        await calls.start(database, call(3, agent_id, minutes_ago=10))
        await calls.start(database, call(4, other, minutes_ago=10))
        found = await visits.usage(database, agent_id, "v", of_agent=True)

        assert ((1, 15), (1, 17)) == (minutes(found.visitor), minutes(found.agent))
        assert Used() == (await visits.usage(database, agent_id, "v", of_agent=False)).agent

    play(scenario)


def test_calls_that_no_public_page_began_do_not_count(play: Play) -> None:
    """Whoever holds a key is not limited, and takes nothing from visitors."""

    async def scenario(database: Database) -> None:
        agent_id = await make_agent(database)
        await had(database, 1, agent_id, minutes_ago=50, lasted=5, visitor="")
        await calls.start(database, call(2, agent_id, minutes_ago=10, visitor=""))

        assert Usage(Used(), Used()) == await visits.usage(database, agent_id, "v", of_agent=True)

    play(scenario)


def test_a_day_begins_at_midnight(play: Play) -> None:
    """Of a call across midnight the part of today counts."""

    async def scenario(database: Database) -> None:
        agent_id = await make_agent(database)
        await had(database, 1, agent_id, minutes_ago=100, lasted=30)
        await had(database, 2, agent_id, minutes_ago=70, lasted=15)
        found = await visits.usage(database, agent_id, "v", of_agent=True)

        assert ((0, 5), (0, 5)) == (minutes(found.visitor), minutes(found.agent))

    play(scenario)


def test_a_call_that_no_server_holds_does_not_go_on(play: Play) -> None:
    """A server that was killed takes nobody's place; how long its calls lasted is known when they are closed."""

    async def scenario(database: Database) -> None:
        agent_id = await make_agent(database)
        await calls.start(database, call(1, agent_id, minutes_ago=10))
        async with database.write() as connection:
            await connection.execute(update(table).values(leased_until=NOW - timedelta(seconds=1)))

        assert 0 == (await visits.usage(database, agent_id, "v", of_agent=False)).visitor.calls

    play(scenario)


class Full(Exception):
    """There is no room for another call."""


def at_most(most: int) -> Callable[[Usage], None]:
    def check(found: Usage) -> None:
        if found.visitor.calls >= most:
            raise Full

    return check


def test_a_call_that_is_not_allowed_is_not_stored(play: Play) -> None:
    """What is used is told as it was before."""

    async def scenario(database: Database) -> None:
        agent_id = await make_agent(database)
        before = await visits.start(database, call(1, agent_id), of_agent=True, check=at_most(1))
        with pytest.raises(Full):
            await visits.start(database, call(2, agent_id), of_agent=True, check=at_most(1))
        stored = await calls.find(database, call_id(1))

        assert Usage(Used(), Used()) == before
        assert stored is not None
        assert "v" == stored.visitor
        assert await calls.find(database, call_id(2)) is None

    play(scenario)


def test_of_many_that_begin_at_once_only_so_many_do(play: Play) -> None:
    """A hundred tokens that were had at once open as many calls as the limit allows, on one server or several."""

    async def scenario(database: Database) -> None:
        agent_id = await make_agent(database)
        begun = await asyncio.gather(
            *(visits.start(database, call(number, agent_id), of_agent=True, check=at_most(2)) for number in range(100)),
            return_exceptions=True,
        )

        assert 2 == sum(isinstance(one, Usage) for one in begun)
        assert 98 == sum(isinstance(one, Full) for one in begun)
        assert 2 == (await visits.usage(database, agent_id, "v", of_agent=False)).visitor.calls

    play(scenario)
