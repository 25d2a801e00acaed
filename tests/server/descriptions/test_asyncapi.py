"""The sockets' description has every message, field and code of the code, and takes every published message."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import msgspec
import pytest

from tests.doc_names import SOURCE, calls_of, first_names, texts_in
from tests.doc_pages import page, section
from tests.server.descriptions.published import golden, published
from vivavoce.errors import Refused
from vivavoce.server.descriptions.asyncapi import CHANNELS, asyncapi_document
from vivavoce.wire import (
    atoms,
    atoms_extended_messages,
    atoms_messages,
    formats,
    synthflow,
    synthflow_messages,
    variables,
)
from vivavoce.wire.extension import extension_from_url

Json = dict[str, Any]

DOCUMENT = asyncapi_document("1.2.3")
UNIONS = {
    "atoms": (atoms_messages.ClientMessage, atoms_messages.ServerMessage),
    "atoms-extended": (
        atoms_messages.ClientMessage | atoms_extended_messages.ClientMessage,
        atoms_messages.ServerMessage | atoms_extended_messages.ServerMessage,
    ),
    "synthflow": (synthflow_messages.ClientMessage, synthflow_messages.ServerMessage),
}
# What is no struct, because it is sound.
SOUND = {
    "atoms": ({*()}, {"output_audio.delta"}),
    "atoms-extended": ({"microphone_frame"}, {"output_audio.delta", "voice_frame"}),
    "synthflow": ({"microphone_audio"}, {"agent_audio"}),
}
# What the extension adds to messages that both wires have.
ADDED = {"atoms-extended": {"seq", "turn", "ext"}}
# Wires that are not ours alone.
PUBLISHED = ("atoms", "synthflow")
PLAIN_AND_EXTENDED = ("atoms", "atoms-extended")


def resolved(reference: str) -> Any:
    """What a reference of the document leads to."""
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def references(value: object) -> Iterator[str]:
    """All references below a value."""
    match value:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for entry in value.values():
                yield from references(entry)
        case list() | tuple():
            for entry in value:
                yield from references(entry)


def messages(channel: str, action: str) -> dict[str, Json]:
    """The messages of one direction, by their words on the wire."""
    operation = DOCUMENT["operations"][f"{channel}.{action}"]
    found = [resolved(resolved(entry["$ref"])["$ref"]) for entry in operation["messages"]]
    return {message["name"]: message for message in found}


@cache
def validator(channel: str, action: str, name: str) -> jsonschema_rs.Draft202012Validator:
    """Of the payload of a message."""
    payload = messages(channel, action)[name]["payload"]
    return jsonschema_rs.Draft202012Validator({**payload, "components": DOCUMENT["components"]})


def is_valid(channel: str, action: str, message: Json) -> bool:
    return message["type"] in messages(channel, action) and validator(channel, action, message["type"]).is_valid(
        message
    )


# -- the document itself ------------------------------------------------------------------------------------------


def test_it_is_whole() -> None:
    """Rule: it says what AsyncAPI 3 asks for, can be written as JSON, and every reference in it leads somewhere."""
    document = json.loads(msgspec.json.encode(DOCUMENT))
    found = set(references(document))

    assert ("3.0.0", "1.2.3") == (document["asyncapi"], document["info"]["version"])
    assert len(found) > 50
    for reference in found:
        assert resolved(reference) is not None
    for server in document["servers"].values():
        assert {"host", "protocol"} <= server.keys()
    for operation in document["operations"].values():
        assert operation["action"] in ("send", "receive")


def test_a_public_url_is_where_the_sockets_are() -> None:
    """Rule: https means wss, and the path of the URL comes before ours."""
    servers = asyncapi_document("1", public_url="https://voice.example/live/")["servers"]

    assert {"/live/atoms/v1", "/live/api/v1", "/live"} == {server["pathname"] for server in servers.values()}
    assert {("wss", "voice.example")} == {(server["protocol"], server["host"]) for server in servers.values()}


@pytest.mark.parametrize("channel", UNIONS)
def test_every_path_is_described(channel: str) -> None:
    """Rule: the channel's address on each of its servers is what the dialect is spoken on."""
    dialect = synthflow.DIALECT if channel == "synthflow" else atoms.DIALECT
    found = DOCUMENT["channels"][channel]
    paths = {resolved(server["$ref"])["pathname"].rstrip("/") + found["address"] for server in found["servers"]}

    assert set(dialect.paths) == paths


