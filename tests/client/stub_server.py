"""A real WebSocket server with a very simple agent, for tests of the client."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pybase64
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

__all__ = ["CREATED", "VOICE", "StubAgent", "answered_by", "listening", "serving"]

CREATED: dict[str, object] = {
    "type": "session.created",
    "session_id": "1a63db4d-1a39-4b4a-a1d0-0b7ab6a8e5b0",
    "call_id": "CALL-1776756378884-6a553c",
    "sample_rate": 24000,
    "channels": 1,
}
# 100 ms at 24 kHz.
VOICE = np.full(2400, 1000, np.int16)


class StubAgent(WSListener):
    """
    Answers every typed text, and every loud stretch of audio once it is followed by 100 ms of silence.

    Args:
        request: The request that opened the socket.
        created: Fields of ``session.created``.
        greeting: What the agent says unasked; empty for nothing.
        deaf: Never answers.
        on_text: Called with the agent and a typed text instead of the usual answer.
    """

    def __init__(
        self,
        request: WSUpgradeRequest,
        *,
        created: Mapping[str, object] | None = None,
        greeting: str = "",
        deaf: bool = False,
        on_text: Callable[["StubAgent", str], None] | None = None,
    ) -> None:
        url = urlsplit(request.path.decode())
        self.path = url.path
        self.query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.headers = dict(request.headers)
        # Everything that the client has sent, audio as its bytes.
        self.received: list[dict[str, Any]] = []
        self.audio = bytearray()
        self._created: dict[str, object] = {**CREATED, **(created or {})}
        self._greeting, self._deaf, self._on_text = greeting, deaf, on_text
        self._silent_frames = 0
        self._loud = False
        self.transport: WSTransport | None = None

    def send(self, **message: object) -> None:
        """Send one message."""
        assert self.transport is not None
        self.transport.send(WSMsgType.TEXT, json.dumps(message).encode())

    def hang_up(self, reason: str) -> None:
        """End the call; the connection goes when the client has answered: one that has sent more would be reset."""
        assert self.transport is not None
        self.send(type="session.closed", reason=reason)
        self.transport.send_close()

    def say(self, text: str, *, heard: str = "") -> None:
        """One turn of the agent, with its audio unless the call is a chat."""
        if heard:
            self.send(type="transcript", role="user", text=heard)
        self.send(type="agent_start_talking")
        if self.query.get("mode") != "chat":
            self.send(type="output_audio.delta", audio=pybase64.b64encode(VOICE.tobytes()).decode())
        self.send(type="transcript.delta", role="assistant", text=text[:5])
        self.send(type="transcript", role="assistant", text=text)
        self.send(type="agent_stop_talking", timestamp="2026-07-02T10:30:47.654321")

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self.send(**self._created)
        if self._greeting:
            self.say(self._greeting)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
            return
        message = json.loads(frame.get_payload_as_bytes())
        match message["type"]:
            case "input_audio_buffer.append":
                self._hear(pybase64.b64decode(message["audio"], validate=True))
            case "input_text.send" if self._on_text is not None:
                self._on_text(self, message["text"])
            case "input_text.send" if not self._deaf:
                self.say(f"You typed {message['text']}.", heard=message["text"])
            case "session.close":
                self.hang_up("client_requested")
        if message["type"] != "input_audio_buffer.append":
            self.received.append(message)

    def _hear(self, data: bytes) -> None:
        self.audio += data
        # A resampled sound rings on for a moment below any ear's notice.
        loud = bool(np.abs(np.frombuffer(data, "<i2").astype(np.int32)).max() > 100)
        self._silent_frames = 0 if loud else self._silent_frames + 1
        self._loud = self._loud or loud
        if self._loud and self._silent_frames == 5 and not self._deaf:
            self._loud = False
            self.say("I heard you.", heard="words")


@asynccontextmanager
async def listening(agent: Callable[[WSUpgradeRequest], WSListener]) -> AsyncIterator[str]:
    """A server on a free port, with an agent for each socket. Yields its address."""
    server = await ws_create_server(agent, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def serving(agents: list[StubAgent], **settings: Any) -> AsyncIterator[str]:
    """A server on a free port; the agents of its calls are added to the list. Yields its address."""

    def agent(request: WSUpgradeRequest) -> StubAgent:
        agents.append(StubAgent(request, **settings))
        return agents[-1]

    async with listening(agent) as address:
        yield address


@asynccontextmanager
async def answered_by(response: bytes) -> AsyncIterator[str]:
    """A server that answers every request with these bytes and hangs up. Yields its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()
