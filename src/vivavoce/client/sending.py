"""
What the client says: numbered and kept on an extended call, sent at once on a plain one.

On an extended call everything leaves by one task, ``run``, so that nothing overtakes what is sent again, and neither
a lost socket nor a slow one makes whoever speaks wait.
"""

import asyncio
import struct
from collections.abc import Mapping

import msgspec
import pybase64

from vivavoce.client.extension import Extension
from vivavoce.client.socket import Socket
from vivavoce.client.unacknowledged import Unacknowledged

__all__ = ["Sender"]

# What waited goes faster than real time; a server takes it no more than tenfold. Source: docs/wire-extension.md.
_CATCH_UP = 5.0
# Sound may leave in bunches of this length without being slowed down.
_BUNCH_S = 0.2
# The head of a binary frame of the microphone: kind, three zeros, ``seq``.
_AUDIO_HEAD = struct.Struct("<B3xI")
_AUDIO_KIND = 1
_ENCODER = msgspec.json.Encoder()


class Sender:
    """Sends the client's side of one call, over whichever socket there is."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        # What the server has promised to keep; None on the plain wire.
        self._terms: Extension | None = None
        self._kept = Unacknowledged()
        # Set while there may be something to send and a socket that takes it; read by ``run``.
        self._wake = asyncio.Event()
        # Set while nothing waits to be sent.
        self._sent_all = asyncio.Event()
        self._sent_all.set()

    @property
    def newest(self) -> int:
        """The number of the newest message, sent or waiting."""
        return self._kept.newest

    def use(self, socket: Socket, terms: Extension | None) -> None:
        """The server has said hello on this socket: what it does not have is sent on it, again where need be."""
        self._socket, self._terms = socket, terms
        if terms is not None:
            self._kept.acknowledged(terms.input_seq)
            self._kept.rewind()
            self._wake.set()

    def acknowledged(self, seq: int) -> None:
        """The server has everything up to this number."""
        self._kept.acknowledged(seq)

    async def say(self, message: Mapping[str, object]) -> None:
        """
        Say something that has a number on an extended call.

        Raises:
            ConnectionError: On a plain call: the socket has closed, or the server takes nothing any more.
                On an extended one: too many messages wait.
        """
        if self._terms is None:
            await self._send_plain(_ENCODER.encode(message))
        else:
            self._keep(_ENCODER.encode({**message, "seq": self._kept.newest + 1}))

    async def say_audio(self, coded: bytes, *, duration_s: float) -> None:
        """Send microphone sound in the format of the call; likewise."""
        if self._terms is None:
            audio = pybase64.b64encode(coded)
            await self._send_plain(b'{"type":"input_audio_buffer.append","audio":"' + audio + b'"}')
            return
        seq = self._kept.newest + 1
        if self._terms.frames == "binary":
            self._keep(_AUDIO_HEAD.pack(_AUDIO_KIND, seq) + coded, binary=True, audio_s=duration_s)
        else:
            audio = pybase64.b64encode(coded)
            frame = b'{"type":"input_audio_buffer.append","seq":%d,"audio":"%b"}' % (seq, audio)
            self._keep(frame, audio_s=duration_s)

    def say_unnumbered(self, message: Mapping[str, object]) -> None:
        """Say something that belongs to the present socket; without one it is dropped."""
        self._socket.send(_ENCODER.encode(message))

    async def flush(self, *, limit_s: float) -> None:
        """Wait until nothing waits to be sent, at most so long."""
        try:
            async with asyncio.timeout(limit_s):
                await self._sent_all.wait()
        except TimeoutError:
            pass

    async def run(self) -> None:
        """Send what is kept, in order, on the socket that there is; a task for as long as the call lasts."""
        loop = asyncio.get_running_loop()
        # When the next sound may leave.
        free_s = 0.0
        while True:
            await self._wake.wait()
            socket, message = self._socket, self._kept.next
            if socket.closed or message is None:
                self._wake.clear()
                continue
            try:
                await socket.writable()
            except ConnectionError as error:
                socket.drop(str(error))
                continue
            # Meanwhile there may be another socket, or less to send.
            if socket is not self._socket or message is not self._kept.next:
                continue
            socket.send(message.frame, binary=message.binary)
            self._kept.sent()
            if self._kept.next is None:
                self._sent_all.set()
            if message.audio_s:
                free_s = max(free_s, loop.time() - _BUNCH_S) + message.audio_s / _CATCH_UP
                if free_s > loop.time():
                    await asyncio.sleep(free_s - loop.time())

    def _keep(self, frame: bytes, *, binary: bool = False, audio_s: float = 0.0) -> None:
        self._kept.add(frame, binary=binary, audio_s=audio_s)
        self._sent_all.clear()
        self._wake.set()

    async def _send_plain(self, frame: bytes) -> None:
        # A socket that does not take what is sent makes the caller wait; one that has closed makes him stop.
        await self._socket.writable()
        self._socket.send(frame)
