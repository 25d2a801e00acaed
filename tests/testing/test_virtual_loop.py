"""The event loop on simulated time."""

import asyncio
import time

import pytest

from vivavoce.testing.virtual_loop import Deadlock, Overtime, VirtualLoop, run


def test_an_hour_of_sleep_takes_no_real_time() -> None:
    """Rule: the clock jumps to the next timer when every task is blocked."""

    async def call() -> float:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    began = time.perf_counter()
    slept_s = run(call())

    assert slept_s == pytest.approx(3600)
    assert time.perf_counter() - began < 1.0


def test_timers_ring_in_order_and_at_their_moments() -> None:
    """Rule: no timer is skipped by a jump, whatever the order in which they were set."""

    async def call() -> list[tuple[str, float]]:
        loop = asyncio.get_running_loop()
        rung: list[tuple[str, float]] = []

        async def ring(name: str, after_s: float) -> None:
            await asyncio.sleep(after_s)
            rung.append((name, round(loop.time(), 6)))

        await asyncio.gather(ring("c", 7.5), ring("a", 0.1), ring("b", 2.0))
        return rung

    assert [("a", 0.1), ("b", 2.0), ("c", 7.5)] == run(call())


def test_the_clock_stands_still_while_something_can_run() -> None:
    """Rule: a thousand steps without waiting take no simulated time."""

    async def call() -> float:
        for _ in range(1000):
            await asyncio.sleep(0)
        return asyncio.get_running_loop().time()

    assert run(call()) == 0.0


def test_waiting_for_what_nobody_does_is_a_deadlock() -> None:
    """Rule: nothing ready and no timer raises, and the message names the task that waits."""

    async def call() -> None:
        await asyncio.create_task(asyncio.Event().wait(), name="the lost one")

    with pytest.raises(Deadlock, match="the lost one"):
        run(call())


def test_a_timer_that_rings_for_ever_runs_into_the_limit() -> None:
    """Rule: simulated time has an end, so a test of an endless loop fails instead of hanging."""

    async def call() -> None:
        loop = asyncio.get_running_loop()

        def ring() -> None:
            loop.call_later(10, ring)

        ring()
        await asyncio.Event().wait()

    with pytest.raises(Overtime, match="100 simulated seconds"):
        run(call(), limit_s=100)


def test_a_timeout_fires_on_simulated_time() -> None:
    """Rule: everything that asyncio builds on timers works, ``asyncio.timeout`` first of all."""

    async def call() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert run(call()) == pytest.approx(30)


def test_work_in_a_thread_takes_no_simulated_time() -> None:
    """Rule: the clock waits for threads, so a pending timer does not overtake them."""

    def write() -> str:
        time.sleep(0.02)
        return "written"

    async def call() -> tuple[str, float]:
        loop = asyncio.get_running_loop()
        loop.call_later(60, lambda: None)
        return await asyncio.to_thread(write), loop.time()

    assert ("written", 0.0) == run(call())


def test_what_a_test_raises_comes_out() -> None:
    """Rule: an error of the coroutine is the error of ``run``."""

    async def call() -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        run(call())


def test_the_loop_can_be_driven_by_hand() -> None:
    """Rule: it is an ordinary event loop, to be closed like one."""
    loop = VirtualLoop()
    loop.run_until_complete(asyncio.sleep(5))
    now_s = loop.time()
    loop.close()

    assert now_s == pytest.approx(5)


def test_bytes_between_two_sockets_arrive_before_the_clock_jumps() -> None:
    """Rule: a hundred questions and answers take no simulated time, although a timer is set."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    async def call() -> tuple[list[bytes], float]:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(10.0, lambda: None)
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        answers = []
        for number in range(100):
            writer.write(b"%d\n" % number)
            answers.append(await reader.readline())
        asked_s = loop.time()
        # Both ends are closed before the loop is.
        writer.write_eof()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        server.close()
        timer.cancel()
        return answers, asked_s

    answers, took_s = run(call(), sockets=True)

    assert [b"%d\n" % number for number in range(100)] == answers
    assert took_s == 0.0
