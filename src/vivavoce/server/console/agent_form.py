"""
What the form of an agent shows of its document, or of what was typed into it.

Only what somebody has changed is written. A field says beside itself, by a digest, what it showed when the page was
made: so a field that nobody touched stays as it is, whoever else has changed it meanwhile, and one that two people have
changed is not lost but shown to the second. What the form does not know stays in the document.
A form need not have all fields: those that it has say so themselves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vivavoce.server.console.agent_form_documents import (
    MOST_ROWS,
    SHOWN,
    Document,
    as_json,
    begun,
    digest,
    entries_of,
    keys_of,
    variant,
    was_of,
)
from vivavoce.server.console.agent_form_fields import AnyField, Field, RowKind, Rows, at, plain, shown
from vivavoce.server.console.forms import Form

__all__ = ["ADD", "REMOVE", "Change", "Document", "Entries", "Reading", "Row", "Shown", "view"]

# The buttons that add a row to a list and take one away, without storing anything.
ADD, REMOVE = "add", "remove"


@dataclass(frozen=True, slots=True)
class Change:
    """A field and its new value; None takes it out of the document."""

    field: AnyField
    value: object
    # The names of the rows that a list was made of, in its order.
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What a form asks for.

    Args:
        changes: What somebody has changed.
        complaints: What could not be read, by the name of its field.
        conflicts: Fields that somebody else has changed as well, with what he has written.
        theirs: Labels of the fields that only somebody else has changed.
    """

    changes: tuple[Change, ...] = ()
    complaints: Mapping[str, str] = field(default_factory=dict)
    conflicts: Mapping[str, str] = field(default_factory=dict)
    theirs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A field as a template shows it; ``marker`` is the value of its hidden field, empty within rows."""

    field: Field
    name: str
    text: str
    marker: str = ""
    complaint: str = ""
    theirs: str = ""

    @property
    def needs_a_look(self) -> bool:
        """Whether something is wrong with it."""
        return bool(self.complaint or self.theirs)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a list as a template shows it; ``is_new`` where it was just added."""

    kind: RowKind
    name: str
    key: str
    was: str
    fields: tuple["Shown | Entries", ...]
    complaint: str = ""
    is_new: bool = False

    @property
    def needs_a_look(self) -> bool:
        """Whether something is wrong with it or in it, or it is to be filled in."""
        return bool(self.complaint) or self.is_new or any(inner.needs_a_look for inner in self.fields)


@dataclass(frozen=True, slots=True)
class Entries:
    """A list as a template shows it."""

    field: Rows
    name: str
    rows: tuple[Row, ...]
    marker: str = ""
    complaint: str = ""
    theirs: str = ""

    @property
    def needs_a_look(self) -> bool:
        """Whether something is wrong with it or in it, or a row is to be filled in."""
        return bool(self.complaint or self.theirs) or any(row.needs_a_look for row in self.rows)


def view(
    fields: Iterable[AnyField], document: Document, *, form: Form | None = None, reading: Reading | None = None
) -> tuple[Shown | Entries, ...]:
    """
    The fields as a template shows them.

    Args:
        fields: Which, in their order.
        document: What is stored.
        form: What was typed, where a form comes back; its buttons ``add`` and ``remove`` change its lists.
        reading: What was wrong with it.
    """
    told = reading or Reading()
    return tuple(_viewed(variant(known, document), document, "", form, told) for known in fields)


def _viewed(known: AnyField, document: Document, within: str, form: Form | None, told: Reading) -> Shown | Entries:
    name = f"{within}{known.path}"
    marker = "" if within else f"{known.path} {digest(known, document)}"
    # Where somebody else has changed it too, the next attempt knows what he wrote.
    if form is not None and marker and name not in told.conflicts:
        marker = next((value for value in form.texts(SHOWN) if value.split(" ")[0] == known.path), marker)
    complaint, theirs = told.complaints.get(name, ""), told.conflicts.get(name, "")
    if isinstance(known, Rows):
        rows = _rows(known, document, name, form, told)
        return Entries(known, name, rows, marker, complaint, theirs)
    text = shown(known, document) if form is None else plain(known.kind, form.raw(name))
    return Shown(known, name, text, marker, complaint, theirs)


def _rows(known: Rows, document: Document, name: str, form: Form | None, told: Reading) -> tuple[Row, ...]:
    if form is None:
        entries = entries_of(known, at(document, known.path))
        return tuple(_row(known, entry, name, str(key), None, told) for key, entry in enumerate(entries))
    keys = [key for key in keys_of(form, name) if form.text(REMOVE) != f"{name}.{key}"]
    rows = [_row(known, was_of(form, f"{name}.{key}."), name, key, form, told) for key in keys]
    if form.text(ADD) == name and len(rows) < MOST_ROWS:
        asked = form.text(f"{name}.kind")
        kind = next((kind for kind in known.kinds if kind.name == asked), known.kinds[0])
        used = [int(key) for key in form.values.get(name, ()) if key.isdecimal()]
        rows.append(_row(known, begun(kind), name, str(max(used, default=-1) + 1), None, told, is_new=True))
    return tuple(rows)


def _row(
    known: Rows, entry: Document, name: str, key: str, form: Form | None, told: Reading, *, is_new: bool = False
) -> Row:
    kind, within = known.kind_of(entry), f"{name}.{key}."
    fields = tuple(_viewed(variant(inner, entry), entry, within, form, told) for inner in kind.fields)
    complaint = told.complaints.get(f"{name}.{key}", "")
    return Row(kind, f"{name}.{key}", key, as_json(entry), fields, complaint, is_new)
