"""A receiver of webhooks on a real socket: it checks signatures, and answers as it is told."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Answer", "Got", "Receiver", "answer", "receiving"]


@dataclass(frozen=True, slots=True)
class Got:
    """One request: its path, its headers in lower case, and the bytes of its body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    def signed_with(self, secret: str) -> bool:
        """As a receiver would check it, with what Python has."""
        expected = hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, self.headers["x-signature"])


# The whole answer to a request.
Answer = Callable[[Got], Awaitable[bytes]]


def answer(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """An answer as it stands on the wire."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Receiver:
    """What came, and what is answered next: the answers in order, then 200 for ever."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    answers: list[bytes | Answer] = field(default_factory=list)
    # Set by each request.
    news: asyncio.Event = field(default_factory=asyncio.Event)
    # Requests that are being answered, and how many there were at the same time at most.
    open: int = 0
    most_open: int = 0
    # One for each connection: the loop itself holds tasks only weakly.
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def until(self, count: int) -> list[Got]:
        """Wait until so many requests have come."""
        while len(self.got) < count:
            self.news.clear()
            await self.news.wait()
        return self.got

    async def close(self) -> None:
        """Leave those who still wait for an answer."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin to serve a connection."""
        task = asyncio.get_running_loop().create_task(self.serve(reader, writer), name="receiver")
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the one request of a connection."""
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            request = await self._read(reader)
            self.got.append(request)
            self.news.set()
            said = self.answers.pop(0) if self.answers else answer()
            writer.write(said if isinstance(said, bytes) else await said(request))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            # The client has left.
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Got:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        return Got(head[0].split()[1], headers, await reader.readexactly(int(headers["content-length"])))


@asynccontextmanager
async def receiving(*answers: bytes | Answer) -> AsyncIterator[Receiver]:
    """A receiver for a while."""
    receiver = Receiver(answers=list(answers))
    server = await asyncio.start_server(receiver.accept, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await receiver.close()
