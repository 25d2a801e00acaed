"""The client's end of the socket, without a socket."""

import asyncio

import pytest

from vivavoce.client.socket import Socket
from vivavoce.testing.virtual_loop import run


def test_a_server_that_takes_nothing_is_given_up() -> None:
    """Whoever wants to send learns of it, instead of waiting for ever."""

    async def scenario() -> float:
        socket = Socket(lambda socket, data, binary: None)
        socket.pause_writing()
        with pytest.raises(ConnectionError, match="takes nothing"):
            await socket.writable()
        return asyncio.get_running_loop().time()

    assert 15.0 == run(scenario())


def test_a_server_that_is_slow_is_waited_for() -> None:
    """As soon as it takes something the client goes on."""

    async def scenario() -> float:
        socket = Socket(lambda socket, data, binary: None)
        socket.pause_writing()
        loop = asyncio.get_running_loop()
        loop.call_later(14.0, socket.resume_writing)
        await socket.writable()
        return loop.time()

    assert 14.0 == run(scenario())
