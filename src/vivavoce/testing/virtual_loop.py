"""
An event loop on simulated time: minutes of waiting take milliseconds, and a test that would hang fails instead.

    async def call() -> float:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    assert run(call()) == 3600

Theory of operation. The clock stands still while anything can run. When every task is blocked, it jumps to the next
timer; when there is no timer either, nothing can ever happen again, and the loop raises ``Deadlock``. Work that was
given to a thread takes no simulated time: as long as there is some, the loop really waits for it.
Other threads are not waited for: this loop is for code whose world is played.
Sockets are waited for where both ends of them belong to this loop, and the caller says so: before each jump the loop
really waits a moment for what is still on its way from one end to the other.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

__all__ = ["Deadlock", "Overtime", "VirtualLoop", "run"]

T = TypeVar("T")
Args = TypeVarTuple("Args")

# Longest real wait for a thread before it is looked after again, in seconds.
_THREAD_WAIT_S = 0.05
# Longest real wait for bytes between two sockets of this process. The kernel needs microseconds.
_SOCKET_WAIT_S = 0.005
# A day: longer than any call, so whoever gets here waits for nothing.
_LIMIT_S = 86_400.0


class Deadlock(RuntimeError):
    """Every task waits, and no timer will wake any of them."""


class Overtime(RuntimeError):
    """Simulated time has passed the limit: something rings for ever."""


class _JumpingSelector(selectors.SelectSelector):
    """Looks for ready files without waiting; instead of waiting it has time jump."""

    def __init__(self, wait: Callable[[float | None], float], socket_wait_s: float) -> None:
        super().__init__()
        # Told how long the loop would wait (None: for ever); returns how long to wait really.
        self._wait = wait
        self._socket_wait_s = socket_wait_s

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        now = timeout is not None and timeout <= 0
        ready = super().select(0 if now else self._socket_wait_s)
        if ready or now:
            return ready
        really_s = self._wait(timeout)
        return super().select(really_s) if really_s else []


class VirtualLoop(asyncio.SelectorEventLoop):
    """
    An event loop whose clock begins at 0 and jumps to the next timer whenever all tasks are blocked.

    Args:
        limit_s: How far the clock may go, in simulated seconds.
        sockets: Whether tasks of this loop talk with each other through sockets.

    Raises:
        Deadlock: From ``run_forever`` and its kin: nothing is ready and no timer is set.
        Overtime: Likewise, when the next timer lies beyond ``limit_s``.
    """

    def __init__(self, *, limit_s: float = _LIMIT_S, sockets: bool = False) -> None:
        self._limit_s = limit_s
        self._socket_wait_s = _SOCKET_WAIT_S if sockets else 0.0
        self._now_s = 0.0
        # Threads at work for this loop.
        self._threads = 0
        super().__init__(_JumpingSelector(self._pass_time, self._socket_wait_s))

    def time(self) -> float:
        """Simulated seconds since the loop was made."""
        return self._now_s

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Args], T], *args: *Args
    ) -> "asyncio.Future[T]":
        """As the library's; the clock stands still until the work is done."""
        future = super().run_in_executor(executor, func, *args)
        self._threads += 1
        future.add_done_callback(self._on_thread_done)
        return future

    # The arguments differ between versions of Python.
    async def shutdown_default_executor(self, *args: Any, **kwargs: Any) -> None:
        """As the library's: it waits for a thread as well."""
        self._threads += 1
        try:
            await super().shutdown_default_executor(*args, **kwargs)
        finally:
            self._threads -= 1

    def _on_thread_done(self, _: "asyncio.Future[Any]") -> None:
        self._threads -= 1

    def _pass_time(self, wait_s: float | None) -> float:
        if self._threads:
            return _THREAD_WAIT_S
        if wait_s is None:
            raise Deadlock(f"nothing can happen any more; these tasks wait: {_waiting(self)}")
        if self._now_s + wait_s > self._limit_s:
            raise Overtime(f"the limit of {self._limit_s:g} simulated seconds has passed; waiting: {_waiting(self)}")
        self._now_s += wait_s
        return 0.0


def run(main: Coroutine[Any, Any, T], *, limit_s: float = _LIMIT_S, sockets: bool = False) -> T:
    """
    Run a coroutine to its end on simulated time, as ``asyncio.run`` does on real time.

    Args:
        main: What to run.
        limit_s: How far the clock may go, in simulated seconds.
        sockets: Whether tasks of the coroutine talk with each other through sockets.

    Raises:
        Deadlock: All tasks wait for each other, or for something that nobody does.
        Overtime: The clock has passed ``limit_s``.
    """
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(limit_s=limit_s, sockets=sockets)) as runner:
        return runner.run(main)


def _waiting(loop: asyncio.AbstractEventLoop) -> str:
    """The names of the tasks that are not done, and the line at which each waits."""
    places = []
    for task in asyncio.all_tasks(loop):
        frame = next(iter(task.get_stack(limit=1)), None)
        place = "" if frame is None else f" ({frame.f_code.co_name}, line {frame.f_lineno})"
        places.append(f"{task.get_name()}{place}")
    return ", ".join(sorted(places)) or "none"
