"""
Speech to text for machines that the Moonshine wheel does not reach: pocketsphinx, English.

It gets a third of the words of free speech wrong, but it runs everywhere, and it knows when each word was said.
It holds Python's global lock while it works, so it is given sound in pieces of 20 ms, some 6 ms of work.
"""

import asyncio
import re
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from typing import Any

import numpy as np

from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.engines.engine import EngineSettings
from vivavoce.engines.gate import Gate, Priority, shared_gate
from vivavoce.engines.settings import number
from vivavoce.errors import EngineError
from vivavoce.speech import Transcript, Word

__all__ = ["Sphinx", "open_engine"]

_RATE_HZ = 16_000
_STEP = _RATE_HZ // 50
# Sound is handed to the thread when this much has come in.
_HANDED_OVER = _RATE_HZ // 5
# Source: pocketsphinx, parameter ``frate``.
_FRAMES_PER_S = 100
# Marks of silence and noise, and the number of a second pronunciation.
_MARK = re.compile(r"<.*>|\[.*\]|\+\+.*\+\+")
_PRONUNCIATION = re.compile(r"\(\d+\)$")


def open_engine(settings: EngineSettings) -> "Sphinx":
    """
    Load the model, in about a second.

    Args:
        settings: ``parallel``, how many utterances are listened to at once, each for 115 MB (default 2);
            ``threads``, as for the engine moonshine.

    Raises:
        EngineError: pocketsphinx is missing or cannot load its model.
        ConfigError: A setting is no such number.
    """
    try:
        import pocketsphinx  # noqa: F401
    except ImportError as error:
        raise EngineError("stt", "sphinx", "pocketsphinx is missing: pip install vivavoce[sphinx]") from error
    parallel = int(number(settings, "parallel", 2, low=1, high=64))
    threads = int(number(settings, "threads", 0, low=0, high=256))
    return Sphinx(shared_gate(threads), parallel=parallel)


class Sphinx:
    """Writes down utterances, as many at once as it has listeners."""

    name = "sphinx"

    def __init__(self, gate: Gate, *, parallel: int) -> None:
        self._gate = gate
        # Those without an utterance. The first loads its model now, so that a broken installation shows at the start.
        self._free = [_Listener() for _ in range(parallel)]
        self._free[-1].load()
        self._parallel = parallel
        self._closed = False

    async def transcribe(self, audio: AsyncIterator[Pcm]) -> AsyncGenerator[Transcript]:
        """
        Write down an utterance while it is being spoken; the final transcript has the times of its words.

        Raises:
            EngineError: The sound is not at 16 kHz, all listeners are taken, or the engine is closed.
        """
        if self._closed:
            raise EngineError("stt", self.name, "it has been closed: open a new one")
        if not self._free:
            raise EngineError("stt", self.name, f"all {self._parallel} listeners are taken: raise its setting parallel")
        listener = self._free.pop()
        # Tells this utterance from the one before, at which a thread may still be.
        utterance = object()
        # Sound that has not been handed to the thread yet; as long as the utterance at most.
        pieces: list[Samples] = []
        at_work: asyncio.Task[str] | None = None
        shown = ""
        try:
            async for piece in audio:
                if piece.rate_hz != _RATE_HZ:
                    raise EngineError("stt", self.name, f"it takes sound at {_RATE_HZ} Hz, not at {piece.rate_hz}")
                pieces.append(piece.samples)
                if at_work is not None and at_work.done():
                    # Without the last word, which tends to change.
                    text, at_work = at_work.result().rpartition(" ")[0], None
                    if text not in ("", shown):
                        shown = text
                        yield Transcript(text, final=False)
                if at_work is None and sum(map(len, pieces)) >= _HANDED_OVER:
                    # Nobody waits for it yet, but it has to be done some time.
                    run = self._gate.run(
                        Priority.LATER_SENTENCE, listener.hear, utterance, _joined(pieces), engine=self.name
                    )
                    at_work = asyncio.create_task(run, name="sphinx listens")
                    pieces = []
            if at_work is not None:
                await at_work
            words = await self._gate.run(
                Priority.FINAL_TRANSCRIPT, listener.finish, utterance, _joined(pieces), engine=self.name
            )
            yield Transcript(" ".join(word.text for word in words), final=True, words=words)
        finally:
            if at_work is not None:
                at_work.cancel()
                await asyncio.gather(at_work, return_exceptions=True)
            # A thread may still be at its last 20 ms; the listener's lock makes the next utterance wait for it.
            self._free.append(listener)

    async def close(self) -> None:
        """Take no more utterances."""
        self._closed = True


class _Listener:
    """One decoder; used by one utterance, and by one thread at a time."""

    def __init__(self) -> None:
        # Any: pocketsphinx has no types. Loaded when first wanted.
        self._decoder: Any = None
        self._lock = threading.Lock()
        # The utterance that the decoder is in, perhaps one that was given up.
        self._utterance: object | None = None

    def load(self) -> None:
        """Load the model that the wheel carries, in about a second."""
        import pocketsphinx

        try:
            # The second pass over the utterance would hold the global lock for tenths of a second.
            self._decoder = pocketsphinx.Decoder(loglevel="FATAL", samprate=_RATE_HZ, fwdflat=False)
        except (RuntimeError, ValueError) as error:
            raise EngineError("stt", "sphinx", f"pocketsphinx cannot load its model: {error}") from error

    def hear(self, cancelled: threading.Event, utterance: object, samples: Samples) -> str:
        """The words so far, with this sound."""
        with self._lock:
            self._feed(cancelled, utterance, samples)
            guess = self._decoder.hyp()
            return guess.hypstr if guess else ""

    def finish(self, cancelled: threading.Event, utterance: object, samples: Samples) -> tuple[Word, ...]:
        """All words, with this last sound."""
        with self._lock:
            self._feed(cancelled, utterance, samples)
            self._decoder.end_utt()
            self._utterance = None
            # Asking for the words of an utterance without any is an error.
            return tuple(_words(self._decoder.seg())) if self._decoder.hyp() else ()

    def _feed(self, cancelled: threading.Event, utterance: object, samples: Samples) -> None:
        if self._decoder is None:
            self.load()
        if self._utterance is not utterance:
            if self._utterance is not None:
                self._decoder.end_utt()
            # Else it goes on adapting to the last microphone and its noise, which were another caller's.
            self._decoder.reinit_feat()
            self._decoder.start_utt()
            self._utterance = utterance
        for at in range(0, len(samples), _STEP):
            if cancelled.is_set():
                return
            self._decoder.process_raw(samples[at : at + _STEP].tobytes(), False, False)


def _words(segments: Iterable[Any]) -> Iterator[Word]:
    for segment in segments:
        if not _MARK.fullmatch(segment.word):
            yield Word(
                _PRONUNCIATION.sub("", segment.word),
                segment.start_frame / _FRAMES_PER_S,
                (segment.end_frame + 1) / _FRAMES_PER_S,
            )


def _joined(pieces: list[Samples]) -> Samples:
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)
