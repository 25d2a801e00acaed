"""
The tools of an agent's document: which of them work here, who runs each, and what a call is told of it.

Source: Atoms tool objects (wire-spec 2.3 and 1.8.5). How a client tool's fields are called on the wire is documented
for its page only, so the names that stand for the same thing elsewhere in the document are understood too.
"""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vivavoce.engine_work import OwnTool
from vivavoce.server.knowledge_search import search_of
from vivavoce.speech import Tool
from vivavoce.talk.brief import END_CALL, Brief
from vivavoce.wire.variables import Value, fill

__all__ = ["TOOL_NAME", "TOOL_NAME_RULE", "AgentTools", "runners", "tools_of", "with_tools"]

log = logging.getLogger(__name__)

# What language models take as a function's name. Source: OpenAI API reference, ``tools[].function.name``.
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
TOOL_NAME_RULE = "a name of 1 to 64 of the characters a-z, A-Z, 0-9, _ and -"
# The page of the dashboard begins with 1 s (wire-spec 1.8.5, C6); the limits are those of 1.8.1.
_DEFAULT_TIMEOUT_MS, _SHORTEST_TIMEOUT_MS, _LONGEST_TIMEOUT_MS = 1000, 1000, 60000
# A search takes milliseconds; a thread may have to be waited for.
_SEARCH_TIMEOUT_S = 5.0
_MOST_TOOLS = 64
_MOST_FILLERS, _LONGEST_FILLER_LETTERS = 20, 200
_JSON_TYPES = {"text": "string", "string": "string", "number": "number", "integer": "integer", "boolean": "boolean"}

_SEARCH = "knowledge_base_search"
_ABOUT_SEARCH = "Searches the knowledge text for what the visitor asks. Answers with what it says about that."
_QUERY: Mapping[str, object] = {
    "type": "object",
    "properties": {"query": {"type": "string", "description": "What to look for, in a few words."}},
    "required": ["query"],
}


@dataclass(frozen=True, slots=True)
class AgentTools:
    """
    The tools of one call's agent.

    Args:
        client: Those that the page runs.
        searches: Those of the server that search the knowledge text.
        hang_up: Those by which the model ends the call.
        names: Of all that are switched on, those included that do not work here: no page may take them.
        managed_by_config: The page may declare none at all.
    """

    client: tuple[Tool, ...]
    searches: tuple[Tool, ...]
    hang_up: tuple[Tool, ...]
    names: frozenset[str]
    managed_by_config: bool


def tools_of(agent: Mapping[str, Any], *, searches: bool = False) -> AgentTools:
    """
    The tools in an agent's document; what cannot be a tool is passed over, with a line in the log.

    Args:
        agent: The document.
        searches: Its knowledge has to be searched: without a tool for that it has one all the same, unless its author
            has switched it off.
    """
    client, found, hang_up = list[Tool](), list[Tool](), list[Tool]()
    names = set[str]()
    for document in _enabled(agent):
        kind, name = document["type"], document["name"]
        if name in names:
            log.warning("agent %s: a second tool of the name %s is passed over", agent.get("_id"), name)
            continue
        names.add(name)
        tool = Tool(name, _text(document, "description"), fillers=_fillers(document))
        match kind:
            case "client_tool":
                client.append(_awaited(replace(tool, parameters=_parameters(document)), document))
            case "knowledge_base_search":
                about = tool.description or _ABOUT_SEARCH
                found.append(replace(tool, description=about, parameters=_QUERY, timeout_s=_SEARCH_TIMEOUT_S))
            case "end_call":
                # The built-in brain knows it by our own name, so the author's is a second one.
                hang_up += [replace(tool, name=known) for known in dict.fromkeys((END_CALL.name, name))]
    hang_up = [replace(tool, description=tool.description or END_CALL.description) for tool in hang_up]
    kinds = {tool.get("type") for tool in _documents(agent)}
    if not hang_up and END_CALL.name not in kinds:
        hang_up = [END_CALL]
    if searches and _SEARCH not in kinds | names:
        found.append(Tool(_SEARCH, _ABOUT_SEARCH, parameters=_QUERY, timeout_s=_SEARCH_TIMEOUT_S))
        names.add(_SEARCH)
    managed = agent.get("clientToolsManagedByConfig") is True
    return AgentTools(tuple(client), tuple(found), tuple(hang_up), frozenset(names), managed)


