"""The bad network, with real sockets and waits of less than a second."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar
from urllib.parse import urlsplit

import pytest

from vivavoce.testing.proxy import Proxy

T = TypeVar("T")
MESSAGE = bytes(range(256)) * 40
Scenario = Callable[[Proxy, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[T]]


@asynccontextmanager
async def echo() -> AsyncIterator[int]:
    """A server that says what it hears; yields its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def connected(proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = urlsplit(proxy.url)

    assert address.port is not None
    return await asyncio.open_connection(address.hostname, address.port)


def through(scenario: Scenario[T], *, seed: int = 1) -> T:
    """Play a scenario on one connection to the echo."""

    async def play() -> T:
        async with (
            asyncio.timeout(5),
            echo() as port,
            Proxy("127.0.0.1", port, chance=random.Random(seed).random) as proxy,
        ):
            reader, writer = await connected(proxy)
            try:
                return await scenario(proxy, reader, writer)
            finally:
                writer.transport.abort()

    return asyncio.run(play())


async def timed(reader: asyncio.StreamReader, count: int) -> float:
    """Read so many bytes; how long that took."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    await reader.readexactly(count)
    return loop.time() - began_s


async def to_the_end(reader: asyncio.StreamReader) -> bytes:
    """All that arrives before the connection is reset."""
    got = bytearray()
    with pytest.raises(ConnectionResetError):
        while True:
            data = await reader.read(65536)

            assert data, "the connection has ended in peace"
            got += data
    return bytes(got)


def test_everything_passes_unchanged() -> None:
    """Both ways, counted."""

    async def scenario(
        proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[bytes, tuple[int, ...]]:
        writer.write(MESSAGE)
        return await reader.readexactly(len(MESSAGE)), (proxy.up.bytes, proxy.down.bytes, proxy.made, proxy.cuts)

    got, counters = through(scenario)

    assert MESSAGE == got
    assert (len(MESSAGE), len(MESSAGE), 1, 0) == counters


def test_the_end_of_one_side_passes_too() -> None:
    """A peaceful end, behind all that was sent."""

    async def scenario(proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(MESSAGE)
        writer.write_eof()
        return await reader.read(-1)

    assert MESSAGE == through(scenario)


def test_a_cut_resets_at_once() -> None:
    """An error, not an end; the next connection is as good as the first."""

    async def scenario(
        proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[bytes, bytes, int, int]:
        writer.write(b"one")
        await reader.readexactly(3)
        proxy.cut()
        rest = await to_the_end(reader)
        again, answer = await connected(proxy)
        answer.write(b"two")
        second = await again.readexactly(3)
        answer.transport.abort()
        return rest, second, proxy.made, proxy.cuts

    assert (b"", b"two", 2, 1) == through(scenario)


@pytest.mark.parametrize("count", [1, 1000, 5000])
def test_a_cut_falls_behind_a_number_of_bytes(count: int) -> None:
    """So it can fall in the middle of a frame."""

    async def scenario(proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        proxy.up.cut_after(count)
        writer.write(MESSAGE)
        await to_the_end(reader)
        return proxy.up.bytes

    assert count == through(scenario)


def test_a_way_that_is_paused_waits_and_then_passes_everything() -> None:
    """The other way goes on meanwhile."""

    async def scenario(proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, bytes]:
        proxy.down.pause()
        writer.write(MESSAGE)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await reader.read(1)
        before = proxy.down.bytes
        proxy.down.resume()
        return before, await reader.readexactly(len(MESSAGE))

    assert (0, MESSAGE) == through(scenario)


def test_a_way_that_is_stalled_opens_by_itself() -> None:
    """After its time."""

    async def scenario(proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
        proxy.up.stall(0.2)
        writer.write(b"one")
        return await timed(reader, 3)

    assert 0.19 < through(scenario) < 1.0


def test_a_stalled_way_stops_its_sender() -> None:
    """It keeps a little and reads no further: the sender's buffers fill."""

    async def scenario(proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        proxy.up.pause()
        writer.write(bytes(32 * 1024 * 1024))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await writer.drain()
        return writer.transport.get_write_buffer_size()

    assert 16 * 1024 * 1024 < through(scenario)


def test_bytes_are_delayed_and_keep_their_order() -> None:
    """Each piece by its own time; none overtakes another."""

    async def scenario(proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[float, bytes]:
        proxy.up.delay_s, proxy.up.jitter_s = 0.05, 0.1
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        for number in range(20):
            writer.write(bytes([number]) * 100)
            await asyncio.sleep(0.005)
        got = await reader.readexactly(2000)
        return loop.time() - began_s, got

    took_s, got = through(scenario)

    assert b"".join(bytes([number]) * 100 for number in range(20)) == got
    assert 0.15 < took_s < 1.0


def test_a_throttled_way_takes_its_time() -> None:
    """Ten thousand bytes at fifty thousand a second."""

    async def scenario(proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
        proxy.down.bytes_per_s = 50_000
        writer.write(MESSAGE)
        return await timed(reader, len(MESSAGE))

    # The last piece waits for nobody.
    assert 0.1 < through(scenario) < 1.0


def test_while_it_refuses_nobody_comes_in() -> None:
    """Those who are in stay."""

    async def scenario(
        proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[bytes, int, int]:
        proxy.refusing = True
        late, _ = await connected(proxy)
        await to_the_end(late)
        writer.write(b"one")
        return await reader.readexactly(3), proxy.made, proxy.refused

    assert (b"one", 1, 1) == through(scenario)


def test_the_same_chance_makes_the_same_network() -> None:
    """Delays are drawn in order from what the test gives."""

    def drawn(seed: int) -> list[float]:
        way = Proxy("127.0.0.1", 1, chance=random.Random(seed).random).up
        way.delay_s, way.jitter_s = 0.02, 0.3
        return [way.lateness_s() for _ in range(5)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert all(0.02 <= late_s < 0.32 for late_s in drawn(1))


def test_a_server_that_is_not_there_ends_the_connection() -> None:
    """The client is not left waiting."""

    async def scenario() -> bytes:
        async with asyncio.timeout(5):
            async with echo() as port:
                pass
            async with Proxy("127.0.0.1", port) as proxy:
                reader, writer = await connected(proxy)
                got = await reader.read(-1)
                writer.close()
                return got

    assert b"" == asyncio.run(scenario())
