"""
The voice sockets, on picows: frames into messages, and a bound on what a slow client leaves untaken.

picows' protocol class is not its public face: its version is pinned, the server uses it in this file only, and
``tests/server/test_sockets.py`` is the contract. It takes a stricter request head than browsers send, so it gets one
that is written here.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any, Protocol

import picows
from picows.picows import WSAutoPingStrategy, WSProtocol  # type: ignore[attr-defined]  # not in its stubs

from vivavoce.server.gathering import Gathering
from vivavoce.wire.dialect import Frame

__all__ = ["Begin", "CallSocket", "Listener", "NoSocket", "farewell", "open_socket"]

log = logging.getLogger(__name__)

# A message of a client may be this long; wire-spec 1.1 asks for at least 1 MiB.
_LONGEST_MESSAGE_BYTES = 2 * 1024 * 1024
# What a slow client may leave untaken: 12 s of audio at 24 kHz in base64. Then the call is ended.
_MOST_UNTAKEN_BYTES = 768 * 1024
# The system's own buffer comes in front of that. Left alone it grows to megabytes, a minute of audio, of which an
# interruption can take nothing back. Linux doubles the figure for its own use.
_SYSTEM_BUFFER_BYTES = 128 * 1024
# How long a client may take to answer a close frame.
_CLOSE_S = 2.0
# A client that sends nothing for so long is asked whether it is there, and must answer within the second figure.
_PING_AFTER_S = 15.0
_PONG_WITHIN_S = 10.0

_TEXT, _BINARY = picows.WSMsgType.TEXT, picows.WSMsgType.BINARY
_CONTINUATION, _CLOSE = picows.WSMsgType.CONTINUATION, picows.WSMsgType.CLOSE
# Close codes. Source: RFC 6455 section 7.4.1.
_NORMAL, _PROTOCOL_ERROR, _MESSAGE_TOO_BIG, _INTERNAL_ERROR = 1000, 1002, 1009, 1011


class Listener(Protocol):
    """Who takes a client's messages."""

    def receive(self, data: bytes | memoryview, *, text: bool) -> None:
        """One whole message."""

    def leave(self, reason: str) -> None:
        """The client is gone."""


# Called once the socket is open: begins the call and returns who listens.
Begin = Callable[["CallSocket"], Listener]


class CallSocket(picows.WSListener):
    """
    The socket of one call: joins frames into messages, and bounds what a slow client leaves untaken.

    Args:
        begin: Called when the socket is open.
        gathering: Through which messages go to the listener, together with those of the other sockets.
    """

    def __init__(self, begin: Begin, gathering: Gathering) -> None:
        self._begin = begin
        self._gathering = gathering
        self._transport: Any = None
        self._listener: Listener = _NOBODY
        # The first frames of an unfinished message, and whether it is text; None between messages.
        self._pieces: bytearray | None = None
        self._pieces_text = True
        # Nothing is sent any more.
        self._closed = False

    # -- the way to the client (session.Outbox) -------------------------------------------------------------

    def send(self, frame: Frame) -> None:
        """Send one message of text; dropped once the socket is closed."""
        self._send(_TEXT, frame)

    def send_binary(self, frame: Frame) -> None:
        """Send one binary message; dropped once the socket is closed."""
        self._send(_BINARY, frame)

    def close(self, code: int = _NORMAL) -> None:
        """Close the socket after what has been sent; a client that does not answer is left after two seconds."""
        if self._closed:
            return
        self._closed = True
        self._transport.send_close(code)
        self._drop_soon()

    # -- picows' side ---------------------------------------------------------------------------------------

    def on_ws_connected(self, transport: Any) -> None:
        self._transport = transport
        self._gathering.join()
        self._listener = self._begin(self)

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        kind = frame.msg_type
        if (kind is _TEXT or kind is _BINARY) and self._pieces is None:
            if frame.fin:
                self._gathering.add(self, frame.get_payload_as_bytes(), text=kind is _TEXT)
            else:
                self._pieces = bytearray(frame.get_payload_as_memoryview())
                self._pieces_text = kind is _TEXT
        elif kind is _CONTINUATION and self._pieces is not None:
            self._continue(self._pieces, frame.get_payload_as_memoryview(), last=frame.fin)
        elif kind is _CLOSE:
            self._gathering.hand_on()
            if not self._closed:
                # RFC 6455 section 5.5.1: a close is answered with a close.
                transport.send_close(_NORMAL)
                self._drop_soon()
            self._gone()
            transport.disconnect()
        elif kind is _TEXT or kind is _BINARY or kind is _CONTINUATION:
            # RFC 6455 section 5.4: the frames of two messages do not mix.
            self._break(_PROTOCOL_ERROR)

    def on_ws_disconnected(self, transport: Any) -> None:
        self._gathering.leave()
        self._gathering.hand_on()
        self._gone()

    def pause_writing(self) -> None:
        """The bound is ours, in ``send``: a call cannot wait for its client."""

    def resume_writing(self) -> None:
        """See ``pause_writing``."""

    # -- the way to the listener (gathering.Taker) ----------------------------------------------------------

    def take(self, data: bytes, *, text: bool) -> None:
        """Hand the listener a message; a listener that fails loses its own socket alone."""
        try:
            self._listener.receive(data, text=text)
        except Exception:
            log.exception("a voice socket is closed by a bug")
            self._pieces = None
            self.close(_INTERNAL_ERROR)
            self._gone()

    # -- inside ---------------------------------------------------------------------------------------------

    def _send(self, kind: picows.WSMsgType, frame: Frame) -> None:
        if self._closed:
            return
        self._transport.send(kind, frame)
        if self._transport.underlying_transport.get_write_buffer_size() > _MOST_UNTAKEN_BYTES:
            log.info("a client does not read: its call is ended")
            self._gone()
            self._transport.disconnect(False)

    def _continue(self, pieces: bytearray, piece: memoryview, *, last: bool) -> None:
        if len(pieces) + len(piece) > _LONGEST_MESSAGE_BYTES:
            self._break(_MESSAGE_TOO_BIG)
            return
        pieces += piece
        if last:
            self._pieces = None
            self._gathering.add(self, bytes(pieces), text=self._pieces_text)

    def _break(self, code: int) -> None:
        """The client breaks the WebSocket protocol: its call is over."""
        self._gathering.hand_on()
        self._pieces = None
        self.close(code)
        self._gone()

    def _gone(self) -> None:
        self._closed = True
        listener, self._listener = self._listener, _NOBODY
        listener.leave("websocket_closed")

    def _drop_soon(self) -> None:
        # Closing waits for what has been sent to be taken, so a client that takes nothing could hold the socket.
        asyncio.get_running_loop().call_later(_CLOSE_S, self._transport.disconnect, False)


