"""Guesses which word of a vocabulary a misheard or misspelt word was meant to be."""

import re
from collections.abc import Collection, Sequence
from difflib import SequenceMatcher

__all__ = ["compounds", "joined", "respelt"]

# Words that are spelt this much alike are taken for the same. Below five letters too many words are neighbours,
# and one letter in five is enough for another word ("shops", "stops") unless it is a vowel ("imbed", "embed").
_ALIKE, _ALIKE_IF_SHORT, _SHORTEST = 0.8, 0.81, 5
_VOWELS = re.compile(r"[aeiouy]+")
# Two words that are one word misheard ("viva vochay") may differ more, because the longer a word, the surer the guess;
# but both must have their share in the likeness, or "start a car" would become "started".
_JOINED_ALIKE, _SHORTEST_JOINED, _PART_ALIKE = 0.74, 7, 0.5


def respelt(word: str, vocabulary: Collection[str]) -> str:
    """The word of the vocabulary that is spelt most like ``word``, or begins it; empty if there is none."""
    if len(word) < _SHORTEST:
        return ""
    # Porter's stems part a few families, such as "embed" and "embedded".
    beginnings = [other for other in vocabulary if len(other) >= _SHORTEST and word.startswith(other)]
    if beginnings:
        return max(beginnings, key=lambda other: (len(other), other))
    skeleton = _VOWELS.sub("e", word)
    homophones = [other for other in vocabulary if len(other) >= _SHORTEST and _VOWELS.sub("e", other) == skeleton]
    least = _ALIKE if len(word) > _SHORTEST else _ALIKE_IF_SHORT
    return min(homophones, default="") or _nearest(word, vocabulary, least)


def joined(first: str, second: str, vocabulary: Collection[str]) -> str:
    """The one word that two words are meant to be, such as "viva vochi"; empty if there is none."""
    both = first + second
    if len(both) < _SHORTEST_JOINED:
        return ""
    meant = _nearest(both, vocabulary, _JOINED_ALIKE)
    parts = ((first, meant[: len(first)]), (second, meant[len(first) :]))
    return meant if all(_ratio(*part) >= _PART_ALIKE for part in parts) else ""


def compounds(words: Sequence[str], vocabulary: Collection[str]) -> list[str]:
    """The words with neighbours made one wherever the vocabulary has them as one: "web site" if it has "website"."""
    made: list[str] = []
    for word in words:
        if made and made[-1] + word in vocabulary:
            made[-1] += word
        else:
            made.append(word)
    return made


def _nearest(word: str, vocabulary: Collection[str], least: float) -> str:
    best, most = "", least
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(word)
    # In their order, so that among equals it is always the same one.
    for candidate in sorted(vocabulary):
        shorter, longer = sorted((len(candidate), len(word)))
        # The likeness of two words cannot be more than their lengths allow.
        if shorter < _SHORTEST or 2 * shorter < most * (shorter + longer):
            continue
        matcher.set_seq1(candidate)
        if matcher.quick_ratio() >= most and (ratio := matcher.ratio()) >= most and (ratio > most or not best):
            best, most = candidate, ratio
    return best


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
