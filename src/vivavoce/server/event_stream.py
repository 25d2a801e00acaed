"""
The event stream of one call: every event of a call is made and encoded once, however many read it.

Theory of operation. A call that has readers has one stream, which follows the call and keeps its newest frames, in
order, each under the number of its fact. A reader is nothing but a number: that of the fact up to which he has been
told. News wake all readers; each takes the frames above his number. So a slow reader costs a call nothing: if he falls
behind what is kept, the missing frames are made again for him, from the facts in the store.

Source of the format: Atoms events (wire-spec 2.8) and the event streams of the HTML standard, section 9.2.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

import msgspec

from vivavoce.errors import StoreError
from vivavoce.server.following import Following
from vivavoce.store.calls import Call
from vivavoce.talk.facts import CallEnded, Fact
from vivavoce.views.events import Event, Teller

__all__ = ["PING", "EventStream", "Limits", "frame"]

log = logging.getLogger(__name__)

# A comment, which readers skip.
PING = b": ping\n\n"
# How often a call that is over is asked whether its recording is ready.
_RECORDING_EVERY_S = 0.2
# Frames that are sent at once to a reader who has some to catch up with.
_MOST_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What streams may take.

    Args:
        readers: Readers of all calls.
        readers_of_a_call: Readers of one call.
        kept: Newest frames of a call that stay in memory while it has readers.
        ping_s: How often readers are told that the stream is alive.
        recording_s: How long a stream goes on after the end of the call for its recording to be ready.
        stop_s: How long a stream of a call that is over may go on when the server stops.
    """

    readers: int = 1000
    readers_of_a_call: int = 200
    kept: int = 500
    ping_s: float = 15.0
    recording_s: float = 10.0
    stop_s: float = 1.0


def frame(event: Event, *, n: int | None = None) -> bytes:
    """An event as it stands in the stream; ``n`` is where a reader resumes who has got it."""
    data = b"data: " + msgspec.json.encode(event) + b"\n\n"
    return data if n is None else b"id: %d\n" % n + data


@dataclass(slots=True, eq=False)
class EventStream:
    """The stream of one call, for all its readers."""

    call: Call
    following: Following
    limits: Limits
    # Readers at this moment.
    readers: int = 0
    # The newest frames, each with the number of its fact.
    frames: deque[tuple[int, bytes]] = field(default_factory=deque)
    # The number of the newest frame, and of the newest that is kept no longer.
    last_n: int = 0
    dropped_n: int = 0
    # The number of the last fact of the call, once it has come.
    ended_n: int | None = None
    # The call with its recording, once that is ready.
    recorded: Call | None = None
    # Nothing more will come.
    over: bool = False
    # The facts could not be followed to their end: readers should come again.
    failed: bool = False
    # Set for a moment whenever readers should look again.
    news: asyncio.Event = field(default_factory=asyncio.Event)
    # How often it was time to say that the stream is alive.
    pings: int = 0
    # What was joined last, and from where to where: most readers are at the same place.
    joined: tuple[int, int, bytes] = (0, 0, b"")

    async def run(self, stopping: asyncio.Event) -> None:
        """Follow the call to its end, or until the server stops."""
        loop = asyncio.get_running_loop()
        telling = loop.create_task(self._tell(), name=f"events of {self.call.id}")
        stopped = loop.create_task(stopping.wait(), name=f"stop of {self.call.id}")
        pinging = loop.create_task(self._ping(), name=f"pings of {self.call.id}")
        try:
            await asyncio.wait({telling, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not telling.done() and self.ended_n is not None:
                # What is known of the recording now is still told.
                await asyncio.wait({telling}, timeout=self.limits.stop_s)
        finally:
            for task in (telling, stopped, pinging):
                task.cancel()
            await asyncio.gather(telling, stopped, pinging, return_exceptions=True)
            self.over = True
            self._wake()

    async def chunks(self, *, after: int) -> AsyncGenerator[bytes, None]:
        """
        What a reader is sent who has been told up to fact ``after``: whole frames, and pings.

        Ends when nothing more will come; see ``failed`` and ``recorded``.

        Raises:
            StoreError: A reader who is far behind cannot be helped.
        """
        n = after
        while True:
            if n < self.dropped_n:
                upto = self.dropped_n
                async with aclosing(self._again(after=n, upto=upto)) as missed:
                    async for again in missed:
                        yield again
                n = upto
            elif n < self.last_n:
                n, chunk = self._above(n)
                yield chunk
            elif self.over:
                return
            else:
                pings = self.pings
                await self.news.wait()
                if self.pings != pings:
                    yield PING

    # -- one task for all readers -------------------------------------------------------------------------------

    async def _tell(self) -> None:
        try:
            teller = _teller(self.call)
            async with aclosing(self.following.follow(self.call.id)) as facts:
                async for n, fact in facts:
                    self._take(n, fact, teller)
            if self.ended_n is not None and self.call.recording != "none":
                await self._wait_for_recording()
        except StoreError as error:
            self.failed = True
            log.warning("the events of %s cannot be told any further: %s", self.call.id, error)
        except Exception:
            self.failed = True
            log.exception("the events of %s cannot be told any further", self.call.id)

    def _take(self, n: int, fact: Fact, teller: Teller) -> None:
        if isinstance(fact, CallEnded):
            self.ended_n = n
        encoded = _encoded(n, fact, teller)
        if not encoded:
            return
        self.frames.append((n, encoded))
        self.last_n = n
        if len(self.frames) > self.limits.kept:
            self.dropped_n, _ = self.frames.popleft()
        self._wake()

    async def _wait_for_recording(self) -> None:
        for _ in range(round(self.limits.recording_s / _RECORDING_EVERY_S)):
            call = await self.following.find(self.call.id)
            if call is None or call.recording != "recording":
                self.recorded = call if call is not None and call.recording == "ready" else None
                return
            await asyncio.sleep(_RECORDING_EVERY_S)

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(self.limits.ping_s)
            self.pings += 1
            self._wake()

    def _wake(self) -> None:
        self.news.set()
        self.news.clear()

    # -- each reader ----------------------------------------------------------------------------------------------

    def _above(self, n: int) -> tuple[int, bytes]:
        """The next frames above a number that is kept, and the number of the last of them."""
        begins, ends, chunk = self.joined
        if begins == n and ends == self.last_n:
            return ends, chunk
        missing = list[tuple[int, bytes]]()
        for item in reversed(self.frames):
            if item[0] <= n:
                break
            missing.append(item)
        missing.reverse()
        del missing[_MOST_AT_ONCE:]
        ends, chunk = missing[-1][0], b"".join(encoded for _, encoded in missing)
        self.joined = (n, ends, chunk)
        return ends, chunk

    async def _again(self, *, after: int, upto: int) -> AsyncGenerator[bytes, None]:
        """The frames above a number and up to another that are kept no longer, made anew."""
        teller = _teller(self.call)
        async with aclosing(self.following.follow(self.call.id)) as facts:
            async for n, fact in facts:
                encoded = _encoded(n, fact, teller)
                if encoded and after < n <= upto:
                    yield encoded
                if n >= upto:
                    return


def _teller(call: Call) -> Teller:
    models = {"llm": call.model, "tts": str(call.voice.get("model") or "")}
    known = {stage: model for stage, model in models.items() if model}
    return Teller(call_id=call.id, started_at=call.started_at, models=known)


def _encoded(n: int, fact: Fact, teller: Teller) -> bytes:
    """The frames of a fact. The last of them has its number, so whoever got a part of them gets all of them again."""
    told = teller.tell(n, fact)
    return b"".join(frame(event, n=n if event is told[-1] else None) for event in told)
