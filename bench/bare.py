"""
The unit of cost: a bare socket that moves the same frames and does nothing else.

Every microphone frame is decoded from JSON and base64; in every second stretch of two seconds each of them is answered
by one 20 ms agent frame, encoded anew, so that agent audio flows half of the time. There is no timer, no speech
work, no store, no second task. Two stacks: ``uvicorn`` (its websockets-sansio protocol on uvloop, the best of its own)
and ``picows`` as the lower limit. Both read with msgspec and pybase64 and build their frames by concatenation,
the cheapest ways known, so that the unit is not flattering.

Run by ``bench.systems`` as a process of its own: ``python -m bench.bare STACK PORT``.
"""

import argparse
import asyncio
import signal
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec
import pybase64
import uvicorn
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

__all__ = ["STACKS", "Talker", "main"]

STACKS = ("uvicorn", "picows")

# 20 ms of 24 kHz PCM16.
_FRAME_BYTES = 960
# Two seconds of frames without and two with agent audio.
_SPELL_FRAMES = 100
_CREATED = '{"type":"session.created","session_id":"bare","call_id":"CALL-0","sample_rate":24000,"channels":1}'
_STARTED = '{"type":"agent_start_talking"}'
_STOPPED = '{"type":"agent_stop_talking"}'

_Scope = MutableMapping[str, Any]  # ASGI leaves the values open
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class _Append(msgspec.Struct, tag_field="type", tag="input_audio_buffer.append"):
    audio: str


class _Close(msgspec.Struct, tag_field="type", tag="session.close"):
    pass


_decoder = msgspec.json.Decoder(_Append | _Close)


class Talker:
    """One call: takes a message of the caller and says which messages go back."""

    def __init__(self) -> None:
        # Microphone frames so far.
        self._frames = 0
        # The sound of the agent: what it says does not matter, its size does.
        self._pcm = bytes(_FRAME_BYTES)
        # The caller wants to go.
        self.closed = False

    def answer(self, text: str | memoryview) -> tuple[str, ...]:
        """
        The messages to send back at once.

        Raises:
            msgspec.DecodeError: The caller sent something else than the benchmark does.
        """
        message = _decoder.decode(text)
        if isinstance(message, _Close):
            self.closed = True
            return ()
        pcm = pybase64.b64decode(message.audio)
        if len(pcm) != _FRAME_BYTES:
            raise ValueError(f"a frame of {len(pcm)} bytes; the benchmark sends {_FRAME_BYTES}")
        spell, within = divmod(self._frames, _SPELL_FRAMES)
        self._frames += 1
        if spell % 2 == 0:
            return (_STOPPED,) if within == 0 and spell else ()
        audio = '{"type":"output_audio.delta","audio":"' + pybase64.b64encode_as_string(self._pcm) + '"}'
        return (_STARTED, audio) if within == 0 else (audio,)


async def _application(scope: _Scope, receive: _Receive, send: _Send) -> None:
    """The same as an ASGI application, without any framework."""
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": _CREATED})
    talker = Talker()
    while (event := await receive())["type"] == "websocket.receive":
        for message in talker.answer(event["text"]):
            await send({"type": "websocket.send", "text": message})
        if talker.closed:
            await send({"type": "websocket.close", "code": 1000})
            return


class _Listener(WSListener):
    """The same on picows."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._talker = Talker()
        transport.send(WSMsgType.TEXT, _CREATED.encode())

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            transport.disconnect()
            return
        for message in self._talker.answer(frame.get_payload_as_memoryview()):
            transport.send(WSMsgType.TEXT, message.encode())
        if self._talker.closed:
            transport.send_close()
            transport.disconnect()


def _serve_uvicorn(port: int) -> None:
    uvicorn.run(
        _application,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        lifespan="off",
        log_level="warning",
        access_log=False,
    )


async def _serve_picows(port: int) -> None:
    def listener(_request: WSUpgradeRequest) -> WSListener:
        return _Listener()

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = await ws_create_server(listener, "127.0.0.1", port)
    await stop.wait()
    server.close()


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description="A bare socket that moves the frames of a call.")
    parser.add_argument("stack", choices=STACKS)
    parser.add_argument("port", type=int)
    options = parser.parse_args()
    if options.stack == "uvicorn":
        _serve_uvicorn(options.port)
    else:
        uvloop.run(_serve_picows(options.port))


if __name__ == "__main__":
    main()
