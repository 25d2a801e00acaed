"""
An asynchronous client of the Atoms wire.

    async with await AtomsClient.connect("http://localhost:8600", key="sk_…", agent_id="…") as call:
        await call.send_text("What are your opening hours?")
        async for message in call:
            ...

It stands on picows, which the server has anyway: no second WebSocket library to keep,
and a load test shares its two cores with the client, so the client must cost little.
"""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import msgspec
import pybase64
from picows import WSCloseCode, WSHandshakeError, WSMsgType, WSTransport, ws_connect

from vivavoce.audio.g711 import encode_alaw, encode_mulaw
from vivavoce.audio.pcm import Pcm
from vivavoce.client.messages import Message, SessionEnded, SessionStarted
from vivavoce.client.socket import Inbox
from vivavoce.errors import Refused
from vivavoce.speech import Tool

__all__ = ["AtomsClient"]

# The documented path, appended where the given URL has none.
_PATH = "/atoms/v1/agent/connect"
# A server answers ``session.close`` and closes the socket; one that does not is left after this time.
_CLOSE_WAIT_S = 2.0
_ENCODER = msgspec.json.Encoder()


class AtomsClient:
    """
    One call, seen from the visitor's side; iterate over it for the server's messages.

    Iteration ends when the socket has closed. Use ``connect`` to make one.
    """

    def __init__(self, transport: WSTransport, inbox: Inbox, session: SessionStarted, *, input_format: str) -> None:
        self._transport = transport
        self._inbox = inbox
        # What the server has said of this call.
        self.session = session
        encoding, _, rate = input_format.partition("_")
        # How ``send_audio`` codes: ``pcm``, ``mulaw`` or ``alaw``.
        self._encoding = encoding
        # The rate that ``send_audio`` takes.
        self.mic_rate_hz = int(rate)

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        key: str,
        agent_id: str = "",
        mode: str = "webcall",
        sample_rate_hz: int | None = None,
        input_format: str = "",
        output_format: str = "",
        variables: Mapping[str, str | int | float | bool] | None = None,
        timeout_s: float = 15.0,
    ) -> Self:
        """
        Open a call and wait for ``session.created``.

        Args:
            url: The server, such as ``http://localhost:8600``; ``ws`` and ``wss`` do too, and so does a whole path.
            key: An API key (sent in a header) or a ``wct_`` token (sent in the URL).
            agent_id: Needed beside a key.
            mode: ``webcall`` or ``chat``.
            sample_rate_hz: Rate of both directions: 8000, 16000 or 24000.
            input_format: Format of ``send_audio``; PCM, μ-law and A-law can be sent. Wins over the rate.
            output_format: Format of the agent's audio. Wins over the rate.
            variables: Values for the agent's placeholders.
            timeout_s: Limit for the connection, the handshake and ``session.created`` together.

        Raises:
            Refused: The server has answered the handshake with another status than 101.
            ConnectionError: No server there, or the socket closed before ``session.created``.
            TimeoutError: ``timeout_s`` have passed.
            ValueError: The URL is no address of a server, or the audio cannot be coded here.
        """
        query = {
            "agent_id": agent_id,
            "mode": mode,
            "sample_rate": "" if sample_rate_hz is None else str(sample_rate_hz),
            "input_audio_format": input_format,
            "output_audio_format": output_format,
            "variables": _ENCODER.encode(variables).decode() if variables else "",
        }
        if input_format.startswith("opus"):
            raise ValueError("this client cannot code Opus; ask for pcm, mulaw or alaw")
        headers = {}
        if key.startswith("wct_"):
            query["token"] = key
        elif key:
            headers["Authorization"] = f"Bearer {key}"
        inbox = Inbox()
        try:
            async with asyncio.timeout(timeout_s):
                # Redirects are not followed: the key is for the server that was named.
                transport, _ = await ws_connect(
                    lambda: inbox,
                    _address(url, query),
                    extra_headers=headers,
                    max_redirects=0,
                    websocket_handshake_timeout=timeout_s,
                    logger_name="vivavoce",
                )
                # The library is silent about a server that hangs up instead of answering.
                if transport.is_disconnected and not inbox.closed:
                    raise ConnectionError("the server closed the connection instead of answering the handshake")
                try:
                    session = await _opened(inbox)
                except BaseException:
                    transport.disconnect(graceful=False)
                    raise
        except WSHandshakeError as error:
            raise _refused(error) from error
        except OSError as error:
            # A refused connection, an unknown host and a failed TLS handshake are alike to the caller.
            if isinstance(error, ConnectionError | TimeoutError):
                raise
            raise ConnectionError(str(error)) from error
        asked = input_format or f"pcm_{sample_rate_hz or 24000}"
        return cls(transport, inbox, session, input_format=session.input_format or asked)

    @property
    def closed(self) -> bool:
        """Whether the socket has closed; messages that came before may still be read."""
        return self._inbox.closed

    async def send_audio(self, pcm: Pcm) -> None:
        """
        Send microphone audio, at ``mic_rate_hz``.

        Raises:
            ValueError: The audio has another rate.
            ConnectionError: The socket has closed, or the server has taken nothing for a long time.
        """
        if pcm.rate_hz != self.mic_rate_hz:
            raise ValueError(f"this call takes audio at {self.mic_rate_hz} Hz, not at {pcm.rate_hz} Hz")
        match self._encoding:
            case "mulaw":
                coded = encode_mulaw(pcm.samples)
            case "alaw":
                coded = encode_alaw(pcm.samples)
            case "pcm":
                coded = pcm.samples.astype("<i2", copy=False).tobytes()
            case other:
                raise ValueError(f"this client cannot code {other}")
        await self._send(b'{"type":"input_audio_buffer.append","audio":"' + pybase64.b64encode(coded) + b'"}')

    async def send_text(self, text: str) -> None:
        """Type to the agent; it interrupts the agent if it is speaking."""
        await self._send(_ENCODER.encode({"type": "input_text.send", "text": text}))

    async def commit(self) -> None:
        """Declare one's turn to be over, as a push-to-talk button does."""
        await self._send(_ENCODER.encode({"type": "input_audio_buffer.commit"}))

    async def declare_tools(self, tools: Sequence[Tool]) -> None:
        """Offer tools to the agent, instead of those offered before; ``ToolsAccepted`` or an error answers."""
        declarations = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
                "timeout_ms": round(tool.timeout_s * 1000),
                "expectsResponse": tool.awaited,
            }
            for tool in tools
        ]
        await self._send(_ENCODER.encode({"type": "session.update", "tools": declarations}))

    async def answer_tool(self, call_id: str, output: str) -> None:
        """Answer a ``ToolRequested``."""
        await self._send(_ENCODER.encode({"type": "function_call.result", "call_id": call_id, "output": output}))

    async def close(self) -> None:
        """End the call: ask the server, wait a little for its goodbye, then drop the socket. May be called again."""
        if not self._inbox.closed:
            self._transport.send(WSMsgType.TEXT, _ENCODER.encode({"type": "session.close"}))
            if not await self._inbox.closes_within(_CLOSE_WAIT_S):
                self._transport.send_close(WSCloseCode.OK)
        self._transport.disconnect()
        # What has been sent is flushed first, but not for ever.
        if not await self._inbox.closes_within(_CLOSE_WAIT_S):
            self._transport.disconnect(graceful=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        message = await self._inbox.next()
        if message is None:
            raise StopAsyncIteration
        return message

    async def _send(self, frame: bytes) -> None:
        # A socket that does not take what is sent makes the caller wait; one that has closed makes him stop.
        await self._inbox.writable()
        self._transport.send(WSMsgType.TEXT, frame)


async def _opened(inbox: Inbox) -> SessionStarted:
    match await inbox.next():
        case SessionStarted() as session:
            return session
        case SessionEnded(reason=reason):
            raise ConnectionError(f"the server ended the call at once: {reason}")
        case None:
            raise ConnectionError(f"the socket closed before the call began ({inbox.farewell})")
        case other:
            raise ConnectionError(f"the server began with {type(other).__name__} instead of session.created")


def _address(url: str, query: Mapping[str, str]) -> str:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise ValueError(f"{url} is no address of a server; write something like http://localhost:8600")
    path = parts.path.rstrip("/")
    if not path.endswith("/agent/connect"):
        path = path.removesuffix("/atoms/v1") + _PATH
    given = dict(parse_qsl(parts.query)) | {name: value for name, value in query.items() if value}
    return SplitResult(scheme, parts.netloc, path, urlencode(given), "").geturl()


def _refused(error: WSHandshakeError) -> Refused | ConnectionError:
    if error.response is None or not error.raw_header:
        return ConnectionError(str(error))
    status_line = bytes(error.raw_header).split(b"\r\n", 1)[0].decode("ascii", "replace")
    reason = status_line.split(" ", 2)[2:]
    status = int(error.response.status)
    retry_after = error.response.headers.get("Retry-After", "")
    return Refused(
        status,
        reason[0] if reason else "",
        retry_after_s=int(retry_after) if retry_after.isdigit() else None,
    )
