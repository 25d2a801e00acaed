"""
What a page's developer is told of a message that breaks the contract.

The words are those of JSON, the place is a path within the message: ``tools[0].name: Expected string, got number``.
Values are not quoted: they may be what somebody said.
"""

import re
from typing import Final

import msgspec

from vivavoce.wire.dialect import Broken

__all__ = ["explained", "invalid_event"]

_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_TYPE_NAMES = re.compile(r"`([a-z| ]+)`")
_JSON_NAMES: Final = {"str": "string", "int": "number", "float": "number", "bool": "boolean"}
# Enough for any sentence of ours; a path through foreign keys may be longer.
_LONGEST_CHARS = 300


def invalid_event(message: str) -> Broken:
    """A message that the client is told of as ``invalid_event``."""
    return Broken("invalid_event", message[:_LONGEST_CHARS])


def explained(error: msgspec.ValidationError, *, within: str = "") -> str:
    """
    The sentence for a validation error.

    Args:
        error: What the decoder raised.
        within: The field in which the decoded part stands, such as ``tools``.
    """
    said, _, place = str(error).partition(" - at `$")
    path = (within + place.removesuffix("`")).removeprefix(".")
    if missing := _MISSING.fullmatch(said):
        field = f"{path}.{missing[1]}" if path else missing[1]
        return f"{field} is required"[:_LONGEST_CHARS]
    said = _TYPE_NAMES.sub(_in_json_words, said)
    return (f"{path}: {said}" if path else said)[:_LONGEST_CHARS]


def _in_json_words(match: re.Match[str]) -> str:
    # ``int | float | null`` becomes ``number or null``.
    words = dict.fromkeys(_JSON_NAMES.get(word, word) for word in match[1].split(" | "))
    return " or ".join(words)
