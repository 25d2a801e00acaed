"""
An agent that speaks the Atoms wire and does everything at known times, to hold the driver's clocks against.

It tells speech from silence by the bytes of the message, so nothing is heard late or missed.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from bench.wire import RATE_HZ, microphone_message

__all__ = ["Truth", "fake_agent"]

_SILENCE = microphone_message(bytes(960))
_FRAME_S = 0.02


@dataclass(frozen=True, slots=True)
class Truth:
    """What the agent does, and when. Times are seconds."""

    # From the upgrade to ``session.created``.
    set_up_s: float = 0.03
    # From the last frame of speech to the first frame of the answer.
    reply_s: float = 0.25
    # From the first frame of an interruption to the last frame of the old reply, and to ``interruption``.
    old_reply_s: float = 0.1
    interruption_s: float = 0.2
    # Of each reply, so many frames of 20 ms; those listed come so much later than at real time.
    reply_frames: int = 100
    late_s: dict[int, float] = field(default_factory=dict)
    # How far ahead of real time all frames but the first are sent.
    lead_s: float = 0.0
    # Every so-manieth turn gets no answer; 0 for none.
    ignores_every: int = 0
    # Audio frames sent after ``interruption``.
    stray_frames: int = 0
    # Whether each reply is followed by an ``error`` message.
    complains: bool = False
    # A call that opens holds the audio of all others up for so long.
    opening_stall_s: float = 0.0


class _House:
    """What the calls of one agent share."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        # No audio leaves before this moment of the event loop's clock.
        self.stalled_until = 0.0


class _Call(WSListener):
    """One call of the agent."""

    def __init__(self, house: _House) -> None:
        super().__init__()
        self._house = house
        self._loop = asyncio.get_running_loop()
        # When the last frame of speech came; None while the caller is silent.
        self._spoke_at: float | None = None
        self._turns = 0
        # What is still to be sent of the running reply.
        self._pending: list[asyncio.TimerHandle] = []
        # When the running reply ends.
        self._talks_until = 0.0

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        truth = self._house.truth
        self._house.stalled_until = self._loop.time() + truth.opening_stall_s
        self._loop.call_later(truth.set_up_s, self._send, {"type": "session.created", "sample_rate": RATE_HZ})

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        now = self._loop.time()
        payload = frame.get_payload_as_bytes()
        if frame.msg_type != WSMsgType.TEXT or payload.startswith(b'{"type":"session.close"'):
            self._drop(0.0)
            transport.disconnect()
        elif payload == _SILENCE:
            if self._spoke_at is not None:
                self._answer(self._spoke_at)
            self._spoke_at = None
        else:
            if self._spoke_at is None and now < self._talks_until:
                self._stop(now)
            self._spoke_at = now

    def _send(self, message: dict[str, object]) -> None:
        self._transport.send(WSMsgType.TEXT, msgspec.json.encode(message))

    def _later(self, at: float, action: Callable[[], None]) -> None:
        """Do something at its time, unless the caller interrupts before."""
        self._pending.append(self._loop.call_at(at, action))

    def _sound(self) -> None:
        """Send one frame of audio, or later if the house is held up."""
        if (until := self._house.stalled_until) > self._loop.time():
            self._later(until, self._sound)
        else:
            self._send({"type": "output_audio.delta", "audio": "A" * 1280})

    def _interrupt(self) -> None:
        self._send({"type": "interruption"})
        for _ in range(self._house.truth.stray_frames):
            self._sound()

    def _answer(self, spoke_at: float) -> None:
        truth = self._house.truth
        self._turns += 1
        if truth.ignores_every and self._turns % truth.ignores_every == 0:
            return
        self._later(spoke_at + truth.reply_s, self._begin)

    def _begin(self) -> None:
        """Announce the reply and set the time of every frame and of its end."""
        truth, begins_at = self._house.truth, self._loop.time()
        self._send({"type": "agent_start_talking"})
        if truth.complains:
            self._send({"type": "error", "code": "made_up"})
        due_at = begins_at
        for number in range(truth.reply_frames):
            played_at = begins_at + number * _FRAME_S
            due_at = max(begins_at, played_at - truth.lead_s) + truth.late_s.get(number, 0.0)
            self._later(due_at, self._sound)
        self._talks_until = max(due_at, begins_at + truth.reply_frames * _FRAME_S)
        self._later(self._talks_until + 0.001, self._end)

    def _end(self) -> None:
        self._send({"type": "agent_stop_talking"})

    def _stop(self, now: float) -> None:
        """The caller talks over the agent."""
        truth = self._house.truth
        self._drop(now + truth.old_reply_s)
        self._loop.call_at(now + truth.interruption_s, self._interrupt)
        self._talks_until = 0.0

    def _drop(self, from_at: float) -> None:
        """Forget all that would be sent later than this."""
        for timer in self._pending:
            if timer.when() > from_at:
                timer.cancel()
        self._pending.clear()


@asynccontextmanager
async def fake_agent(truth: Truth) -> AsyncIterator[str]:
    """An agent on a free port; gives its URL."""
    house = _House(truth)

    def listener(_request: WSUpgradeRequest) -> WSListener:
        return _Call(house)

    server = await ws_create_server(listener, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"ws://127.0.0.1:{port}/"
    finally:
        server.close()
