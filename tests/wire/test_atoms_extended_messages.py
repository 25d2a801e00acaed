"""The page of the extension and its messages tell the same."""

import json
import re
from typing import Any, get_args

import msgspec
import pytest

from tests.wire.extended_codec import extended
from tests.wire.golden import ROOT
from vivavoce.wire.atoms_extended import ACKNOWLEDGED_EVERY
from vivavoce.wire.atoms_extended_messages import ClientMessage, Ext, ServerMessage
from vivavoce.wire.dialect import Broken

PAGE = (ROOT / "docs" / "wire-extension.md").read_text("utf-8")
EXAMPLES: list[dict[str, Any]] = [
    json.loads(line)
    for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    for line in re.sub(r"\n +", " ", block).splitlines()
]
# Sent to its socket alone, so without a number of its own: that of ``input_ack`` is the client's.
UNNUMBERED = {"input_ack", "pong"}


def fields_of(structure: Any) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(structure)}


def rows_of(heading: str) -> dict[str, str]:
    """The tables of a section: the name in the first column, and the rest of the row."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.*)$", section, re.MULTILINE))


@pytest.mark.parametrize("structure", get_args(ServerMessage), ids=lambda one: one.__struct_config__.tag)
def test_every_message_of_the_server_stands_on_the_page_with_its_fields(structure: Any) -> None:
    """As an example, or as a row that names the fields."""
    tag = structure.__struct_config__.tag
    examples = [example for example in EXAMPLES if example["type"] == tag]
    numbered = set() if tag in UNNUMBERED else {"seq"}
    if examples:
        assert [{"type"} | numbered | fields_of(structure)] * len(examples) == [set(one) for one in examples]
    else:
        told = rows_of("What else the server tells")[tag].split("|")[0]

        assert fields_of(structure) == set(re.findall(r"`(\w+)`", told))


@pytest.mark.parametrize("structure", get_args(ClientMessage), ids=lambda one: one.__struct_config__.tag)
def test_every_message_of_the_client_stands_on_the_page_as_an_example(structure: Any) -> None:
    """With all of its fields, and the server understands it."""
    tag = structure.__struct_config__.tag
    (example,) = [example for example in EXAMPLES if example["type"] == tag]
    received = extended().receive(json.dumps(example).encode(), text=True)

    assert {"type"} | fields_of(structure) == set(example)
    assert received is not None
    assert not isinstance(received, Broken)


def test_the_terms_of_the_extension_stand_on_the_page() -> None:
    """The fields of ``ext``, in the example and in the table."""
    (created,) = [example["ext"] for example in EXAMPLES if "ext" in example]

    assert fields_of(Ext) == set(created)
    assert fields_of(Ext) <= set(rows_of("Ask for it"))


def test_the_page_says_how_often_messages_are_acknowledged() -> None:
    """In words."""
    assert 12 == ACKNOWLEDGED_EVERY
    assert "every twelfth numbered message" in PAGE
