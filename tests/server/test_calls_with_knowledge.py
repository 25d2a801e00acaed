"""What an agent was given in the console is used in its calls: read, searched, or answered from."""

import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.server.test_calls import Scene, play
from vivavoce.engines.engine import LanguageModel
from vivavoce.engines.knowledge import Knowledge
from vivavoce.server.knowledge import LONG_LETTERS
from vivavoce.speech import Message, Tool, ToolCall
from vivavoce.store import agents, knowledge

PIECES: list[tuple[knowledge.Kind, str, str]] = [
    ("answer", "When are you open?", "Also asked as: opening hours\nFrom seven to {{last_hour}}."),
    ("file", "house.txt", "Use the blue key for the cellar."),
]
LONG: list[tuple[knowledge.Kind, str, str]] = [
    ("answer", f"What is number {number}?", f"Number {number} is a sheep. " * 8)
    for number in range(LONG_LETTERS // 150)
]


class Model:
    """A language model that keeps what it is asked, and searches once for what the visitor wrote."""

    name = "model"

    def __init__(self, *, search: str = "") -> None:
        self.asked: list[tuple[Sequence[Message], Sequence[Tool]]] = []
        # The tool that it searches with; it only talks without one.
        self._search = search

    async def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall]:
        """What the tool has found, else a word."""
        self.asked.append((messages, tools))
        last = messages[-1]
        if last.role == "user" and self._search:
            yield ToolCall(id="1", name=self._search, arguments=json.dumps({"query": last.text}))
        else:
            yield last.text if last.role == "tool" else "Well."

    async def close(self) -> None:
        """Nothing to free."""


async def said(scene: Scene, model: LanguageModel, question: str, **document: Any) -> str:
    """What the agent answers to the first question of a call."""
    scene.calls._engines = replace(scene.calls._engines, llm=model)
    await agents.change(
        scene.database,
        scene.agent_id,
        lambda before: {**before, "firstMessage": "", "waitForUserToSpeakFirst": True, **document},
    )
    listener, client = await scene.begin(variables='{"last_hour":"six"}')
    await client.told("session.created")
    listener.receive(json.dumps({"type": "input_text.send", "text": question}).encode(), text=True)
    while True:
        texts = [message["text"] for message in client.messages if message["type"] == "transcript"]
        if len(texts) > 1:
            return str(texts[-1])
        client.news.clear()
        await client.news.wait()


def test_the_built_in_brain_answers_from_pieces(tmp_path: Path) -> None:
    """Rule: a question with its answer is answered so, with the values of the call; the prompt counts as before."""

    async def scenario(scene: Scene) -> None:
        await knowledge.add(scene.database, scene.agent_id, PIECES)

        assert "From seven to six." == await said(scene, Knowledge(), "opening hours")

    play(tmp_path, scenario)


def test_the_built_in_brain_answers_from_much(tmp_path: Path) -> None:
    """Rule: it needs no tool to find its way."""

    async def scenario(scene: Scene) -> None:
        await knowledge.add(scene.database, scene.agent_id, LONG)

        assert "Number 77 is a sheep." in await said(scene, Knowledge(), "What is number 77?")

    play(tmp_path, scenario)


def test_a_language_model_reads_a_short_text(tmp_path: Path) -> None:
    """Rule: below the prompt stand the text of the document and the pieces, and no tool is forced upon it."""

    async def scenario(scene: Scene) -> None:
        await knowledge.add(scene.database, scene.agent_id, PIECES)
        model = Model()
        await said(scene, model, "Hello?", knowledge="## Lift?\n\nYes.")
        (messages, tools), *_ = model.asked

        assert messages[0].text.endswith(
            "## Lift?\n\nYes.\n\n# Further knowledge\n\n"
            "## When are you open?\n\nAlso asked as: opening hours\nFrom seven to six.\n\n"
            "## house.txt\n\nUse the blue key for the cellar."
        )
        assert ["end_call"] == [tool.name for tool in tools]

    play(tmp_path, scenario)


def test_a_language_model_searches_a_long_text(tmp_path: Path) -> None:
    """Rule: it is told what the text is about and given the tool, and the tool finds it."""

    async def scenario(scene: Scene) -> None:
        await knowledge.add(scene.database, scene.agent_id, LONG)
        model = Model(search="knowledge_base_search")
        answer = await said(scene, model, "What is number 77?")
        prompt = model.asked[0][0][0].text

        assert len(prompt) < 3_000
        assert "look it up with the tool knowledge_base_search" in prompt
        assert "It is about: What is number 0?; What is number 1?;" in prompt
        assert "Number 77 is a sheep." in answer

    play(tmp_path, scenario)


def test_a_long_text_is_searched_with_the_authors_own_tool(tmp_path: Path) -> None:
    """Rule: there are not two of them."""

    async def scenario(scene: Scene) -> None:
        await knowledge.add(scene.database, scene.agent_id, LONG)
        model = Model(search="look")
        tools = [{"type": "knowledge_base_search", "name": "look"}]
        answer = await said(scene, model, "What is number 5?", singlePromptConfig={"tools": tools})

        assert "Number 5 is a sheep." in answer
        assert ["look", "end_call"] == [tool.name for tool in model.asked[0][1]]

    play(tmp_path, scenario)


def test_who_switches_the_search_off_has_it_all_in_the_prompt(tmp_path: Path) -> None:
    """Rule: the author decides; nothing that he gave is kept from the model."""

    async def scenario(scene: Scene) -> None:
        await knowledge.add(scene.database, scene.agent_id, LONG)
        model = Model()
        tools = [{"type": "knowledge_base_search", "name": "look", "enabled": False}]
        await said(scene, model, "Hello?", singlePromptConfig={"tools": tools})

        assert "What is number 77?" in model.asked[0][0][0].text
        assert ["end_call"] == [tool.name for tool in model.asked[0][1]]

    play(tmp_path, scenario)


def test_what_an_agent_was_given_is_not_copied_into_every_call(tmp_path: Path) -> None:
    """Rule: a call keeps its agent's document as it used it, and the pieces stay where they are."""

    async def scenario(scene: Scene) -> None:
        await knowledge.add(scene.database, scene.agent_id, PIECES)
        _, client = await scene.begin()
        await client.told("session.created")

        assert "blue key" not in json.dumps(dict((await scene.stored(client.call_id)).agent))

    play(tmp_path, scenario)


@pytest.mark.parametrize("reads_all", [True, False])
def test_another_agents_knowledge_stays_its_own(tmp_path: Path, reads_all: bool) -> None:
    """Rule: a call reads what its agent was given."""

    async def scenario(scene: Scene) -> None:
        other = await agents.create(scene.database, {"name": "Other"})
        await knowledge.add(scene.database, other.id, PIECES)
        model = Knowledge() if reads_all else Model()

        assert "seven" not in await said(scene, model, "opening hours")

    play(tmp_path, scenario)
