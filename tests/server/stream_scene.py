"""A live call on simulated time, and readers of its events who may be slow."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from tests.server.kept_facts import CALL, Store
from vivavoce.feed import Feed
from vivavoce.server.event_stream import Limits
from vivavoce.server.event_streams import EventStreams, Seat
from vivavoce.talk.facts import CallStarted
from vivavoce.testing.virtual_loop import run

__all__ = ["Reader", "Scene", "play", "reader"]


@dataclass
class Scene:
    """A live call, and the streams of a server."""

    store: Store
    feed: Feed
    stopping: asyncio.Event
    streams: EventStreams


@dataclass
class Reader:
    """Reads a stream; may be held up."""

    seat: Seat
    after: int = 0
    chunks: list[bytes] = field(default_factory=list)
    # Cleared while the reader takes nothing.
    takes: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        async for chunk in self.seat.frames(after=self.after, recording_url=lambda call: f"https://x/{call.id}"):
            self.chunks.append(chunk)
            await self.takes.wait()
        self.seat.give_up()

    @property
    def text(self) -> str:
        return b"".join(self.chunks).decode()

    @property
    def ids(self) -> list[int]:
        return [int(number) for number in re.findall(r"^id: (\d+)$", self.text, re.MULTILINE)]

    @property
    def types(self) -> list[str]:
        return re.findall(r'"event_type":"(\w+)"', self.text)


def play(
    scenario: Callable[[Scene], Awaitable[None]], *, limits: Limits | None = None, recording: bool = False
) -> None:
    async def scene() -> None:
        store = Store()
        if recording:
            store.call = replace(store.call, recording="recording")
        feed, stopping = store.feed(most_kept=5), asyncio.Event()
        feed.publish(CALL.id, CallStarted(0.0, "webcall"))
        await scenario(
            Scene(store, feed, stopping, EventStreams(store.following(feed), stopping=stopping, limits=limits))
        )
        await feed.close()

        # Whatever happened, nothing is left of it.
        assert [] == [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    run(scene())


def reader(scene: Scene, *, after: int = 0, slow: bool = False) -> tuple[Reader, asyncio.Task[None]]:
    reading = Reader(scene.streams.join(scene.store.call), after)
    if not slow:
        reading.takes.set()
    return reading, asyncio.create_task(reading.read())