@pytest.mark.parametrize("channel", UNIONS)
def test_every_message_of_the_code_is_described(channel: str) -> None:
    """Rule: both directions have exactly the messages of the unions, and the sound."""
    for action, union, sound in zip(("receive", "send"), UNIONS[channel], SOUND[channel], strict=True):
        tags = {member.__struct_config__.tag for member in get_args(union) or (union,)}

        assert tags | sound == messages(channel, action).keys()


@pytest.mark.parametrize("channel", UNIONS)
def test_every_field_of_the_code_is_described(channel: str) -> None:
    """Rule: a payload has the fields of its struct by their names on the wire, and the type."""
    for action, union in zip(("receive", "send"), UNIONS[channel], strict=True):
        for member in get_args(union) or (union,):
            fields = {"type"} | {field.encode_name for field in msgspec.structs.fields(member)}
            payload = messages(channel, action)[member.__struct_config__.tag]["payload"]
            described = resolved(payload["$ref"])["properties"].keys()

            assert fields <= described
            assert described - fields <= ADDED.get(channel, set())


def test_what_is_laid_over_a_type_is_about_its_fields() -> None:
    """Rule: a finer schema names no field that the type has not, or it would describe what is not there."""
    for channel in CHANNELS:
        for message in (*channel.receives, *channel.sends):
            fields = (
                {field.encode_name for field in msgspec.structs.fields(message.payload)} if message.payload else set()
            )

            assert message.finer.get("properties", {}).keys() <= fields


def query_of(channel: str) -> Json:
    """The schema of the URL's parameters."""
    return dict(DOCUMENT["channels"][channel]["bindings"]["ws"]["query"])


def test_every_query_parameter_is_described() -> None:
    """Rule: the same as the documentation's table, which is compared with what the handshake reads."""
    query, extended = (query_of(channel)["properties"] for channel in PLAIN_AND_EXTENDED)
    further = first_names(section("wire-extension.md", "Resume"))
    asked = first_names(section("wire-extension.md", "Ask for it"))

    assert first_names(section("protocol.md", "Query parameters")) | further == extended.keys()
    assert asked & extended.keys() | further == extended.keys() - query.keys()
    assert [*formats.input_tokens(with_opus=True)] == query["input_audio_format"]["enum"]
    for name in variables.RESERVED:
        assert f"`{name}`" in query["variables"]["description"]


def test_every_error_code_is_described() -> None:
    """Rule: all codes that any part of the server can send, and no other."""
    plain, extended = (DOCUMENT["channels"][channel]["x-error-codes"].keys() for channel in PLAIN_AND_EXTENDED)

    assert first_names(section("errors.md", "Error codes")) == extended
    assert {"resume_failed"} == extended - plain


def test_every_refusal_is_said_by_the_code() -> None:
    """Rule: a status and a text that stand in the description stand in the code too."""
    said = set[tuple[int, str]]()
    for file in [*(SOURCE / "server").glob("*.py"), *(SOURCE / "wire").glob("*.py")]:
        for name, call in calls_of(file):
            if name == "Refused" and len(call.args) > 1:
                status = getattr(call.args[0], "value", 0)
                said |= {(status, text) for text in texts_in(call.args[1])}
    for wrong in ({"input_audio_format": "x"}, {"output_audio_format": "x"}, {"sample_rate": "x"}):
        with pytest.raises(Refused) as refused:
            formats.from_url(wrong)
        said.add((refused.value.status, " ".join(refused.value.message.split()[:2])))
    for wrong in ({"ext": "x"}, {"ext": "1", "frames": "x"}, {"ext": "1", "opus": "x"}):
        with pytest.raises(Refused) as refused:
            extension_from_url(wrong)
        said.add((refused.value.status, " ".join(refused.value.message.split()[:2])))
    with pytest.raises(Refused) as refused:
        synthflow.formats_from_url({"rate": "1"})
    said.add((refused.value.status, " ".join(refused.value.message.split()[:2])))
    for channel in DOCUMENT["channels"].values():
        assert {(one["status"], one["text"]) for one in channel["x-refusals"]} <= said


