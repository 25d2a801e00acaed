"""One call of the driver: a caller's script on a real socket."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench import wire
from bench.caller import SILENCE, Caller, Habits
from bench.metronome import Metronome

__all__ = ["Call", "open_call"]

_PATIENCE_S = 10.0


class Call(WSListener):
    """
    Sends a caller's frames and reads the agent's.

    Args:
        habits: The caller's script.
        speech: The clip as ready-made messages.
        silence: What is sent between clips, in a loop.
        errors: Counts by name what must not happen; shared by all calls.
    """

    def __init__(
        self, habits: Habits, *, speech: Sequence[bytes], silence: Sequence[bytes], errors: Counter[str]
    ) -> None:
        super().__init__()
        # The script and the record of this call.
        self.caller = Caller(habits)
        # Set by ``session.created``, with the moment at which it came.
        self.created: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        # When the socket began to open, and how long it took until ``session.created``.
        self.opened_at = 0.0
        self.set_up_s = 0.0
        # Ready-made messages.
        self._speech = speech
        self._silence = silence
        # Number of the next message of silence.
        self._next_silence = 0
        self._errors = errors
        # The socket, once it is open.
        self._transport: WSTransport | None = None
        # Set when we hang up: the end of the socket is then no error.
        self._leaving = False

    def send_frame(self, at: float) -> None:
        """Send the next 20 ms."""
        if self._transport is None:
            return
        index = self.caller.slot(at)
        if index != SILENCE:
            message = self._speech[index]
        else:
            message = self._silence[self._next_silence]
            self._next_silence = (self._next_silence + 1) % len(self._silence)
        self._transport.send(WSMsgType.TEXT, message)

    async def close(self) -> None:
        """Hang up as a page does, and wait for the server to close the socket."""
        self._leaving = True
        transport = self._transport
        if transport is None:
            return
        transport.send(WSMsgType.TEXT, wire.CLOSE)
        try:
            await asyncio.wait_for(transport.wait_disconnected(), 2.0)
        except TimeoutError:
            transport.disconnect()

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The upgrade is through."""
        self._transport = transport

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The socket is gone."""
        self._transport = None
        if not self._leaving:
            self._errors["socket closed by the server"] += 1
        if not self.created.done():
            self.created.set_exception(ConnectionError("the socket closed before session.created"))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Note what came, and when."""
        at = time.monotonic()
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
            return
        if frame.msg_type != WSMsgType.TEXT:
            return
        try:
            message = wire.read(frame.get_payload_as_memoryview())
        except msgspec.DecodeError:
            self._errors["message is no JSON object with a type"] += 1
            return
        match message.type:
            case "output_audio.delta":
                self.caller.agent_sounded(at, wire.samples_in(message.audio))
            case "agent_start_talking":
                self.caller.agent_started()
            case "agent_stop_talking":
                self.caller.agent_stopped()
            case "interruption":
                self.caller.interrupted(at)
            case "session.created":
                if not self.created.done():
                    self.created.set_result(at)
            case "error":
                self._errors[f"error message {message.code}"] += 1


async def open_call(call: Call, url: str, metronome: Metronome) -> None:
    """
    Connect, wait for ``session.created`` and start to send.

    Raises:
        picows.WSError: The server refused the upgrade.
        ConnectionError: The server closed the socket at once.
        TimeoutError: No ``session.created`` within ten seconds.
    """
    call.opened_at = time.monotonic()
    async with asyncio.timeout(_PATIENCE_S):
        await ws_connect(lambda: call, url)
        call.set_up_s = await call.created - call.opened_at
    metronome.join(call.send_frame)
