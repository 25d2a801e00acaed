"""What espeak-ng is asked for: texts it can take, in parts; names of voices; its pace."""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from vivavoce.speech import VoiceStyle

__all__ = ["Part", "ends_sentence", "parts", "plain", "voices", "words_per_minute"]

# Some thirty seconds of speech: so much is made in one go, kept while nobody fetches it, and keeps others waiting.
_LONGEST_PART = 400
# Where a text may be cut, best first: after a sentence, after a clause, between words.
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*\s+")
_LAST_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*\s*\Z")
_CLAUSE_END = re.compile(r"[,;:–—]\s+")
_SPACE = re.compile(r"\s+")

# At speed 1. Measured: what a recogniser understands best, among 120 to 200.
_WORDS_PER_MINUTE = 150
# Source: espeak-ng, speak_lib.h, espeakRATE_MINIMUM and espeakRATE_MAXIMUM.
_SLOWEST, _FASTEST = 80, 450

_DEFAULT_VOICE = "en-us"
# No paths: espeak-ng looks names up among its files.
_VOICE_NAME = re.compile(r"[A-Za-z0-9 ()_+-]{1,64}")
# Languages that espeak-ng knows under another tag; and the English that the web means when it says just "en".
_TAGS = {"en": "en-us", "zh": "cmn", "zh-cn": "cmn", "zh-hk": "yue", "no": "nb"}


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text that is spoken in one go; ``pause`` where a sentence ends and another follows."""

    text: str
    pause: bool = False


def parts(text: str) -> Iterator[Part]:
    """Cut a text into parts of at most 400 characters; joined they are the text again."""
    while len(text) > _LONGEST_PART:
        part = _first_part(text)
        yield part
        text = text[len(part.text) :]
    yield Part(text)


def ends_sentence(text: str) -> bool:
    """Whether a text ends where a sentence does."""
    return _LAST_SENTENCE_END.search(text) is not None


def _first_part(text: str) -> Part:
    for place, earliest in ((_SENTENCE_END, 0), (_CLAUSE_END, _LONGEST_PART // 2), (_SPACE, 0)):
        ends = [found.end() for found in place.finditer(text, 0, _LONGEST_PART)]
        if ends and ends[-1] > earliest:
            return Part(text[: ends[-1]], pause=place is _SENTENCE_END)
    # A word longer than that is no word of a spoken language with spaces: cut anywhere.
    return Part(text[:_LONGEST_PART])


def plain(text: str) -> bytes:
    """
    The text in UTF-8 without characters that espeak-ng would obey instead of speaking.

    Each becomes one space, so that places in the text stay what they are.
    """
    return "".join(" " if unicodedata.category(sign) in ("Cc", "Cs") else sign for sign in text).encode()


def voices(style: VoiceStyle, default: str = "") -> bytes:
    """Names of voices to try in this order, one a line: the style's own, its language's, and English."""
    tag = style.language.lower().replace("_", "-")
    primary = tag.partition("-")[0]
    wanted = [style.voice or default, _TAGS.get(tag, tag), primary if primary == "en" else _TAGS.get(primary, primary)]
    names = [name for name in wanted if _VOICE_NAME.fullmatch(name)]
    return "\n".join([*names, _DEFAULT_VOICE]).encode()


def words_per_minute(speed: float) -> int:
    """The pace for a speed, where 1.0 is the natural one; no number at all counts as 1.0."""
    if not math.isfinite(speed):
        speed = 1.0
    return round(min(max(_WORDS_PER_MINUTE * speed, _SLOWEST), _FASTEST))
