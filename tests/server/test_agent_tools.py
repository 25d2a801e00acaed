"""From the tools of an agent's document to those of a call."""

import logging
from collections.abc import Mapping
from typing import Any

import pytest

from vivavoce.server.agent_tools import runners, tools_of, with_tools
from vivavoce.speech import Tool
from vivavoce.talk.brief import END_CALL, Brief


def agent(*tools: object, **more: object) -> Mapping[str, Any]:
    """An agent's document with these tools."""
    return {"_id": "a" * 24, "singlePromptConfig": {"tools": list(tools)}, **more}


def client_tool(**fields: object) -> dict[str, object]:
    """A tool that the page runs."""
    return {"type": "client_tool", "name": "show_map", "description": "Shows the map.", **fields}


def only(**fields: object) -> Tool:
    """What becomes of one client tool."""
    (tool,) = tools_of(agent(client_tool(**fields))).client
    return tool


def test_an_agent_without_tools_has_the_one_that_hangs_up() -> None:
    """Rule: our own default; a page may take any name and declare tools."""
    for document in ({}, agent(), {"singlePromptConfig": {"tools": "none"}}, {"singlePromptConfig": None}):
        tools = tools_of(document)

        assert ((), (), (END_CALL,), frozenset(), False) == (
            tools.client,
            tools.searches,
            tools.hang_up,
            tools.names,
            tools.managed_by_config,
        )


def test_a_client_tool_waits_one_second() -> None:
    """Rule (wire-spec 1.8.5, C6): the default of configured tools, and not that of declared ones."""
    parameters = {"type": "object", "properties": {}, "required": []}

    assert Tool("show_map", "Shows the map.", parameters, timeout_s=1.0) == only()


@pytest.mark.parametrize(
    ("fields", "timeout_s"),
    [({"timeout": 5000}, 5.0), ({"timeout_ms": 20}, 1.0), ({"timeoutMs": 10**9}, 60.0), ({"timeout": True}, 1.0)],
)
def test_the_wait_lies_between_1_and_60_seconds(fields: dict[str, object], timeout_s: float) -> None:
    """Rule (wire-spec 1.8.5)."""
    assert timeout_s == only(**fields).timeout_s


@pytest.mark.parametrize("name", ["expectsResponse", "waitForResponse"])
def test_a_client_tool_may_be_fire_and_forget(name: str) -> None:
    """Rule (wire-spec 1.8.5): without waiting no answer is expected."""
    assert not only(**{name: False}).awaited
    assert only(**{name: True}).awaited


def test_parameters_may_be_a_list() -> None:
    """Rule (wire-spec 1.8.5): name, type, description, required; they become a JSON Schema."""
    tool = only(
        parameters=[
            {"name": "place", "type": "text", "description": "Where.", "required": True},
            {"name": "zoom", "type": "number", "required": False},
            {"name": "kind", "type": "enum", "values": ["road", "air"]},
            {"description": "without a name"},
            "nothing",
        ]
    )

    assert {
        "type": "object",
        "properties": {
            "place": {"type": "string", "description": "Where."},
            "zoom": {"type": "number", "description": ""},
            "kind": {"type": "string", "description": "", "enum": ["road", "air"]},
        },
        "required": ["place"],
    } == tool.parameters


def test_parameters_may_be_a_schema() -> None:
    """Rule: a JSON Schema of an object stands as it is; any other would be refused by models."""
    schema = {"type": "object", "properties": {"place": {"type": "string"}}}

    assert schema == only(parameters=schema).parameters
    assert {"type": "object", "properties": {}} == only(parameters={"type": "string"}).parameters


def test_filler_phrases_are_taken_as_far_as_they_can_be_said() -> None:
    """Rule (wire-spec 1.8.5): texts, not too many and not too long."""
    assert ("One moment.", "Looking.") == only(fillerPhrases=[" One moment. ", "", 7, "Looking."]).fillers
    assert 20 == len(only(fillerPhrases=["Wait."] * 100).fillers)
    assert 200 == len(only(fillerPhrases=["w" * 1000]).fillers[0])
    assert () == only(fillerPhrases="Wait.").fillers


