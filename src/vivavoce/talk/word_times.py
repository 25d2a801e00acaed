"""
When each word is spoken, where the voice does not say.

A first guess is made of the text alone, as soon as there is sound. Once all of it is there, the words are aligned
with it: what is known then is where there is voice. The silences of a sentence fall between words, most of them at
its commas and dashes, and cut it into stretches; within a stretch the words share the time by their length. Which
silence belongs between which words is found by dynamic programming over penalties, each something like a negative
log-likelihood.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from vivavoce.speech import Word
from vivavoce.talk.spoken_length import letters_said, pause_after

__all__ = ["LETTERS_PER_S", "Pace", "Spans", "aligned", "first_guess"]

# Where there is voice, from when to when in seconds, in order.
Spans = Sequence[tuple[float, float]]

# The pace of a voice of which nothing is known yet, and after how many seconds of speech its own pace counts as much.
LETTERS_PER_S = 14.0
_PRIOR_S = 1.0

# The standard error of the length of one second of speech by its letters; it grows with the root of the length.
_ERROR_S = 0.15
# A number may be read in more than one way: the standard error of its length, as a share of it.
_NUMBER_ERROR = 0.3
# The least standard error of a stretch: a consonant may be too weak to count as voice.
_LEAST_ERROR_S = 0.05
# A pause where the text asks for none; no pause where it asks for one.
_STRAY_PAUSE, _MISSING_PAUSE = 4.0, 1.0
# A silence within a word, such as before the "t" of "fourteen": from 120 ms on, a pause anywhere is likelier.
_SILENCE_IN_WORD, _SILENCE_IN_WORD_PER_S = 0.5, 30.0
# How many silences are looked at, the longest ones, and how many places are tried for each. They bound the work.
_SILENCES_LIMIT, _PLACES_LIMIT = 12, 8
# A place where the text asks for a pause is tried before others that are nearer by so many letters.
_STOP_AHEAD = 20.0


@dataclass(frozen=True, slots=True)
class _Pause:
    """A silence that falls after so many words; ``silences`` is how many have begun by its end."""

    words: int
    silences: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class _Path:
    """Pauses that have been placed, the last of them first, and the sum of their penalties."""

    penalty: float
    pause: _Pause
    before: "_Path | None" = None


class Pace:
    """Learns from finished parts how fast a voice speaks."""

    def __init__(self) -> None:
        self._letters = LETTERS_PER_S * _PRIOR_S
        self._voiced_s = _PRIOR_S

    @property
    def letters_per_s(self) -> float:
        """For ``first_guess``; the usual pace until something has been learned."""
        return self._letters / self._voiced_s

    def learn(self, text: str, spans: Spans) -> None:
        """A text has been spoken, with voice in these spans of its sound; pauses do not count."""
        letters = sum(letters_said(word) for word in text.split())
        if letters and spans:
            self._letters += letters
            self._voiced_s += sum(end_s - start_s for start_s, end_s in spans)


def first_guess(text: str, *, letters_per_s: float = LETTERS_PER_S, start_s: float = 0.0) -> tuple[Word, ...]:
    """
    The words of a text with the times that they may have, before its sound is complete.

    Args:
        text: One part of a reply; its words are what stands between spaces.
        letters_per_s: How fast the voice is, as ``Pace`` knows it.
        start_s: Where the voice begins within the sound, if that is known already.
    """
    words: list[Word] = []
    at_s = start_s
    for word in text.split():
        end_s = at_s + letters_said(word) / letters_per_s
        words.append(Word(word, at_s, end_s))
        at_s = end_s + pause_after(word) / letters_per_s
    return tuple(words)


def aligned(text: str, spans: Spans, duration_s: float) -> tuple[Word, ...]:
    """
    The words of a text with their times in its sound, now that all of it is there.

    Starts and ends rise and stay within the sound.

    Args:
        text: What is spoken.
        spans: Where there is voice; nothing where it cannot be told from silence.
        duration_s: How long the sound lasts.
    """
    words = text.split()
    spans = _within(spans, duration_s)
    if not words or not spans:
        return _spread(text, duration_s)
    timed: list[Word] = []
    first, start_s = 0, spans[0][0]
    for pause in _pauses(words, spans):
        timed += _shared(words[first : pause.words], start_s, pause.start_s)
        first, start_s = pause.words, pause.end_s
    return tuple(timed)


def _within(spans: Spans, duration_s: float) -> Spans:
    clipped = [(max(start_s, 0.0), min(end_s, duration_s)) for start_s, end_s in spans]
    return [(start_s, end_s) for start_s, end_s in clipped if start_s < end_s]


def _spread(text: str, duration_s: float) -> tuple[Word, ...]:
    """The words as guessed, but for as long as the sound lasts."""
    guess = first_guess(text)
    guessed_s = guess[-1].end_s if guess else 0.0
    share = duration_s / guessed_s if guessed_s else 0.0
    return tuple(
        Word(word.text, min(word.start_s * share, duration_s), min(word.end_s * share, duration_s)) for word in guess
    )


def _shared(words: Sequence[str], start_s: float, end_s: float) -> list[Word]:
    """Words that are spoken without a pause share the time by their length."""
    lengths = [letters_said(word) for word in words]
    if not any(lengths):
        lengths = [1.0] * len(words)
    s_per_letter = (end_s - start_s) / sum(lengths)
    ends = [min(start_s + said * s_per_letter, end_s) for said in accumulate(lengths)]
    return [Word(word, *times) for word, times in zip(words, pairwise([start_s, *ends]), strict=True)]


def _pauses(words: Sequence[str], spans: Spans) -> list[_Pause]:
    """The pauses between the words, in order, and the end of the last word as one more."""
    sentence = _Sentence(words, spans)
    paths = [_Path(0.0, _Pause(0, 0, spans[0][0], spans[0][0]))]
    for number, (start_s, end_s) in enumerate(sentence.silences):
        pauses = [_Pause(place, number + 1, start_s, end_s) for place in sentence.places(number)]
        # All at once: no path has two pauses in the same silence.
        paths += [_best(paths, sentence, pause) for pause in pauses]
    end_s = spans[-1][1]
    path: _Path | None = _best(paths, sentence, _Pause(len(words), len(sentence.silences) + 1, end_s, end_s))
    pauses = []
    while path is not None and path.before is not None:
        pauses.append(path.pause)
        path = path.before
    return pauses[::-1]


def _best(paths: Sequence[_Path], sentence: "_Sentence", pause: _Pause) -> _Path:
    """The path to a pause that costs least."""
    options = [path for path in paths if path.pause.words < pause.words]
    costs = [path.penalty + sentence.penalty(path.pause, pause) for path in options]
    least = min(costs)
    return _Path(least, pause, options[costs.index(least)])


def _doubt(word: str, letters: float) -> float:
    """The variance that a number adds to what is known of its stretch, in letters squared."""
    return (_NUMBER_ERROR * letters) ** 2 if any(sign.isdecimal() for sign in word) else 0.0


class _Sentence:
    """What is known of the words and the silences of one sound, summed up for quick look-ups."""

    def __init__(self, words: Sequence[str], spans: Spans) -> None:
        every = [(before[1], after[0]) for before, after in pairwise(spans)]
        self.silences = sorted(sorted(every, key=lambda silence: silence[0] - silence[1])[:_SILENCES_LIMIT])
        # By how many words have gone by: their length in letters, how sure it is, and how many ask for a pause.
        lengths = [letters_said(word) for word in words]
        self._said = [0.0, *accumulate(lengths)]
        self._doubts = [0.0, *accumulate(map(_doubt, words, lengths))]
        self._stops = [0, *accumulate(1 if pause_after(word) else 0 for word in words)]
        # By how many silences have gone by: how long they are, and what it costs if none of them is a pause.
        lengths_s = [end_s - start_s for start_s, end_s in self.silences]
        self._silent_s = [0.0, *accumulate(lengths_s)]
        self._in_words = [
            0.0,
            *accumulate(_SILENCE_IN_WORD + _SILENCE_IN_WORD_PER_S * length_s for length_s in lengths_s),
        ]
        self._start_s = spans[0][0]
        voiced_s = spans[-1][1] - self._start_s - self._silent_s[-1]
        self._s_per_letter = voiced_s / self._said[-1] if self._said[-1] else 0.0

    def places(self, silence: int) -> list[int]:
        """After how many words a silence may fall, the likeliest ones: near to where they are by their length."""
        if not self._s_per_letter:
            return []
        voiced_s = self.silences[silence][0] - self._start_s - self._silent_s[silence]
        said = voiced_s / self._s_per_letter

        def distance(place: int) -> float:
            return abs(self._said[place] - said) - (_STOP_AHEAD if self._stop_before(place) else 0.0)

        return sorted(range(1, len(self._stops) - 1), key=distance)[:_PLACES_LIMIT]

    def penalty(self, after: _Pause, pause: _Pause) -> float:
        """How unlikely it is that there is no pause between these two, and that the second one is a pause."""
        inner = pause.silences - 1
        expected_s = (self._said[pause.words] - self._said[after.words]) * self._s_per_letter
        voiced_s = pause.start_s - after.end_s - (self._silent_s[inner] - self._silent_s[after.silences])
        variance = _LEAST_ERROR_S**2 + _ERROR_S**2 * expected_s
        variance += (self._doubts[pause.words] - self._doubts[after.words]) * self._s_per_letter**2
        missing = self._stops[pause.words - 1] - self._stops[after.words]
        in_words = self._in_words[inner] - self._in_words[after.silences]
        stray = 0.0 if self._stop_before(pause.words) or pause.words == len(self._stops) - 1 else _STRAY_PAUSE
        return (voiced_s - expected_s) ** 2 / variance / 2 + missing * _MISSING_PAUSE + in_words + stray

    def _stop_before(self, place: int) -> bool:
        return self._stops[place] > self._stops[place - 1]