# -- messages that were published ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "line", "after"), golden(), ids=lambda value: getattr(value, "stem", ""))
def test_it_takes_the_golden_conversations(file: Path, line: Json, after: Json | None) -> None:
    """Rule: whatever the codec sends or understands fits; what has a wrong type or lacks a field does not."""
    message = line["message"]
    if line["direction"] == "server":
        assert is_valid("atoms", "send", message)
    elif "received" in line:
        # Of a type that it does not know, a client is told once.
        assert is_valid("atoms", "receive", message) or message["type"] not in messages("atoms", "receive")
    elif after and re.search(r"Expected|required", after["message"].get("message", "")):
        assert not (isinstance(message, dict) and is_valid("atoms", "receive", {"type": "", **message}))


@pytest.mark.parametrize(
    ("file", "line", "after"), golden("atoms-extended"), ids=lambda value: getattr(value, "stem", "")
)
def test_it_takes_the_golden_conversations_of_the_extension(file: Path, line: Json, after: Json | None) -> None:
    """Rule: the same, and on each socket the parameters with which it was opened fit."""
    message, is_sent = line.get("message"), line["direction"] == "server"
    if "connect" in line:
        given = {name: int(text) if text.isdigit() else text for name, text in line["connect"].items()}

        assert jsonschema_rs.is_valid(query_of("atoms-extended"), given)
        assert given.keys() <= query_of("atoms-extended")["properties"].keys()
    elif message is None:
        # Sound, whose bytes no schema describes.
        assert ("voice_frame" if is_sent else "microphone_frame") in messages(
            "atoms-extended", "send" if is_sent else "receive"
        )
    elif is_sent:
        assert is_valid("atoms-extended", "send", message)
    elif "received" in line or line.get("lost"):
        assert is_valid("atoms-extended", "receive", message)
    elif after and re.search(r"Expected|required", after["message"].get("message", "")):
        assert not is_valid("atoms-extended", "receive", message)


def test_it_takes_the_examples_of_the_extensions_page() -> None:
    """Rule: all of them, each in one direction."""
    examples = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", page("wire-extension.md"), re.DOTALL)]
    for example in examples:
        (action,) = (action for action in ("receive", "send") if example["type"] in messages("atoms-extended", action))

        assert is_valid("atoms-extended", action, example), example
    assert {"session.created", "playback", "caption", "hold", "ping"} <= {example["type"] for example in examples}


@pytest.mark.parametrize(
    ("name", "without"), [("caption", "seq"), ("output_audio.delta", "turn"), ("transcript", "seq")]
)
def test_a_numbered_message_without_its_numbers_does_not_fit(name: str, without: str) -> None:
    """Rule: of the extension; on the plain wire there are none."""
    example = next(
        line["message"] for _, line, _ in golden("atoms-extended") if line.get("message", {}).get("type") == name
    )
    rest = {field: value for field, value in example.items() if field != without}

    assert is_valid("atoms-extended", "send", example)
    assert not is_valid("atoms-extended", "send", rest)


@pytest.mark.parametrize("action", ["receive", "send"])
def test_it_takes_the_examples_of_the_documentation(action: str) -> None:
    """Rule: a reader of either page may rely on both."""
    for name in messages("atoms", action):
        (example,) = re.findall(r"```json\n(.*?)```", section("protocol.md", name), re.DOTALL)

        assert is_valid("atoms", action, json.loads(example)), name
    assert "## Messages of the server" in page("protocol.md")