def test_the_names_of_all_enabled_tools_are_taken() -> None:
    """Rule (wire-spec 1.8.1): of those too that do not work here; a page cannot declare them."""
    tools = tools_of(
        agent(client_tool(), {"type": "api_call", "name": "lookup"}, client_tool(name="off", enabled=False))
    )

    assert frozenset({"show_map", "lookup"}) == tools.names
    assert ["show_map"] == [tool.name for tool in tools.client]


@pytest.mark.parametrize(
    "broken", [{"name": "has spaces"}, {"name": ""}, {"name": 7}, {"type": None}, {"name": "x" * 65}]
)
def test_what_cannot_be_a_tool_is_passed_over(broken: dict[str, object], caplog: pytest.LogCaptureFixture) -> None:
    """Rule: a model would refuse the whole request for one bad name; the operator is told."""
    with caplog.at_level(logging.WARNING):
        tools = tools_of(agent(client_tool(**broken), client_tool(name="good")))

    assert ["good"] == [tool.name for tool in tools.client]
    assert "tools[0] is passed over" in caplog.text


def test_a_second_tool_of_the_same_name_is_passed_over() -> None:
    """Rule: models know a tool by its name alone."""
    (tool,) = tools_of(agent(client_tool(description="first"), client_tool(description="second"))).client

    assert "first" == tool.description


def test_too_many_tools_are_cut() -> None:
    """Rule: what one request of a model can hold."""
    assert 64 == len(tools_of(agent(*(client_tool(name=f"t{number}") for number in range(100)))).client)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"type": "end_call"}, (END_CALL,)),
        ({"type": "end_call", "description": "Ends it."}, (Tool("end_call", "Ends it."),)),
        (
            {"type": "end_call", "name": "bye", "description": "Ends it."},
            (Tool("end_call", "Ends it."), Tool("bye", "Ends it.")),
        ),
        ({"type": "end_call", "enabled": False}, ()),
    ],
)
def test_hanging_up_can_be_described_named_and_switched_off(document: object, expected: tuple[Tool, ...]) -> None:
    """Rule: the author's name comes on top of ours, by which the built-in brain knows it."""
    assert expected == tools_of(agent(document)).hang_up


def test_the_agents_configuration_may_own_the_tools() -> None:
    """Rule (wire-spec 1.8.3): then no page declares any; only true means so."""
    assert tools_of(agent(clientToolsManagedByConfig=True)).managed_by_config
    assert not tools_of(agent(clientToolsManagedByConfig="yes")).managed_by_config


def test_placeholders_are_filled_in() -> None:
    """Rule: in descriptions and phrases, as everywhere else."""
    document = agent(client_tool(description="The map of {{city}}.", fillerPhrases=["Off to {{city}}."]))
    (tool,) = with_tools(Brief(), tools_of(document), {"city": "Ulm"}, page_runs_tools=True).tools

    assert ("The map of Ulm.", ("Off to Ulm.",)) == (tool.description, tool.fillers)


def test_a_page_that_runs_no_tools_is_not_asked() -> None:
    """Rule (wire-spec 4.3): the Synthflow wire has no message for it; what the server runs works all the same."""
    document = agent(client_tool(), {"type": "knowledge_base_search", "name": "search"})
    brief = with_tools(Brief(), tools_of(document), {}, page_runs_tools=False)

    assert ["search"] == [tool.name for tool in brief.tools]


def test_the_knowledge_is_searched_by_the_server() -> None:
    """Rule (wire-spec 2.3): a tool of its own name and phrases, run here."""
    document = agent(
        {"type": "knowledge_base_search", "fillerPhrases": ["I look it up."]}, knowledge="## Open?\n\nYes."
    )
    tools = tools_of(document)
    (tool,) = tools.searches

    assert ("knowledge_base_search", ("I look it up.",), ["query"]) == (
        tool.name,
        tool.fillers,
        tool.parameters["required"],
    )
    assert ["knowledge_base_search"] == list(runners("", tools, {}))
