"""
The voice sockets: behind uvicorn's port, on picows.

uvicorn hands a connection over when its client asks for an upgrade. ``Upgrade`` stops reading, has the request
admitted, and then either writes the refusal itself, with the status, the reason phrase and the body that no ASGI
server can set, or gives the transport to picows. No frame passes through ASGI.

picows' protocol class is not its public face: its version is pinned, it is used in this file only, and
``tests/server/test_sockets.py`` is the contract. It takes a stricter request head than browsers send, so it gets one
that is written here.

uvicorn asks llhttp whether a request is an upgrade, and llhttp wants the token in ``Connection``. Wire-spec 1.4.3
validates every request that says ``Upgrade: websocket``, so ``VoiceHttp`` hands those over as well.
"""

import asyncio
import base64
import binascii
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast
from urllib.parse import parse_qsl, urlsplit

import picows
from picows.picows import WSAutoPingStrategy, WSProtocol  # type: ignore[attr-defined]  # not in its stubs
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from vivavoce.errors import Refused
from vivavoce.server.admission import ConnectRequest, refusal
from vivavoce.wire.dialect import Frame

__all__ = ["CallSocket", "Listener", "Receptionist", "VoiceHttp", "upgrade_class"]

log = logging.getLogger(__name__)

# A message of a client may be this long; wire-spec 1.1 asks for at least 1 MiB.
_LONGEST_MESSAGE_BYTES = 2 * 1024 * 1024
# What a slow client may leave untaken: 12 s of audio at 24 kHz in base64. Then the call is ended.
_MOST_UNTAKEN_BYTES = 768 * 1024
# Looking up a key and an agent takes milliseconds; a store that hangs must not hold the client.
_ADMISSION_S = 10.0
# How long a client may take to answer a close frame.
_CLOSE_S = 2.0
# A client that sends nothing for so long is asked whether it is there, and must answer within the second figure.
_PING_AFTER_S = 15.0
_PONG_WITHIN_S = 10.0


class Listener(Protocol):
    """Who takes a client's messages."""

    def receive(self, data: bytes | memoryview, *, text: bool) -> None:
        """One whole message; a memoryview is valid until the method returns."""

    def leave(self, reason: str) -> None:
        """The client is gone."""


_TEXT, _BINARY = picows.WSMsgType.TEXT, picows.WSMsgType.BINARY
_CONTINUATION, _CLOSE = picows.WSMsgType.CONTINUATION, picows.WSMsgType.CLOSE

# Called once the socket is open: begins the call and returns who listens.
Begin = Callable[["CallSocket"], Listener]


class Receptionist(Protocol):
    """Who decides about a request for a voice socket."""

    async def admit(self, path: str, request: ConnectRequest) -> Begin:
        """
        Admit a request and prepare its call.

        Raises:
            Refused: The request is answered with a status and a reason.
        """

    def missed(self, begin: Begin) -> None:
        """The client left between its admission and the opening of its socket."""


@dataclass(frozen=True, slots=True)
class _Head:
    """The head of an upgrade request."""

    target: str
    headers: dict[str, str]

    @property
    def problem(self) -> str:
        """Why this request cannot become a WebSocket, or nothing (RFC 6455 section 4.2.1)."""
        tokens = {token.strip().lower() for token in self.headers.get("connection", "").split(",")}
        if "upgrade" not in tokens:
            return "Connection header must contain Upgrade"
        if self.headers.get("sec-websocket-version") != "13":
            return "Sec-WebSocket-Version must be 13"
        try:
            if len(base64.b64decode(self.key, validate=True)) == 16:
                return ""
        except binascii.Error:
            pass
        return "Sec-WebSocket-Key must be 16 bytes in base64"

    @property
    def key(self) -> str:
        """The client's nonce."""
        return self.headers.get("sec-websocket-key", "")

    def connect_request(self) -> ConnectRequest:
        """What admission looks at."""
        query = dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))
        return ConnectRequest(
            query=query,
            authorization=self.headers.get("authorization", ""),
            origin=self.headers.get("origin", ""),
        )


def _read_head(data: bytes) -> _Head:
    """Read the head that uvicorn has parsed and written anew; it is well-formed."""
    request_line, *lines = data.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        # A header that comes twice is a list (RFC 9110 section 5.3).
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    return _Head(request_line.split(" ")[1], headers)


class VoiceHttp(HttpToolsProtocol):
    """uvicorn's HTTP, which also hands over upgrade requests whose ``Connection`` header lacks the token."""

    # This request is not for the application.
    _handed_over = False

    def _get_upgrade(self) -> bytes | None:
        # ``Upgrade: websocket`` alone makes an attempt; one without the token is validated and then refused.
        return next((value.lower() for name, value in self.headers if name == b"upgrade"), None)

    def on_headers_complete(self) -> None:
        if self._get_upgrade() != b"websocket" or self.parser.should_upgrade():
            super().on_headers_complete()
            return
        self._handed_over = True
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.transport.pause_reading()
        # The parser is in the middle of a call: hand over when it has returned.
        self.loop.call_soon(self.handle_websocket_upgrade)

    def on_body(self, body: bytes) -> None:
        if not self._handed_over:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._handed_over:
            super().on_message_complete()


