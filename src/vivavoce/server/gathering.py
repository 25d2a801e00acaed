"""
The messages of all clients, taken together every few milliseconds.

Microphones send fifty frames a second each, at times of their own. Taking each as it comes would wake the whole way
of a frame (decoding, resampling, the voice detector, the conversation) thousands of times a second, and find its code
and data gone from the processor's caches each time. Gathered, the same frames cost a tenth less of all that a call
costs, and the windows that they complete meet in one batch of the voice detector, which need not wait for more.
"""

import asyncio
from typing import Protocol

__all__ = ["Gathering", "Taker"]

# A message waits at most two thirds of a window of the voice detector, a third on average: unnoticed in a turn, and
# at fifty calls it gathers fifty frames.
_TICK_S = 0.016
# What may wait. More saves nothing, and a client that floods must not fill the memory.
_MOST_MESSAGES = 256
_MOST_BYTES = 1024 * 1024


class Taker(Protocol):
    """A socket, as messages are handed on to it."""

    def take(self, data: bytes, *, text: bool) -> None:
        """Take the next message of the client; whatever goes wrong concerns this socket alone."""


class Gathering:
    """
    Holds messages back until the tick, and hands them on in the order in which they came.

    Args:
        tick_s: The longest that a message waits.
    """

    def __init__(self, *, tick_s: float = _TICK_S) -> None:
        self._tick_s = tick_s
        # How many sockets are open: when each has said something, there is nobody to wait for.
        self._sockets = 0
        self._waiting: list[tuple[Taker, bytes, bool]] = []
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def join(self) -> None:
        """A socket has opened."""
        self._sockets += 1

    def leave(self) -> None:
        """A socket is gone."""
        self._sockets -= 1

    def add(self, taker: Taker, data: bytes, *, text: bool) -> None:
        """Take a message, to be handed on within the tick."""
        waiting = self._waiting
        waiting.append((taker, data, text))
        self._bytes += len(data)
        if len(waiting) >= self._sockets or len(waiting) >= _MOST_MESSAGES or self._bytes >= _MOST_BYTES:
            self.hand_on()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._tick_s, self.hand_on)

    def hand_on(self) -> None:
        """Hand on everything now: what comes next must not overtake it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        for taker, data, text in waiting:
            taker.take(data, text=text)
