"""JSON Schemas in words."""

import re

import pytest

from vivavoce.server.descriptions.schema_tables import Json, fields_of, notes, schema_section, type_words


def plain(html: str) -> str:
    """What a reader sees."""
    return re.sub(r"<[^>]+>", "", html)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "string"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"enum": ["a", 1, None]}, '"a", 1, null'),
        ({"const": True}, "true"),
        ({"type": "array", "items": {"type": "integer"}}, "array of integer"),
        ({"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/Agent"}]}, "string or Agent"),
        ({"allOf": [{"type": "string"}, {"const": "x"}]}, 'string and "x"'),
        ({}, "anything"),
    ],
)
def test_a_type_is_a_few_words(schema: Json, words: str) -> None:
    """Rule: every form that our types take can be read."""
    assert words == plain(type_words(schema))


def test_a_reference_is_a_link_to_its_section() -> None:
    """Rule: a reader gets from a field to its type."""
    assert 'href="#schema-Agent"' in type_words({"$ref": "#/components/schemas/Agent"})
    assert 'id="schema-Agent"' in schema_section("Agent", {"type": "object"})


def test_a_field_tells_whether_it_is_required_its_limits_and_its_default() -> None:
    """Rule: whoever writes a request finds all that is checked."""
    schema = {
        "properties": {
            "name": {"type": "string", "minLength": 2, "maxLength": 50, "description": "Of the agent"},
            "page": {"type": "integer", "minimum": 1, "default": 1},
        },
        "required": ["name"],
    }
    shown = plain(fields_of(schema))

    assert "namestringyesOf the agent; at least 2 characters; at most 50 characters" in shown
    assert "pageintegerat least 1; default 1" in shown
    assert "" == fields_of({"type": "string"})
    assert "has a default" in notes({"default": list(range(100))})
