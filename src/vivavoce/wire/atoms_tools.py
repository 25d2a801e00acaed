"""
The tools that a page declares over the Atoms wire, and the calls that it is asked to make.

Source: Atoms client tools (wire-spec 1.8).
"""

import re
from collections.abc import Collection
from typing import Literal

import msgspec

from vivavoce.speech import Tool, ToolCall
from vivavoce.wire.atoms_complaints import explained
from vivavoce.wire.atoms_messages import FunctionCall, FunctionCallResult, ToolDeclaration
from vivavoce.wire.dialect import Broken, ToolOutput, ToolsDeclared
from vivavoce.wire.texts import is_longer, storable

__all__ = ["LARGEST_DECLARATION_BYTES", "LARGEST_OUTPUT_BYTES", "ArgumentsAs", "answered", "asked", "declared"]

# How ``function_call.arguments`` is written: ``auto`` is an object for tools that the page has declared
# and text for tools that the agent's configuration owns, as either's documentation has it.
ArgumentsAs = Literal["auto", "object", "string"]

# Source: wire-spec 1.8.3, measured in UTF-8.
LARGEST_OUTPUT_BYTES = 65536
# Source: wire-spec 1.8.1.
_SHORTEST_TIMEOUT_MS, _DEFAULT_TIMEOUT_MS, _LONGEST_TIMEOUT_MS = 1000, 15000, 60000
# No source names a limit: this is more than any model reads. In bytes of JSON.
LARGEST_DECLARATION_BYTES = 262144
# What language models take in one request and as a function's name.
# Source: OpenAI API reference, ``tools`` and ``tools[].function.name``.
_MOST_TOOLS = 128
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")

_DECLARATIONS = msgspec.json.Decoder(list[ToolDeclaration])


def declared(
    tools: msgspec.Raw, *, configured_names: Collection[str], managed_by_config: bool
) -> ToolsDeclared | Broken | None:
    """
    What ``session.update`` declares; None where it declares nothing (no ``tools``, or null).

    Args:
        tools: The JSON of the field.
        configured_names: Names of the agent's own enabled tools, which a page cannot take.
        managed_by_config: The agent's configuration owns the client tools, so a page declares none.
    """
    raw = bytes(tools)
    if raw == b"null":
        return None
    if managed_by_config:
        message = "the agent's configuration owns its client tools; session.update cannot declare any"
        return Broken("client_tools_managed_by_config", message)
    if len(raw) > LARGEST_DECLARATION_BYTES:
        return Broken("invalid_tools", f"tools: longer than {LARGEST_DECLARATION_BYTES} bytes of JSON")
    try:
        declarations = _DECLARATIONS.decode(tools)
    except msgspec.ValidationError as error:
        return Broken("invalid_tools", explained(error, within="tools"))
    except (ValueError, RecursionError):
        return Broken("invalid_tools", "tools cannot be read: too deeply nested, or not valid JSON")
    most = _MOST_TOOLS - len(configured_names)
    if len(declarations) > most:
        return Broken("invalid_tools", f"tools: at most {most} tools can be declared")
    taken = set(configured_names)
    for number, declaration in enumerate(declarations):
        if not _NAME.fullmatch(declaration.name):
            message = f"tools[{number}].name must be 1 to 64 of the characters a-z, A-Z, 0-9, _ and -"
            return Broken("invalid_tools", message)
        if declaration.parameters.get("type") != "object":
            message = f'tools[{number}].parameters must be a JSON Schema object with "type": "object"'
            return Broken("invalid_tools", message)
        if declaration.name in taken:
            whose = "the agent has" if declaration.name in configured_names else "this update has"
            message = f"tools[{number}].name: {whose} a tool {declaration.name} already"
            return Broken("tool_name_conflict", message)
        taken.add(declaration.name)
    return ToolsDeclared(tuple(map(_tool, declarations)))


def answered(result: FunctionCallResult) -> ToolOutput | Broken:
    """What a tool of the page has answered. Whether anybody asked is for the conversation to know."""
    if is_longer(result.output, LARGEST_OUTPUT_BYTES):
        return Broken("result_too_large", f"output is longer than {LARGEST_OUTPUT_BYTES} bytes of UTF-8")
    return ToolOutput(result.call_id, storable(result.output))


def asked(call: ToolCall, *, configured_names: Collection[str], arguments_as: ArgumentsAs) -> FunctionCall:
    """The message that asks the page to run a tool."""
    as_text = arguments_as == "string" or (arguments_as == "auto" and call.name in configured_names)
    arguments = call.arguments if _is_object(call.arguments) else "{}"
    return FunctionCall(call.id, call.name, arguments if as_text else msgspec.Raw(arguments.encode()))


def _tool(declaration: ToolDeclaration) -> Tool:
    asked_ms = _DEFAULT_TIMEOUT_MS if declaration.timeout_ms is None else declaration.timeout_ms
    return Tool(
        declaration.name,
        declaration.description,
        declaration.parameters,
        timeout_s=min(max(asked_ms, _SHORTEST_TIMEOUT_MS), _LONGEST_TIMEOUT_MS) / 1000,
        awaited=declaration.expects_response is not False,
    )


def _is_object(text: str) -> bool:
    # A model may garble its arguments. The tool then gets none and complains in its own words, which the model reads.
    try:
        msgspec.json.decode(text, type=dict)
    except (ValueError, RecursionError):
        return False
    return True
