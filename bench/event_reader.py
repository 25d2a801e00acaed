"""A reader of events that costs as little as it can: it keeps what came, and when, and looks at it afterwards."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import msgspec

__all__ = ["EventReader", "Received", "arrivals", "open_readers"]


@dataclass(frozen=True, slots=True)
class Received:
    """An event, and how long it was under way: from the moment that it tells to its arrival here, in seconds."""

    type: str
    event_id: str
    at_s: float
    delay_s: float


@dataclass(slots=True, eq=False)
class EventReader(asyncio.Protocol):
    """One connection."""

    request: bytes
    # What came, with the time of day in seconds.
    pieces: list[tuple[float, bytes]] = field(default_factory=list)
    transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports share no base class with asyncio's.
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.pieces.append((time.time(), data))


def arrivals(pieces: list[tuple[float, bytes]]) -> Iterator[Received]:
    """
    The events in what came; each counts as arrived with the piece that ends its line.

    The frames of the chunked body stand on lines of their own, so they do not matter.
    """
    rest = b""
    for at_s, piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"data: "):
                event: dict[str, Any] = msgspec.json.decode(line[6:])
                if "timestamp" in event:
                    told_s = datetime.fromisoformat(event["timestamp"]).timestamp()
                    yield Received(event["event_type"], event["event_id"], at_s, at_s - told_s)


async def open_readers(count: int, *, port: int, path: str, within_s: float = 10.0) -> list[EventReader]:
    """
    Open so many streams and wait until each has begun.

    Raises:
        TimeoutError: One has not.
        SystemExit: One was refused.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    readers = [EventReader(request) for _ in range(count)]
    async with asyncio.timeout(within_s):
        for reader in readers:
            await loop.create_connection(lambda made=reader: made, "127.0.0.1", port)  # type: ignore[misc]
        while not all(b"sse_init" in b"".join(piece for _, piece in reader.pieces) for reader in readers):
            refused = [reader for reader in readers if reader.pieces and b" 200 OK" not in reader.pieces[0][1]]
            if refused:
                raise SystemExit(f"A reader was refused: {refused[0].pieces[0][1].decode(errors='replace')}")
            await asyncio.sleep(0.05)
    return readers
