"""
Which word is spoken when: from espeak-ng's word events to the words of the text.

espeak-ng has an idea of its own of a word: it splits "$5" and "10:30", merges numbers, and skips signs.
The reader's words are what stands between spaces. So an event is taken for the word that it falls into,
further events in the same word are ignored, and words without an event share the time up to the next one by letters.
"""

import re
from bisect import bisect_right
from collections import deque

import numpy as np

from vivavoce.audio.pcm import Pcm
from vivavoce.speech import Voice, Word

__all__ = ["Speech"]

_WORD = re.compile(r"\S+")
_SAMPLE_BYTES = 2


class Speech:
    """
    The speech of one text as it comes in: sound and words, let go together.

    A word is let go when its end is known, and its sound not before it.
    That holds the first sound back by one word, which espeak-ng makes in less than a millisecond.

    Args:
        text: What is being spoken.
        start_s: Where it starts within a longer text, in seconds; the words' times count from there.
    """

    def __init__(self, text: str, *, start_s: float = 0.0) -> None:
        self._words = [found[0] for found in _WORD.finditer(text)]
        self._places = [found.start() for found in _WORD.finditer(text)]
        self._start_s = start_s
        # Samples and words that have been let go.
        self._taken = 0
        self._given = 0
        self.begin(1)

    def begin(self, rate_hz: int) -> None:
        """The speech comes in from its start; what has been let go already will not be let go again."""
        self._rate_hz = rate_hz
        # Where the last attempt got to. Two attempts differ by a few samples; words stay in order all the same.
        self._resumed_at = self._taken
        # Sound that is still here, and its first sample; samples that have come in.
        self._sound = bytearray()
        self._sound_from = 0
        self._made = 0
        # Events at samples that have not come in yet: the word's place, or nothing for the end of a clause.
        self._events: deque[tuple[int | None, int]] = deque()
        # The first word whose end is not known, where it starts, and where the clause after it ends if that is known.
        self._open = 0
        self._open_at = 0
        self._clause_end: int | None = None
        # Whether any word has begun.
        self._begun = False
        # All words before that.
        self._timed: list[Word] = []
        self._ended = False

    @property
    def duration_s(self) -> float:
        """How long all sound that has come in lasts."""
        return self._made / self._rate_hz

    def word(self, place: int, sample: int) -> None:
        """A word begins: at that character of the text, at that sample."""
        self._events.append((place, sample))

    def clause_ended(self, sample: int) -> None:
        """A clause has ended at that sample; what follows may be a pause."""
        self._events.append((None, sample))

    def sound(self, data: bytes) -> None:
        """More sound: 16-bit samples, little-endian."""
        self._sound += data
        self._made = self._sound_from + len(self._sound) // _SAMPLE_BYTES
        while self._events and self._events[0][1] <= self._made:
            self._apply(*self._events.popleft())

    def end(self) -> None:
        """Everything has come in."""
        for place, _ in self._events:
            self._apply(place, self._made)
        self._events.clear()
        if 0 < self._made <= self._taken:
            # A second attempt that is some samples shorter than the first: the last words still need one to come with.
            self.sound(bytes(_SAMPLE_BYTES * (self._taken + 1 - self._made)))
        self._close(len(self._words), self._made)
        self._ended = True

    def take(self) -> Voice | None:
        """Sound and words that can be let go now, if any."""
        # The last sample stays to the end, so that the last words have one to come with.
        until = self._made if self._ended else min(self._open_at, self._made - 1)
        if until <= self._taken:
            return None
        first, last = (_SAMPLE_BYTES * (sample - self._sound_from) for sample in (self._taken, until))
        samples = np.frombuffer(self._sound[first:last], "<i2").astype(np.int16, copy=False)
        del self._sound[:last]
        self._sound_from = self._taken = until
        words = tuple(self._timed[self._given :])
        self._given += len(words)
        return Voice(Pcm(samples, self._rate_hz), words)

    def _apply(self, place: int | None, sample: int) -> None:
        """An event whose sample has come in."""
        sample = max(sample, self._open_at)
        if place is None:
            self._clause_end = sample
            return
        index = bisect_right(self._places, place) - 1
        if index > self._open:
            self._close(index, sample)
        elif not self._begun:
            # What comes before the first word is silence.
            self._open_at = sample
        self._begun = True
        # Whatever clause has ended before this, the word that is open now goes on after it.
        self._clause_end = None

    def _close(self, index: int, sample: int) -> None:
        """The words up to that one end where it starts, or where the clause before it has ended."""
        words = self._words[self._open : index]
        letters = [sum(sign.isalnum() for sign in word) for word in words]
        if not any(letters):
            letters = [1] * len(words)
        end = sample if self._clause_end is None else min(self._clause_end, sample)
        per_letter = (end - self._open_at) / max(sum(letters), 1)
        at = float(max(self._open_at, self._resumed_at))
        for word, count in zip(words, letters, strict=True):
            until = max(min(at + count * per_letter, end), self._resumed_at)
            self._timed.append(Word(word, self._seconds(at), self._seconds(until)))
            at = until
        self._open, self._open_at = index, sample

    def _seconds(self, sample: float) -> float:
        return self._start_s + sample / self._rate_hz
