"""
A bad network between a client and a server, on loopback.

    async with Proxy("127.0.0.1", 8600) as proxy:
        client = await AtomsClient.connect(proxy.url, key="sk_…", agent_id="…", ext=True)
        proxy.cut()

Bytes are delayed, held back, throttled and lost with their connection, but never reordered or changed, as on TCP.
A way that is stalled stops reading, so that its sender feels it and only a little waits here.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

__all__ = ["Proxy", "Way"]

# Read at a time. Small, so that delays fall between frames.
_PIECE_BYTES = 4096
# As much waits on one way of one connection, while it is delayed or throttled.
_MOST_WAITING_BYTES = 256 * 1024
# Closes a connection with a reset instead of a goodbye. Source: socket(7), SO_LINGER with a time of 0.
_RESET = struct.pack("ii", 1, 0)


class Way:
    """
    One direction of all connections: how its bytes are treated.

    Args:
        chance: Gives numbers from 0 up to 1.
    """

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        # Bytes that have passed.
        self.bytes = 0
        # Each piece arrives so much later, in seconds: the first, and up to the second more.
        self.delay_s = 0.0
        self.jitter_s = 0.0
        # No more than so many bytes a second pass, on each connection; None for no limit.
        self.bytes_per_s: float | None = None
        # All connections are cut when so many more bytes have passed.
        self._cut_after: int | None = None
        # Clear while nothing passes.
        self._open = asyncio.Event()
        self._open.set()
        self._reopening: asyncio.TimerHandle | None = None

    def pause(self) -> None:
        """Let nothing pass until ``resume``."""
        self._forget_reopening()
        self._open.clear()

    def resume(self) -> None:
        """Let bytes pass again."""
        self._forget_reopening()
        self._open.set()

    def stall(self, seconds: float) -> None:
        """Let nothing pass for a while."""
        self.pause()
        self._reopening = asyncio.get_running_loop().call_later(seconds, self.resume)

    def cut_after(self, count: int) -> None:
        """Reset all connections when so many more bytes have passed here: in the middle of a frame, perhaps."""
        self._cut_after = count

    def lateness_s(self) -> float:
        """How much later than it came the next piece goes on, in seconds."""
        return self.delay_s + self.jitter_s * self._chance()

    async def opened(self) -> None:
        """Wait while nothing passes."""
        await self._open.wait()

    def let_pass(self, piece: bytes) -> tuple[bytes, bool]:
        """What of a piece passes, and whether all connections are to be cut behind it."""
        left = self._cut_after
        cut = left is not None and left <= len(piece)
        if left is not None:
            piece = piece[:left]
            self._cut_after = None if cut else left - len(piece)
        self.bytes += len(piece)
        return piece, cut

    def _forget_reopening(self) -> None:
        if self._reopening is not None:
            self._reopening.cancel()
            self._reopening = None


class Proxy:
    """
    Listens on a free port and passes everything on to one server.

    Args:
        host: Of the server.
        port: Likewise.
        chance: Gives numbers from 0 up to 1, such as ``random.Random(7).random``: the same numbers, the same network.
    """

    def __init__(self, host: str, port: int, *, chance: Callable[[], float] = lambda: 0.5) -> None:
        self._host, self._port = host, port
        # What the client sends, and what the server sends.
        self.up, self.down = Way(chance), Way(chance)
        # While it is set, new connections are reset at once.
        self.refusing = False
        # Connections that were made, refused and cut.
        self.made = self.refused = self.cuts = 0
        self._server: asyncio.Server | None = None
        # The connections that there are: the tasks that hold them, and both ends of each.
        self._connections: dict[asyncio.Task[None], tuple[asyncio.StreamWriter, ...]] = {}

    @property
    def url(self) -> str:
        """Where a client connects to."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """Reset all connections at once, on both sides; what waits here is lost."""
        self.cuts += bool(self._connections)
        for task, ends in self._connections.items():
            for end in ends:
                _reset(end)
            task.cancel()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0, limit=_PIECE_BYTES)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.up.resume()
        self.down.resume()
        tasks = list(self._connections)
        self.cut()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            self.refused += 1
            _reset(writer)
            return
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = (writer,)
        self.made += 1
        try:
            server_reader, server_writer = await asyncio.open_connection(self._host, self._port, limit=_PIECE_BYTES)
            self._connections[task] = (writer, server_writer)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(self.up, reader, server_writer), name="up")
                both.create_task(self._carry(self.down, server_reader, writer), name="down")
        # One side has hung up, or the connection was cut: the other side learns of it.
        except (OSError, ExceptionGroup, asyncio.CancelledError):
            pass
        finally:
            for end in self._connections.pop(task):
                end.close()

    async def _carry(self, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what one side sends, until it ends."""
        loop = asyncio.get_running_loop()
        # Pieces on their way, each with when it arrives; None behind the last. Written by ``_fetch``, read here.
        road: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue(_MOST_WAITING_BYTES // _PIECE_BYTES)
        async with asyncio.TaskGroup() as fetching:
            fetching.create_task(_fetch(way, reader, road), name="fetch")
            while (piece := await road.get()) is not None:
                arrives_s, data = piece
                await asyncio.sleep(arrives_s - loop.time())
                await way.opened()
                data, cut = way.let_pass(data)
                writer.write(data)
                if cut:
                    # What has passed is to arrive.
                    await writer.drain()
                    self.cut()
                await writer.drain()
                if way.bytes_per_s is not None:
                    await asyncio.sleep(len(data) / way.bytes_per_s)
        with suppress(OSError):
            writer.write_eof()


async def _fetch(way: Way, reader: asyncio.StreamReader, road: asyncio.Queue[tuple[float, bytes] | None]) -> None:
    loop = asyncio.get_running_loop()
    # Nothing overtakes what came before.
    last_s = 0.0
    with suppress(ConnectionError):
        while data := await reader.read(_PIECE_BYTES):
            last_s = max(last_s, loop.time() + way.lateness_s())
            await road.put((last_s, data))
            await way.opened()
    await road.put(None)


def _reset(end: asyncio.StreamWriter) -> None:
    """Close a connection so that its other side is told of an error, and not of an end."""
    connection = end.get_extra_info("socket")
    if connection is not None and not end.transport.is_closing():
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    end.transport.abort()
