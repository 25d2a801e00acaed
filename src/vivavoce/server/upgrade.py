"""
From a request to a voice socket: behind uvicorn's port.

uvicorn hands a connection over when its client asks for an upgrade. ``Upgrade`` stops reading, has the request
admitted, and then either writes the refusal itself, with the status, the reason phrase and the body that no ASGI
server can set, or makes the connection a voice socket. No frame passes through ASGI.

uvicorn asks llhttp whether a request is an upgrade, and llhttp wants the token in ``Connection``. Wire-spec 1.4.3
validates every request that says ``Upgrade: websocket``, so ``VoiceHttp`` hands those over as well. It also passes on
what came behind the head in the same packet, which uvicorn drops: some clients do not wait for the answer.
"""

import asyncio
import base64
import binascii
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast
from urllib.parse import parse_qsl, urlsplit

from httptools import HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from vivavoce.errors import Refused, StoreError
from vivavoce.server.admission import ConnectRequest, refusal
from vivavoce.server.gathering import Gathering
from vivavoce.server.sockets import Begin, open_socket

__all__ = ["ABORT", "Receptionist", "Upgrade", "VoiceHttp", "upgrade_class"]

log = logging.getLogger(__name__)

# Under this name a request tells the application how its connection is ended at once.
ABORT = "vivavoce.abort"
# Looking up a key and an agent takes milliseconds; a store that hangs must not hold the client.
_ADMISSION_S = 10.0


class Receptionist(Protocol):
    """Who decides about a request for a voice socket."""

    async def admit(self, path: str, request: ConnectRequest, *, flaw: str) -> Begin:
        """
        Admit a request and prepare its call.

        Args:
            path: The path of the request.
            request: The rest of it.
            flaw: Why it can become no WebSocket, whatever else it says; empty where it can. Everything else that is
                wrong is told first (wire-spec 1.4.3).

        Raises:
            Refused: The request is answered with a status and a reason.
        """

    def missed(self, begin: Begin) -> None:
        """The client left between its admission and the opening of its socket."""


@dataclass(frozen=True, slots=True)
class _Head:
    """The head of an upgrade request."""

    method: str
    target: str
    headers: dict[str, str]

    @property
    def flaw(self) -> str:
        """Why this request cannot become a WebSocket, or nothing (RFC 6455 section 4.2.1)."""
        tokens = {token.strip().lower() for token in self.headers.get("connection", "").split(",")}
        if self.method != "GET":
            return "A WebSocket is opened with GET"
        if "upgrade" not in tokens:
            return "Connection header must contain Upgrade"
        if self.headers.get("sec-websocket-version") != "13":
            return "Sec-WebSocket-Version must be 13"
        try:
            if len(base64.b64decode(self.key, validate=True)) == 16:
                return ""
        except (binascii.Error, ValueError):
            pass
        return "Sec-WebSocket-Key must be 16 bytes in base64"

    @property
    def key(self) -> str:
        """The client's nonce."""
        return self.headers.get("sec-websocket-key", "")

    def address(self) -> tuple[str, ConnectRequest]:
        """
        The path, and what admission looks at.

        Raises:
            Refused: 400 for a target that is no address.
        """
        try:
            target = urlsplit(self.target)
        except ValueError:
            raise Refused(400, "The request target cannot be read") from None
        request = ConnectRequest(
            query=dict(parse_qsl(target.query, keep_blank_values=True)),
            authorization=self.headers.get("authorization", ""),
            origin=self.headers.get("origin", ""),
        )
        return target.path, request


def _read_head(data: bytes) -> _Head:
    """Read the head that uvicorn has parsed and written anew; it is well-formed."""
    request_line, *lines = data.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        # A header that comes twice is a list (RFC 9110 section 5.3).
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    method, _, rest = request_line.partition(" ")
    return _Head(method, rest.removesuffix(" HTTP/1.1"), headers)


