"""
Words that the voice is told to say in another spelling, and the way back to the words as they are written.

The voice reads "sequel server" where "SQL server" is written; transcript, captions and word times keep what is
written. So a respelt text knows which of its words stand for which, and turns the times of the one into the times of
the other.

An entry in lower-case letters fits every spelling of its word; one with capitals, such as "IT", fits only itself.
"""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from vivavoce.speech import Word

__all__ = ["Pronunciations", "Respelling", "respell"]

# Pairs of a word as it is written and its spelling for the voice.
Pronunciations = Sequence[tuple[str, str]]

_WORD = re.compile(r"\S+")
_SIGNS = re.compile(r"[\W_]+")
# How far ahead a word of the voice is looked for: engines may leave words out, or split and merge them.
_LOOK_AHEAD = 6


@dataclass(frozen=True, slots=True)
class _Span:
    """Words of the text that are spoken as other words."""

    written: tuple[str, ...]
    spoken: tuple[str, ...]


def respell(text: str, pronunciations: Pronunciations) -> "Respelling | None":
    """
    The text as the voice is to read it; None where no entry fits.

    Args:
        text: What is written.
        pronunciations: Longer words go before shorter ones; of two entries for one word the first counts.
    """
    folded = text.casefold()
    # Most texts have none of the words: a search for each is cheaper than a pattern of all.
    fitting = [
        (word, spoken) for word, spoken in pronunciations if word and spoken.strip() and word.casefold() in folded
    ]
    if not fitting:
        return None
    exact = dict(reversed(fitting))
    alike = {word: spoken for word, spoken in exact.items() if word == word.casefold()}
    longest_first = sorted(exact, key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in longest_first), re.IGNORECASE)
    found = []
    for match in pattern.finditer(text):
        spoken = exact.get(match[0]) or alike.get(match[0].casefold())
        if spoken is not None:
            found.append((match.start(), match.end(), spoken.strip()))
    return Respelling(_spans(text, found)) if found else None


class Respelling:
    """One respelt text, and the times of its written words as the voice tells those of the spoken ones."""

    def __init__(self, spans: Sequence[_Span]) -> None:
        # What the voice is given.
        self.text = " ".join(word for span in spans for word in span.spoken)
        # What the voice has not told yet: each spoken word with its span, whose last word closes it.
        self._awaited = deque((word, span) for span in spans for word in span.spoken)
        # The span of which some words have been told, with their times.
        self._open: tuple[_Span, float, float] | None = None

    def written(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """The written words that are certain once these spoken words have been told, in order."""
        told: list[Word] = []
        for word in words:
            span = self._take(word.text)
            if span is None or len(span.written) == len(span.spoken) == 1:
                told += self._close()
                told.append(word if span is None else Word(span.written[0], word.start_s, word.end_s))
                continue
            if self._open is None or self._open[0] is not span:
                told += self._close()
                self._open = (span, word.start_s, word.end_s)
            else:
                self._open = (span, self._open[1], word.end_s)
            if not self._awaited or self._awaited[0][1] is not span:
                told += self._close()
        return tuple(told)

    def rest(self) -> tuple[Word, ...]:
        """The written words that are left when the voice has told all of its own."""
        return tuple(self._close())

    def _take(self, spoken: str) -> _Span | None:
        """The span that a word of the voice belongs to; None where the voice says something of its own."""
        sought = _bare(spoken)
        for ahead in range(min(_LOOK_AHEAD, len(self._awaited))):
            if _bare(self._awaited[ahead][0]) == sought:
                for _ in range(ahead):
                    self._awaited.popleft()
                return self._awaited.popleft()[1]
        return None

    def _close(self) -> list[Word]:
        """The written words of the open span, which share its time evenly."""
        if self._open is None:
            return []
        (span, start_s, end_s), self._open = self._open, None
        step_s = (end_s - start_s) / len(span.written)
        return [
            Word(text, start_s + number * step_s, start_s + (number + 1) * step_s)
            for number, text in enumerate(span.written)
        ]


def _spans(text: str, found: Sequence[tuple[int, int, str]]) -> list[_Span]:
    """The text cut into words, those that are touched by the same respelling together."""
    spans: list[_Span] = []
    waiting = deque(found)
    words = deque((match.start(), match.end()) for match in _WORD.finditer(text))
    while words:
        start, end = words.popleft()
        spoken, at = "", start
        # A respelling reaches over words, and a word such as "SQL/CSS" holds several.
        while waiting and waiting[0][0] < end:
            begins, ends, respelt = waiting.popleft()
            while words and words[0][0] < ends:
                end = words.popleft()[1]
            spoken += text[at:begins] + respelt
            at = ends
        spoken += text[at:end]
        spans.append(_Span(tuple(text[start:end].split()), tuple(spoken.split())))
    return spans


def _bare(word: str) -> str:
    """A word without its signs and capitals: voices may drop them. A word of signs alone stays as it is."""
    return _SIGNS.sub("", word).casefold() or word
