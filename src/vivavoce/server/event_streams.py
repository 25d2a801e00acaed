"""Who reads the events of which call: a bounded number of readers, each with a place at the stream of his call."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from vivavoce.clock import now
from vivavoce.errors import Refused
from vivavoce.server.event_stream import EventStream, Limits, frame
from vivavoce.server.following import Following
from vivavoce.store.calls import Call
from vivavoce.views.times import iso, milliseconds

__all__ = ["EventStreams", "Seat"]


class EventStreams:
    """The streams of all calls that are being read, and the number of their readers."""

    def __init__(self, following: Following, *, stopping: asyncio.Event, limits: Limits | None = None) -> None:
        self._following = following
        # Set when the server stops: all streams end.
        self._stopping = stopping
        self._limits = limits or Limits()
        # Those that new readers join, by the ids of the calls.
        self._streams: dict[str, EventStream] = {}
        # One for each stream, until it has ended.
        self._tasks: dict[EventStream, asyncio.Task[None]] = {}
        # Readers of all streams.
        self._readers = 0

    @property
    def readers(self) -> int:
        """How many readers there are."""
        return self._readers

    @property
    def following(self) -> Following:
        """Where the facts come from."""
        return self._following

    def join(self, call: Call) -> "Seat":
        """
        Take a place at the stream of a call; it has to be left again.

        Raises:
            Refused: 429 where the call has readers enough, 503 where the server has.
        """
        stream = self._streams.get(call.id)
        if stream is not None and stream.readers >= self._limits.readers_of_a_call:
            raise Refused(
                429, f"This call has {stream.readers} readers already: share one stream among them", retry_after_s=5
            )
        if self._readers >= self._limits.readers:
            raise Refused(503, "Too many readers of events: try again later", retry_after_s=5)
        if stream is None or stream.failed:
            stream = EventStream(call, self._following, self._limits)
            self._streams[call.id] = stream
            running = asyncio.get_running_loop().create_task(stream.run(self._stopping), name=f"stream of {call.id}")
            self._tasks[stream] = running
        stream.readers += 1
        self._readers += 1
        return Seat(stream, leave=self._leave)

    def _leave(self, stream: EventStream) -> None:
        stream.readers -= 1
        self._readers -= 1
        if stream.readers:
            return
        if self._streams.get(stream.call.id) is stream:
            del self._streams[stream.call.id]
        task = self._tasks[stream]
        # Held until it has cleaned up.
        task.add_done_callback(lambda _: self._tasks.pop(stream, None))
        task.cancel()


@dataclass(slots=True)
class Seat:
    """A reader's place at a stream."""

    stream: EventStream
    leave: Callable[[EventStream], None]
    left: bool = False

    def give_up(self) -> None:
        """Leave; a second time does nothing."""
        if not self.left:
            self.left = True
            self.leave(self.stream)

    async def frames(self, *, after: int, recording_url: Callable[[Call], str]) -> AsyncGenerator[bytes, None]:
        """
        The whole stream of a reader, from ``sse_init`` to ``sse_close``.

        A stream that could not be told to its end has no ``sse_close``: its reader should resume.

        Args:
            after: He has been told up to the fact of this number.
            recording_url: The link to a recording, as this reader reaches the server.

        Raises:
            StoreError: He is far behind, and the store cannot be used.
        """
        stream = self.stream
        yield frame({"event_type": "sse_init", "event_time": iso(now())})
        async with aclosing(stream.chunks(after=after)) as chunks:
            async for chunk in chunks:
                yield chunk
        recorded, ended_n = stream.recorded, stream.ended_n
        # The recording has no fact; its number is the next one, for those who come again.
        if recorded is not None and ended_n is not None and after <= ended_n:
            at = now()
            at_ms = milliseconds((at - recorded.started_at).total_seconds())
            yield frame(
                {
                    "event_type": "call_recording",
                    "event_id": f"{recorded.id}_{ended_n + 1}_{at_ms}",
                    "timestamp": iso(at),
                    "call_id": recorded.id,
                    "recording_url": recording_url(recorded),
                    "status": "available",
                },
                n=ended_n + 1,
            )
        if not stream.failed:
            yield frame({"event_type": "sse_close", "event_time": iso(now())})
