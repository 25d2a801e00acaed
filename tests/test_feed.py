"""The feed numbers, keeps, tells and stores facts, and never waits."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from vivavoce.errors import StoreError
from vivavoce.feed import Feed, Lagged, Numbered
from vivavoce.store import calls, facts
from vivavoce.store.database import open_database
from vivavoce.talk.facts import AgentStartedTalking, CallEnded, CallStarted, Fact

Batch = Sequence[tuple[str, int, Fact]]


class Store:
    """Keeps what it is given; may be down."""

    def __init__(self) -> None:
        self.facts: dict[tuple[str, int], Fact] = {}
        self.batches: list[int] = []
        self.attempts = 0
        self.down = False
        # Cleared to keep a batch on its way.
        self.may_finish = asyncio.Event()
        self.may_finish.set()

    async def write(self, batch: Batch) -> None:
        self.attempts += 1
        await self.may_finish.wait()
        if self.down:
            raise StoreError("the database is away")
        self.batches.append(len(batch))
        self.facts |= {(call_id, n): fact for call_id, n, fact in batch}


async def until(condition: Callable[[], bool]) -> None:
    """Let the other tasks run until something is so; fails after many turns of the loop."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never became so")


def play(scenario: Callable[[Store], Awaitable[None]]) -> None:
    async def scene() -> None:
        await scenario(Store())

    asyncio.run(scene())


def talk(n: int) -> Fact:
    return AgentStartedTalking(float(n), n)


def test_facts_are_numbered_from_one_within_their_call() -> None:
    """The number and the call together name a fact for ever."""

    async def scenario(store: Store) -> None:
        feed = Feed(store.write)

        assert [1, 2, 1] == [feed.publish("A", talk(1)), feed.publish("A", talk(2)), feed.publish("B", talk(1))]
        assert (Numbered(1, talk(1)), Numbered(2, talk(2))) == feed.snapshot("A")
        assert () == feed.snapshot("C")

    play(scenario)


def test_publishing_does_not_wait_for_the_store() -> None:
    """While a batch is on its way, facts are taken at once and written with the next one."""

    async def scenario(store: Store) -> None:
        feed = Feed(store.write, every_s=0)
        feed.start()
        store.may_finish.clear()
        feed.publish("A", talk(1))
        await until(lambda: store.attempts == 1)
        for n in range(2, 100):
            feed.publish("A", talk(n))
        store.may_finish.set()
        await until(lambda: len(store.facts) == 99)

        assert [1, 98] == store.batches
        await feed.close()

    play(scenario)


def test_closing_writes_what_is_left() -> None:
    """A server that stops loses nothing, however long it would have gathered."""

    async def scenario(store: Store) -> None:
        feed = Feed(store.write, every_s=3600)
        feed.start()
        feed.publish("A", talk(1))
        await feed.close()

        assert {("A", 1): talk(1)} == store.facts

    play(scenario)


def test_large_batches_are_cut() -> None:
    """No transaction is larger than allowed."""

    async def scenario(store: Store) -> None:
        feed = Feed(store.write, every_s=0, most_in_batch=40)
        for n in range(100):
            feed.publish("A", talk(n))
        feed.start()
        await feed.close()

        assert [40, 40, 20] == store.batches

    play(scenario)


def test_facts_wait_in_order_while_the_store_is_down(caplog: pytest.LogCaptureFixture) -> None:
    """The store comes back, and everything is written; the warning says how much waits, and why."""

    async def scenario(store: Store) -> None:
        feed = Feed(store.write, every_s=0, retry_s=0, longest_retry_s=0)
        feed.start()
        store.down = True
        feed.publish("A", talk(1))
        await until(lambda: store.attempts >= 2)
        feed.publish("A", talk(2))
        store.down = False
        await until(lambda: len(store.facts) == 2)
        await feed.close()

        assert [("A", 1), ("A", 2)] == list(store.facts)

    play(scenario)

    assert "1 facts wait for the store: the database is away" in caplog.text


def test_the_oldest_facts_are_lost_when_too_many_wait(caplog: pytest.LogCaptureFixture) -> None:
    """Memory is bounded; the loss is said when it begins and counted when it is over."""

    async def scenario(store: Store) -> None:
        feed = Feed(store.write, every_s=0, retry_s=0, longest_retry_s=0, most_waiting=3)
        feed.start()
        store.down = True
        for n in range(1, 6):
            feed.publish("A", talk(n))
        await until(lambda: store.attempts >= 2)
        store.down = False
        await until(lambda: len(store.facts) == 3)
        await feed.close()

        assert [("A", 3), ("A", 4), ("A", 5)] == list(store.facts)

    play(scenario)

    assert 1 == caplog.text.count("the oldest are being lost")
    assert "2 facts were lost meanwhile" in caplog.text


def test_closing_gives_up_in_time_when_the_store_stays_away(caplog: pytest.LogCaptureFixture) -> None:
    """A server must be able to stop."""

    async def scenario(store: Store) -> None:
        feed = Feed(store.write, every_s=0, retry_s=0, close_within_s=0)
        feed.start()
        store.down = True
        feed.publish("A", talk(1))
        await feed.close()

    play(scenario)

    assert "1 facts are lost: the store could not be reached before the end" in caplog.text


def test_a_bug_in_storing_does_not_end_the_storing() -> None:
    """One batch is lost, with a traceback in the log; the next is written."""

    async def scenario(store: Store) -> None:
        broken = True

        async def write(batch: Batch) -> None:
            if broken:
                raise KeyError("bug")
            await store.write(batch)

        feed = Feed(write, every_s=0)
        feed.start()
        feed.publish("A", talk(1))
        await until(lambda: not feed._waiting and not feed._on_its_way)
        broken = False
        feed.publish("A", talk(2))
        await feed.close()

        assert [("A", 2)] == list(store.facts)

    play(scenario)


