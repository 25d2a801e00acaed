"""The sentences for what is wrong with a message."""

import msgspec
import pytest

from vivavoce.wire.atoms_complaints import explained, invalid_event
from vivavoce.wire.dialect import Broken


class Inner(msgspec.Struct):
    text: str
    number: int | float | None = None


class Outer(msgspec.Struct):
    inner: list[Inner]
    flag: bool = False
    count: int = 0


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("{}", "inner is required"),
        ('{"inner":[{}]}', "inner[0].text is required"),
        ('{"inner":[{"text":"a"},{"text":1}]}', "inner[1].text: Expected string, got number"),
        ('{"inner":[{"text":"a","number":"x"}]}', "inner[0].number: Expected number or null, got string"),
        ('{"inner":[],"flag":1.5}', "flag: Expected boolean, got number"),
        ('{"inner":[],"count":1.5}', "count: Expected number, got a fraction"),
        ("[]", "Expected object, got array"),
    ],
)
def test_a_validation_error_names_the_field_in_json_words(message: str, sentence: str) -> None:
    """A page's developer writes JavaScript."""
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(message, type=Outer)

    assert sentence == explained(caught.value)


def test_a_part_is_named_within_its_field() -> None:
    """Where a field is read in a second step."""
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode('[{"text":1}]', type=list[Inner])

    assert "tools[0].text: Expected string, got number" == explained(caught.value, within="tools")


def test_a_sentence_is_never_long() -> None:
    """Names may be a client's own."""
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"type": "x" * 10_000}, type=msgspec.defstruct("Tagged", [], tag="a"))

    assert len(explained(caught.value)) <= 300
    assert Broken("invalid_event", "x" * 300) == invalid_event("x" * 1000)
