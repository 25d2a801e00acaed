"""
One part of a reply: its text, and when each of its words is spoken.

The times are the voice's own where it tells them. Else they are guessed when the first sound is there, and corrected
when all of it is.
"""

from dataclasses import dataclass

from vivavoce.audio.envelope import Envelope, spans
from vivavoce.audio.pcm import Pcm
from vivavoce.speech import Word
from vivavoce.talk.word_times import Pace, aligned, first_guess

__all__ = ["Caption", "Part"]

# Times are compared with this slack: sums of floats differ in their last digits.
_SLACK_S = 1e-6


@dataclass(frozen=True, slots=True)
class Caption:
    """Words with their times in the reply; they replace all of its words from number ``first`` on."""

    first: int
    words: tuple[Word, ...]


class Part:
    """A part of a reply, from its text to its last sound."""

    def __init__(self, text: str, rate_hz: int, pace: Pace) -> None:
        self.text = text
        self._rate_hz = rate_hz
        # Of the voice, as far as it is known from earlier parts.
        self._pace = pace
        # Its first sample within the reply; None until its first sound.
        self.start: int | None = None
        self._samples = 0
        self._done = False
        # With their times in the reply.
        self.words: tuple[Word, ...] = ()
        # The number of its first word within the reply.
        self._first_word = 0
        # Whether the voice tells the times of its words.
        self._is_told = False
        self._is_broken = False
        # The loudness of its sound, as long as its words are guessed.
        self._envelope = Envelope(rate_hz)

    def begin(self, start: int, first_word: int) -> None:
        """Its first sound comes: it begins at this sample of the reply, with the word of this number."""
        self.start = start
        self._first_word = first_word

    def add(self, pcm: Pcm, words: tuple[Word, ...]) -> Caption | None:
        """The next sound, with words whose times count from the start of the part; returns what is known by it."""
        is_first = not self._samples
        self._samples += len(pcm.samples)
        if words:
            told = self.words if self._is_told else ()
            self._is_told = True
            placed = self._placed(words)
            self.words = told + placed
            return Caption(self._first_word + len(told), placed)
        if self._is_told:
            return None
        self._envelope.add(pcm.samples)
        if not is_first:
            return None
        voiced = spans(self._envelope)
        begins_s = voiced[0][0] if voiced else 0.0
        return self._guessed(first_guess(self.text, letters_per_s=self._pace.letters_per_s, start_s=begins_s))

    def finish(self) -> Caption | None:
        """All sound has come; returns what is known by that."""
        self._done = True
        if self._is_told or self.start is None:
            return None
        voiced = spans(self._envelope)
        if not self._is_broken:
            self._pace.learn(self.text, voiced)
        return self._guessed(aligned(self.text, voiced, self._samples / self._rate_hz))

    def break_off(self, end_s: float) -> None:
        """No more sound comes: all that will ever be heard are the words that end by then, in seconds of the reply."""
        self._is_broken = True
        self.words = tuple(word for word in self.words if word.end_s <= end_s + _SLACK_S)
        self.text = " ".join(word.text for word in self.words)

    def unheard(self, heard_s: float) -> list[str]:
        """The words that have not, or not wholly, been heard."""
        if self.start is None:
            return [self.text]
        unheard = [word.text for word in self.words if word.end_s > heard_s + _SLACK_S]
        if self._is_told and not self._done:
            # A voice may give its words along with their sound: these are still to come.
            unheard += self.text.split()[len(self.words) :]
        return unheard

    def _guessed(self, words: tuple[Word, ...]) -> Caption:
        self.words = self._placed(words)
        return Caption(self._first_word, self.words)

    def _placed(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """Words with their times in the reply."""
        assert self.start is not None
        offset_s = self.start / self._rate_hz
        return tuple(Word(word.text, word.start_s + offset_s, word.end_s + offset_s) for word in words)
