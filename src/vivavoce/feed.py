"""
The feed: every fact of every live call, numbered, told to whoever listens, and written down.

Publishing never waits. A listener that is too slow is dropped with a marker and may resume from a number;
a store that is down is tried again, while the facts wait in memory up to a bound.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from vivavoce.errors import StoreError
from vivavoce.talk.facts import CallEnded, Fact

__all__ = ["Feed", "Lagged", "Numbered", "Subscription", "WriteFacts"]

_log = logging.getLogger(__name__)

# Stores facts, each with its call's id and its number; raises StoreError when it cannot be done now.
WriteFacts = Callable[[Sequence[tuple[str, int, Fact]]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Numbered:
    """A fact and its number within its call, from 1."""

    n: int
    fact: Fact


@dataclass(frozen=True, slots=True)
class Lagged:
    """The last item of a subscription that was too slow: nothing after fact ``n`` was delivered."""

    n: int


class Subscription:
    """
    One listener's bounded queue. Iterating ends after ``CallEnded`` or after a ``Lagged``.

    ``starts_after`` tells which facts are not in it: those up to this number are in the store, if anywhere.
    """

    def __init__(self, *, starts_after: int, bound: int, complete: bool = False) -> None:
        # The first fact to come has the next number.
        self.starts_after = starts_after
        # Writer: the feed's ``publish``; reader: the iteration. One place beyond the bound is the marker's.
        self._queue: asyncio.Queue[Numbered | Lagged] = asyncio.Queue(bound + 1)
        # How many facts may wait.
        self._bound = bound
        # The number of the last fact that was queued.
        self._last_n = starts_after
        # Whether the last item has been queued, or nothing will come.
        self._complete = complete

    def __aiter__(self) -> AsyncIterator[Numbered | Lagged]:
        return self._items()

    async def _items(self) -> AsyncIterator[Numbered | Lagged]:
        while not (self._complete and self._queue.empty()):
            yield await self._queue.get()

    def _offer(self, item: Numbered) -> None:
        if self._complete:
            return
        if self._queue.qsize() >= self._bound:
            self._queue.put_nowait(Lagged(self._last_n))
            self._complete = True
            return
        self._queue.put_nowait(item)
        self._last_n = item.n
        self._complete = isinstance(item.fact, CallEnded)


@dataclass(slots=True)
class _Call:
    """A call that still has facts in memory."""

    # The newest facts, and all that are not settled.
    kept: deque[Numbered] = field(default_factory=deque)
    # The number of the newest fact.
    last_n: int = 0
    # Facts up to this number are stored, or given up.
    settled_n: int = 0
    ended: bool = False
    subscriptions: list[Subscription] = field(default_factory=list)


class Feed:
    """
    Numbers, keeps, tells and stores the facts of the calls of this process.

    Args:
        write: Stores a batch; see ``store.facts.write``.
        every_s: How long facts are gathered before a batch is written: what a killed process may lose,
            next to the batch that was on its way.
        most_waiting: Facts that wait in memory while the store is down; beyond it the oldest are lost,
            with a warning when it begins and a count when the store is back.
        most_kept: Stored facts that stay in memory for each live call, for listeners that resume.
        most_in_batch: Facts written in one transaction.
        retry_s: First pause after a failed write; it doubles up to ``longest_retry_s``.
        longest_retry_s: The longest pause.
        close_within_s: How long ``close`` tries to store what is left.
    """

    def __init__(
        self,
        write: WriteFacts,
        *,
        every_s: float = 0.5,
        most_waiting: int = 20_000,
        most_kept: int = 1_000,
        most_in_batch: int = 500,
        retry_s: float = 0.25,
        longest_retry_s: float = 5.0,
        close_within_s: float = 5.0,
    ) -> None:
        self._write = write
        self._every_s = every_s
        self._most_waiting = most_waiting
        self._most_kept = most_kept
        self._most_in_batch = most_in_batch
        self._retry_s = retry_s
        self._longest_retry_s = longest_retry_s
        self._close_within_s = close_within_s
        # Calls with facts in memory, by id.
        self._calls: dict[str, _Call] = {}
        # Writer: publish; reader: the writing task. Bounded by most_waiting, in publish.
        self._waiting: deque[tuple[str, Numbered]] = deque()
        # The batch that is being written.
        self._on_its_way: list[tuple[str, Numbered]] = []
        # Set when there is something to write, or when the feed closes.
        self._work = asyncio.Event()
        self._closing = asyncio.Event()
        # Facts lost since the store was last reached.
        self._lost = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the one task that writes; it belongs to the feed until ``close``."""
        self._task = asyncio.create_task(self._run(), name="feed-writer")

    @property
    def live(self) -> int:
        """The number of calls that have not ended."""
        return sum(not call.ended for call in self._calls.values())

    def publish(self, call_id: str, fact: Fact) -> int:
        """
        Take a fact: tell it to the listeners and have it written soon. Never waits.

        Returns:
            The fact's number within its call, from 1.
        """
        call = self._calls.setdefault(call_id, _Call())
        call.last_n += 1
        numbered = Numbered(call.last_n, fact)
        call.kept.append(numbered)
        call.ended = call.ended or isinstance(fact, CallEnded)
        for subscription in call.subscriptions:
            subscription._offer(numbered)
        if len(self._waiting) >= self._most_waiting:
            self._lose_oldest()
        self._waiting.append((call_id, numbered))
        self._work.set()
        return call.last_n

    def snapshot(self, call_id: str) -> tuple[Numbered, ...]:
        """
        The facts of a call that are in memory, in order: all that are not in the store yet, and the newest others.

        Empty for a call that is not live here, and soon after it has ended.
        """
        call = self._calls.get(call_id)
        return () if call is None else tuple(call.kept)

    def knows(self, call_id: str) -> bool:
        """Whether a call has facts in memory: it is live, or has just ended."""
        return call_id in self._calls

    @contextmanager
    def subscribe(self, call_id: str, *, after: int = 0, bound: int = 256) -> Iterator[Subscription]:
        """
        Listen to a call.

        Args:
            call_id: A call that is live here.
            after: Resume behind the fact of this number; ``starts_after`` of the subscription tells
                whether older facts have to be read from the store first.
            bound: How many facts may wait for the listener, next to those that are there already.

        Raises:
            LookupError: The call is not live here.
        """
        call = self._calls.get(call_id)
        if call is None:
            raise LookupError(call_id)
        waiting = [numbered for numbered in call.kept if numbered.n > after]
        starts_after = waiting[0].n - 1 if waiting else call.last_n
        over = call.ended and not waiting
        subscription = Subscription(starts_after=starts_after, bound=bound + len(waiting), complete=over)
        for numbered in waiting:
            subscription._offer(numbered)
        call.subscriptions.append(subscription)
        try:
            yield subscription
        finally:
            call.subscriptions.remove(subscription)

    async def close(self) -> None:
        """Write what is left, within ``close_within_s``, and end the task."""
        self._closing.set()
        self._work.set()
        if self._task is None:
            return
        try:
            async with asyncio.timeout(self._close_within_s):
                await self._task
        except TimeoutError:
            _log.warning("%d facts are lost: the store could not be reached before the end", self._unwritten())

    async def _run(self) -> None:
        pause_s = self._retry_s
        while not (self._closing.is_set() and not self._waiting):
            await self._work.wait()
            self._work.clear()
            await self._until_closing(self._every_s)
            while self._waiting:
                # Taken out of the queue, so that losing the oldest there cannot lose what is on its way.
                self._on_its_way = [
                    self._waiting.popleft() for _ in range(min(len(self._waiting), self._most_in_batch))
                ]
                try:
                    await self._write([(call_id, item.n, item.fact) for call_id, item in self._on_its_way])
                except StoreError as error:
                    self._waiting.extendleft(reversed(self._on_its_way))
                    self._on_its_way = []
                    while len(self._waiting) > self._most_waiting:
                        self._lose_oldest()
                    _log.warning("%d facts wait for the store: %s", len(self._waiting), error)
                    if self._closing.is_set():
                        await asyncio.sleep(self._retry_s)
                    else:
                        await self._until_closing(pause_s)
                    pause_s = min(2 * pause_s, self._longest_retry_s)
                    continue
                except Exception:
                    # A bug in storing some facts must not end the storing of all that follow.
                    _log.exception("%d facts are lost", len(self._on_its_way))
                pause_s = self._retry_s
                for call_id, item in self._on_its_way:
                    self._settle(call_id, item.n)
                self._on_its_way = []
                if self._lost:
                    _log.warning("the store is back; %d facts were lost meanwhile", self._lost)
                    self._lost = 0

    async def _until_closing(self, longest_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(longest_s):
                await self._closing.wait()

    def _unwritten(self) -> int:
        return len(self._waiting) + len(self._on_its_way)

    def _lose_oldest(self) -> None:
        if not self._lost:
            _log.warning("more than %d facts wait for the store: the oldest are being lost", self._most_waiting)
        self._lost += 1
        call_id, item = self._waiting.popleft()
        self._settle(call_id, item.n)

    def _settle(self, call_id: str, n: int) -> None:
        """A fact needs no more care. An ended call whose facts are all settled is forgotten."""
        call = self._calls.get(call_id)
        if call is None:
            return
        # While the store is down, facts may be lost before older ones, on their way, are stored after all.
        call.settled_n = max(call.settled_n, n)
        while len(call.kept) > self._most_kept and call.kept[0].n <= call.settled_n:
            call.kept.popleft()
        if call.ended and call.settled_n == call.last_n:
            del self._calls[call_id]
