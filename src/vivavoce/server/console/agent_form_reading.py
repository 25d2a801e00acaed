"""What was typed into the form of an agent: what somebody has changed, what cannot be read, what two have changed."""

from collections.abc import Iterable

import msgspec

from vivavoce.server.console.agent_form import Change, Reading
from vivavoce.server.console.agent_form_documents import (
    SHOWN,
    Document,
    as_json,
    begun,
    digest,
    digest_of,
    entries_of,
    keys_of,
    listed,
    put,
    variant,
    was_of,
)
from vivavoce.server.console.agent_form_fields import AnyField, Field, Mistyped, Rows, at, plain, shown, typed
from vivavoce.server.console.forms import Form

__all__ = ["read"]


def read(fields: Iterable[AnyField], document: Document, form: Form) -> Reading:
    """
    What a form asks for, where the document is as it is now.

    Args:
        fields: All that the form may have.
        document: What is stored.
        form: What was typed.
    """
    digests = {path: before for path, _, before in (text.partition(" ") for text in form.texts(SHOWN))}
    changes: list[Change] = []
    complaints: dict[str, str] = {}
    conflicts: dict[str, str] = {}
    theirs: list[str] = []
    for original in fields:
        known = variant(original, document)
        if (before := digests.get(known.path)) is None:
            continue
        now = digest(known, document)
        found: dict[str, str] = {}
        mine, change = _typed(known, document, form, found)
        # What could not be read in a row is not in the list that was typed.
        if mine == before and (isinstance(known, Field) or not found):
            if now != before:
                theirs.append(known.label)
            continue
        complaints |= found
        if now not in (before, mine):
            conflicts[known.path] = _told(known, document)
        elif mine != now and change is not None:
            changes.append(change)
    return Reading(tuple(changes), complaints, conflicts, tuple(theirs))


def _typed(known: AnyField, document: Document, form: Form, complaints: dict[str, str]) -> tuple[str, Change | None]:
    """The digest of what was typed into a field, and the change that it is; none where it could not be read."""
    if isinstance(known, Rows):
        entries, keys = _typed_rows(known, known.path, form, complaints)
        value = listed(known, entries)
        return digest_of(as_json(value)), Change(known, value, keys)
    text = plain(known.kind, form.raw(known.path))
    try:
        value = typed(known, text, at(document, known.path))
    except Mistyped as error:
        complaints[known.path] = str(error)
        return digest_of(text), None
    return digest_of(text), Change(known, value)


def _typed_rows(
    known: Rows, name: str, form: Form, complaints: dict[str, str]
) -> tuple[list[Document], tuple[str, ...]]:
    """The entries of a list and the names of their rows; a row that was added and never filled in is none."""
    entries, rows, seen = list[Document](), list[str](), set[str]()
    for key in keys_of(form, name):
        within = f"{name}.{key}."
        was = was_of(form, within)
        kind = known.kind_of(was)
        entry: Document = was
        for inner in kind.fields:
            entry = _edited(variant(inner, was), entry, within, form, complaints)
        if was == begun(kind):
            if entry == was and not kind.name:
                continue
            needed = (inner for inner in kind.fields if isinstance(inner, Field) and inner.required)
            complaints |= {f"{within}{inner.path}": "Required" for inner in needed if at(entry, inner.path) is None}
        if known.is_mapping:
            called = str(entry.get("name") or "")
            if (not called and entry != was) or called in seen:
                complaints[f"{within}name"] = "Required" if not called else f"There are two of the name {called}"
            seen.add(called)
        entries.append(entry)
        rows.append(f"{name}.{key}")
    return entries, tuple(rows)


def _edited(inner: AnyField, entry: Document, within: str, form: Form, complaints: dict[str, str]) -> Document:
    """A row with what was typed into one of its fields."""
    name = f"{within}{inner.path}"
    if isinstance(inner, Rows):
        before = entries_of(inner, at(entry, inner.path))
        now, _ = _typed_rows(inner, name, form, complaints)
        return entry if now == before else put(entry, inner.path, listed(inner, now) or None)
    text = plain(inner.kind, form.raw(name))
    if text == shown(inner, entry):
        return entry
    try:
        return put(entry, inner.path, typed(inner, text, at(entry, inner.path)))
    except Mistyped as error:
        complaints[name] = str(error)
        return entry


def _told(known: AnyField, document: Document) -> str:
    """What somebody else has written, for people."""
    if isinstance(known, Rows):
        entries = entries_of(known, at(document, known.path))
        return msgspec.json.format(msgspec.json.encode(listed(known, entries)), indent=2).decode()
    text = shown(known, document)
    if known.kind == "switch":
        return "on" if text else "off"
    return next((label for value, label in known.options if value == text), text) or "nothing"