def both_ways(channel: str) -> Iterator[tuple[str, Json]]:
    """The published messages, each with the action of its direction."""
    for message in published()["protocols"][f"{channel}_ws"]["messages"]:
        yield ("receive" if message["direction"] == "client_to_server" else "send"), message


@pytest.mark.parametrize("channel", PUBLISHED)
def test_it_takes_the_published_examples(channel: str) -> None:
    """Rule: every valid example fits the schema of its message, in the form that we send it."""
    tried = 0
    for action, message in both_ways(channel):
        for example in message.get("valid_examples", ()):
            tried += 1
            # Fields that are optional and that we always send.
            required = resolved(messages(channel, action)[message["type"]]["payload"]["$ref"])["required"]
            ours = {"timestamp": "2026-07-02T10:30:45.123456", "input_audio_format": "pcm_24000"}
            ours |= {"output_audio_format": "pcm_24000"}
            added = {name: ours[name] for name in required if name not in example}

            assert is_valid(channel, action, added | example), example
            assert action == "send" or not added

    assert tried >= 2


def test_it_refuses_what_is_published_as_invalid() -> None:
    """Rule: an example that must be answered with an error does not fit, where a schema can tell."""
    tried = 0
    for action, message in both_ways("atoms"):
        for example in message.get("invalid_examples", ()):
            if "message" in example and example["expect"]["code"] in ("invalid_event", "invalid_tools"):
                tried += 1

                assert not is_valid("atoms", action, example["message"]), example

    assert tried >= 6


@pytest.mark.parametrize("channel", PUBLISHED)
def test_it_has_the_published_messages_fields_and_choices(channel: str) -> None:
    """Rule: no published message, field or choice is missing."""
    for action, message in both_ways(channel):
        described = messages(channel, action)[message["type"] or message["name"]]
        if message["type"] is None:
            continue
        schema = resolved(described["payload"]["$ref"])

        assert message["required"].keys() <= schema["properties"].keys()
        assert message["optional"].keys() <= schema["properties"].keys()
        assert set(message["required"]) <= set(schema["required"])
        if roles := message["allowed"].get("role"):
            assert set(roles) <= set(schema["properties"]["role"]["enum"])


def test_it_has_the_published_addresses_parameters_and_codes() -> None:
    """Rule: paths, query parameters with their choices, refusals and close codes are those of the contract."""
    contract = published()["protocols"]["atoms_ws"]
    channel = DOCUMENT["channels"]["atoms"]
    query = channel["bindings"]["ws"]["query"]["properties"]
    codes = {str(entry["code"]) for entry in contract["close_codes"]}
    refusals = {(one["status"], one["text"]) for one in channel["x-refusals"]}

    assert {parameter["name"] for parameter in contract["query"]} == query.keys()
    for parameter in contract["query"]:
        allowed = [*parameter.get("allowed", []), *parameter.get("allowed_with_v3_1_voice", [])]

        assert set(allowed) <= set(query[parameter["name"]].get("enum", allowed))
        assert parameter.get("default") == query[parameter["name"]].get("default") or parameter["name"] == "variables"
    for refusal in contract["handshake_refusals"]:
        if text := refusal.get("text"):
            assert (refusal["http"], text) in refusals
    # The server never goes away by itself, and has no failures that it finds after the upgrade.
    assert codes - {"1001", "4000"} <= channel["x-close-codes"].keys()


def test_it_has_the_published_refusals_that_quote() -> None:
    """Rule: where a refusal goes on with the client's own value, its beginning is described."""
    quoting = [
        one["reason_phrase_contains"]
        for one in published()["protocols"]["atoms_ws"]["handshake_refusals"]
        if "reason_phrase_contains" in one
    ]
    texts = [one["text"] for one in DOCUMENT["channels"]["atoms"]["x-refusals"]]

    assert quoting
    assert all(any(phrase.startswith(text) for text in texts) for phrase in quoting)
