"""
Sends what is due to webhooks, at its own pace, and tries again what failed.

The outbox itself is a table: what is in it survives the process, and several servers may send from it
(``store.deliveries``). A receiver that is slow or dead holds at most a few of the places, so others are not held up;
the order of events is not kept.
"""

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta

from vivavoce import ids
from vivavoce.clock import monotonic_s, now
from vivavoce.errors import StoreError
from vivavoce.server.delivering import attempt
from vivavoce.server.posting import Outcome, Post
from vivavoce.store import deliveries
from vivavoce.store.database import Database
from vivavoce.store.deliveries import Delivery
from vivavoce.webhooks.backoff import MOST_ATTEMPTS, delay_s

__all__ = ["Outbox"]

log = logging.getLogger(__name__)

# Source: wire-spec 2.10.
_LIMIT_S = 30.0
# Attempts at the same time, in all and to one webhook.
_MOST_ATTEMPTS_AT_ONCE = 16
_MOST_TO_ONE = 4
# How often it looks for what is due: a query that finds nothing costs half a millisecond, in a thread of the database.
_LOOKS_EVERY_S = 1.0
# The log is kept for a month: its bodies have transcripts.
_KEPT = timedelta(days=30)
_TIDIED_EVERY_S = 3600.0


class Outbox:
    """
    Delivers what the store has for webhooks.

    Args:
        database: The store.
        post: Makes the requests.
        retries: Whether a failed delivery is tried again.
        looks_every_s: How long it rests when nothing is due.
    """

    def __init__(
        self, database: Database, post: Post, *, retries: bool = True, looks_every_s: float = _LOOKS_EVERY_S
    ) -> None:
        self._database = database
        self._post = post
        self._retries = retries
        self._looks_every_s = looks_every_s
        # Attempts that are being made, by webhook.
        self._at_work: Counter[str] = Counter()
        # Set when there may be something to do before the next look.
        self._news = asyncio.Event()
        # When old entries of the log are deleted next, on the monotonic clock.
        self._tidied_at = monotonic_s()

    async def run(self) -> None:
        """Deliver, again and again, until cancelled; what is being sent then is sent anew when its claim lapses."""
        async with asyncio.TaskGroup() as attempts:
            while True:
                self._news.clear()
                begun = 0
                try:
                    begun = await self._begin(attempts)
                    await self._tidy()
                except StoreError as error:
                    log.warning("webhooks wait: %s", error)
                except Exception:
                    # A bug in this must not end the calls that it tells of.
                    log.exception("webhooks wait")
                if not begun:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._looks_every_s):
                            await self._news.wait()

    def look(self) -> None:
        """Look for what is due at once."""
        self._news.set()

    async def _begin(self, attempts: asyncio.TaskGroup) -> int:
        """Claim what is due, as much as there are places for, and begin to send it; returns how much that is."""
        free = _MOST_ATTEMPTS_AT_ONCE - self._at_work.total()
        if free <= 0:
            return 0
        moment = now()
        busy = [webhook for webhook, count in self._at_work.items() if count >= _MOST_TO_ONE]
        # More than there are places: of one webhook only a few are taken, of the next ones there may be some behind.
        found = await deliveries.due(self._database, moment, without=busy, most=4 * _MOST_ATTEMPTS_AT_ONCE)
        places = self._at_work.copy()
        chosen: list[str] = []
        for delivery_id, webhook_id in found:
            if len(chosen) < free and places[webhook_id] < _MOST_TO_ONE:
                places[webhook_id] += 1
                chosen.append(delivery_id)
        if not chosen:
            return 0
        claimed = await deliveries.claim(self._database, chosen, moment)
        for delivery in claimed:
            self._at_work[delivery.webhook_id] += 1
            attempts.create_task(self._attempt(delivery), name=f"delivery {delivery.id}")
        return len(claimed)

    async def _attempt(self, delivery: Delivery) -> None:
        try:
            outcome = await attempt(self._post, delivery, limit_s=_LIMIT_S)
            await self._settle(delivery, outcome)
        except StoreError as error:
            log.warning("delivery %s is made again, for its result could not be stored: %s", delivery.id, error)
        except Exception:
            log.exception("the result of delivery %s could not be stored", delivery.id)
        finally:
            self._at_work[delivery.webhook_id] -= 1
            # Counters keep what is zero, unless they are added to.
            self._at_work += Counter()
            self.look()

    async def _settle(self, delivery: Delivery, outcome: Outcome) -> None:
        if not outcome.fault:
            await deliveries.settle(self._database, delivery, "delivered", answer_status=outcome.status)
            return
        again_at = self._again_at(delivery)
        await deliveries.settle(
            self._database,
            delivery,
            "queued" if again_at else "failed",
            answer_status=outcome.status,
            fault=outcome.fault,
            due_at=again_at,
        )
        # Neither the address nor the answer: both may hold secrets.
        if again_at is None:
            log.warning(
                "delivery %s to webhook %s is given up after attempt %d: %s",
                delivery.id,
                delivery.webhook_id,
                delivery.attempts,
                outcome.fault,
            )
        else:
            log.debug("delivery %s to webhook %s failed: %s", delivery.id, delivery.webhook_id, outcome.fault)

    def _again_at(self, delivery: Delivery) -> datetime | None:
        if not self._retries or delivery.attempts >= MOST_ATTEMPTS:
            return None
        return now() + timedelta(seconds=delay_s(delivery.attempts, ids.fraction()))

    async def _tidy(self) -> None:
        if monotonic_s() >= self._tidied_at:
            self._tidied_at = monotonic_s() + _TIDIED_EVERY_S
            await deliveries.forget(self._database, now() - _KEPT)
