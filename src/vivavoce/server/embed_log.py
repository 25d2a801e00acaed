"""
The refusals of public pages, on their way into the store.

Refused requests may come by the thousand: they are counted here, and written together once in a while, so that a flood
costs the store, where the facts of calls are waiting, next to nothing.
"""

import asyncio
import logging
from datetime import datetime

from vivavoce.clock import now
from vivavoce.errors import StoreError
from vivavoce.store import refusals
from vivavoce.store.database import Database
from vivavoce.store.refusals import ELSEWHERE, Refusal, RefusalRow

__all__ = ["RefusalLog"]

log = logging.getLogger(__name__)

# A store that hangs must not keep the server from stopping.
_LAST_WRITE_S = 5.0


class RefusalLog:
    """Counts refusals and has one task write them down."""

    def __init__(self, database: Database, *, every_s: float = 2.0, most_kinds: int = 500) -> None:
        self._database = database
        # How long refusals are gathered before they are written.
        self._every_s = every_s
        # Of refusals that are told apart while they wait; what comes beyond counts for its agent and reason only.
        self._most_kinds = most_kinds
        # By kind and day, how often and when last: filled by ``note``, emptied by ``run``.
        self._waiting: dict[tuple[Refusal, int], tuple[int, datetime]] = {}
        # Set while something waits.
        self._news = asyncio.Event()

    def note(self, refusal: Refusal) -> None:
        """Count a refusal."""
        moment = now()
        key = (refusal, refusals.day_of(moment))
        if key not in self._waiting and len(self._waiting) >= self._most_kinds:
            key = (Refusal(refusal.agent_id, refusal.reason, ELSEWHERE, ""), key[1])
        if key not in self._waiting and len(self._waiting) >= 2 * self._most_kinds:
            # Only a store that has been away for long, or a great many agents, can bring this about.
            return
        times, _ = self._waiting.get(key, (0, moment))
        self._waiting[key] = (times + 1, moment)
        self._news.set()

    async def run(self) -> None:
        """Write what comes, until cancelled; what is left then is written at the end."""
        try:
            while True:
                await self._news.wait()
                await asyncio.sleep(self._every_s)
                await self._write()
        finally:
            async with asyncio.timeout(_LAST_WRITE_S):
                await self._write()

    async def _write(self) -> None:
        waiting, self._waiting = self._waiting, {}
        self._news.clear()
        rows = [RefusalRow(refusal, day, times, last_at) for (refusal, day), (times, last_at) in waiting.items()]
        try:
            await refusals.count(self._database, rows)
        except asyncio.CancelledError:
            # The transaction is undone, and the last write makes up for it.
            for key, (times, last_at) in self._waiting.items():
                waiting[key] = (times + waiting.get(key, (0, last_at))[0], last_at)
            self._waiting = waiting
            raise
        except StoreError as error:
            log.warning("%d kinds of refusals are not logged: %s", len(rows), error)
        except Exception:
            # A bug in this must not end the calls.
            log.exception("%d kinds of refusals are not logged", len(rows))
