"""The server's end of the pipe to the helper process that speaks (``espeak_process`` tells its frames)."""

import asyncio
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import cast

from vivavoce.engines.espeak_process import ASK_SPEAK, END, FAILED, HEAD, RATE, READY
from vivavoce.errors import EngineError

__all__ = ["Frame", "Helper", "HelperGone", "start_helper"]

# Takes an answer: its kind and its payload.
Frame = Callable[[bytes, bytes], None]

_START_LIMIT_S = 10.0
_END_LIMIT_S = 1.0


class HelperGone(Exception):
    """The helper process has ended; what it was asked for may be asked of another."""


async def start_helper(library: str, data: str | None) -> "Helper":
    """
    Start a helper process, in some 60 ms.

    Raises:
        EngineError: It does not start, or does not find the library or its data.
    """
    spec = find_spec("vivavoce.engines.espeak_process")
    assert spec is not None and spec.origin is not None
    # By its path and without the site packages, because it needs none of them, and starts twice as fast.
    command = [sys.executable, "-I", "-S", spec.origin, library, *([data] if data else [])]
    loop = asyncio.get_running_loop()
    try:
        _, helper = await loop.subprocess_exec(
            lambda: Helper(loop),
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        raise EngineError("tts", "espeak", f"the helper process cannot be started: {error}") from error
    try:
        async with asyncio.timeout(_START_LIMIT_S):
            await helper.started()
    except (HelperGone, TimeoutError) as error:
        await helper.close()
        raise EngineError("tts", "espeak", "the helper process does not start: is the system out of memory?") from error
    except BaseException:
        await helper.close()
        raise
    return helper


class Helper(asyncio.SubprocessProtocol):
    """
    A running helper process, which answers one request at a time.

    Attributes:
        rate_hz: Samples a second of its sound.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.rate_hz = 0
        self._loop = loop
        self._transport: asyncio.SubprocessTransport | None = None
        # Bytes that are no whole frame yet.
        self._received = bytearray()
        self._ready: asyncio.Future[None] = loop.create_future()
        # No answer will come any more; and, a little later: the process has ended and been buried.
        self._silent = False
        self._ended: asyncio.Future[None] = loop.create_future()
        # The request at work, who takes its answers, and its end. Answers to older requests are ignored.
        self._request = 0
        self._take: Frame | None = None
        self._done: asyncio.Future[None] | None = None

    async def started(self) -> None:
        """Wait until it can be asked."""
        await self._ready

    @property
    def pid(self) -> int:
        """The number of the process."""
        assert self._transport is not None
        return self._transport.get_pid() or 0

    @property
    def gone(self) -> bool:
        """Whether it has ended, or is told to."""
        return self._transport is None or self._silent

    async def speak(self, payload: bytes, take: Frame) -> None:
        """
        Ask for speech and wait for its end; one call at a time.

        Args:
            payload: Of the frame ``S``.
            take: Called with each answer but the last, in order. After a cancellation it is not called any more.

        Raises:
            EngineError: The helper cannot speak this.
            HelperGone: The helper ended before it was done.
        """
        if self.gone:
            raise HelperGone
        self._request = (self._request + 1) % 2**32 or 1
        self._take = take
        self._done = self._loop.create_future()
        self._write(HEAD.pack(ASK_SPEAK, self._request, len(payload)) + payload)
        try:
            await self._done
        finally:
            self._take = self._done = None

    async def close(self) -> None:
        """End the process: by closing its input, and if that does not help, by force."""
        transport, self._transport = self._transport, None
        if transport is None:
            return
        stdin = transport.get_pipe_transport(0)
        if stdin is not None:
            stdin.close()
        try:
            await asyncio.wait([self._ended], timeout=_END_LIMIT_S)
            if not self._ended.done():
                transport.kill()
                await asyncio.wait([self._ended], timeout=_END_LIMIT_S)
        finally:
            transport.close()

    def kill(self) -> None:
        """End the process at once, because it does not answer."""
        if self._transport is not None and self._transport.get_returncode() is None:
            self._transport.kill()

    def _write(self, frame: bytes) -> None:
        assert self._transport is not None
        stdin = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))
        stdin.write(frame)

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._received += data
        at = 0
        while len(self._received) - at >= HEAD.size:
            kind, request, length = HEAD.unpack_from(self._received, at)
            if len(self._received) - at < HEAD.size + length:
                break
            at += HEAD.size + length
            self._answered(kind, request, bytes(self._received[at - length : at]))
        del self._received[:at]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        # Its output ends with it, after its last answer.
        if fd == 1:
            self._over()

    def connection_lost(self, exc: Exception | None) -> None:
        self._over()
        _settle(self._ended)

    def _answered(self, kind: bytes, request: int, payload: bytes) -> None:
        if kind == READY:
            (self.rate_hz,) = RATE.unpack(payload)
            _settle(self._ready)
        elif kind == FAILED and request == 0:
            _settle(self._ready, EngineError("tts", "espeak", payload.decode(errors="replace")))
        elif request == self._request and self._take is not None:
            if kind == END:
                _settle(self._done)
            elif kind == FAILED:
                _settle(self._done, EngineError("tts", "espeak", payload.decode(errors="replace")))
            else:
                self._take(kind, payload)

    def _over(self) -> None:
        self._silent = True
        _settle(self._ready, HelperGone())
        _settle(self._done, HelperGone())


def _settle(future: asyncio.Future[None] | None, error: Exception | None = None) -> None:
    """Bring an end to a wait that may be over already."""
    if future is None or future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
