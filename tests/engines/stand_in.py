"""A small HTTP server on loopback that answers as a test tells it to, piece by piece, and remembers what was asked."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field


@dataclass
class Request:
    """What a client asked for."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Exchange:
    """The answer to one request, in the hands of the test."""

    request: Request
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status: str = "200 OK", content_type: str = "text/event-stream") -> None:
        """The head of an answer whose body comes in chunks."""
        await self.send(
            f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )

    async def chunk(self, data: bytes) -> None:
        await self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def end(self) -> None:
        await self.send(b"0\r\n\r\n")

    async def whole(self, body: bytes, *, status: str = "200 OK", content_type: str = "application/json") -> None:
        """A complete answer."""
        await self.send(
            f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )

    async def deltas(self, *deltas: Mapping[str, object], finish: str | None = "stop") -> None:
        """A streamed chat completion; without ``finish`` it lacks its end."""
        await self.head()
        for delta in deltas:
            await self.chunk(event({"index": 0, "delta": delta, "finish_reason": None}))
        if finish:
            await self.chunk(event({"index": 0, "delta": {}, "finish_reason": finish}))
            await self.chunk(b"data: [DONE]\n\n")
        await self.end()

    async def left(self) -> None:
        """Returns when the client has closed the connection."""
        while await self.reader.read(4096):
            pass


def event(choice: Mapping[str, object]) -> bytes:
    """One server-sent event of a chat completion."""
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "small", "choices": [choice]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


Answer = Callable[[Exchange], Awaitable[None]]


@dataclass
class StandIn:
    """The server: its n-th request gets the n-th answer, later ones the last."""

    answers: list[Answer]
    requests: list[Request] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> "StandIn":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def settings(self) -> dict[str, str]:
        """Settings of an engine that is to use this server."""
        return {
            "base_url": f"http://127.0.0.1:{self.port}/v1",
            "api_key": "sk-test",
            "model": "small",
            "backoff_s": "0",
        }

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while request := await _read(reader):
                self.requests.append(request)
                answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
                await answer(Exchange(request, reader, writer))
                if writer.is_closing():
                    break
        except (ConnectionError, asyncio.CancelledError):
            # The client has gone, or the test is over.
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    line, *fields = head.split("\r\n")[:-2]
    headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in fields)}
    return Request(line, headers, await reader.readexactly(int(headers.get("content-length", 0))))
