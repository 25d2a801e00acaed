"""Voice sockets behind uvicorn's own port, without a house: who knocks is written down, and what he says comes back."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import uvicorn
import uvloop
from uvicorn.server import ServerState

from tests.e2e.raw_socket import RawSocket
from vivavoce.errors import Refused
from vivavoce.server.admission import ConnectRequest
from vivavoce.server.sockets import Begin, CallSocket
from vivavoce.server.upgrade import VoiceHttp, upgrade_class

__all__ = ["LIMIT_S", "Desk", "Visit", "play"]

# No wait in a scenario may take longer.
LIMIT_S = 5.0


class Visit:
    """One open socket: its messages in order, and how it ended."""

    def __init__(self, socket: CallSocket, *, echo: bool) -> None:
        self.socket = socket
        self._echo = echo
        # Written by ``receive``, read by ``next``; as long as what a test sends.
        self._messages: asyncio.Queue[tuple[bytes, bool]] = asyncio.Queue()
        self._left: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def receive(self, data: bytes | memoryview, *, text: bool) -> None:
        if bytes(data) == b"break":
            raise RuntimeError("the listener is broken")
        self._messages.put_nowait((bytes(data), text))
        if self._echo:
            self.socket.send(bytes(data))

    def leave(self, reason: str) -> None:
        # Told twice would be an InvalidStateError.
        self._left.set_result(reason)

    async def next(self) -> tuple[bytes, bool]:
        """The next message, and whether it was text."""
        async with asyncio.timeout(LIMIT_S):
            return await self._messages.get()

    @property
    def is_over(self) -> bool:
        return self._left.done()

    async def left(self) -> str:
        """The reason of the end."""
        async with asyncio.timeout(LIMIT_S):
            return await asyncio.shield(self._left)

    @property
    def waiting(self) -> int:
        """Messages that no one has asked for."""
        return self._messages.qsize()


@dataclass
class Desk:
    """Admits everybody whose request has no flaw, unless told otherwise."""

    # What a request is answered with.
    error: Exception | None = None
    echo: bool = True
    # Begins sockets in place of a visit.
    begin: Begin | None = None
    requests: list[tuple[str, ConnectRequest]] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Set while requests are decided at once; cleared, they wait.
        self.open = asyncio.Event()
        self.open.set()
        # Set when somebody has asked, and when somebody has left before his socket opened.
        self.asked = asyncio.Event()
        self.gone = asyncio.Event()
        # Written by begin, read by ``visit``; as many as a test opens.
        self._visits: asyncio.Queue[Visit] = asyncio.Queue()

    async def admit(self, path: str, request: ConnectRequest, *, flaw: str) -> Begin:
        self.requests.append((path, request))
        self.asked.set()
        await self.open.wait()
        if self.error is not None:
            raise self.error
        if flaw:
            raise Refused(400, flaw)
        return self.begin or self._begin

    def missed(self, begin: Begin) -> None:
        self.gone.set()

    def _begin(self, socket: CallSocket) -> Visit:
        visit = Visit(socket, echo=self.echo)
        self._visits.put_nowait(visit)
        return visit

    async def visit(self) -> Visit:
        """The socket that was opened next."""
        async with asyncio.timeout(LIMIT_S):
            return await self._visits.get()

    async def knock(self, port: int) -> tuple[RawSocket, Visit]:
        """Open a socket."""
        client = await RawSocket.open(port)
        return client, await self.visit()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Says the path and the length of the body: the HTTP side of the port."""
    length = 0
    while True:
        part = await receive()
        length += len(part.get("body", b""))
        if not part.get("more_body"):
            break
    body = f"{scope['method']} {scope['path']} {length}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def play(
    scenario: Callable[[int, Desk], Awaitable[None]],
    *,
    error: Exception | None = None,
    echo: bool = True,
    begin: Begin | None = None,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop,
) -> None:
    """Play a scenario, which is given the port and the desk, on the server's own kind of loop."""

    async def scene() -> None:
        desk = Desk(error=error, echo=echo, begin=begin)
        config = uvicorn.Config(
            application,
            # uvicorn takes classes or anything that makes protocols in their place.
            http=VoiceHttp,
            ws=upgrade_class(desk),  # type: ignore[arg-type]
            log_config=None,
            access_log=False,
            server_header=False,
        )
        config.load()
        state = ServerState()

        def connected() -> asyncio.Protocol:
            return VoiceHttp(config=config, server_state=state, app_state={})

        server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)
        try:
            async with asyncio.timeout(4 * LIMIT_S):
                await scenario(server.sockets[0].getsockname()[1], desk)
        finally:
            server.close()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(scene())
