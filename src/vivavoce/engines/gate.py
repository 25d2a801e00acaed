"""
The gate that all local speech work of a process goes through.

Recognisers and voices want whole cores for tenths of a second, and they come when they like.
The gate gives them fewer threads than there are cores, at a lower priority than the audio loop,
and lets the most urgent work through first: what a visitor is waiting for before what is merely nice to have.
"""

import asyncio
import atexit
import contextlib
import functools
import heapq
import itertools
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar, TypeVarTuple

from vivavoce.errors import EngineError

__all__ = ["Gate", "Priority", "shared_gate"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

# More than this cannot be done while anyone still waits: at some tenth of a second each it is ten seconds of work.
_LIMIT = 128
# Steps of niceness below the audio loop; 5 gives a loop that wants the core about three quarters of it.
_NICENESS = 5


class Priority(IntEnum):
    """Who goes first; within a priority, who came first."""

    FINAL_TRANSCRIPT = 0
    FIRST_SENTENCE = 1
    LATER_SENTENCE = 2
    PARTIAL_TRANSCRIPT = 3


@dataclass(order=True, slots=True)
class _Job:
    """A piece of work; jobs compare by priority, then by age."""

    priority: Priority
    number: int
    work: Callable[[], Any] = field(compare=False)
    done: "asyncio.Future[Any]" = field(compare=False)
    cancelled: threading.Event = field(compare=False)

    def settle(self, result: Any, error: BaseException | None) -> None:
        """Hand the outcome to whoever still waits for it; called from a thread of the gate."""

        def hand_over() -> None:
            if self.done.done():
                return
            if error is None:
                self.done.set_result(result)
            else:
                self.done.set_exception(error)

        # The loop is closed when the process ends before its work does; then nobody waits.
        with contextlib.suppress(RuntimeError):
            self.done.get_loop().call_soon_threadsafe(hand_over)


class Gate:
    """
    Runs functions in a few threads of lowered priority, the most urgent first.

    Args:
        threads: How many run at the same time.
        limit: How many may wait.
    """

    def __init__(self, *, threads: int, limit: int = _LIMIT) -> None:
        # A heap. Written by ``run`` on the event loop, read by the threads; holds at most ``limit`` jobs.
        self._queue: list[_Job] = []
        self._limit = limit
        # What the threads are at, by the job's number.
        self._running: dict[int, _Job] = {}
        self._closed = False
        # Guards the attributes above; idle threads wait on it.
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._threads = [
            threading.Thread(target=self._serve, name=f"vivavoce-gate-{index}", daemon=True) for index in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def idle(self) -> bool:
        """Whether a thread is free and nothing waits: the time for work that is merely nice to have."""
        with self._changed:
            return not self._queue and len(self._running) < len(self._threads)

    async def run(
        self,
        priority: Priority,
        function: Callable[[threading.Event, *Ts], T],
        *args: *Ts,
        stage: str = "stt",
        engine: str = "local",
    ) -> T:
        """
        Run ``function(cancelled, *args)`` in a thread and wait for its result.

        When the waiting task is cancelled, work that has not begun is dropped, and work that has begun
        finds ``cancelled`` set: it is to look at it every ten milliseconds or so, and to give up.

        Args:
            priority: Who goes first.
            function: The work; what it raises is raised here.
            stage, engine: Who asks, for the error.

        Raises:
            EngineError: Too much waits already, or the gate has been closed.
        """
        cancelled = threading.Event()
        done = asyncio.get_running_loop().create_future()
        job = _Job(priority, next(self._numbers), functools.partial(function, cancelled, *args), done, cancelled)
        with self._changed:
            if self._closed:
                raise EngineError(stage, engine, "the process is ending")
            if len(self._queue) >= self._limit:
                raise EngineError(
                    stage,
                    engine,
                    f"{self._limit} pieces of speech work wait already: allow fewer calls or add cores",
                )
            heapq.heappush(self._queue, job)
            self._changed.notify()
        try:
            result: T = await done
        except asyncio.CancelledError:
            cancelled.set()
            self._drop(job)
            raise
        return result

    def close(self) -> None:
        """Drop what waits, tell what runs to give up, and wait a second for the threads."""
        with self._changed:
            self._closed = True
            dropped, self._queue = self._queue, []
            for job in self._running.values():
                job.cancelled.set()
            self._changed.notify_all()
        for job in dropped:
            job.settle(None, EngineError("stt", "local", "the process is ending"))
        for thread in self._threads:
            thread.join(1.0)

    def _drop(self, job: _Job) -> None:
        with self._changed:
            if job in self._queue:
                self._queue.remove(job)
                heapq.heapify(self._queue)

    def _serve(self) -> None:
        """What each thread does."""
        _step_back()
        while self._perform_next():
            pass

    def _perform_next(self) -> bool:
        """Wait for a job and do it, or say false when the gate has closed; nothing of the job is kept afterwards."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            if self._closed:
                return False
            job = heapq.heappop(self._queue)
            self._running[job.number] = job
        result, error = None, None
        try:
            result = job.work()
        except BaseException as raised:
            error = raised
        with self._changed:
            del self._running[job.number]
        job.settle(result, error)
        return True


def _step_back() -> None:
    """Lower the priority of the calling thread; only Linux has a priority for each thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICENESS)


_shared: Gate | None = None
_shared_lock = threading.Lock()


def shared_gate(threads: int = 0) -> Gate:
    """
    The one gate of this process, made on first use.

    Args:
        threads: How many pieces of work run at the same time; who comes first decides.
            0 stands for one fewer than the cores that this process may use, and at least one.
    """
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = Gate(threads=threads or max(1, _cores() - 1))
            # Threads inside a foreign library must be out of it when the interpreter goes away.
            atexit.register(_shared.close)
        return _shared


def _cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