class NoSocket:
    """The way to a client that has left."""

    def send(self, frame: Frame) -> None:
        """Nobody takes it."""

    def send_binary(self, frame: Frame) -> None:
        """Nobody takes it."""

    def close(self, code: int = _NORMAL) -> None:
        """It is closed."""


class _Nobody:
    """Takes the messages of a client that has no call."""

    def receive(self, data: bytes | memoryview, *, text: bool) -> None:
        pass

    def leave(self, reason: str) -> None:
        pass


_NOBODY = _Nobody()


def farewell(frames: Sequence[Frame], *, code: int) -> Begin:
    """
    Begin a socket only to say why there is no call: for clients that cannot read a refusal.

    Args:
        frames: What is said.
        code: With this code the socket is then closed.
    """

    def begin(socket: CallSocket) -> Listener:
        for frame in frames:
            socket.send(frame)
        socket.close(code)
        return _NOBODY

    return begin


def open_socket(
    transport: asyncio.Transport, begin: Begin, gathering: Gathering, *, key: str, early: bytes = b""
) -> None:
    """
    Make a connection a voice socket: answer its request with 101, and begin.

    Args:
        transport: The connection, whose request head has been read; reading may be paused.
        begin: Called within, with the open socket.
        gathering: Of the messages of all sockets of the process.
        key: The client's ``Sec-WebSocket-Key``.
        early: What has been read behind the head.
    """
    protocol = WSProtocol(
        None,  # host and port: for clients
        None,  # path: for clients
        False,  # is_client_side
        lambda _: CallSocket(begin, gathering),
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
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SYSTEM_BUFFER_BYTES)
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    canonical = (
        f"GET / HTTP/1.1\r\nHost: voice\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    )
    waiting = memoryview(canonical.encode("ascii") + early)
    while waiting:
        room = protocol.get_buffer(-1)
        size = min(len(room), len(waiting))
        room[:size] = waiting[:size]
        protocol.buffer_updated(size)
        waiting = waiting[size:]
    transport.resume_reading()


class _PicowsLog(logging.LoggerAdapter[logging.Logger]):
    """What picows has to say. An adapter, because picows makes a child of a logger for every connection."""

    def error(self, msg: object, *args: object, **kwargs: Any) -> None:
        """A client that breaks the protocol is nothing that an operator could change; all else is a bug."""
        level = logging.INFO if str(msg).startswith("WS parser error") else logging.ERROR
        self.log(level, msg, *args, **kwargs)

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        return msg, kwargs


_PICOWS_LOG = _PicowsLog(logging.getLogger("vivavoce.picows"), {})
logging.getLogger("vivavoce.picows").setLevel(logging.ERROR)
