"""The gate for local speech work."""

import asyncio
import os
import sys
import threading
from collections.abc import Iterator

import pytest

from vivavoce.engines.gate import Gate, Priority, shared_gate
from vivavoce.errors import EngineError

FINAL, FIRST, LATER, PARTIAL = Priority


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate with one thread."""
    gate = Gate(threads=1, limit=4)
    yield gate
    gate.close()


class Work:
    """A piece of work that begins and ends when the test says so."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.release = threading.Event()
        self.gave_up = threading.Event()

    def __call__(self, cancelled: threading.Event) -> str:
        self.begun.set()
        while not self.release.wait(0.001):
            if cancelled.is_set():
                self.gave_up.set()
                return "given up"
        return "done"


async def begun(work: Work) -> None:
    """Wait until a thread is at the work."""
    assert await asyncio.to_thread(work.begun.wait, 5)


def test_work_runs_in_another_thread_and_its_result_comes_back(gate: Gate) -> None:
    """The event loop is free meanwhile."""

    def add(cancelled: threading.Event, left: int, right: int) -> tuple[int, int]:
        return left + right, threading.get_ident()

    result, thread = asyncio.run(gate.run(FINAL, add, 2, 3))

    assert 5 == result
    assert threading.get_ident() != thread


def test_what_the_work_raises_is_raised_to_who_waits(gate: Gate) -> None:
    """A failure is not swallowed, and the gate goes on."""

    def fail(cancelled: threading.Event) -> None:
        raise EngineError("stt", "test", "the model is broken")

    async def scene() -> None:
        with pytest.raises(EngineError, match="the model is broken"):
            await gate.run(FINAL, fail)

        assert 1 == await gate.run(FINAL, lambda cancelled: 1)

    asyncio.run(scene())


def test_the_most_urgent_goes_first_and_within_a_priority_the_oldest(gate: Gate) -> None:
    """Final transcript, first sentence, later sentences, partials."""
    order: list[str] = []

    def note(cancelled: threading.Event, name: str) -> None:
        order.append(name)

    async def scene() -> None:
        busy = Work()
        first = asyncio.create_task(gate.run(PARTIAL, busy))
        await begun(busy)
        waiting = [
            asyncio.create_task(gate.run(priority, note, name))
            for priority, name in ((PARTIAL, "partial"), (LATER, "later"), (FINAL, "old final"), (FINAL, "new final"))
        ]
        await asyncio.sleep(0)
        busy.release.set()
        await asyncio.gather(first, *waiting)

    asyncio.run(scene())

    assert ["old final", "new final", "later", "partial"] == order


def test_a_full_queue_is_an_error_that_says_what_to_do(gate: Gate) -> None:
    """The queue holds its limit and not one more, and takes work again when there is room."""

    async def scene() -> None:
        busy = Work()
        tasks = [asyncio.create_task(gate.run(FINAL, busy))]
        await begun(busy)
        tasks += [asyncio.create_task(gate.run(FINAL, lambda cancelled: "waited")) for _ in range(4)]
        await asyncio.sleep(0)

        with pytest.raises(EngineError, match='stt engine "sphinx" failed: 4 pieces of speech work wait already'):
            await gate.run(FINAL, lambda cancelled: "", engine="sphinx")

        busy.release.set()

        assert ["done", "waited", "waited", "waited", "waited"] == await asyncio.gather(*tasks)
        assert "" == await gate.run(FINAL, lambda cancelled: "")

    asyncio.run(scene())


def test_cancelled_work_that_waits_never_begins_and_leaves_its_place(gate: Gate) -> None:
    """Dropping it makes room in the queue at once."""

    async def scene() -> None:
        busy, dropped = Work(), Work()
        first = asyncio.create_task(gate.run(FINAL, busy))
        await begun(busy)
        waiting = [asyncio.create_task(gate.run(FINAL, dropped)) for _ in range(4)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        last = asyncio.create_task(gate.run(PARTIAL, lambda cancelled: "last"))
        await asyncio.sleep(0)
        busy.release.set()

        assert ("done", "last") == (await first, await last)
        assert not dropped.begun.is_set()

    asyncio.run(scene())


def test_cancelled_work_that_runs_is_told_and_not_waited_for(gate: Gate) -> None:
    """Who cancels goes on at once; the work sees its flag."""

    async def scene() -> None:
        work = Work()
        task = asyncio.create_task(gate.run(FINAL, work))
        await begun(work)
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task

        assert await asyncio.to_thread(work.gave_up.wait, 5)
        assert 1 == await gate.run(FINAL, lambda cancelled: 1)

    asyncio.run(scene())


def test_it_is_idle_only_while_a_thread_is_free_and_nothing_waits(gate: Gate) -> None:
    """Partials are made only then."""

    async def scene() -> None:
        assert gate.idle

        work = Work()
        task = asyncio.create_task(gate.run(FINAL, work))
        await asyncio.sleep(0)

        assert not gate.idle

        work.release.set()
        await task

        assert gate.idle

    asyncio.run(scene())


def test_closing_ends_what_waits_and_what_runs() -> None:
    """Nobody waits for ever, and the threads end."""

    async def scene() -> None:
        gate = Gate(threads=1)
        work = Work()
        running = asyncio.create_task(gate.run(FINAL, work))
        await begun(work)
        waiting = asyncio.create_task(gate.run(FINAL, lambda cancelled: 1))
        await asyncio.sleep(0)
        await asyncio.to_thread(gate.close)

        assert "given up" == await running
        with pytest.raises(EngineError, match="the process is ending"):
            await waiting
        with pytest.raises(EngineError, match="the process is ending"):
            await gate.run(FINAL, lambda cancelled: 1)

    asyncio.run(scene())


def test_an_event_loop_that_ends_before_the_work_does_no_harm(gate: Gate) -> None:
    """The result is lost, the thread is not."""
    work = Work()

    async def abandon() -> None:
        asyncio.get_running_loop().create_task(gate.run(FINAL, work))
        await begun(work)

    asyncio.run(abandon())

    assert 1 == asyncio.run(gate.run(FINAL, lambda cancelled: 1))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority for each thread")
def test_its_threads_have_a_lower_priority_than_the_event_loop(gate: Gate) -> None:
    """Speech work gives way to audio frames."""

    def niceness(cancelled: threading.Event) -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    ours = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert min(ours + 5, 19) == asyncio.run(gate.run(FINAL, niceness))
    assert ours == os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_a_process_has_one_shared_gate() -> None:
    """All engines stand in one queue."""
    assert shared_gate() is shared_gate(3)
