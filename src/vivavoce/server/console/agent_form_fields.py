"""
What a form about an agent is made of: fields, and lists of rows that are fields themselves.

A field is found in the agent's document by its path, such as ``synthesizer.speed``; in the rows of a list, by its path
within the row. Between document and form every value is text: ``shown`` writes it, ``typed`` reads it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from vivavoce.agent_limits import LONGEST, RANGES
from vivavoce.agent_settings import with_defaults

__all__ = ["AnyField", "Field", "Kind", "Mistyped", "RowKind", "Rows", "Section", "at", "plain", "shown", "typed"]

Kind = Literal["line", "text", "number", "whole", "switch", "choice", "words", "lines", "json"]
_DEFAULTS = with_defaults({})
_NUMBER = re.compile(r"[+-]?(\d{1,15}([.,]\d{0,15})?|[.,]\d{1,15})", re.ASCII)


class Mistyped(Exception):
    """A text that cannot be read as what its field takes; its message stands beside the field."""


@dataclass(frozen=True, slots=True)
class Field:
    """
    One setting.

    Args:
        path: Where it stands in the document.
        label: In the words of whoever sets an agent up.
        kind: What is typed: ``words`` are separated by commas, ``lines`` by line breaks.
        help: What it does, and when one changes it.
        options: Of a choice: what is stored, and what is shown.
        suggestions: What a line offers to complete.
        default: What holds where the document says nothing; None for the document's own default.
        inert: It is kept for its author, and no call is different for it.
        rare: It stands among those that are folded away.
        required: A new row is not taken without it.
        aliases: Other names of it, which count where the document has them.
        pattern: What a text must match; ``pattern_says`` is the complaint. Only where the API takes what nobody means.
    """

    path: str
    label: str
    kind: Kind = "line"
    help: str = ""
    options: tuple[tuple[str, str], ...] = ()
    suggestions: tuple[str, ...] = ()
    default: str | None = None
    placeholder: str = ""
    lines: int = 3
    inert: bool = False
    rare: bool = False
    required: bool = False
    aliases: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    pattern_says: str = ""

    @property
    def fallback(self) -> str:
        """What the form shows where the document says nothing."""
        return _text(self.kind, at(_DEFAULTS, self.path)) if self.default is None else self.default

    @property
    def hint(self) -> str:
        """The help, with the range and the default behind it."""
        said = [self.help] if self.help else []
        if self.kind in ("number", "whole") and (limits := RANGES.get(self.path)):
            usual = f"; {self.fallback} unless you change it" if self.fallback else ""
            said.append(f"{str(limits).capitalize()}{usual}.")
        elif (longest := LONGEST.get(self.path)) is not None:
            said.append(f"At most {longest[0]:,} characters.")
        return " ".join(said)


@dataclass(frozen=True, slots=True)
class RowKind:
    """
    A kind of row.

    Args:
        name: What the row's ``type`` is; empty where all rows are of one kind.
        label: What a person calls it.
        fields: What can be set about it.
        begins: What a new one has at once.
    """

    name: str
    label: str
    fields: tuple["AnyField", ...]
    help: str = ""
    inert: bool = False
    begins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rows:
    """
    A list whose entries can be added and removed.

    Args:
        noun: What one of them is called, such as ``word``.
        kinds: Its kinds of rows; a row of none of them has the fields of the last.
        is_mapping: The document has an object in place of a list, with the fields ``name`` and ``value`` of each row.
        wide: A row's fields do not fit into one line.
    """

    path: str
    label: str
    noun: str
    kinds: tuple[RowKind, ...]
    help: str = ""
    is_mapping: bool = False
    wide: bool = False
    inert: bool = False
    rare: bool = False

    def kind_of(self, row: Mapping[str, object]) -> RowKind:
        """The kind of a row, by its ``type``."""
        return next((kind for kind in self.kinds if kind.name == row.get("type")), self.kinds[-1])


AnyField = Field | Rows


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the form with a heading; ``slug`` stands in its address."""

    slug: str
    title: str
    lead: str
    fields: tuple[AnyField, ...]


def at(document: object, path: str) -> object:
    """The value at a path; None where there is none."""
    for name in path.split("."):
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


def shown(known: Field, document: Mapping[str, object]) -> str:
    """What the form shows of a field: what the document says, else its default."""
    value = at(document, known.path)
    return known.fallback if value is None else _text(known.kind, value)


def plain(kind: Kind, text: str) -> str:
    """A text as it comes back from a browser that nobody has typed into."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if kind in ("text", "lines", "json") else text.replace("\n", "")


def typed(known: Field, text: str, before: object) -> object:
    """
    What was typed, as the document has it; None where nothing was.

    Args:
        known: The known.
        text: What was typed.
        before: What the document has now: a value without a kind of its own keeps the type that it had.

    Raises:
        Mistyped: It is no number, or no JSON.
    """
    if known.kind == "switch":
        return bool(text)
    if known.kind != "text":
        text = text.strip()
    if not text.strip():
        return None
    if known.pattern is not None and not known.pattern.fullmatch(text):
        raise Mistyped(known.pattern_says)
    match known.kind:
        case "number" | "whole":
            return _number(known, text)
        case "words":
            return [word for word in re.split(r"[,\s]+", text) if word]
        case "lines":
            return [line.strip() for line in text.split("\n") if line.strip()]
        case "json":
            return _json(text)
        case "choice":
            return _like(at(_DEFAULTS, known.path), text)
        case "line":
            return _like(before, text)
        case _:
            return text


def _text(kind: Kind, value: object) -> str:
    """A value as text, in the form that a browser sends back."""
    match value:
        case None:
            return ""
        case bool() if kind == "switch":
            return "on" if value else ""
        case str():
            return plain(kind, value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case list() | tuple() if kind == "words":
            return ", ".join(map(str, value))
        case list() | tuple() if kind == "lines":
            return plain(kind, "\n".join(map(str, value)))
        case _:
            return msgspec.json.format(msgspec.json.encode(value), indent=2 if kind == "json" else -1).decode()


def _number(known: Field, text: str) -> float:
    limits = RANGES.get(known.path, "")
    if not _NUMBER.fullmatch(text):
        raise Mistyped(f"Expected a number {limits}".strip())
    number = float(text.replace(",", "."))
    if known.kind == "whole" and not number.is_integer():
        raise Mistyped(f"Expected a whole number {limits}".strip())
    return int(number) if number.is_integer() else number


def _json(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Mistyped("This is no JSON: check quotes, commas and brackets") from error


def _like(value: object, text: str) -> object:
    """A text as a number, a boolean or JSON, where the value that it stands for is one."""
    if isinstance(value, str | None):
        return text
    try:
        found: object = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text
    return found
