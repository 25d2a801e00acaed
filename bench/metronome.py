"""Keeps the callers' time: each sends a frame every 20 ms, all of them spread evenly over these 20 ms."""

import asyncio
import time
from array import array
from collections.abc import Callable

__all__ = ["Metronome"]

_SLOTS = 20
_SLOT_S = 0.001
# Seven and twenty have no common divisor, so that neighbours in time of joining are far apart in the round.
_STRIDE = 7


class Metronome:
    """Calls every member once in 20 ms and knows how late it was. A late frame is made up for, never left out."""

    def __init__(self) -> None:
        # The members of each millisecond of the round.
        self._slots: list[list[Callable[[float], None]]] = [[] for _ in range(_SLOTS)]
        # Members that have joined so far.
        self._joined = 0
        # The next slot to serve, and when.
        self._next_slot = 0
        self._next_at = 0.0
        # The pending call of ``_serve``; None while stopped.
        self._timer: asyncio.TimerHandle | None = None
        # When each frame left, and how long after its time, in seconds.
        self.sent_at_s = array("d")
        self.lateness_s = array("d")

    def start(self) -> None:
        """Begin to keep time, on the running event loop."""
        self._next_at = time.monotonic()
        self._serve()

    def stop(self) -> None:
        """Call nobody any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def join(self, member: Callable[[float], None]) -> None:
        """Have ``member(at)`` called every 20 ms from now on, with the moment of the call."""
        self._slots[self._joined * _STRIDE % _SLOTS].append(member)
        self._joined += 1

    def leave(self, member: Callable[[float], None]) -> None:
        """Call this member no more; fine for one that never joined."""
        for slot in self._slots:
            if member in slot:
                slot.remove(member)

    def _serve(self) -> None:
        now = time.monotonic()
        while self._next_at <= now:
            for member in tuple(self._slots[self._next_slot]):
                now = time.monotonic()
                self.sent_at_s.append(now)
                self.lateness_s.append(now - self._next_at)
                member(now)
            self._next_slot = (self._next_slot + 1) % _SLOTS
            self._next_at += _SLOT_S
        self._timer = asyncio.get_running_loop().call_later(self._next_at - now, self._serve)
