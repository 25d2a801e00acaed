"""
Cuts the language model's text into parts that can be spoken one by one.

The first part should be short, so that the voice can start; later parts are whole sentences, because a voice that
sees a whole sentence reads it better. Marks that are written but not spoken (Markdown) are taken out.
"""

import re

__all__ = ["Sentences", "speakable"]

# A sentence ends at . ! ? … or the full-width forms, with closing quotes or brackets, before white space.
_END = re.compile(r"[.!?…。！？]+[\"'”’)\]]*(?=\s)|[。！？]|\n+")
# A first part may end at a softer stop as well.
_SOFT_END = re.compile(r"[,;:–—](?=\s)")
# Words whose full stop ends no sentence.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(.])(?:mr|mrs|ms|dr|prof|st|no|vs|etc|e\.g|i\.e|approx|inc|ltd|co|jr|sr|[a-z])\.$", re.IGNORECASE
)
# "1. First": a number and a stop at the start of a line belong to what follows.
_LIST_NUMBER = re.compile(r"(?:^|\n)\s*\d{1,2}\.$")
_MARKS = re.compile(r"\*{1,3}|_{2,3}|`{1,3}|^\s{0,3}#{1,6}\s+|^\s{0,3}[-*•]\s+|^\s{0,3}>\s?", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\([^)\s]+\)")
# The beginning of a link whose end has not come.
_OPEN_LINK = re.compile(r"\[[^\]\n]*\Z|\]\([^)\s]*\Z")
_SPACE = re.compile(r"\s+")

# A first part of fewer letters than this sounds chopped.
_FIRST_PART_LETTERS = 24
# A part is cut at white space when it gets this long without a stop.
_LONGEST_PART_LETTERS = 240


def speakable(text: str) -> str:
    """The text as it is spoken: without Markdown marks, links by their names, white space made plain."""
    return _SPACE.sub(" ", _MARKS.sub("", _LINK.sub(r"\1", text))).strip()


class Sentences:
    """Collects text as it streams in and gives out speakable parts."""

    def __init__(self) -> None:
        # Text that has not been given out yet.
        self._rest = ""
        # Whether a part has been given out.
        self._begun = False

    def add(self, text: str) -> list[str]:
        """Take the next piece of text; returns the parts that are complete now."""
        self._rest += text
        parts = []
        while (end := self._next_end()) is not None:
            part, self._rest = speakable(self._rest[:end]), self._rest[end:]
            if part:
                parts.append(part)
                self._begun = True
        return parts

    def finish(self) -> list[str]:
        """No more text comes; returns what is left."""
        part, self._rest = speakable(self._rest), ""
        return [part] if part else []

    def _next_end(self) -> int | None:
        ends = [end for end in (self._sentence_end(), self._soft_end()) if end is not None]
        end = min(ends, default=_LONGEST_PART_LETTERS + 1)
        if end <= _LONGEST_PART_LETTERS:
            return end
        if len(self._rest) <= _LONGEST_PART_LETTERS:
            return None
        space = self._rest.rfind(" ", 0, _LONGEST_PART_LETTERS)
        return space + 1 if space > 0 else _LONGEST_PART_LETTERS

    def _sentence_end(self) -> int | None:
        for match in _END.finditer(self._rest):
            head = self._rest[: match.end()]
            if not any(pattern.search(head) for pattern in (_ABBREVIATION, _LIST_NUMBER, _OPEN_LINK)):
                return match.end()
        return None

    def _soft_end(self) -> int | None:
        if self._begun:
            return None
        for match in _SOFT_END.finditer(self._rest, _FIRST_PART_LETTERS):
            if not _OPEN_LINK.search(self._rest[: match.end()]):
                return match.end()
        return None
