"""
One request to a webhook: signed bodies go out, a status comes back.

Where the connection leads is decided here, on the addresses that it is then made to: a name that means something else
a moment later is of no use to anybody. Redirects are not followed, proxies are not asked, connections are not kept.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from httpcore2 import (
    AnyIOBackend,
    AsyncConnectionPool,
    AsyncNetworkBackend,
    AsyncNetworkStream,
    ConnectError,
    NetworkError,
    ProtocolError,
    TimeoutException,
    default_ssl_context,
)

from vivavoce.server.lookups import look_up
from vivavoce.webhooks.addresses import kind_of_private

__all__ = ["LookUp", "Outcome", "Post", "Poster", "private_among"]

# Addresses for a host and a port.
LookUp = Callable[[str, int], Awaitable[tuple[str, ...]]]
# The outbox and the calls that begin together; whoever comes then waits within his own time limit.
_MOST_CONNECTIONS = 64
# An address that does not answer leaves time for the next one.
_CONNECT_S = 10.0
_LONGEST_FAULT_CHARS = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What came of a request.

    Args:
        status: The HTTP status of the answer; 0 where there was none.
        fault: A sentence about what went wrong, without anything of the answer; empty for a status 2xx.
        body: Of the answer, where it was asked for.
    """

    status: int
    fault: str = ""
    body: bytes = b""


class Post(Protocol):
    """Whoever makes requests."""

    async def __call__(
        self, url: str, headers: Mapping[str, str], body: bytes, *, limit_s: float, answer_bytes: int = 0
    ) -> Outcome:
        """
        Make one POST request, and say how it went.

        Args:
            url: That of a webhook, checked.
            headers: All headers but those of the connection.
            body: As it is.
            limit_s: For everything together.
            answer_bytes: How much of the answer's body is wanted at most; a longer one is a fault. 0 reads none of it.
        """


class _Private(ConnectError):
    """The host is none of the public internet."""


@dataclass(frozen=True, slots=True)
class _CheckedNetwork(AsyncNetworkBackend):
    """Connects to addresses that have been looked up and checked, never to a name."""

    allow_private: bool
    look_up: LookUp
    network: AsyncNetworkBackend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the library's own interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,  # the library's type of them is private
    ) -> AsyncNetworkStream:
        try:
            addresses = await self.look_up(host, port)
        except OSError as error:
            raise ConnectError(f"the host cannot be looked up: {error.strerror or error}") from error
        if not self.allow_private and (kind := private_among(addresses)):
            raise _Private(f"the host has a {kind} address, which is not allowed")
        failed: Exception = ConnectError("the host has no address")
        for address in addresses:
            try:
                return await self.network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (NetworkError, TimeoutException) as error:
                failed = error
        raise failed


class Poster:
    """
    Makes requests to webhooks; ``async with`` closes what is open.

    Args:
        allow_private: Whether loopback, private and other addresses that are not public may be connected to.
        look_up: Finds the addresses of hosts.
    """

    def __init__(self, *, allow_private: bool, look_up: LookUp = look_up) -> None:
        self._pool = AsyncConnectionPool(
            ssl_context=default_ssl_context(),
            max_connections=_MOST_CONNECTIONS,
            # A connection that is kept would still lead to where the name led before.
            max_keepalive_connections=0,
            network_backend=_CheckedNetwork(allow_private, look_up, AnyIOBackend()),
        )

    async def close(self) -> None:
        """Close what is open."""
        await self._pool.aclose()

    async def __call__(
        self, url: str, headers: Mapping[str, str], body: bytes, *, limit_s: float, answer_bytes: int = 0
    ) -> Outcome:
        """Make one POST request, and say how it went; see ``Post``."""
        try:
            async with asyncio.timeout(limit_s):
                return await self._post(url, headers, body, answer_bytes)
        except (TimeoutError, TimeoutException):
            return Outcome(0, f"no answer within {limit_s:g} s")
        except ConnectError as error:
            return Outcome(0, f"no connection: {error}"[:_LONGEST_FAULT_CHARS])
        except ProtocolError:
            # The library's sentence would quote what came.
            return Outcome(0, "the answer is not HTTP")
        except NetworkError:
            return Outcome(0, "the connection was lost before an answer came")

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes, answer_bytes: int) -> Outcome:
        request = self._pool.stream(
            "POST",
            url,
            headers=list({"Accept-Encoding": "identity", **headers}.items()),
            content=body,
            extensions={"timeout": {"connect": _CONNECT_S}},
        )
        async with request as response:
            if not 200 <= response.status < 300:
                follows = "; redirects are not followed" if 300 <= response.status < 400 else ""
                return Outcome(response.status, f"it answered {response.status}{follows}")
            answer = bytearray()
            if answer_bytes:
                async for piece in response.aiter_stream():
                    answer += piece
                    if len(answer) > answer_bytes:
                        return Outcome(response.status, f"its answer is longer than {answer_bytes:,} bytes")
            return Outcome(response.status, body=bytes(answer))


def private_among(addresses: Iterable[str]) -> str:
    """The kind of the first address that is not public, such as ``loopback``; empty where all are public."""
    return next((kind for kind in map(kind_of_private, addresses) if kind), "")