def with_tools(brief: Brief, tools: AgentTools, variables: Mapping[str, Value], *, page_runs_tools: bool) -> Brief:
    """The brief with the agent's tools, placeholders filled in; the page's only where its wire can ask for them."""

    def filled(tool: Tool) -> Tool:
        fillers = tuple(fill(phrase, variables) for phrase in tool.fillers)
        return replace(tool, description=fill(tool.description, variables), fillers=fillers)

    runnable = (*(tools.client if page_runs_tools else ()), *tools.searches)
    return replace(brief, tools=tuple(map(filled, runnable)), hang_up=tuple(map(filled, tools.hang_up)))


def runners(knowledge: str, tools: AgentTools, variables: Mapping[str, Value]) -> Mapping[str, OwnTool]:
    """How the server runs its tools, by their names; ``knowledge`` is all that the agent knows."""
    search = search_of(fill(knowledge, variables)) if tools.searches else None
    return {} if search is None else {tool.name: search for tool in tools.searches}


def _enabled(agent: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The documents of the tools that are switched on and have a type and a possible name."""
    for number, document in enumerate(_documents(agent)):
        if document.get("enabled") is False:
            continue
        kind = document.get("type")
        name = document.get("name", kind)
        if isinstance(kind, str) and isinstance(name, str) and TOOL_NAME.fullmatch(name):
            yield {**document, "name": name}
        else:
            log.warning(
                "agent %s: tools[%d] is passed over: it needs a type, and %s", agent.get("_id"), number, TOOL_NAME_RULE
            )


def _documents(agent: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    config = agent.get("singlePromptConfig")
    tools = config.get("tools") if isinstance(config, Mapping) else None
    found = [tool for tool in tools if isinstance(tool, Mapping)] if isinstance(tools, list | tuple) else []
    if len(found) > _MOST_TOOLS:
        log.warning("agent %s has %d tools: only %d are used", agent.get("_id"), len(found), _MOST_TOOLS)
    return found[:_MOST_TOOLS]


def _awaited(tool: Tool, document: Mapping[str, Any]) -> Tool:
    """The tool with how long, and whether, it is waited for."""
    asked_ms = next(
        (
            float(value)
            for name in ("timeout_ms", "timeoutMs", "timeout")
            if isinstance(value := document.get(name), int | float) and not isinstance(value, bool)
        ),
        _DEFAULT_TIMEOUT_MS,
    )
    waits = all(document.get(name) is not False for name in ("expectsResponse", "waitForResponse"))
    return replace(tool, timeout_s=min(max(asked_ms, _SHORTEST_TIMEOUT_MS), _LONGEST_TIMEOUT_MS) / 1000, awaited=waits)


def _parameters(document: Mapping[str, Any]) -> Mapping[str, object]:
    """The JSON Schema of the arguments: as it stands, or made of a list of named parameters."""
    given = document.get("parameters")
    if isinstance(given, Mapping):
        return given if given.get("type") == "object" else {"type": "object", "properties": {}}
    properties, required = dict[str, object](), list[str]()
    for parameter in given if isinstance(given, list | tuple) else ():
        if not isinstance(parameter, Mapping) or not (name := _text(parameter, "name")):
            continue
        values = parameter.get("values")
        named = _JSON_TYPES.get(_text(parameter, "type"), "string")
        schema: dict[str, object] = {"type": named, "description": _text(parameter, "description")}
        if isinstance(values, list) and values:
            schema["enum"] = values
        properties[name] = schema
        if parameter.get("required") is True:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required}


def _fillers(document: Mapping[str, Any]) -> tuple[str, ...]:
    given = document.get("fillerPhrases")
    texts = [text.strip() for text in given if isinstance(text, str)] if isinstance(given, list | tuple) else []
    return tuple(text[:_LONGEST_FILLER_LETTERS] for text in texts[:_MOST_FILLERS] if text)


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return value.strip() if isinstance(value, str) else ""
