"""An agent as the API shows it."""

from datetime import UTC, datetime

from vivavoce.store.agents import Agent
from vivavoce.views.agent import agent_document, agent_summary

MADE = datetime(2026, 7, 2, 10, 30, tzinfo=UTC)
AGENT = Agent("b" * 24, "Ada", {"name": "Ada", "globalPrompt": "Be kind.", "future": 1}, MADE, MADE, None)


def test_settings_stand_at_the_top_and_resolved() -> None:
    """Clients look in either place (wire-spec 2.3)."""
    document = agent_document(AGENT, total_calls=3)
    resolved = document["_resolvedConfig"]

    assert isinstance(resolved, dict)
    assert ("Be kind.", "Be kind.") == (document["globalPrompt"], resolved["prompt"])
    assert ("electron", "en", ["en"]) == (
        resolved["modelName"],
        resolved["defaultLanguage"],
        resolved["supportedLanguages"],
    )
    assert (1, 3, "b" * 24, False) == (
        document["future"],
        document["totalCalls"],
        document["_id"],
        document["archived"],
    )
    assert "2026-07-02T10:30:00.000Z" == document["createdAt"]


def test_what_the_server_knows_wins_over_what_an_author_wrote() -> None:
    """An author cannot give his agent another's id."""
    forged = Agent("b" * 24, "Ada", {"_id": "c" * 24, "archived": True}, MADE, MADE, MADE)
    summary = agent_summary(forged, total_calls=0)

    assert ("b" * 24, True, "2026-07-02T10:30:00.000Z") == (
        summary["_id"],
        summary["archived"],
        summary["archivedAt"],
    )
    assert "_resolvedConfig" not in summary
