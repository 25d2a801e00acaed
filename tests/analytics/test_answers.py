"""A model's answer is stored if all of it fits, and not at all if any of it does not."""

from typing import Any

import pytest

from tests.analytics.asked import ALL_TYPES, answer, configured
from vivavoce.analytics.answers import UnfitAnswer, findings, nothing_found
from vivavoce.analytics.settings import AnalyticsSettings, DispositionMetric


def values(found: dict[str, Any]) -> dict[str, object]:
    metrics = [*found["dispositionMetrics"], *found["successMetrics"]]
    return {metric["identifier"]: metric["value"] for metric in metrics}


def test_an_answer_that_fits_is_stored_with_its_questions() -> None:
    """Each metric with its value, confidence and reasoning, and what was asked."""
    found = findings(ALL_TYPES, answer())

    assert ("done", "", "A table was asked for.") == (found["state"], found["reason"], found["summary"])
    assert {
        "text": "a table",
        "flag": True,
        "count": 4,
        "choice": "Not sure",
        "moment": "2026-07-03T19:00:00Z",
        "scale": 9,
        "share": 80,
        "passed": False,
        "word": "Good",
    } == values(found)
    assert {
        "identifier": "flag",
        "value": True,
        "confidence": 0.9,
        "reasoning": "He said so.",
        "dispositionMetricPrompt": "What about flag?",
        "dispositionMetricType": "BOOLEAN",
    } in found["dispositionMetrics"]  # type: ignore[operator]
    assert {
        "identifier": "passed",
        "value": False,
        "confidence": 0.9,
        "reasoning": "He said so.",
        "successMetricPrompt": "How good is passed?",
        "successMetricType": "PASS_FAIL",
    } in found["successMetrics"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("identifier", "value"),
    [
        ("text", 5),
        ("text", None),
        ("flag", "true"),
        ("flag", 1),
        ("flag", None),
        ("count", "4"),
        ("count", 4.5),
        ("count", True),
        ("count", 2**60),
        ("count", float("inf")),
        ("choice", "Perhaps"),
        ("choice", None),
        ("choice", ["Yes"]),
        ("moment", "tomorrow"),
        ("moment", 1700000000),
        ("scale", 0),
        ("scale", 11),
        ("share", 101),
        ("share", -1),
        ("passed", "pass"),
        ("word", "Superb"),
    ],
)
def test_one_value_that_does_not_fit_spoils_all(identifier: str, value: object) -> None:
    """Source: wire-spec 2.9. The sentence names the metric and does not quote what was said."""
    with pytest.raises(UnfitAnswer, match=rf"value of {identifier} does not fit its type [A-Z_]+$"):
        findings(ALL_TYPES, answer(**{identifier: value}))


@pytest.mark.parametrize(
    ("identifier", "value", "stored"),
    [
        ("count", 4.0, 4),
        ("count", -3, -3),
        ("choice", " not SURE ", "Not sure"),
        ("word", "good", "Good"),
        ("moment", "2026-07-03", "2026-07-03"),
        ("text", "a\0b\ud800", "ab?"),
    ],
)
def test_what_is_meant_is_understood(identifier: str, value: object, stored: object) -> None:
    """Small models know the word and not its capitals; what no database can store is taken out."""
    assert stored == values(findings(ALL_TYPES, answer(**{identifier: value})))[identifier]


def test_choices_that_differ_in_their_capitals_alone_are_told_apart() -> None:
    """The exact word comes first; what could be either is neither."""
    metric = DispositionMetric(
        identifier="size", disposition_metric_prompt="Which?", disposition_metric_type="ENUM", choices=("x", "X")
    )
    config = AnalyticsSettings(disposition_metrics=(metric,))
    said = {"summary": "", "dispositionMetrics": {"size": {"value": "X", "confidence": 1}}}

    assert {"size": "X"} == values(findings(config, said))


@pytest.mark.parametrize("identifier", ["count", "moment"])
def test_what_the_call_does_not_tell_is_left_out(identifier: str) -> None:
    """A number or a date cannot say that there is none; a text or a choice can."""
    found = values(findings(ALL_TYPES, answer(**{identifier: None})))

    assert identifier not in found
    assert 8 == len(found)


@pytest.mark.parametrize(("told", "stored"), [(1, 1.0), (0, 0.0), (0.123456, 0.1235), (95, 0.95)])
def test_confidence_is_a_share(told: float, stored: float) -> None:
    """Some models tell it in per cent."""
    said = {"summary": "", "dispositionMetrics": {"x": {"value": True, "confidence": told}}}
    found: Any = findings(configured(("x", "BOOLEAN")), said)["dispositionMetrics"]

    assert [(stored, "")] == [(metric["confidence"], metric["reasoning"]) for metric in found]


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        "text",
        {},
        {"summary": 5},
        {"summary": ""},
        {"summary": "", "dispositionMetrics": []},
        {"summary": "", "dispositionMetrics": {}},
        {"summary": "", "dispositionMetrics": {"x": True}},
        {"summary": "", "dispositionMetrics": {"x": {"confidence": 1}}},
        {"summary": "", "dispositionMetrics": {"x": {"value": True}}},
        {"summary": "", "dispositionMetrics": {"x": {"value": True, "confidence": "high"}}},
        {"summary": "", "dispositionMetrics": {"x": {"value": True, "confidence": float("nan")}}},
        {"summary": "", "dispositionMetrics": {"x": {"value": True, "confidence": -1}}},
    ],
)
def test_another_form_does_not_fit(said: object) -> None:
    """Whatever a model says, it is stored or refused."""
    with pytest.raises(UnfitAnswer):
        findings(configured(("x", "BOOLEAN")), said)


def test_further_fields_do_not_matter() -> None:
    """A model that says more than it was asked has said what it was asked."""
    said = {"summary": " Short. ", "mood": "good", "dispositionMetrics": {"unknown": 1}}

    assert "Short." == findings(configured(), said)["summary"]


def test_nothing_has_the_same_form() -> None:
    """Readers find the same fields in every state."""
    nothing = nothing_found("missing", "There is no model.")

    assert findings(configured(), {"summary": ""}).keys() == nothing.keys()
    assert ("missing", "There is no model.") == (nothing["state"], nothing["reason"])
