"""
The facts of a call for whoever follows it, from the first to the last: out of memory, out of the store, or both.

A call that this server holds is followed in memory, as it happens. What memory no longer has comes from the store, and
so does a call of another server on the same database: it is asked for news again and again.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from vivavoce.feed import Feed, Lagged
from vivavoce.store.calls import Call
from vivavoce.talk.facts import CallEnded, Fact

__all__ = ["FindCall", "Following", "ReadFacts"]

# Facts that are taken at once; some thousand a second would still leave the loop free for the calls.
_PAGE = 100


class ReadFacts(Protocol):
    """Reads stored facts; see ``store.facts.read``."""

    async def __call__(self, call_id: str, *, after: int, most: int) -> Sequence[tuple[int, Fact]]:
        """
        At most so many facts with numbers above ``after``, in order.

        Raises:
            StoreError: They cannot be read.
        """


class FindCall(Protocol):
    """Finds a call; see ``store.calls.find``."""

    async def __call__(self, call_id: str) -> Call | None:
        """
        The call of this id.

        Raises:
            StoreError: The store cannot be used.
        """


@dataclass(frozen=True, slots=True)
class Following:
    """
    Follows calls.

    Args:
        feed: The facts of the calls of this process.
        read: Reads those in the store.
        find: Finds a call.
        poll_s: How often a call of another server is asked for news.
        patience_s: How long the last fact of a call that is over may take to reach the store.
    """

    feed: Feed
    read: ReadFacts
    find: FindCall
    poll_s: float = 0.5
    patience_s: float = 5.0

    async def follow(self, call_id: str) -> AsyncGenerator[tuple[int, Fact], None]:
        """
        The facts of a call from the first on, each with its number, as they come, until the call has ended.

        Raises:
            StoreError: The store is needed and cannot be used.
        """
        n, waited_s = 0, 0.0
        while True:
            async with aclosing(self._known(call_id, after=n)) as known:
                taken = 0
                async for n, fact in known:
                    yield n, fact
                    if isinstance(fact, CallEnded):
                        return
                    waited_s, taken = 0.0, taken + 1
                    if taken % _PAGE == 0:
                        # What is there already comes without any waiting in between.
                        await asyncio.sleep(0)
            if self.feed.knows(call_id):
                # It has come to life here, or was too fast: go on behind the last number.
                continue
            call = await self.find(call_id)
            if call is None or (call.ended_at is not None and waited_s >= self.patience_s):
                return
            await asyncio.sleep(self.poll_s)
            waited_s += self.poll_s if call.ended_at is not None else 0.0

    async def left(self, call: Call, *, after: int) -> bool:
        """Whether a call that is over has facts above ``after``."""
        live = self.feed.snapshot(call.id)
        return bool(live and live[-1].n > after) or bool(await self.read(call.id, after=after, most=1))

    def is_over(self, call: Call) -> bool:
        """Whether the last fact of a call has been told; its row is closed a moment later."""
        live = self.feed.snapshot(call.id)
        return call.ended_at is not None or bool(live and isinstance(live[-1].fact, CallEnded))

    async def _known(self, call_id: str, *, after: int) -> AsyncGenerator[tuple[int, Fact], None]:
        """What is known of a call now, and what comes while this server holds it."""
        if not self.feed.knows(call_id):
            async with aclosing(self._stored(call_id, after=after, upto=None)) as stored:
                async for item in stored:
                    yield item
            return
        # Subscribed before the store is asked, so that nothing is missed in between.
        with self.feed.subscribe(call_id, after=after) as live:
            async with aclosing(self._stored(call_id, after=after, upto=live.starts_after)) as stored:
                async for item in stored:
                    yield item
            async for news in live:
                if isinstance(news, Lagged):
                    return
                yield news.n, news.fact

    async def _stored(self, call_id: str, *, after: int, upto: int | None) -> AsyncGenerator[tuple[int, Fact], None]:
        """The stored facts above ``after``, up to a number or all, a page at a time."""
        while upto is None or after < upto:
            page = await self.read(call_id, after=after, most=_PAGE)
            for n, fact in page:
                if upto is not None and n > upto:
                    return
                yield n, fact
            if len(page) < _PAGE:
                return
            after = page[-1][0]
