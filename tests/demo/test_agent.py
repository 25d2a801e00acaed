"""The demo agent's document keeps to the agent document's rules."""

from vivavoce.demo.agent import DEMO_AGENT
from vivavoce.engines.knowledge_text import read


def test_the_texts_keep_their_limits() -> None:
    """A greeting has at most 500 characters and a prompt at most 4000 (Source: wire-spec 2.3)."""
    assert 0 < len(str(DEMO_AGENT["firstMessage"])) <= 500
    assert 0 < len(str(DEMO_AGENT["globalPrompt"])) <= 4000


def test_the_prompt_says_who_the_agent_is_and_nothing_to_read_out() -> None:
    """The persona comes from the prompt, and no instruction of it becomes an answer."""
    prompt_alone = read(str(DEMO_AGENT["globalPrompt"]))
    together = read(f"{DEMO_AGENT['globalPrompt']}\n\n{DEMO_AGENT['knowledge']}")

    assert "I am the Vivavoce guide." == together.persona
    assert () == prompt_alone.entries
    assert read(str(DEMO_AGENT["knowledge"])).entries == together.entries