class CallSocket(picows.WSListener):
    """The socket of one call: joins frames into messages, and bounds what a slow client leaves untaken."""

    def __init__(self, begin: Begin, *, text_frames: bool = True) -> None:
        self._begin = begin
        self._out_type = _TEXT if text_frames else _BINARY
        self._transport: Any = None
        self._listener: Listener | None = None
        # The frames of an unfinished message, and whether it is text.
        self._pieces: list[bytes] = []
        self._pieces_bytes = 0
        self._pieces_text = True
        self._closed = False

    # -- the way to the client (session.Outbox) -------------------------------------------------------------

    def send(self, frame: Frame) -> None:
        """Send one message; dropped once the socket is closed."""
        if self._closed:
            return
        self._transport.send(self._out_type, frame)
        if self._transport.underlying_transport.get_write_buffer_size() > _MOST_UNTAKEN_BYTES:
            log.info("a client does not read: its call is ended")
            self._gone()
            self._transport.disconnect(False)

    def close(self, code: int = 1000) -> None:
        """Close the socket after what has been sent; a client that does not answer is left after two seconds."""
        if self._closed:
            return
        self._closed = True
        self._transport.send_close(code)
        asyncio.get_running_loop().call_later(_CLOSE_S, self._transport.disconnect, False)

    # -- picows' side ---------------------------------------------------------------------------------------

    def on_ws_connected(self, transport: Any) -> None:
        self._transport = transport
        self._listener = self._begin(self)

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        kind = frame.msg_type
        if kind is _TEXT or kind is _BINARY:
            text = kind is _TEXT
            if frame.fin:
                assert self._listener is not None
                self._listener.receive(frame.get_payload_as_memoryview(), text=text)
            else:
                self._pieces = [frame.get_payload_as_bytes()]
                self._pieces_bytes = len(self._pieces[0])
                self._pieces_text = text
        elif kind is _CONTINUATION:
            self._continue(frame.get_payload_as_bytes(), last=frame.fin)
        elif kind is _CLOSE:
            if not self._closed:
                self._closed = True
                # RFC 6455 section 5.5.1: a close is answered with a close.
                transport.send_close(picows.WSCloseCode.OK)
            transport.disconnect()

    def on_ws_disconnected(self, transport: Any) -> None:
        self._gone()

    def pause_writing(self) -> None:
        """The bound is ours, in ``send``: a call cannot wait for its client."""

    def resume_writing(self) -> None:
        """See ``pause_writing``."""

    # -- inside ---------------------------------------------------------------------------------------------

    def _continue(self, piece: bytes, *, last: bool) -> None:
        self._pieces.append(piece)
        self._pieces_bytes += len(piece)
        if self._pieces_bytes > _LONGEST_MESSAGE_BYTES:
            self._pieces = []
            self.close(1009)
            self._gone()
        elif last:
            data, self._pieces = b"".join(self._pieces), []
            assert self._listener is not None
            self._listener.receive(data, text=self._pieces_text)

    def _gone(self) -> None:
        self._closed = True
        listener, self._listener = self._listener, _Nobody()
        if listener is not None:
            listener.leave("websocket_closed")


class _Nobody:
    """Takes the messages of a client whose call is over."""

    def receive(self, data: bytes | memoryview, *, text: bool) -> None:
        pass

    def leave(self, reason: str) -> None:
        pass


class Upgrade(asyncio.Protocol):
    """Takes a connection over from uvicorn, and refuses it or makes it a voice socket."""

    def __init__(self, receptionist: Receptionist) -> None:
        self._receptionist = receptionist
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do everything that asyncio's do, and share no base class with them.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._admit(_read_head(data)), name="admit")

    def connection_lost(self, exc: Exception | None) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _admit(self, head: _Head) -> None:
        assert self._transport is not None
        try:
            async with asyncio.timeout(_ADMISSION_S):
                begin = await self._receptionist.admit(urlsplit(head.target).path, head.connect_request())
            if head.problem:
                self._receptionist.missed(begin)
                raise Refused(400, head.problem)
        except Refused as error:
            self._refuse(error)
        except TimeoutError:
            self._refuse(Refused(503, "Service Unavailable", retry_after_s=1))
        except Exception:
            log.exception("a voice socket could not be admitted")
            self._refuse(Refused(500, "Internal Server Error"))
        else:
            self._hand_over(head, begin)

    def _refuse(self, error: Refused) -> None:
        assert self._transport is not None
        self._transport.write(refusal(error))
        self._transport.close()

    def _hand_over(self, head: _Head, begin: Begin) -> None:
        transport = self._transport
        assert transport is not None
        if transport.is_closing():
            self._receptionist.missed(begin)
            return
        socket = CallSocket(begin)
        protocol = WSProtocol(
            None,  # host and port: for clients
            None,  # path: for clients
            False,  # is_client_side
            lambda _: socket,
            _PICOWS_LOG,
            True,  # disconnect_on_exception
            None,  # handshake timeout: the head is here
            True,  # auto ping
            _PING_AFTER_S,
            _PONG_WITHIN_S,
            WSAutoPingStrategy.PING_WHEN_IDLE,
            True,  # auto pong
            _LONGEST_MESSAGE_BYTES,
            None,  # extra headers
            8192,  # first size of the read buffer; it grows
        )
        self._task = None
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        canonical = (
            f"GET / HTTP/1.1\r\nHost: voice\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {head.key}\r\n\r\n"
        ).encode("ascii")
        protocol.get_buffer(-1)[: len(canonical)] = canonical
        protocol.buffer_updated(len(canonical))
        transport.resume_reading()


# An adapter, not a logger: picows makes a child logger of a logger for every connection.
_PICOWS_LOG = logging.LoggerAdapter(logging.getLogger("vivavoce.picows"))
logging.getLogger("vivavoce.picows").setLevel(logging.ERROR)


def upgrade_class(receptionist: Receptionist) -> Callable[..., Upgrade]:
    """What uvicorn's ``ws`` setting takes: makes an ``Upgrade`` for each connection."""

    def make(**_: object) -> Upgrade:
        return Upgrade(receptionist)

    return make
