"""
An utterance in the hands of a recogniser that can only read whole stretches of sound.

While the utterance goes on, all of it is recognised again from time to time, for partial transcripts.
What is longer than the recogniser can take is cut where it is quietest, and the first part is settled for good.
"""

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np

from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.clock import monotonic_s
from vivavoce.engines.gate import Priority

__all__ = ["RATE_HZ", "Recognise", "Utterance", "quietest"]

RATE_HZ = 16_000

# Recognises a stretch of sound at 16 kHz; cancelling the wait stops the work.
Recognise = Callable[[Priority, Samples], Awaitable[str]]

# Recognisers of this kind were trained on sound of up to about 30 s; a cut is looked for in its last five.
_LONGEST = 30 * RATE_HZ
_CUT_FROM = 25 * RATE_HZ
# A pause between sentences lasts at least this long; the silence inside a word, before a "t" or a "k", is shorter.
_PAUSE = RATE_HZ // 5

# The first words can be shown after this much sound; more often than this nobody can read.
_PARTIAL_EVERY_S = 0.7
# A partial costs as much as its utterance is long, so they come less often the longer it is:
# those of ten seconds of speech together cost as much as three to four runs over the whole.
_PARTIAL_EVERY_SHARE = 0.25
# And never so often that they fill more than half a core.
_PARTIAL_EVERY_RUNS = 2.0


class Utterance:
    """
    Collects the sound of one utterance and has it recognised.

    Args:
        recognise: The recogniser.
        idle: Whether there is time for partials now.
        now: A monotonic clock, in seconds.
    """

    def __init__(
        self, recognise: Recognise, *, idle: Callable[[], bool], now: Callable[[], float] = monotonic_s
    ) -> None:
        self._recognise = recognise
        self._idle = idle
        self._now = now
        # The sound since the last cut, and its samples in all; less than ``_LONGEST`` and one piece.
        self._pieces: list[Samples] = []
        self._length = 0
        # All work on the utterance; kept until ``drop``, so that no failure goes unseen.
        self._tasks: list[asyncio.Task[str]] = []
        # The parts before the last cut, at work or done.
        self._settled: list[asyncio.Task[str]] = []
        # The partial at work, when it began, and how much sound there was.
        self._partial: asyncio.Task[str] | None = None
        self._partial_began = 0.0
        self._partial_heard_s = 0.0
        # How much sound there has to be for the next partial, in seconds since the last cut.
        self._partial_due_s = _PARTIAL_EVERY_S
        # What the last partial said.
        self._shown = ""

    def hear(self, piece: Pcm) -> str:
        """
        Take the next sound, and return a new partial text if there is one, else an empty text.

        A partial lacks the last word of what has been recognised, because it tends to change.
        """
        self._pieces.append(piece.samples)
        self._length += len(piece.samples)
        while self._length >= _LONGEST:
            self._cut()
        if self._partial is not None and self._partial.done():
            return self._news(self._partial)
        if self._partial is None and self._length / RATE_HZ >= self._partial_due_s and self._idle():
            self._partial_heard_s = self._length / RATE_HZ
            self._partial_began = self._now()
            self._partial = self._start(Priority.PARTIAL_TRANSCRIPT, self._sound())
        return ""

    async def finish(self) -> str:
        """The whole text; the utterance has ended."""
        self._drop_partial()
        last = self._start(Priority.FINAL_TRANSCRIPT, self._sound())
        self._settled.append(last)
        return _joined([await part for part in self._settled])

    async def drop(self) -> None:
        """Stop all work on the utterance."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, priority: Priority, sound: Samples) -> asyncio.Task[str]:
        async def recognise() -> str:
            return await self._recognise(priority, sound)

        task = asyncio.create_task(recognise(), name=f"recognise {priority.name.lower()}")
        self._tasks.append(task)
        return task

    def _sound(self) -> Samples:
        """All sound since the last cut, in one piece."""
        if len(self._pieces) != 1:
            self._pieces = [np.concatenate(self._pieces) if self._pieces else np.zeros(0, np.int16)]
        return self._pieces[0]

    def _cut(self) -> None:
        """Settle the sound up to a pause, and keep the rest."""
        self._drop_partial()
        sound = self._sound()
        at = quietest(sound, _CUT_FROM, _LONGEST)
        # Nobody waits for it yet, but it has to be done some time.
        self._settled.append(self._start(Priority.LATER_SENTENCE, sound[:at]))
        self._pieces = [sound[at:]]
        self._length = len(sound) - at
        self._partial_due_s = self._length / RATE_HZ + _PARTIAL_EVERY_S

    def _news(self, partial: asyncio.Task[str]) -> str:
        self._partial = None
        interval_s = max(
            _PARTIAL_EVERY_S,
            _PARTIAL_EVERY_SHARE * self._partial_heard_s,
            _PARTIAL_EVERY_RUNS * (self._now() - self._partial_began),
        )
        self._partial_due_s = self._partial_heard_s + interval_s
        if not all(part.done() for part in self._settled):
            return ""
        text = _joined([part.result() for part in [*self._settled, partial]]).rpartition(" ")[0]
        if text == self._shown:
            return ""
        self._shown = text
        return text

    def _drop_partial(self) -> None:
        if self._partial is not None:
            self._partial.cancel()
            self._partial = None


def quietest(samples: Samples, start: int, end: int) -> int:
    """The middle of the quietest 200 ms from ``start`` to ``end``, which are at least 200 ms apart, at 16 kHz."""
    energy = np.cumsum(np.square(samples[start:end], dtype=np.int64))
    of_pauses = energy[_PAUSE - 1 :].copy()
    of_pauses[1:] -= energy[:-_PAUSE]
    return start + int(of_pauses.argmin()) + _PAUSE // 2


def _joined(texts: list[str]) -> str:
    return " ".join(text for text in texts if text)
