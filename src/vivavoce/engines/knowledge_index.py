"""
Finds the entry of a knowledge text that answers a question, and says how sure it is.

SQLite's full-text index (FTS5, Porter stems) in memory tells which phrasings and answers hold a word;
the figure that comes out is ours, because a rank alone cannot tell a good answer from the best of bad ones:

    score = 0.6 · (how well the best phrasing and the question cover each other)
          + 0.4 · (how much of the question the whole entry covers)

where a word counts the more, the fewer entries hold it. The author's very words always score 1.
"""

import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vivavoce.engines.heard_words import WEAK_WORDS, content_words, plain, without_fillers
from vivavoce.engines.knowledge_text import Entry
from vivavoce.engines.misheard import compounds, joined, respelt
from vivavoce.errors import EngineError

__all__ = ["KnowledgeIndex", "Match"]

_PHRASING_SHARE, _ENTRY_SHARE = 0.6, 0.4
# A word of the answer alone is weaker evidence than one of a phrasing.
_ANSWER_WORD = 0.75
# Where there is nothing but the answer to go by, as in a plain paragraph.
_PARAGRAPH = 0.9
_WEAK_WORD = 0.6
# One word in common can be chance ("I like trains" and "train the agent"), two hardly.
_SINGLE_WORD = 0.75
# No word counts less than this, even if every entry holds it.
_LEAST_WEIGHT = 0.15
# A question of more words than this is a story; its first words decide.
_MOST_WORDS = 24


@dataclass(frozen=True, slots=True)
class Match:
    """An entry and how surely it answers the question: 1.0 is the author's own wording, 0 nothing in common."""

    entry: Entry
    score: float


@dataclass(frozen=True, slots=True)
class _Line:
    """One row of the full-text index: a phrasing or an answer."""

    entry: int
    is_answer: bool


class KnowledgeIndex:
    """
    A searchable knowledge text.

    Raises:
        EngineError: This Python's SQLite was built without FTS5.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        # The entries in the author's order.
        self.entries = tuple(entries)
        # Row id → what the row is, and the weight of all its words together.
        self._lines: list[_Line] = []
        self._line_weights: list[float] = []
        # Every word of the text as written, for guessing what a misheard word was.
        self._vocabulary: set[str] = set()
        # The author's wordings, for questions that are made of small words alone ("what is this").
        self._exact: dict[str, int] = {}
        # Used on whatever thread the event loop has; there is never more than one at a time.
        self._database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        try:
            self._database.executescript(
                """
                CREATE VIRTUAL TABLE lines USING fts5(words, tokenize = 'porter unicode61');
                CREATE VIRTUAL TABLE stems USING fts5vocab(lines, instance);
                BEGIN;
                """
            )
        except sqlite3.OperationalError as error:
            self._database.close()
            reason = "the SQLite of this Python has no full-text search (FTS5): use a Python from python.org or uv"
            raise EngineError("llm", "knowledge", reason) from error
        lines = [line for number, entry in enumerate(self.entries) for line in self._read(number, entry)]
        self._vocabulary = {word for _, words in lines for word in words}
        for row, (line, words) in enumerate(lines):
            joined = " ".join(compounds(words, self._vocabulary))
            self._database.execute("INSERT INTO lines (rowid, words) VALUES (?, ?)", (row, joined))
            self._lines.append(line)
        self._database.execute("COMMIT")
        self._weigh_lines()

    def close(self) -> None:
        """Free the memory."""
        self._database.close()

    def exact(self, question: str) -> Entry | None:
        """The entry that has this very wording, whatever the fillers and the punctuation."""
        number = self._exact.get(without_fillers(plain(question)))
        return None if number is None else self.entries[number]

    def rank(self, question: str, *, most: int = 3) -> list[Match]:
        """The entries that have anything in common with the question, best first, the author's order among equals."""
        if (exact := self.exact(question)) is not None:
            return [Match(exact, 1.0)]
        found = self._look_up(content_words(plain(question))[:_MOST_WORDS])
        weights = {word: self._weight(word, {self._lines[row].entry for row in rows}) for word, rows in found.items()}
        total = sum(weights.values())
        phrasings: defaultdict[int, list[float]] = defaultdict(list)
        covered: defaultdict[int, float] = defaultdict(float)
        for word, rows in found.items():
            held: dict[int, float] = {}
            for row in rows:
                line = self._lines[row]
                if not line.is_answer:
                    phrasings[row].append(weights[word])
                held[line.entry] = max(held.get(line.entry, 0.0), _ANSWER_WORD if line.is_answer else 1.0)
            for number, share in held.items():
                covered[number] += share * weights[word]
        best: defaultdict[int, float] = defaultdict(float)
        for row, shared in phrasings.items():
            # The harmonic mean of "covers the question" and "is covered by it" (Dice's coefficient, by weight).
            alike = 2 * sum(shared) / (total + max(sum(shared), self._line_weights[row]))
            number = self._lines[row].entry
            best[number] = max(best[number], alike * (_SINGLE_WORD if len(shared) == 1 and alike < 1 else 1))
        matches = [
            Match(self.entries[number], self._score(number, best[number], weight / total))
            for number, weight in sorted(covered.items())
        ]
        matches.sort(key=lambda match: -match.score)
        return matches[:most]

    def _score(self, number: int, phrasing: float, covered: float) -> float:
        if not self.entries[number].phrasings:
            return _PARAGRAPH * covered / _ANSWER_WORD
        return _PHRASING_SHARE * phrasing + _ENTRY_SHARE * covered

    def _read(self, number: int, entry: Entry) -> Iterator[tuple[_Line, list[str]]]:
        for phrasing in entry.phrasings:
            wording = plain(phrasing)
            self._exact.setdefault(without_fillers(wording), number)
            yield _Line(number, is_answer=False), content_words(wording)
        yield _Line(number, is_answer=True), content_words(plain(entry.answer))

    def _weigh_lines(self) -> None:
        stems: defaultdict[str, list[int]] = defaultdict(list)
        for row, stem in self._database.execute("SELECT doc, term FROM stems"):
            stems[stem].append(row)
        self._line_weights = [0.0] * len(self._lines)
        for stem, rows in stems.items():
            weight = self._weight(stem, {self._lines[row].entry for row in rows})
            for row in rows:
                self._line_weights[row] += weight

    def _weight(self, word: str, holders: set[int]) -> float:
        # A word that nobody holds counts like the rarest: the question is about something else.
        rarity = math.log((len(self.entries) + 1) / (max(len(holders), 1) + 0.5))
        return max(rarity, _LEAST_WEIGHT) * (_WEAK_WORD if word in WEAK_WORDS else 1.0)

    def _rows(self, word: str) -> list[int]:
        found = self._database.execute("SELECT rowid FROM lines WHERE lines MATCH ?", (f'"{word}"',))
        return [row for (row,) in found]

    def _look_up(self, words: list[str]) -> dict[str, list[int]]:
        """The rows of each word; words that the text does not hold are first tried as misheard ones."""
        found: dict[str, list[int]] = {}
        words = compounds(words, self._vocabulary)
        rows = [self._rows(word) for word in words]
        position = 0
        while position < len(words):
            word, hits, step = words[position], rows[position], 1
            unsure = not all(rows[position : position + 2])
            if unsure and position + 1 < len(words) and (one := joined(word, words[position + 1], self._vocabulary)):
                word, hits, step = one, self._rows(one), 2
            elif not hits and (one := respelt(word, self._vocabulary)):
                word, hits = one, self._rows(one)
            found[word] = hits
            position += step
        return found
