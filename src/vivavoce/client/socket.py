"""The client's end of one socket: whole messages in, frames out, and when the other side takes no more."""

import asyncio
from collections.abc import Callable, Mapping

from picows import WSCloseCode, WSFrame, WSHandshakeError, WSListener, WSMsgType, WSTransport, ws_connect

from vivavoce.client.address import refused

__all__ = ["Socket"]

# Nothing that a server says is longer; the sum of a message's continuation frames.
_LONGEST_MESSAGE_BYTES = 4 * 1024 * 1024
# A server that takes nothing for so long has stopped reading.
_LONGEST_STALL_S = 15.0


class Socket(WSListener):
    """
    One WebSocket, opened by ``dial``.

    Args:
        take: Told each message of the server, in memory that is the socket's, and whether it is binary.
    """

    def __init__(self, take: Callable[["Socket", bytes | memoryview, bool], None]) -> None:
        self._take = take
        self._transport: WSTransport | None = None
        # The frames of a message that is not complete yet, and whether it is binary.
        self._pieces = bytearray()
        self._binary = False
        # Clear while the transport's buffer is full.
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._closed = asyncio.Event()
        # How the socket ended, for people: a close code, or what broke.
        self.farewell = "connection lost"
        # What the server closed it with; 0 for nothing.
        self.close_code = 0

    async def dial(self, address: str, headers: Mapping[str, str], *, limit_s: float) -> None:
        """
        Connect. Messages may be told before this returns.

        Raises:
            Refused: The server has answered the handshake with another status than 101.
            ConnectionError: No server there, or it has hung up.
            TimeoutError: ``limit_s`` have passed.
        """
        try:
            async with asyncio.timeout(limit_s):
                # Redirects are not followed: the key is for the server that was named.
                transport, _ = await ws_connect(
                    lambda: self,
                    address,
                    extra_headers=headers,
                    max_redirects=0,
                    websocket_handshake_timeout=limit_s,
                    logger_name="vivavoce",
                )
        except WSHandshakeError as error:
            raise refused(error) from error
        except OSError as error:
            # A refused connection, an unknown host and a failed TLS handshake are alike to the caller.
            if isinstance(error, ConnectionError | TimeoutError):
                raise
            raise ConnectionError(str(error)) from error
        # The library is silent about a server that hangs up instead of answering.
        if transport.is_disconnected and not self.closed:
            raise ConnectionError("the server closed the connection instead of answering the handshake")

    @property
    def closed(self) -> bool:
        """Whether the socket has closed."""
        return self._closed.is_set()

    def send(self, frame: bytes, *, binary: bool = False) -> None:
        """Send one message; on a socket that has closed it is dropped."""
        # The transport knows a moment earlier than its listener that it is lost.
        if self._transport is not None and not self._transport.underlying_transport.is_closing():
            self._transport.send(WSMsgType.BINARY if binary else WSMsgType.TEXT, frame)

    async def writable(self) -> None:
        """
        Wait until the socket takes more.

        Raises:
            ConnectionError: The socket has closed, or the server has taken nothing for a long time.
        """
        if not self._may_write.is_set():
            try:
                async with asyncio.timeout(_LONGEST_STALL_S):
                    await self._may_write.wait()
            except TimeoutError as error:
                raise ConnectionError("the server takes nothing any more") from error
        if self.closed:
            raise ConnectionError(f"the socket has closed ({self.farewell})")

    async def closes_within(self, limit_s: float) -> bool:
        """Wait for the socket to close, at most so long."""
        try:
            async with asyncio.timeout(limit_s):
                await self._closed.wait()
        except TimeoutError:
            return False
        return True

    async def close(self, *, limit_s: float) -> None:
        """Close the socket: what has been sent is flushed first, but not for ever."""
        if self._transport is None:
            return
        if not self.closed:
            self._transport.send_close(WSCloseCode.OK)
        self._transport.disconnect()
        if not await self.closes_within(limit_s):
            self._transport.disconnect(graceful=False)

    def drop(self, why: str) -> None:
        """Give the socket up at once."""
        if not self.closed:
            self.farewell = why
        if self._transport is not None:
            self._transport.disconnect(graceful=False)

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The handshake is done; called by the socket."""
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """A frame has come; called by the socket."""
        match frame.msg_type:
            case WSMsgType.TEXT | WSMsgType.BINARY | WSMsgType.CONTINUATION:
                self._join(frame)
            case WSMsgType.CLOSE:
                # Read from the bytes: codes from 4000 on have no name in the library.
                code = int.from_bytes(frame.get_payload_as_bytes()[:2], "big")
                self.close_code = code
                self.farewell = f"close code {code}" if code else "without a close code"
                transport.send_close(frame.get_close_code())
                transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The socket is gone; called by the socket."""
        self._closed.set()
        # Whoever waits to write learns of the end.
        self._may_write.set()

    def pause_writing(self) -> None:
        """The transport's buffer is full; called by the socket."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """The transport's buffer has room; called by the socket."""
        self._may_write.set()

    def _join(self, frame: WSFrame) -> None:
        if len(self._pieces) + frame.payload_size > _LONGEST_MESSAGE_BYTES:
            self.drop("the server sent a message that is too long")
            return
        if not self._pieces:
            self._binary = frame.msg_type == WSMsgType.BINARY
        if not frame.fin:
            self._pieces += frame.get_payload_as_memoryview()
            return
        data: bytes | memoryview = frame.get_payload_as_memoryview()
        if self._pieces:
            data = bytes(self._pieces + data)
            self._pieces.clear()
        self._take(self, data, self._binary)
