"""A store of facts in memory, and a feed on it, for code that follows calls."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from vivavoce.errors import StoreError
from vivavoce.feed import Feed
from vivavoce.server.following import Following
from vivavoce.store.calls import Call
from vivavoce.talk.facts import CallEnded, CallStarted, Fact, UserSaid

__all__ = ["CALL", "Store", "said", "settled"]

CALL = Call(
    "CALL-1776756378884-6a553c", "session", "agent", "webcall", datetime(2026, 7, 2, 10, 30, tzinfo=UTC), owner="us"
)


@dataclass
class Store:
    """Keeps what it is given; may be down."""

    call: Call = CALL
    facts: dict[int, Fact] = field(default_factory=dict)
    down: bool = False
    # How often it was read.
    reads: int = 0

    async def write(self, batch: Sequence[tuple[str, int, Fact]]) -> None:
        self.facts |= {n: fact for _, n, fact in batch}

    async def read(self, call_id: str, *, after: int, most: int) -> Sequence[tuple[int, Fact]]:
        self.reads += 1
        if self.down:
            raise StoreError("the database is away")
        return [(n, self.facts[n]) for n in sorted(self.facts) if n > after][:most]

    async def find(self, call_id: str) -> Call | None:
        if self.down:
            raise StoreError("the database is away")
        return self.call if call_id == self.call.id else None

    def feed(self, *, most_kept: int = 1000) -> Feed:
        """A feed that writes at once."""
        feed = Feed(self.write, every_s=0, most_kept=most_kept)
        feed.start()
        return feed

    def following(self, feed: Feed) -> Following:
        return Following(feed, read=self.read, find=self.find)

    def hold(self, turns: int, *, ended: bool = True) -> None:
        """Keep a call of another server, with so many words of the visitor."""
        told: list[Fact] = [CallStarted(0.0, "webcall"), *(said(n) for n in range(2, 2 + turns))]
        if ended:
            told.append(CallEnded(99.0, "ended"))
            self.call = replace(self.call, ended_at=self.call.started_at)
        self.facts = dict(enumerate(told, 1))


def said(n: int) -> Fact:
    """A turn of the visitor whose text is a number."""
    return UserSaid(float(n), str(n), True)


async def settled(happened: Callable[[], bool]) -> None:
    """Let the other tasks run until something is so; on simulated time this takes no real time."""
    for _ in range(60_000):
        if happened():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never became so")
