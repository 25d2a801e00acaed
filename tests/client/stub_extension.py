"""A server of our extension with a very simple agent: numbers, acknowledgements, a call that outlives its sockets."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pybase64
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest

from tests.client.stub_server import CREATED, listening
from vivavoce.audio.pcm import Samples

__all__ = ["TOKEN", "ExtendedAgent", "StubCall", "serving_call", "sound"]

TOKEN = "vrt_1"
_VOICE_HEAD, _MIC_HEAD = struct.Struct("<B3xIII"), struct.Struct("<B3xI")


def sound(turn: int, start: int, samples: int) -> Samples:
    """The agent's sound, in which every sample of every turn has a value of its own."""
    return ((np.arange(start, start + samples) * 7 + turn * 1000) % 30000 + 1).astype(np.int16)


@dataclass
class StubCall:
    """One call, whatever its sockets; set the first fields as the test needs them."""

    window_s: float = 5.0
    # It takes the call up again; otherwise it answers ``resume_failed``.
    remembers: bool = True
    # The call has ended for this reason while the client was away.
    ended: str = ""
    # The first socket is lost while the first typed text is answered.
    fragile: bool = False
    # It hangs up whenever the client comes back.
    gone: bool = False
    # What comes is lost on its way.
    deaf: bool = False
    # It answers pings.
    answers: bool = True
    # The sockets in order, and what they were opened with.
    agents: list["ExtendedAgent"] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    binary: bool = False
    # What was sent with a number, and whether it is binary.
    sent: list[tuple[bytes, bool]] = field(default_factory=list)
    # What came: number and message, sound as its bytes; and what has no number, in order.
    came: list[tuple[int, Any]] = field(default_factory=list)
    unnumbered: list[dict[str, Any]] = field(default_factory=list)
    turns: int = 0
    # Set by each message that comes.
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait until the client has said something."""
        while not happened():
            self.news.clear()
            await self.news.wait()

    @property
    def reports(self) -> list[dict[str, Any]]:
        """What the client has reported of its player."""
        return [message for message in self.unnumbered if message["type"] == "playback"]

    def cut(self) -> None:
        """Lose the socket without a word."""
        transport = self.agents[-1].transport
        assert transport is not None
        transport.disconnect(graceful=False)

    def tell(self, kind: str, **fields: object) -> None:
        """Say something that has a number."""
        seq = len(self.sent) + 1
        self.deliver(json.dumps({"type": kind, "seq": seq, **fields}).encode(), binary=False)

    def voice(self, turn: int, start: int, samples: int) -> None:
        """Send a piece of the agent's sound."""
        coded = sound(turn, start, samples).tobytes()
        if self.binary:
            self.deliver(_VOICE_HEAD.pack(2, len(self.sent) + 1, turn, start) + coded, binary=True)
        else:
            self.tell("output_audio.delta", turn=turn, start=start, audio=pybase64.b64encode(coded).decode())

    def say(self, text: str, *, samples: int = 2400, pieces: int = 2) -> None:
        """One turn of the agent, in pieces of equal length."""
        self.turns += 1
        self.tell("agent_start_talking", turn=self.turns)
        for number in range(pieces):
            self.voice(self.turns, number * samples, samples)
        self.tell("transcript", role="assistant", text=text, turn=self.turns)
        self.tell("agent_stop_talking", turn=self.turns)

    def deliver(self, frame: bytes, *, binary: bool) -> None:
        """Send what has a number, as far as there is a socket."""
        self.sent.append((frame, binary))
        self.agents[-1].send(frame, binary=binary)


class ExtendedAgent(WSListener):
    """One socket of a call; it answers every typed text."""

    def __init__(self, request: WSUpgradeRequest, call: StubCall) -> None:
        url = urlsplit(request.path.decode())
        self.path = url.path
        self.query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.headers = dict(request.headers)
        self.call = call
        self.transport: WSTransport | None = None

    def send(self, frame: bytes, *, binary: bool = False) -> None:
        """Send a frame."""
        if self.transport is not None and not self.transport.is_disconnected:
            self.transport.send(WSMsgType.BINARY if binary else WSMsgType.TEXT, frame)

    def say(self, kind: str, **fields: object) -> None:
        """Say something without a number."""
        self.send(json.dumps({"type": kind, **fields}).encode())

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        call, resumed = self.call, "resume" in self.query
        if resumed and call.gone:
            transport.disconnect(graceful=False)
            return
        if resumed and call.ended:
            self.say("session.closed", reason=call.ended)
            transport.disconnect()
            return
        if resumed and not call.remembers:
            self.say("error", code="resume_failed", message="there is no such call")
            transport.send_close()
            return
        if not resumed:
            call.binary = self.query.get("frames") == "binary"
        terms = {
            "version": 1,
            "frames": "binary" if call.binary else "json",
            "resume_token": TOKEN,
            "resume_window_s": call.window_s,
            "resumed": resumed,
            "input_seq": max((seq for seq, _ in call.came), default=0),
        }
        self.send(json.dumps({**CREATED, "ext": terms}).encode())
        for frame, binary in call.sent[int(self.query.get("last_seq", 0)) :] if resumed else ():
            self.send(frame, binary=binary)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        call, data = self.call, frame.get_payload_as_bytes()
        call.news.set()
        if call.deaf:
            return
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        elif frame.msg_type == WSMsgType.BINARY:
            _, seq = _MIC_HEAD.unpack_from(data)
            self._take(seq, data[_MIC_HEAD.size :])
        else:
            message = json.loads(data)
            if "seq" in message:
                self._take(message.pop("seq"), message)
            else:
                call.unnumbered.append(message)
            if message["type"] == "ping" and call.answers:
                self.say("pong", id=message["id"])
                self.say("input_ack", seq=max((seq for seq, _ in call.came), default=0))
            if message["type"] == "session.close":
                call.tell("session.closed", reason="client_requested")
                # The connection goes when the client has answered: one that has sent more would be reset.
                transport.send_close()

    def _take(self, seq: int, message: Any) -> None:
        call = self.call
        call.came.append((seq, message))
        if isinstance(message, dict) and message["type"] == "input_text.send":
            call.say(f"You typed {message['text']}.")
            if call.fragile and len(call.agents) == 1:
                call.cut()


@asynccontextmanager
async def serving_call(call: StubCall) -> AsyncIterator[str]:
    """A server of one call, on a free port. Yields its address."""

    def agent(request: WSUpgradeRequest) -> ExtendedAgent:
        made = ExtendedAgent(request, call)
        call.queries.append(made.query)
        call.agents.append(made)
        return made

    async with listening(agent) as address:
        yield address
