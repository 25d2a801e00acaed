"""The sentences for what is wrong with a JSON value."""

from typing import Annotated, Literal

import msgspec
import pytest

from vivavoce.complaints import REST, SOCKET, Words, complaint


class Inner(msgspec.Struct):
    text: str
    number: int | float | None = None


class Outer(msgspec.Struct):
    inner: list[Inner]
    flag: bool = False
    choice: Literal["one", "two"] = "one"
    short: Annotated[str, msgspec.Meta(min_length=1)] = "x"
    table: dict[str, int] = {}
    counted: dict[int, int] = {}


def finding(value: object, type_: object = Outer) -> str:
    """What msgspec says of a value."""
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(msgspec.json.encode(value), type=type_)
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "rest", "socket"),
    [
        ({}, "inner: Required", "inner is required"),
        ({"inner": [{}]}, "inner[0].text: Required", "inner[0].text is required"),
        (
            {"inner": [{"text": "a"}, {"text": 1}]},
            "inner[1].text: Expected string, received number",
            "inner[1].text: Expected string, got number",
        ),
        (
            {"inner": [{"text": "a", "number": "x"}]},
            "inner[0].number: Expected number or null, received string",
            "inner[0].number: Expected number or null, got string",
        ),
        (
            {"inner": [], "flag": 1.5},
            "flag: Expected boolean, received number",
            "flag: Expected boolean, got number",
        ),
        ([], "Expected object, received array", "Expected object, got array"),
    ],
)
def test_the_field_is_named_in_the_words_of_json(value: object, rest: str, socket: str) -> None:
    """Rule: a page's developer writes JavaScript; REST and socket have their own ways of putting it."""
    found = finding(value)

    assert rest == complaint(found, words=REST)
    assert socket == complaint(found, words=SOCKET)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"inner": [], "choice": "three"}, "choice: Invalid enum value 'three'"),
        ({"inner": [], "short": ""}, "short: Expected string of length >= 1"),
        ({"inner": [], "table": {"a": "x"}}, "table[...]: Expected number, received string"),
        ({"inner": [], "counted": {"a": 1}}, "counted: Expected number, received string"),
    ],
)
def test_constraints_choices_and_tables_are_told_too(value: object, sentence: str) -> None:
    """Rule: no name of a Python type and no backtick reaches a client."""
    assert sentence == complaint(finding(value))


def test_a_part_is_named_within_its_field() -> None:
    """Rule: where a field is read in a second step, its path is that of the whole message."""
    in_a_list = finding([{"text": 1}], list[Inner])

    assert "tools[0].text: Expected string, received number" == complaint(in_a_list, within="tools")
    assert "tool.text: Required" == complaint(finding({}, Inner), within="tool")
    assert "page: Expected number, received string" == complaint("Expected `int`, got `str`", within="page")


def test_a_sentence_is_never_long() -> None:
    """Rule: names and choices may be a client's own."""
    tagged = msgspec.defstruct("Tagged", [], tag="a")

    assert len(complaint(finding({"type": "x" * 10_000}, tagged))) <= 300
    assert "choice: Invalid enum value '" + "y" * 40 + "'" == complaint(finding({"inner": [], "choice": "y" * 999}))
    assert 300 == len(complaint("Object missing required field `x`", within="w" * 999, words=Words("{}", "{}{}")))