def test_an_ended_call_is_forgotten_once_it_is_stored() -> None:
    """Memory holds live calls only."""

    async def scenario(store: Store) -> None:
        feed = Feed(store.write, every_s=0)
        feed.publish("A", CallStarted(0.0, "webcall"))
        feed.publish("B", CallStarted(0.0, "webcall"))

        assert 2 == feed.live
        feed.publish("A", CallEnded(1.0, "ended"))
        assert 1 == feed.live
        assert feed.knows("A")
        feed.start()
        await feed.close()
        assert not feed.knows("A")
        assert feed.knows("B")

    play(scenario)


def test_memory_keeps_the_newest_facts_of_a_long_call() -> None:
    """What is stored is dropped from memory, down to the number that listeners may resume from."""

    async def scenario(store: Store) -> None:
        feed = Feed(store.write, every_s=0, most_kept=5)
        for n in range(1, 21):
            feed.publish("A", talk(n))

        assert 20 == len(feed.snapshot("A"))
        feed.start()
        await feed.close()
        assert [16, 17, 18, 19, 20] == [item.n for item in feed.snapshot("A")]
        with feed.subscribe("A") as subscription:
            assert 15 == subscription.starts_after

    play(scenario)


def test_a_listener_hears_what_was_and_what_comes_until_the_end() -> None:
    """No fact is missed or told twice between the past and the present."""

    async def scenario(store: Store) -> None:
        feed = Feed(store.write)
        feed.publish("A", talk(1))
        with feed.subscribe("A") as subscription:
            feed.publish("A", talk(2))
            feed.publish("B", talk(1))
            feed.publish("A", CallEnded(3.0, "ended"))
            heard = [item async for item in subscription]

        assert [Numbered(1, talk(1)), Numbered(2, talk(2)), Numbered(3, CallEnded(3.0, "ended"))] == heard

    play(scenario)


def test_a_listener_resumes_from_a_number() -> None:
    """Whoever has heard up to a fact hears the next one first."""

    async def scenario(store: Store) -> None:
        feed = Feed(store.write)
        for n in range(1, 5):
            feed.publish("A", talk(n))
        with feed.subscribe("A", after=2) as subscription:
            feed.publish("A", CallEnded(9.0, "ended"))

            assert 2 == subscription.starts_after
            assert [3, 4, 5] == [item.n async for item in subscription]
        with feed.subscribe("A", after=99) as late:
            assert [] == [item.n async for item in late]

    play(scenario)


def test_a_slow_listener_is_dropped_with_a_marker() -> None:
    """The call goes on; the listener gets what fitted, then the number to resume from."""

    async def scenario(store: Store) -> None:
        feed = Feed(store.write)
        feed.publish("A", talk(1))
        with feed.subscribe("A", bound=2) as slow:
            for n in range(2, 10):
                feed.publish("A", talk(n))
            heard = [item async for item in slow]

        assert [Numbered(n, talk(n)) for n in (1, 2, 3)] + [Lagged(3)] == heard
        assert 9 == len(feed.snapshot("A"))

    play(scenario)


def test_nobody_listens_to_a_call_that_is_not_live() -> None:
    """An ended call is read from the store."""

    async def scenario(store: Store) -> None:
        feed = Feed(store.write)
        with pytest.raises(LookupError), feed.subscribe("A"):
            pass

    play(scenario)


def test_a_listener_that_leaves_is_forgotten() -> None:
    """Its queue does not go on filling."""

    async def scenario(store: Store) -> None:
        feed = Feed(store.write)
        feed.publish("A", talk(1))
        with feed.subscribe("A") as subscription:
            pass
        feed.publish("A", talk(2))

        assert 1 == subscription._queue.qsize()

    play(scenario)


PROCESS = """
import asyncio, sys
from functools import partial
from vivavoce.clock import now
from vivavoce.feed import Feed
from vivavoce.store import agents, calls, facts
from vivavoce.store.database import open_database
from vivavoce.talk.facts import UserSaid

async def main():
    database = await open_database(sys.argv[1])
    agent = await agents.create(database, {})
    await calls.start(database, calls.Call("CALL-1", "s", agent.id, "webcall", now(), owner="killed"))
    feed = Feed(partial(facts.write, database))
    feed.start()
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        at = loop.time() - began
        feed.publish("CALL-1", UserSaid(at, "word", True))
        print(at, flush=True)
        await asyncio.sleep(0.01)

asyncio.run(main())
"""


@pytest.mark.slow
def test_a_killed_process_loses_less_than_a_second(tmp_path: Path) -> None:
    """SIGKILL leaves no time to flush; the next start closes the call at its last stored fact."""
    url = f"sqlite:///{tmp_path / 'x.sqlite3'}"
    last = 0.0
    with subprocess.Popen([sys.executable, "-c", PROCESS, url], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while last < 2.0:
            last = float(process.stdout.readline())
        process.kill()
        last = max([last, *(float(line) for line in process.stdout.read().split())])

    async def after() -> tuple[tuple[str, ...], float]:
        database = await open_database(url)
        closed = await calls.close_orphans(database, ["killed"])
        stored = await facts.read(database, "CALL-1")
        await database.close()

        assert list(range(1, len(stored) + 1)) == [n for n, _ in stored]
        assert CallEnded(stored[-2][1].at, "server_error") == stored[-1][1]
        return closed, stored[-1][1].at

    closed, at = asyncio.run(after())

    assert ("CALL-1",) == closed
    assert last - at < 1.0
