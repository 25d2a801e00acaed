"""The one timer of a call: it rings when the conversation wants to be told the time."""

import asyncio
from collections.abc import Callable

__all__ = ["Alarm"]

# Loops ring a little early; a deadline that is so close has come.
_EARLY_S = 0.001


class Alarm:
    """
    Follows a deadline that moves with every event.

    Args:
        now: The session's time, in seconds.
        deadline: When it is to ring, in session seconds; None for never again.
        ring: Called with the time when the deadline has come.
    """

    def __init__(
        self, now: Callable[[], float], deadline: Callable[[], float | None], ring: Callable[[float], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        # The loop's time at which the session opened.
        self._opened_at = self._loop.time() - now()
        self._now = now
        self._deadline = deadline
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None
        # The loop's time at which it rings.
        self._timer_at = 0.0

    def arm(self) -> None:
        """The deadline may have moved. It may ring early: moving it with every event costs more than looking again."""
        deadline = self._deadline()
        if deadline is None:
            return
        when = self._opened_at + deadline
        if self._timer is not None:
            if self._timer_at <= when:
                return
            self._timer.cancel()
        self._timer_at = when
        self._timer = self._loop.call_at(when, self._look)

    def stop(self) -> None:
        """It never rings again."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        deadline = self._deadline()
        if deadline is None:
            return
        if (now := self._now()) + _EARLY_S >= deadline:
            self._ring(max(now, deadline))
        else:
            self.arm()
