"""The search in an agent's knowledge text."""

import asyncio
import json

import pytest

from vivavoce.server.knowledge_search import found, search_of

KNOWLEDGE = """
## When are you open?

From seven to six.

## Where are you?

At the corner of the market.
"""


def test_what_was_asked_for_is_found_with_its_question() -> None:
    """Rule: the sections as they stand, the best first."""
    assert found(KNOWLEDGE, '{"query": "when are you open"}').startswith("When are you open?\nFrom seven to six.")


def test_the_search_runs_as_a_tool() -> None:
    """Rule: arguments in, output out, on a thread of its own."""

    async def scene() -> str:
        return await search_of(KNOWLEDGE)('{"query": "where is the market"}')

    assert "At the corner of the market." in asyncio.run(scene())


@pytest.mark.parametrize("knowledge", [KNOWLEDGE, "", "   "])
def test_what_is_not_there_is_said_to_be_not_there(knowledge: str) -> None:
    """Rule: the model must not guess."""
    assert "The knowledge text says nothing about that." == found(knowledge, '{"query": "zebra"}')


@pytest.mark.parametrize("arguments", ["", "{", "[]", "7", "{}", '{"query": 7}', '{"query": " "}', "[" * 100_000])
def test_a_model_that_asks_wrongly_is_told_how(arguments: str) -> None:
    """Rule: an output for every input."""
    assert "Say what to look for" in found(KNOWLEDGE, arguments)


@pytest.mark.parametrize("query", ['"', "'; DROP TABLE lines; --", "a AND (b", "NEAR(", "*", "\0"])
def test_no_query_breaks_the_index(query: str) -> None:
    """Rule: whatever the model writes, it is words."""
    assert found(KNOWLEDGE, json.dumps({"query": query}))
