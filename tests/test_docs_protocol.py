"""The pages tell of every message, fact, reason and error of the wire, and of nothing else."""

import ast
import json
import re
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
import pytest

from tests.doc_names import SOURCE, calls_of, first_names, texts_in
from tests.doc_pages import page, rows, section
from vivavoce.client import messages as client_messages
from vivavoce.talk.facts import Fact
from vivavoce.wire import formats, variables
from vivavoce.wire.atoms import AtomsCodec
from vivavoce.wire.atoms_messages import ClientMessage, ServerMessage, ToolDeclaration
from vivavoce.wire.dialect import Broken, SessionNames

CLIENT_TAGS = {member.__struct_config__.tag: member for member in get_args(ClientMessage)}
SERVER_TAGS = {member.__struct_config__.tag: member for member in get_args(ServerMessage)}
# The one message that is not made by an encoder.
AUDIO_OUT = "output_audio.delta"


def example_of(tag: str) -> str:
    """The one piece of JSON below a message's heading."""
    (example,) = re.findall(r"```json\n(.*?)```", section("protocol.md", tag), re.DOTALL)
    return str(example)


@pytest.mark.parametrize("tag", [*CLIENT_TAGS, *SERVER_TAGS, AUDIO_OUT])
def test_every_message_is_told_with_its_fields_and_an_example(tag: str) -> None:
    """Each has a heading, a row for every field, and an example of its own type."""
    text = section("protocol.md", tag)
    structure: Any = {**CLIENT_TAGS, **SERVER_TAGS}.get(tag)
    fields = {field.encode_name for field in msgspec.structs.fields(structure)} if structure else {"audio"}
    if tag == "session.update":
        # Its rows are those of a tool.
        fields = {"type"} | {field.encode_name for field in msgspec.structs.fields(ToolDeclaration)}

    assert fields == first_names(text)
    assert tag == json.loads(example_of(tag))["type"]


@pytest.mark.parametrize("tag", CLIENT_TAGS)
def test_the_server_understands_the_examples_of_client_messages(tag: str) -> None:
    """The codec takes each of them for what it says, and complains of none."""
    names = SessionNames("session", "CALL-1776756378884-6a553c", datetime(2026, 7, 2, tzinfo=UTC))
    codec = AtomsCodec(names, formats.AudioFormats())
    received = codec.receive(example_of(tag).encode(), text=True)

    assert received is not None
    assert not isinstance(received, Broken)


@pytest.mark.parametrize("tag", [*SERVER_TAGS, AUDIO_OUT])
def test_a_client_understands_the_examples_of_server_messages(tag: str) -> None:
    """They have all that the server sends, nothing else, and our client knows them."""
    example = example_of(tag)
    message = client_messages.read(example.encode(), at_s=0.0, rate_hz=24000)

    assert not isinstance(message, client_messages.UnknownMessage)
    if tag in SERVER_TAGS:
        fields = {field.encode_name for field in msgspec.structs.fields(SERVER_TAGS[tag])}

        assert {"type"} | fields == set(json.loads(example))


def test_every_query_parameter_is_told() -> None:
    """What the handshake reads stands in the table, and nothing else."""
    read = {
        text
        for file in ("server/admission.py", "server/resumption.py", "wire/extension.py", "wire/formats.py")
        for node in ast.walk(ast.parse((SOURCE / file).read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("query.get")
        for text in texts_in(node.args[0])
    }

    assert read == first_names(section("protocol.md", "Query parameters"))


def test_every_audio_format_is_told() -> None:
    """In both directions, Opus and the fine rate included."""
    known = {*formats.input_tokens(with_opus=True), *formats.output_tokens((44100,))}

    assert known == first_names(section("protocol.md", "Audio formats"))


def test_every_reserved_variable_is_told() -> None:
    """A page that sets one of them must learn why it has no effect."""
    assert variables.RESERVED == first_names(section("protocol.md", "Variables"))


def test_every_reason_of_an_end_is_told() -> None:
    """Every word that a call can end with, wherever the code says it."""
    said = set[str]()
    for file in SOURCE.rglob("*.py"):
        if "testing" in file.parts:
            continue
        for name, call in calls_of(file):
            if name in ("_end", "leave", "ClientLeft", "CallEnded"):
                said |= {text for argument in call.args for text in texts_in(argument)}

    assert said == first_names(section("protocol.md", "How a call ends"))


def test_every_fact_is_told() -> None:
    """The list of facts is the call."""
    facts = {fact.__name__ for fact in get_args(Fact)}

    assert facts == {row[0].strip("`") for row in rows(section("protocol.md", "The facts of a call"))}


# -- errors ---------------------------------------------------------------------------------------------------


def test_every_error_code_is_told() -> None:
    """Every code that any part of the server can send has a row."""
    sent = set[str]()
    for folder in ("wire", "talk", "server"):
        for file in (SOURCE / folder).rglob("*.py"):
            for name, call in calls_of(file):
                place = {"Broken": 0, "Failed": 1, "error": 0}.get(name)
                if place is not None and len(call.args) > place:
                    sent |= {text for text in texts_in(call.args[place]) if re.fullmatch(r"[a-z_]+", text)}

    assert {"invalid_event", "invalid_tools", "tool_timeout", "internal_error"} <= sent
    assert sent <= first_names(section("errors.md", "Error codes"))


def test_every_refusal_is_told() -> None:
    """
    The words of every ``Refused`` of the server stand in the tables, whole or around what it fills in.

    Those of the console do not: its pages say beside the field what to do.
    """
    told = page("errors.md").replace("\\|", "|")
    worded = ("objection", "flaw", "_not_supported", "_complaint")
    said = set[str]()
    server = [file for file in (SOURCE / "server").rglob("*.py") if "console" not in file.parts]
    for file in [*server, *(SOURCE / "wire").glob("*.py"), SOURCE / "agent_settings.py"]:
        for name, call in calls_of(file):
            if name == "Refused":
                said |= set(texts_in(call.args[1]))
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name in worded:
                said |= {text for inner in ast.walk(node) if isinstance(inner, ast.Return) for text in texts_in(inner)}
    pieces = {piece.strip(" '.:,") for piece in said}
    wanted = {piece for piece in pieces if re.search(r"[A-Za-z]{4}", piece) and piece not in ("path", "value")}

    assert {"Invalid mode", "Agent not found", "No agent found"} <= wanted
    assert [] == sorted(piece for piece in wanted if piece.replace("\0", r"\u0000") not in told and piece not in told)
