"""JSON Schemas for people: a type in a few words, and an object as a table of its fields."""

from collections.abc import Mapping
from typing import Any

import msgspec

from vivavoce.server.descriptions.markup import Html, code, element, link, prose, table

__all__ = ["Json", "fields_of", "notes", "schema_section", "type_words"]

# A JSON object of a description; its values are whatever the specification says.
Json = Mapping[str, Any]

_LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "pattern": "matches {}",
    "format": "{}",
    "contentEncoding": "{}",
}
_MOST_CHOICES = 24


def type_words(schema: Json) -> Html:
    """What a value is: ``string``, a link to another schema, ``array of …``, the choices of an enumeration."""
    if reference := schema.get("$ref"):
        name = str(reference).rpartition("/")[2]
        return link(name, f"#schema-{name}")
    if "const" in schema:
        return code(_json(schema["const"]))
    if choices := schema.get("enum"):
        shown = [code(_json(choice)) for choice in choices[:_MOST_CHOICES]]
        return _between(shown + ([Html("…")] if len(choices) > _MOST_CHOICES else []), ", ")
    for word in ("anyOf", "oneOf"):
        if options := schema.get(word):
            return _between([type_words(option) for option in options], " or ")
    if parts := schema.get("allOf"):
        return _between([type_words(part) for part in parts], " and ")
    kind = schema.get("type", "anything")
    if isinstance(kind, list):
        return _between([type_words({**schema, "type": one}) for one in kind], " or ")
    if kind == "array" and isinstance(schema.get("items"), Mapping):
        return _between([Html("array of"), type_words(schema["items"])], " ")
    return element("span", str(kind))


def fields_of(schema: Json) -> Html:
    """The fields of an object as a table; nothing for another type, or an object of any fields."""
    required = set(schema.get("required", ()))
    rows = [
        (
            code(name),
            type_words(field),
            "yes" if name in required else "",
            notes(field),
        )
        for name, field in schema.get("properties", {}).items()
    ]
    return table(("field", "type", "required", ""), rows)


def schema_section(name: str, schema: Json) -> Html:
    """A named schema, with the anchor that ``type_words`` links to."""
    body = fields_of(schema) or element("p", type_words(schema))
    return element(
        "section",
        element("h3", name),
        prose(str(schema.get("description", ""))),
        body,
        id=f"schema-{name}",
    )


def notes(field: Json) -> Html:
    """What else is to be known about a field."""
    said = [str(field["description"]).strip().removesuffix(".")] if field.get("description") else []
    said += [words.format(f"`{field[key]}`") for key, words in _LIMITS.items() if key in field]
    if "default" in field and field["default"] not in (None, {}, []):
        default = _json(field["default"])
        said.append(f"default `{default}`" if len(default) <= 60 else "has a default")
    return prose("; ".join(said))


def _between(parts: list[Html], joint: str) -> Html:
    return Html(joint.join(parts))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
