"""Tells the server what has been heard, when it changes and a few times a second while it plays."""

import asyncio
from collections.abc import Callable

from vivavoce.client.playout import Place, Player

__all__ = ["Reports"]

# The wire asks for four reports a second at least. Source: docs/wire-extension.md, "What has been heard".
_EVERY_S = 0.2
# Times are compared with this slack: sums of floats differ in their last digits.
_SLACK_S = 1e-6


class Reports:
    """
    Watches one player, whose clock is the loop's.

    Args:
        player: Whom to watch.
        send: Sends one report; one that cannot be sent is lost, for the next one says more.
    """

    def __init__(self, player: Player, send: Callable[[Place], None]) -> None:
        self._player = player
        self._send = send
        self._loop = asyncio.get_running_loop()
        # The last report, and when it was sent.
        self._told: Place | None = None
        self._told_s = 0.0
        # Rings when the player has run empty, or when another report is due.
        self._timer: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Report if there is something new; call it after whatever the player has been told."""
        place, now_s = self._player.place(), self._loop.time()
        told = self._told
        if (
            told is None
            or (place.turn, place.state) != (told.turn, told.state)
            or (place.state == "playing" and now_s - self._told_s >= _EVERY_S - _SLACK_S)
        ):
            self._tell(place, now_s)
        self._arm()

    def repeat(self) -> None:
        """Report in any case, such as on a new socket."""
        self._tell(self._player.place(), self._loop.time())
        self._arm()

    def stop(self) -> None:
        """Report nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _tell(self, place: Place, now_s: float) -> None:
        self._told, self._told_s = place, now_s
        self._send(place)

    def _arm(self) -> None:
        self.stop()
        empty_at = self._player.empty_at()
        self._timer = None
        if empty_at is not None:
            # A moment later: at the very end the last sample may not be counted yet.
            when = min(empty_at + 0.001, self._told_s + _EVERY_S)
            self._timer = self._loop.call_at(when, self.look)
