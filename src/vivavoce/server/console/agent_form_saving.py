"""Saving the form of an agent: under the rules of the API, and beside whoever saves at the same time."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from vivavoce.agent_settings import merged
from vivavoce.errors import Refused
from vivavoce.server.console.agent_form import Change, Reading
from vivavoce.server.console.agent_form_documents import put
from vivavoce.server.console.agent_form_fields import AnyField, Rows
from vivavoce.server.console.agent_form_reading import read
from vivavoce.server.console.agent_form_sections import all_fields
from vivavoce.server.console.forms import Form
from vivavoce.store import agents
from vivavoce.store.agents import Agent
from vivavoce.store.database import Database

__all__ = ["Unsaved", "applied", "save"]

Document = Mapping[str, object]

# Changed as a whole, unlike the sections of the document.
_WHOLE = "postCallAnalyticsConfig"
# With which complaints begin.
_OPENINGS = frozenset({"a", "an", "at", "every", "two", "up"})
_INDEX = re.compile(r"\[(\d+)\]")


class Unsaved(Exception):
    """Nothing was stored: ``reading`` has the complaints, the last one about the whole form under an empty name."""

    def __init__(self, reading: Reading, document: Document) -> None:
        super().__init__()
        self.reading = reading
        # As it is stored, whoever wrote it.
        self.document = document


async def save(database: Database, agent: Agent, fields: Sequence[AnyField], form: Form) -> tuple[Agent, Reading]:
    """
    Store what somebody has changed in a form, and nothing where he has changed nothing.

    Returns:
        The agent as it is now, and what was read.

    Raises:
        Unsaved: There are complaints, or somebody else has changed the same fields since the form was made.
        Refused: 404, the agent is not there.
    """
    seen = read(fields, agent.document, form)
    if not (seen.changes or seen.complaints or seen.conflicts):
        return agent, seen

    def edit(document: Document) -> Document:
        nonlocal seen
        seen = read(fields, document, form)
        if seen.complaints or seen.conflicts:
            found = {**_complaints(document, seen.changes), **seen.complaints}
            raise Unsaved(replace(seen, complaints=found), document)
        try:
            return applied(document, seen.changes)
        except Refused as error:
            found = _complaints(document, seen.changes) or dict([_placed(error, seen.changes)])
            raise Unsaved(replace(seen, complaints=found), document) from error

    try:
        changed = await agents.change(database, agent.id, edit)
    except Refused as error:
        # The name by which pages know it is another agent's.
        raise Unsaved(replace(seen, complaints=dict([_placed(error, seen.changes)])), agent.document) from error
    if changed is None:
        raise Refused(404, "There is no such agent")
    return changed, seen


def applied(document: Document, changes: Sequence[Change]) -> dict[str, object]:
    """
    The document after changes, checked as the API checks them: only what is changed.

    Raises:
        Refused: 400, see ``agent_settings.merged``.
    """
    edited: Document = document
    sent: dict[str, object] = {}
    for change in changes:
        path = change.field.path
        edited = put(edited, path, change.value)
        top = path.partition(".")[0]
        if top == _WHOLE:
            sent[top] = edited.get(top)
        elif change.value is not None:
            sent = put(sent, path, change.value)
        elif isinstance(edited.get(top), Mapping):
            sent.setdefault(top, {})
    return merged(edited, sent)


def _complaints(document: Document, changes: Sequence[Change]) -> dict[str, str]:
    """What is wrong with each change by itself: the API stops at the first."""
    return dict(_placed(error, [part]) for change in changes for part, error in _refused(document, change))


def _refused(document: Document, change: Change) -> Iterator[tuple[Change, Refused]]:
    try:
        applied(document, [change])
    except Refused as whole:
        entries = change.value if isinstance(change.value, list) else []
        found = False
        for entry, row in zip(entries, change.rows, strict=False):
            part = replace(change, value=[entry], rows=(row,))
            try:
                applied(document, [part])
            except Refused as error:
                found = True
                yield part, error
        if not found:
            yield change, whole


def _placed(error: Refused, changes: Sequence[Change]) -> tuple[str, str]:
    """Beside which field a complaint of the API belongs, and what it says there; an empty name for none of them."""
    where, parted, said = error.message.partition(": ")
    path = _INDEX.sub(r".\1", where)
    for change in changes if parted else ():
        known = change.field.path
        if path != known and not path.startswith(f"{known}."):
            continue
        name = known
        index, _, inner = path.removeprefix(known).removeprefix(".").partition(".")
        if isinstance(change.field, Rows) and index.isdecimal() and int(index) < len(change.rows):
            name = change.rows[int(index)]
            name = f"{name}.{inner.partition('.')[0]}" if inner else name
        return name, _in_words(said)
    return "", _in_words(error.message)


def _in_words(said: str) -> str:
    """A complaint of the API with the labels of the form in place of the paths of the document."""
    for known in sorted(all_fields(), key=lambda known: -len(known.path)):
        if "." in known.path or f"{known.path}:" in said:
            said = said.replace(known.path, f"“{known.label}”")
    # Others begin with what was typed.
    return said[:1].upper() + said[1:] if said.partition(" ")[0] in _OPENINGS else said
