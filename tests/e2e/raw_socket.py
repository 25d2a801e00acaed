"""A WebSocket client that keeps no rule by itself: it sends the bytes it is told, and reads when it is told."""

import asyncio
import base64
import json
import os
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

__all__ = ["BINARY", "CLOSE", "CONTINUATION", "PING", "PONG", "TEXT", "Answer", "Frame", "RawSocket", "frame", "head"]

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
# Every wait has a limit: nothing here takes this long.
_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response: status and phrase, headers in lower case, body."""

    status: int
    phrase: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of the server."""

    opcode: int
    payload: bytes
    final: bool = True

    @property
    def code(self) -> int:
        """The code of a close frame."""
        return int.from_bytes(self.payload[:2], "big")

    def json(self) -> dict[str, Any]:
        """The message of a text frame."""
        return dict(json.loads(self.payload))


def head(path: str = "/", method: str = "GET", body: bytes = b"", /, **changes: str | None) -> bytes:
    """
    The head of an upgrade request as browsers send it.

    Args:
        path: With the query.
        method: Anything.
        body: Goes behind the head.
        changes: Headers to set, with ``_`` for ``-``; None leaves one out.
    """
    headers: dict[str, str | None] = {
        "Host": "localhost",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    by_name = {name.lower(): name for name in headers}
    for name, value in changes.items():
        wanted = name.replace("_", "-")
        headers[by_name.get(wanted.lower(), wanted)] = value
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode("latin-1") + body


def frame(opcode: int, payload: bytes | str = b"", *, final: bool = True, masked: bool = True, bits: int = 0) -> bytes:
    """A frame of a client; ``bits`` are those that extensions use."""
    data = payload.encode() if isinstance(payload, str) else payload
    size = len(data)
    first = (0x80 if final else 0) | bits << 4 | opcode
    mark = 0x80 if masked else 0
    if size < 126:
        start = struct.pack("!BB", first, mark | size)
    elif size < 65536:
        start = struct.pack("!BBH", first, mark | 126, size)
    else:
        start = struct.pack("!BBQ", first, mark | 127, size)
    # A mask of zeros is as good as any, and leaves the bytes to be read by whoever looks at the wire.
    return start + (bytes(4) if masked else b"") + data


class RawSocket:
    """A connection; what has been read and not asked for yet is kept."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._read = bytearray()

    @classmethod
    async def connect(cls, port: int, *, receive_buffer_bytes: int = 0) -> Self:
        """Connect to a port of this machine."""
        connection = socket.socket()
        if receive_buffer_bytes:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        async with asyncio.timeout(_LIMIT_S):
            await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        return cls(connection)

    @classmethod
    async def open(cls, port: int, path: str = "/", receive_buffer_bytes: int = 0, /, **changes: str | None) -> Self:
        """Connect and upgrade; the server must agree."""
        opened = await cls.connect(port, receive_buffer_bytes=receive_buffer_bytes)
        await opened.send(head(path, **changes))
        answer = await opened.answer()

        assert (101, b"") == (answer.status, answer.body), answer
        return opened

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        async with asyncio.timeout(_LIMIT_S):
            await asyncio.get_running_loop().sock_sendall(self._socket, data)

    async def say(self, message: dict[str, Any] | str | bytes, *, opcode: int = TEXT) -> None:
        """Send one message, as JSON if it is not text already."""
        await self.send(frame(opcode, json.dumps(message) if isinstance(message, dict) else message))

    async def answer(self) -> Answer:
        """Read an HTTP response."""
        raw = await self._until(b"\r\n\r\n")
        status_line, *lines = raw.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        version, _, rest = status_line.partition(" ")
        status, _, phrase = rest.partition(" ")

        assert "HTTP/1.1" == version
        body = await self._exactly(int(headers.get("content-length", "0")))
        return Answer(int(status), phrase, headers, body)

    async def frame(self) -> Frame:
        """
        Read a frame.

        Raises:
            ConnectionError: The connection is over.
        """
        first, second = await self._exactly(2)

        assert second < 128, "a server does not mask"
        size = second
        if second == 126:
            size = int.from_bytes(await self._exactly(2), "big")
        elif second == 127:
            size = int.from_bytes(await self._exactly(8), "big")
        return Frame(first & 0xF, await self._exactly(size), bool(first & 0x80))

    async def message(self, *kinds: str) -> dict[str, Any]:
        """Read to the next message, or the next of these kinds; pings are answered, audio is passed over."""
        while True:
            received = await self.frame()
            if received.opcode == PING:
                await self.send(frame(PONG, received.payload))
            elif received.opcode == CLOSE:
                raise ConnectionError(f"closed with {received.code}")
            elif received.opcode == TEXT:
                told = received.json()
                if told["type"] in kinds or (not kinds and told["type"] != "output_audio.delta"):
                    return told

    async def close_code(self) -> int:
        """Read to the close frame; 1006 where the connection ends without one, as browsers have it."""
        with suppress(ConnectionError):
            while True:
                received = await self.frame()
                if received.opcode == CLOSE:
                    return received.code
        return 1006

    async def ended(self) -> bytes:
        """Read to the end of the connection; returns what came before it."""
        with suppress(ConnectionError):
            while True:
                await self._fill()
        return bytes(self._read)

    def reset(self) -> None:
        """Vanish: the peer gets a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def close(self) -> None:
        """Close the connection without a word."""
        self._socket.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    async def _until(self, mark: bytes) -> bytes:
        while (at := self._read.find(mark)) < 0:
            await self._fill()
        return await self._exactly(at + len(mark))

    async def _exactly(self, size: int) -> bytes:
        while len(self._read) < size:
            await self._fill()
        taken = bytes(self._read[:size])
        del self._read[:size]
        return taken

    async def _fill(self) -> None:
        async with asyncio.timeout(_LIMIT_S):
            data = await asyncio.get_running_loop().sock_recv(self._socket, 65536)
        if not data:
            raise ConnectionError("the server has closed the connection")
        self._read += data
