"""How the fields and rows of an agent's form stand in its document, and how a form names them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from vivavoce import ids
from vivavoce.server.console.agent_form_fields import AnyField, Field, RowKind, Rows, at, shown
from vivavoce.server.console.forms import Form

__all__ = [
    "MOST_ROWS",
    "SHOWN",
    "Document",
    "as_json",
    "begun",
    "digest",
    "digest_of",
    "entries_of",
    "keys_of",
    "listed",
    "put",
    "variant",
    "was_of",
]

# The hidden field by which every field says that it is there, and what it showed: ``PATH DIGEST``.
SHOWN = "shown"
MOST_ROWS = 1000
# The hidden field of a row: the row as the page was given it, so that what the form does not know is kept.
_WAS = "was"

Document = Mapping[str, object]


def variant(known: AnyField, document: Document) -> AnyField:
    """The field as this document has it: under another name, or a list that its author wrote in another way."""
    match known:
        case Field() if known.aliases:
            path = next((alias for alias in known.aliases if at(document, alias) is not None), known.path)
            return replace(known, path=path)
        case Rows(is_mapping=False) if isinstance(at(document, known.path), Mapping):
            return Field(known.path, known.label, "json", help="A JSON Schema.", default="", lines=6)
        case _:
            return known


def put(document: Document, path: str, value: object) -> dict[str, object]:
    """The document with this value at this path; None takes away what is there."""
    name, _, rest = path.partition(".")
    result = dict(document)
    if rest:
        below = result.get(name)
        value = put(below if isinstance(below, Mapping) else {}, rest, value) or None
    if value is None:
        result.pop(name, None)
    else:
        result[name] = value
    return result


def digest(known: AnyField, document: Document) -> str:
    """What a field shows of a document, in short."""
    if isinstance(known, Rows):
        return digest_of(as_json(listed(known, entries_of(known, at(document, known.path)))))
    return digest_of(shown(known, document))


def digest_of(text: str) -> str:
    """The same of a text."""
    return ids.digest(text)[:16]


def entries_of(known: Rows, value: object) -> list[Document]:
    """The entries of a list, each as an object."""
    if known.is_mapping:
        return [{"name": name, "value": entry} for name, entry in value.items()] if isinstance(value, Mapping) else []
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list | tuple) else []


def listed(known: Rows, entries: Sequence[Document]) -> object:
    """Entries as the document has them: a list, or an object of names and values."""
    if known.is_mapping:
        return {str(entry.get("name", "")): entry.get("value", "") for entry in entries}
    return list(entries)


def begun(kind: RowKind) -> dict[str, object]:
    """A new row: of its kind, and with what its choices begin with."""
    begun: dict[str, object] = {"type": kind.name, **kind.begins} if kind.name else {}
    return begun | {
        inner.path: inner.fallback for inner in kind.fields if isinstance(inner, Field) and inner.kind == "choice"
    }


def keys_of(form: Form, name: str) -> list[str]:
    """The rows of a list, in their order; each is there once."""
    return list(dict.fromkeys(key for key in form.values.get(name, ()) if key.isdecimal()))[:MOST_ROWS]


def was_of(form: Form, within: str) -> Document:
    """The row as the page was given it; ``within`` is its name, with a dot."""
    try:
        was = msgspec.json.decode(form.raw(f"{within}{_WAS}", "{}"))
    except (msgspec.DecodeError, RecursionError):
        return {}
    return was if isinstance(was, dict) else {}


def as_json(value: object) -> str:
    """The same text for the same value."""
    return msgspec.json.encode(value, order="deterministic").decode()
