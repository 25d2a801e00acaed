"""Following a call gives every fact once and in order, wherever it is."""

import asyncio
from dataclasses import replace

import pytest

from tests.server.kept_facts import CALL, Store, said, settled
from vivavoce.errors import StoreError
from vivavoce.feed import Feed
from vivavoce.server.following import Following
from vivavoce.talk.facts import CallEnded, CallStarted
from vivavoce.testing.virtual_loop import run


async def numbers(following: Following) -> list[int]:
    return [n async for n, _ in following.follow(CALL.id)]


def publish(feed: Feed, first: int, last: int) -> None:
    for n in range(first, last + 1):
        feed.publish(CALL.id, said(n))


def test_a_live_call_is_followed_from_its_first_fact_to_its_end() -> None:
    """What memory has lost comes from the store, the rest as it happens."""

    async def scenario() -> None:
        store = Store()
        feed = store.feed(most_kept=5)
        publish(feed, 1, 250)
        await settled(lambda: len(feed.snapshot(CALL.id)) == 5)
        following = asyncio.create_task(numbers(store.following(feed)))
        await settled(lambda: store.reads >= 3)
        publish(feed, 251, 260)
        feed.publish(CALL.id, CallEnded(99.0, "ended"))

        assert list(range(1, 262)) == await following
        await feed.close()

    run(scenario())


def test_a_burst_that_is_too_fast_loses_nothing() -> None:
    """Whoever lags behind the feed's queue takes up where he was dropped."""

    async def scenario() -> None:
        store = Store()
        feed = store.feed(most_kept=5)
        feed.publish(CALL.id, CallStarted(0.0, "webcall"))
        following = asyncio.create_task(numbers(store.following(feed)))
        await settled(lambda: bool(feed._calls[CALL.id].subscriptions))
        publish(feed, 2, 2000)
        feed.publish(CALL.id, CallEnded(99.0, "ended"))

        assert list(range(1, 2002)) == await following
        await feed.close()

    run(scenario())


def test_a_call_of_another_server_is_followed_in_the_store() -> None:
    """It is asked for news until its end is there, however late that comes after its row has been closed."""

    async def scenario() -> None:
        store = Store()
        store.hold(3, ended=False)
        loop = asyncio.get_running_loop()
        following = asyncio.create_task(numbers(store.following(Feed(store.write))))
        await asyncio.sleep(10)
        store.facts[5] = said(5)
        store.call = replace(store.call, ended_at=store.call.started_at)
        await asyncio.sleep(2)
        store.facts[6] = CallEnded(99.0, "ended")

        assert [1, 2, 3, 4, 5, 6] == await following
        assert loop.time() < 13

    run(scenario())


def test_a_call_without_a_last_fact_is_not_followed_for_ever() -> None:
    """A server may die between the end of a call and the writing of it."""

    async def scenario() -> None:
        store = Store()
        store.hold(1, ended=False)
        store.call = replace(store.call, ended_at=store.call.started_at)

        assert [1, 2] == await numbers(store.following(Feed(store.write)))
        assert 5.0 <= asyncio.get_running_loop().time() < 6.0

    run(scenario())


def test_a_call_that_comes_to_life_is_followed_in_memory() -> None:
    """Its row is stored before its first fact is told."""

    async def scenario() -> None:
        store = Store()
        feed = Feed(store.write, every_s=3600)
        following = asyncio.create_task(numbers(store.following(feed)))
        await asyncio.sleep(1)
        publish(feed, 1, 2)
        await asyncio.sleep(1)
        feed.publish(CALL.id, CallEnded(99.0, "ended"))

        assert [1, 2, 3] == await following
        assert {} == store.facts

    run(scenario())


def test_a_store_that_is_away_is_said() -> None:
    """Whoever follows must know that this is not the end of the call."""

    async def scenario() -> None:
        store = Store(down=True)
        with pytest.raises(StoreError):
            await numbers(store.following(Feed(store.write)))

    run(scenario())


def test_a_call_is_over_with_its_last_fact() -> None:
    """The row is closed a moment later, and memory is forgotten before it is asked the next time."""

    async def scenario() -> None:
        store = Store()
        feed = Feed(store.write)
        following = store.following(feed)
        feed.publish(CALL.id, CallStarted(0.0, "webcall"))

        assert not following.is_over(CALL)
        feed.publish(CALL.id, CallEnded(1.0, "ended"))
        assert following.is_over(CALL)
        assert (True, False) == (await following.left(CALL, after=1), await following.left(CALL, after=2))
        stored = Store()
        stored.hold(1)
        elsewhere = stored.following(Feed(stored.write))
        assert elsewhere.is_over(stored.call)
        assert (True, False) == (await elsewhere.left(CALL, after=2), await elsewhere.left(CALL, after=3))

    run(scenario())