class VoiceHttp(HttpToolsProtocol):
    """uvicorn's HTTP, which also hands over upgrade requests whose ``Connection`` header lacks the token."""

    # What was read last, and whether its request is not for the application.
    _packet = b""
    _handed_over = False

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # ASGI knows no way to leave a client who does not read.
        self.scope["extensions"] = {ABORT: self.transport.abort}  # type: ignore[dict-item]  # a function, not a table

    def data_received(self, data: bytes) -> None:
        self._packet = data
        super().data_received(data)
        self._packet = b""

    def handle_websocket_upgrade(self) -> None:
        self._handed_over = True
        super().handle_websocket_upgrade()
        # httptools tells where the head ended by the exception that is being handled just now.
        ended = sys.exception()
        if isinstance(ended, HttpParserUpgrade) and (early := self._packet[ended.args[0] :]):
            cast(asyncio.Protocol, self.transport.get_protocol()).data_received(early)

    def _get_upgrade(self) -> bytes | None:
        # ``Upgrade: websocket`` alone makes an attempt; one without the token is validated and then refused.
        return next((value.lower() for name, value in self.headers if name == b"upgrade"), None)

    def on_headers_complete(self) -> None:
        if self._handed_over:
            return
        if self._get_upgrade() != b"websocket" or self.parser.should_upgrade():
            super().on_headers_complete()
            return
        self._handed_over = True
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.transport.pause_reading()
        url, scope = self.url, self.scope

        def hand_over() -> None:
            if not self.transport.is_closing():
                # Whatever else the parser has found behind is not this request.
                self.url, self.scope = url, scope
                self.handle_websocket_upgrade()

        # The parser is in the middle of a call: hand over when it has returned.
        self.loop.call_soon(hand_over)

    def on_body(self, body: bytes) -> None:
        if not self._handed_over:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._handed_over:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if not self._handed_over:
            super().send_400_response(msg)


class Upgrade(asyncio.Protocol):
    """Takes a connection over from uvicorn, and refuses it or makes it a voice socket."""

    def __init__(self, receptionist: Receptionist, gathering: Gathering) -> None:
        self._receptionist = receptionist
        self._gathering = gathering
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        # What came behind the head; at most what was read with it, for reading stops here.
        self._early = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do everything that asyncio's do, and share no base class with them.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._admit(_read_head(data)), name="admit")
        else:
            self._early += data

    def connection_lost(self, exc: Exception | None) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _admit(self, head: _Head) -> None:
        try:
            path, request = head.address()
            async with asyncio.timeout(_ADMISSION_S):
                begin = await self._receptionist.admit(path, request, flaw=head.flaw)
        except Refused as error:
            self._refuse(error)
        except TimeoutError:
            self._refuse(Refused(503, "Service Unavailable", retry_after_s=1))
        except StoreError as error:
            log.error("a voice socket could not be admitted: %s", error)  # noqa: TRY400  # it says all there is to say
            self._refuse(Refused(503, "Service Unavailable", retry_after_s=1))
        except Exception:
            log.exception("a voice socket could not be admitted")
            self._refuse(Refused(500, "Internal Server Error"))
        else:
            self._open(head, begin)

    def _refuse(self, error: Refused) -> None:
        assert self._transport is not None
        self._transport.write(refusal(error))
        self._transport.close()

    def _open(self, head: _Head, begin: Begin) -> None:
        assert self._transport is not None
        if self._transport.is_closing():
            self._receptionist.missed(begin)
        else:
            open_socket(self._transport, begin, self._gathering, key=head.key, early=self._early)


def upgrade_class(receptionist: Receptionist) -> Callable[..., Upgrade]:
    """What uvicorn's ``ws`` setting takes: makes an ``Upgrade`` for each connection."""
    gathering = Gathering()

    def make(**_: object) -> Upgrade:
        return Upgrade(receptionist, gathering)

    return make
