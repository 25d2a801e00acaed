"""
What is wrong with a JSON value: ``agentId: Required``, ``name: Expected string, received number``.

The findings are msgspec's, the words those of JSON, because who reads them writes JavaScript.
REST and the socket put them differently, as either's documentation has it.
Values are not quoted, choices aside: they may be what somebody said.
Source: Atoms validation texts (wire-spec 2.0.3 for REST, 1.5 for the socket).
"""

import re
from dataclasses import dataclass

__all__ = ["REST", "SOCKET", "Words", "complaint"]

# msgspec says: Expected `bool`, got `str` - at `$.allowInterruptions`, and of keys: - at `key` in `$.variables`
_PLACE = re.compile(r" - at (?:`key` in )?`\$(?P<path>[^`]*)`$")
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]+)`")
_MISMATCH = re.compile(r"(?P<expected>Expected `[^`]+`), got (?P<got>`[^`]+`)")
_ENUM = re.compile(r"Invalid enum value '?(?P<value>[^'`]*)'?")
_TYPES = re.compile(r"`([a-z| ]+)`")
_JSON_NAMES = {"str": "string", "bool": "boolean", "int": "number", "float": "number"}
_LONGEST_CHARS = 300
_LONGEST_CHOICE_CHARS = 40


@dataclass(frozen=True, slots=True)
class Words:
    """How a finding is put; ``{}`` stands for the field that is missing, or for what was expected and what came."""

    missing: str
    mismatch: str


REST = Words(missing="{}: Required", mismatch="{}, received {}")
SOCKET = Words(missing="{} is required", mismatch="{}, got {}")


def complaint(message: str, *, within: str = "", words: Words = REST) -> str:
    """
    The sentence for a finding of msgspec, at most 300 characters long.

    Args:
        message: The text of a ``msgspec.ValidationError``.
        within: The field in which the checked value stands, such as ``tools``; empty for the whole body.
        words: How it is put.
    """
    found = _PLACE.search(message)
    said = message[: found.start()] if found else message
    path = (within + (found["path"] if found else "")).removeprefix(".")
    if missing := _MISSING.fullmatch(said):
        return words.missing.format(f"{path}.{missing['field']}" if path else missing["field"])[:_LONGEST_CHARS]
    if mismatch := _MISMATCH.fullmatch(said):
        said = words.mismatch.format(mismatch["expected"], mismatch["got"])
    elif enum := _ENUM.match(said):
        said = f"Invalid enum value '{enum['value'][:_LONGEST_CHOICE_CHARS]}'"
    said = _TYPES.sub(_in_json_words, said)
    return (f"{path}: {said}" if path else said)[:_LONGEST_CHARS]


def _in_json_words(match: re.Match[str]) -> str:
    # ``int | float | null`` becomes ``number or null``.
    return " or ".join(dict.fromkeys(_JSON_NAMES.get(name, name) for name in match[1].split(" | ")))
