"""
The form of an agent's widget: what it shows of a document, and which document it makes of what was typed.

What the document says already is left as its author wrote it, and so is what the form does not know.
"""

from collections.abc import Mapping

import msgspec

from vivavoce.agent_settings import Document, merged
from vivavoce.errors import Refused
from vivavoce.server.console.forms import Form
from vivavoce.server.console.widget_fields import DEFAULTS, GROUPS, WidgetField
from vivavoce.server.embed_limits import limits_of
from vivavoce.server.rest.widget_config import changed_widget, widget_of

__all__ = ["changed", "complaints", "sent", "shown"]

_FIELDS: Mapping[str, WidgetField] = {field.name: field for group in GROUPS for field in group.fields}


def shown(document: Document) -> dict[str, object]:
    """
    The fields of the form as a document has them: text, or a boolean of a flag.

    A text or number that is the default shows as an empty field.
    """
    stored = _stored(document)
    return {name: _typed(field, stored[name]) for name, field in _FIELDS.items()}


def sent(form: Form) -> dict[str, object]:
    """The same as a form has sent it."""
    return {
        name: form.flag(name) if field.kind == "flag" else form.text(name).replace("\r\n", "\n")
        for name, field in _FIELDS.items()
    }


def changed(document: Document, fields: Mapping[str, object]) -> dict[str, object]:
    """
    A document with what the form says; what it says already is left as it was written.

    Raises:
        Refused: 400 for the first field that does not fit.
    """
    for name, value in _news(document, fields).items():
        document = _with(document, _FIELDS[name], value)
    return dict(document)


def complaints(document: Document, fields: Mapping[str, object]) -> dict[str, str]:
    """What is wrong, field by field, in the API's words."""
    found: dict[str, str] = {}
    for name, value in _news(document, fields).items():
        try:
            _with(document, _FIELDS[name], value)
        except Refused as error:
            found[name] = error.message.removeprefix(f"{_FIELDS[name].path}: ")
    return found


def _news(document: Document, fields: Mapping[str, object]) -> dict[str, object]:
    """The values that differ from those of the document; None for a default."""
    before = shown(document)
    return {
        name: _meant(_FIELDS[name], value)
        for name, value in fields.items()
        if name in _FIELDS and _plain(_FIELDS[name], value) != _plain(_FIELDS[name], before[name])
    }


def _plain(field: WidgetField, value: object) -> object:
    """A value as it comes back from a browser in which nobody has typed: without the space around it."""
    if not isinstance(value, str):
        return value
    lines = value.strip().splitlines()
    return "\n".join(lines) if field.kind in ("long", "hosts") else "".join(lines)


def _with(document: Document, field: WidgetField, value: object) -> dict[str, object]:
    if field.kind != "limit":
        return changed_widget(document, {field.name: value})
    return merged(document, {"embedLimits": {field.name: DEFAULTS[field.name] if value is None else value}})


def _stored(document: Document) -> dict[str, object]:
    widget: dict[str, object] = msgspec.to_builtins(widget_of("", document))
    limits: dict[str, object] = msgspec.to_builtins(limits_of(document))
    return {**widget, **limits}


def _typed(field: WidgetField, value: object) -> object:
    """A value of the document as the form shows it."""
    match field.kind:
        case "flag":
            return value
        case "choice":
            return str(value)
        case "hosts":
            return "\n".join(map(str, value)) if isinstance(value, list | tuple) else ""
        case _ if value is None or value == DEFAULTS[field.name]:
            return ""
        case _:
            return f"{value:g}" if isinstance(value, float) else str(value)


def _meant(field: WidgetField, value: object) -> object:
    """What the form says as the document has it; what is no number stays text, for the API to complain about."""
    if not isinstance(value, str):
        return None if value == DEFAULTS[field.name] else value
    match field.kind:
        case "hosts":
            return [host for line in value.splitlines() if (host := line.strip())] or None
        case "number" | "limit":
            return _number(value) if value else None
        case _:
            return None if value in ("", DEFAULTS[field.name]) else value


def _number(text: str) -> object:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number
