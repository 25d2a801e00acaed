"""
An asynchronous client of the Atoms wire.

    async with await AtomsClient.connect("http://localhost:8600", key="sk_…", agent_id="…") as call:
        await call.send_text("What are your opening hours?")
        async for message in call:
            ...

With ``ext=True`` it speaks our extension (docs/wire-extension.md): the call survives its socket, the server learns
what has been heard, and audio travels as bytes.

It stands on picows, which the server has anyway: no second WebSocket library to keep,
and a load test shares its two cores with the client, so the client must cost little.
"""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import msgspec

from vivavoce.audio.g711 import encode_alaw, encode_mulaw
from vivavoce.audio.pcm import Pcm
from vivavoce.client.address import call_address
from vivavoce.client.endurance import Endurance
from vivavoce.client.line import Line
from vivavoce.client.messages import Message, SessionStarted
from vivavoce.client.playout import Player
from vivavoce.speech import Tool

__all__ = ["AtomsClient"]

_ENCODER = msgspec.json.Encoder()


class AtomsClient:
    """
    One call, seen from the visitor's side; iterate over it for the server's messages.

    Iteration ends with the call; on the plain wire that is when the socket has closed. On an extended call a lost
    socket is a ``Reconnecting`` and a ``Reconnected``, with no message lost or told twice, and the end is a
    ``SessionEnded``: with the server's reason, with ``resume_failed`` where the server cannot take the call up again,
    or with ``websocket_closed`` where it could not be reached in time. A server that breaks the contract is left
    without one.
    Use ``connect`` to make one.
    """

    def __init__(self, line: Line, *, input_format: str) -> None:
        self._line = line
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
        ext: bool = False,
        binary: bool = True,
        endurance: Endurance | None = None,
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
            ext: Ask for the extension; a server that does not know it is spoken to without.
            binary: Ask for audio as bytes, where the extension is spoken.
            endurance: How an extended call is kept.
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
            "ext": "1" if ext else "",
            "frames": "binary" if ext and binary else "",
            "variables": _ENCODER.encode(variables).decode() if variables else "",
        }
        if input_format.startswith("opus"):
            raise ValueError("this client cannot code Opus; ask for pcm, mulaw or alaw")
        headers = {}
        if key.startswith("wct_"):
            query["token"] = key
        elif key:
            headers["Authorization"] = f"Bearer {key}"
        line = Line(call_address(url, query), headers, endurance or Endurance())
        await line.open(limit_s=timeout_s)
        asked = input_format or f"pcm_{sample_rate_hz or 24000}"
        return cls(line, input_format=line.session.input_format or asked)

    @property
    def session(self) -> SessionStarted:
        """What the server has said of this call."""
        return self._line.session

    @property
    def player(self) -> Player:
        """Plays the agent's sound in real time, without a loudspeaker: what it has played is what was heard."""
        return self._line.player

    @property
    def closed(self) -> bool:
        """Whether the call is over; messages that came before may still be read."""
        return self._line.over

    async def send_audio(self, pcm: Pcm) -> None:
        """
        Send microphone audio, at ``mic_rate_hz``.

        On an extended call this never waits: what cannot be sent now is kept, up to 60 seconds of it.

        Raises:
            ValueError: The audio has another rate.
            ConnectionError: The call is over, or (on the plain wire) the server has taken nothing for a long time.
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
        self._check()
        await self._line.sender.say_audio(coded, duration_s=pcm.duration_s)

    async def send_text(self, text: str) -> None:
        """Type to the agent; it interrupts the agent if it is speaking."""
        await self._say({"type": "input_text.send", "text": text})

    async def commit(self) -> None:
        """Declare one's turn to be over, as a push-to-talk button does."""
        await self._say({"type": "input_audio_buffer.commit"})

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
        await self._say({"type": "session.update", "tools": declarations})

    async def answer_tool(self, call_id: str, output: str) -> None:
        """Answer a ``ToolRequested``."""
        await self._say({"type": "function_call.result", "call_id": call_id, "output": output})

    async def close(self) -> None:
        """
        End the call: ask the server, wait a little for its goodbye, then drop the socket. May be called again.

        While an extended call is without a socket, the server learns of the end when it has waited long enough.
        """
        await self._line.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        message = await self._line.next()
        if message is None:
            raise StopAsyncIteration
        return message

    async def _say(self, message: Mapping[str, object]) -> None:
        self._check()
        await self._line.sender.say(message)

    def _check(self) -> None:
        if self._line.over:
            raise ConnectionError(f"the call is over ({self._line.farewell})")
