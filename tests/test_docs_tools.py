"""The page on tools tells what becomes of every type of tool, and its examples are what they say."""

import json

from tests.doc_names import first_names
from tests.doc_pages import ROOT, codes, page, rows, section
from vivavoce.agent_settings import cleaned
from vivavoce.server.agent_tools import tools_of, with_tools
from vivavoce.talk.brief import END_CALL, Brief, Phrases
from vivavoce.talk.policy import Policy

PATH = ROOT / "docs" / "tools.md"


def works(kind: str) -> bool:
    """Whether a tool of this type comes to a call with its own description."""
    tools = tools_of({"singlePromptConfig": {"tools": [{"type": kind, "name": "tool", "description": "Mine."}]}})
    brief = with_tools(Brief(), tools, {}, page_runs_tools=True)
    return any(tool.description == "Mine." for tool in (*brief.tools, *brief.hang_up))


def test_every_type_of_tool_is_told_with_its_true_effect() -> None:
    """ "yes" where it comes to a call, "not yet" where it does not."""
    told = {row[0].strip("`"): row[1] for row in rows(section("tools.md", "Tools of the agent")) if len(row) == 3}

    assert {kind: "yes" if works(kind) else "not yet" for kind in told} == told
    assert {"client_tool", "end_call", "knowledge_base_search", "api_call"} <= set(told)


def test_the_example_is_an_agent_with_three_tools() -> None:
    """It could be sent as it stands, and none of its tools is passed over."""
    (shown,) = [json.loads(code.text) for code in codes(PATH, kind="json")]
    tools = tools_of(cleaned(shown))
    (basket,) = tools.client

    assert cleaned(shown) == shown
    assert frozenset({"add_to_basket", "search", "end_call"}) == tools.names
    assert (5.0, ["what"], 2) == (basket.timeout_s, basket.parameters["required"], len(basket.fillers))
    assert END_CALL.description != tools.hang_up[0].description


def test_every_field_of_the_example_is_told() -> None:
    """The table has a row for each field of a tool, apart from its type."""
    (shown,) = [json.loads(code.text) for code in codes(PATH, kind="json")]
    used = {name for tool in shown["singlePromptConfig"]["tools"] for name in tool} - {"type"}

    assert used <= first_names(section("tools.md", "Tools of the agent"))


def test_what_the_visitor_hears_is_told_in_its_very_words() -> None:
    """Figures and phrases are those of the code."""
    text = section("tools.md", "What the visitor hears")

    assert f"{Policy().tool_filler_s:g} seconds" in text
    assert Phrases().fillers[0] in text
    assert Phrases().tool_late in text


def test_the_page_is_linked_to() -> None:
    """Readers of the SDK, of the wire and of agents find it."""
    for name in ("sdk.md", "protocol.md", "agents.md"):
        assert "](tools.md" in page(name)
