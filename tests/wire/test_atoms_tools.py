"""Client tools on the Atoms wire: declaration, call and answer."""

import json
from typing import Any

import msgspec
import pytest

from vivavoce.speech import Tool, ToolCall
from vivavoce.wire.atoms_messages import FunctionCallResult
from vivavoce.wire.atoms_tools import LARGEST_DECLARATION_BYTES, ArgumentsAs, answered, asked, declared
from vivavoce.wire.dialect import Broken, ToolOutput, ToolsDeclared

BAD_NAME = "tools[0].name must be 1 to 64 of the characters a-z, A-Z, 0-9, _ and -"
SCHEMA = {"type": "object", "properties": {"order_id": {"type": "string"}}}


def declaration(**changes: object) -> dict[str, object]:
    return {
        "type": "function",
        "name": "lookup_order",
        "description": "Find an order.",
        "parameters": SCHEMA,
        **changes,
    }


def read(tools: object, *, managed: bool = False) -> ToolsDeclared | Broken | None:
    raw = msgspec.Raw(json.dumps(tools).encode())
    return declared(raw, configured_names={"open_page"}, managed_by_config=managed)


def only_tool(**changes: object) -> Tool:
    received = read([declaration(**changes)])
    assert isinstance(received, ToolsDeclared)
    (tool,) = received.tools
    return tool


def test_a_declared_tool_waits_15_seconds_for_its_answer() -> None:
    """The defaults of the contract."""
    assert Tool("lookup_order", "Find an order.", SCHEMA, timeout_s=15.0, awaited=True) == only_tool()


@pytest.mark.parametrize(
    ("timeout_ms", "timeout_s"),
    [(1000, 1.0), (60000, 60.0), (999, 1.0), (60001, 60.0), (-5, 1.0), (10**30, 60.0), (2500.5, 2.5005), (None, 15.0)],
)
def test_timeouts_are_clamped_to_1_and_60_seconds(timeout_ms: object, timeout_s: float) -> None:
    """Out of range is not an error."""
    assert timeout_s == only_tool(timeout_ms=timeout_ms).timeout_s


@pytest.mark.parametrize(("expects", "awaited"), [(True, True), (False, False), (None, True)])
def test_a_tool_may_be_fire_and_forget(expects: object, awaited: bool) -> None:
    """``expectsResponse`` is true unless it says otherwise."""
    assert awaited == only_tool(expectsResponse=expects).awaited


def test_a_declaration_has_a_largest_size() -> None:
    """What no model could read is refused before it is taken apart."""
    received = read([declaration(description="x" * LARGEST_DECLARATION_BYTES)])

    assert Broken("invalid_tools", "tools: longer than 262144 bytes of JSON") == received


def test_the_agents_own_tools_count() -> None:
    """Models take 128 tools; one of them is the agent's here."""
    assert isinstance(read([declaration(name=f"t{number}") for number in range(127)]), ToolsDeclared)
    too_many = read([declaration(name=f"t{number}") for number in range(128)])

    assert Broken("invalid_tools", "tools: at most 127 tools can be declared") == too_many


def test_an_empty_list_clears_the_tools() -> None:
    """It declares that there are none."""
    assert ToolsDeclared(()) == read([])


def test_null_declares_nothing() -> None:
    """Like an absent field."""
    assert read(None) is None


@pytest.mark.parametrize(
    ("tools", "complaint"),
    [
        ({}, "tools: Expected array, got object"),
        ("lookup", "tools: Expected array, got string"),
        ([7], "tools[0]: Expected object, got number"),
        ([declaration(), {"type": "function"}], "tools[1].name is required"),
        ([declaration(type="webhook")], "tools[0].type: Invalid value 'webhook'"),
        ([declaration(name="")], BAD_NAME),
        ([declaration(name="a b")], BAD_NAME),
        ([declaration(name="a\n")], BAD_NAME),
        ([declaration(description=None)], "tools[0].description: Expected string, got null"),
        ([declaration(parameters=[])], "tools[0].parameters: Expected object, got array"),
        ([declaration(timeout_ms="5")], "tools[0].timeout_ms: Expected number or null, got string"),
        ([declaration(expectsResponse=1)], "tools[0].expectsResponse: Expected boolean or null, got number"),
        (
            [declaration(parameters={"type": "array"})],
            'tools[0].parameters must be a JSON Schema object with "type": "object"',
        ),
        ([declaration(name=f"t{i}") for i in range(129)], "tools: at most 127 tools can be declared"),
    ],
)
def test_malformed_declarations_are_invalid_tools(tools: object, complaint: str) -> None:
    """The sentence points at the field."""
    assert Broken("invalid_tools", complaint) == read(tools)


@pytest.mark.parametrize(
    ("tools", "complaint"),
    [
        ([declaration(name="open_page")], "tools[0].name: the agent has a tool open_page already"),
        ([declaration(), declaration()], "tools[1].name: this update has a tool lookup_order already"),
    ],
)
def test_a_name_that_is_taken_is_a_conflict(tools: object, complaint: str) -> None:
    """By the agent's own tools or within the same update."""
    assert Broken("tool_name_conflict", complaint) == read(tools)


def test_a_page_declares_nothing_where_the_configuration_owns_the_tools() -> None:
    """Whatever it declares, an empty list included; ``session.update`` without tools stays harmless."""
    declarations: list[object] = [[declaration()], [], {}]
    for tools in declarations:
        received = read(tools, managed=True)

        assert isinstance(received, Broken)
        assert "client_tools_managed_by_config" == received.code
    assert read(None, managed=True) is None


@pytest.mark.parametrize(
    ("arguments_as", "name", "expected"),
    [
        ("auto", "lookup_order", {"a": 1}),
        ("auto", "open_page", '{"a": 1}'),
        ("object", "open_page", {"a": 1}),
        ("string", "lookup_order", '{"a": 1}'),
    ],
)
def test_arguments_are_an_object_or_its_text(arguments_as: ArgumentsAs, name: str, expected: object) -> None:
    """An object for what the page declared, text for what the agent's configuration owns, or as the server says."""
    call = ToolCall("fc_1", name, '{"a": 1}')
    message = json.loads(msgspec.json.encode(asked(call, configured_names={"open_page"}, arguments_as=arguments_as)))

    assert {"type": "function_call", "call_id": "fc_1", "name": name, "arguments": expected} == message


@pytest.mark.parametrize(
    "arguments", ["", "nonsense", "[1]", "null", "{", "[" * 100_000, '{"a":"\ud800"}', '{"a":NaN}']
)
@pytest.mark.parametrize(("arguments_as", "expected"), [("object", {}), ("string", "{}")])
def test_garbled_arguments_become_none(arguments: str, arguments_as: Any, expected: object) -> None:
    """What a model got wrong must not break the page's parser."""
    call = ToolCall("fc_1", "lookup_order", arguments)
    message = json.loads(msgspec.json.encode(asked(call, configured_names=(), arguments_as=arguments_as)))

    assert expected == message["arguments"]


def test_an_answer_may_be_64_kib_long_and_no_longer() -> None:
    """Counted in bytes of UTF-8."""
    full = "é" * 32768

    expected = Broken("result_too_large", "output is longer than 65536 bytes of UTF-8")

    assert ToolOutput("fc_1", full) == answered(FunctionCallResult("fc_1", full))
    assert expected == answered(FunctionCallResult("fc_1", full + "x"))


def test_zero_characters_in_an_answer_are_dropped() -> None:
    """They could not be stored."""
    assert ToolOutput("fc_1", "ok") == answered(FunctionCallResult("fc_1", "o\0k"))
