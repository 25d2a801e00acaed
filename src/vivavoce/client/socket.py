"""The client's end of the socket: frames in, messages out, and when the other side takes no more."""

import asyncio

from picows import WSFrame, WSListener, WSMsgType, WSTransport

from vivavoce.client.messages import Message, SessionStarted, read
from vivavoce.clock import monotonic_s
from vivavoce.errors import ProtocolError

__all__ = ["Inbox"]

# A minute of agent audio in small frames. A client that lets so much wait has stopped reading.
_MOST_WAITING_MESSAGES = 4096
# Nothing that a server says is longer; the sum of a message's continuation frames.
_LONGEST_MESSAGE_BYTES = 4 * 1024 * 1024
# A server that takes nothing for so long has stopped reading.
_LONGEST_STALL_S = 15.0


class Inbox(WSListener):
    """Holds the server's messages until the client reads them. Made for one socket."""

    def __init__(self) -> None:
        # Written by ``on_ws_frame``, read by ``next``; None marks the end.
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue(_MOST_WAITING_MESSAGES + 1)
        # The frames of a message that is not complete yet.
        self._pieces = bytearray()
        # The rate of the agent's audio, once the server has told it.
        self._rate_hz = 24000
        # Clear while the transport's buffer is full.
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._closed = asyncio.Event()
        # How the socket ended, for people: a close code, or what broke.
        self.farewell = "connection lost"

    @property
    def closed(self) -> bool:
        """Whether the socket has closed."""
        return self._closed.is_set()

    async def next(self) -> Message | None:
        """The next message; None after the last."""
        if self.closed and self._messages.empty():
            return None
        return await self._messages.get()

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

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """A frame has come; called by the socket."""
        at_s = monotonic_s()
        match frame.msg_type:
            case WSMsgType.TEXT | WSMsgType.BINARY | WSMsgType.CONTINUATION:
                self._take(transport, frame, at_s)
            case WSMsgType.CLOSE:
                # Read from the bytes: codes from 4000 on have no name in the library.
                code = int.from_bytes(frame.get_payload_as_bytes()[:2], "big")
                self.farewell = f"close code {code}" if code else "without a close code"
                transport.send_close(frame.get_close_code())
                transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The socket is gone; called by the socket."""
        self._closed.set()
        # Whoever waits to write learns of the end.
        self._may_write.set()
        if not self._messages.full():
            self._messages.put_nowait(None)

    def pause_writing(self) -> None:
        """The transport's buffer is full; called by the socket."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """The transport's buffer has room; called by the socket."""
        self._may_write.set()

    def _take(self, transport: WSTransport, frame: WSFrame, at_s: float) -> None:
        if len(self._pieces) + frame.payload_size > _LONGEST_MESSAGE_BYTES:
            self._break(transport, "the server sent a message that is too long")
            return
        if not frame.fin:
            self._pieces += frame.get_payload_as_memoryview()
            return
        data: bytes | memoryview = frame.get_payload_as_memoryview()
        if self._pieces:
            data = bytes(self._pieces + data)
            self._pieces.clear()
        try:
            message = read(data, at_s=at_s, rate_hz=self._rate_hz)
        except ProtocolError as error:
            self._break(transport, error.message)
            return
        if isinstance(message, SessionStarted):
            self._rate_hz = message.rate_hz
        # One place is kept for the end mark.
        if self._messages.qsize() >= _MOST_WAITING_MESSAGES:
            self._break(transport, "the client does not read its messages")
            return
        self._messages.put_nowait(message)

    def _break(self, transport: WSTransport, why: str) -> None:
        self.farewell = why
        transport.disconnect(graceful=False)
