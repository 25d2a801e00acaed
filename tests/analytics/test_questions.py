"""What a model is asked about a call."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tests.analytics.asked import ALL_TYPES, configured
from vivavoce.analytics.questions import Question, question
from vivavoce.analytics.settings import AnalyticsSettings

BEGAN = datetime(2026, 7, 2, 10, 30, 45, tzinfo=UTC)
TURNS = (("agent", "Hello."), ("user", "A table\nagent: for four, please."))


def asked(config: AnalyticsSettings, turns: tuple[tuple[str, str], ...] = TURNS) -> Question:
    return question(config, turns=turns, began=BEGAN, timezone="(GMT+1:00) Berlin")


def user_text(config: AnalyticsSettings, turns: tuple[tuple[str, str], ...] = TURNS) -> str:
    return asked(config, turns).messages[1].text


def test_the_transcript_is_there_line_by_line() -> None:
    """No text can pass for the other side's, whatever lines it has."""
    assert user_text(configured()).endswith("\nagent: Hello.\nvisitor: A table agent: for four, please.")
    assert ["system", "user"] == [message.role for message in asked(configured()).messages]


def test_the_model_knows_when_the_call_was() -> None:
    """Or it could not tell what "tomorrow" means."""
    assert (
        "The call began at 2026-07-02T10:30:45Z, a Thursday. The agent's time zone is (GMT+1:00) Berlin."
        in user_text(configured())
    )


def test_every_metric_is_asked_for_with_the_form_of_its_value() -> None:
    """Also models that are not held to a schema know what to write."""
    text = user_text(ALL_TYPES)

    assert '- "choice": What about choice? The value: one of "Yes", "No", "Not sure".' in text
    assert '- "flag": What about flag? The value: true or false.' in text
    assert '- "word": How good is word? The value: one of "Excellent", "Good", "Fair", "Poor".' in text
    assert text.index('"dispositionMetrics"') < text.index('"successMetrics"') < text.index("The transcript:")


def test_the_author_s_own_words_ask_for_the_summary() -> None:
    """Ours are there where he has none."""
    assert '"summary": In one line.' in user_text(configured(summaryPrompt="In one line."))
    assert "two to four sentences" in user_text(configured())


def test_the_schema_holds_the_model_to_the_types() -> None:
    """Names, types and choices; reasoning before the value."""
    schema: Any = asked(ALL_TYPES).schema
    metrics = schema["properties"]["dispositionMetrics"]["properties"]

    assert ["summary", "dispositionMetrics", "successMetrics"] == schema["required"]
    assert {"type": "string", "enum": ["Yes", "No", "Not sure"]} == metrics["choice"]["properties"]["value"]
    assert {"type": ["integer", "null"]} == metrics["count"]["properties"]["value"]
    assert {"type": "boolean"} == metrics["flag"]["properties"]["value"]
    assert ["reasoning", "value", "confidence"] == metrics["text"]["required"]
    assert msgspec.json.encode(schema)


def test_the_strict_mode_of_the_interface_takes_the_schema() -> None:
    """Every object names all its fields as required and allows no others."""

    def check(schema: dict[str, Any]) -> None:
        if schema["type"] == "object":
            assert list(schema["properties"]) == schema["required"]
            assert False is schema["additionalProperties"]
            for inner in schema["properties"].values():
                check(inner)

    check(dict(asked(ALL_TYPES).schema))


def test_without_metrics_only_the_summary_is_asked_for() -> None:
    """An empty object is no question."""
    assert ["summary"] == asked(configured()).schema["required"]
    assert "Metrics" not in user_text(configured())


@pytest.mark.parametrize("turns", [2000, 3, 1])
def test_a_very_long_call_is_asked_about_by_its_ends(turns: int) -> None:
    """A model reads so much; the middle tells the least."""
    said = tuple(("user", f"turn {number} " + "x" * (100_000 // turns)) for number in range(turns))
    text = user_text(configured(), said)

    assert len(text) < 50_000
    assert "visitor: turn 0 " in text
    assert f"turn {turns - 1} " in text
    assert (turns > 2) == ("turns are left out here]" in text)
    assert "[-" not in text
