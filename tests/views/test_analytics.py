"""What the API shows of a call's analysis."""

from dataclasses import replace
from datetime import UTC, datetime

from vivavoce.store.calls import Call
from vivavoce.views.analytics import disposition_config, disposition_metrics, post_call_analytics

CALL = Call("CALL-1", "session", "a" * 24, "webcall", datetime(2026, 7, 2, tzinfo=UTC))
METRIC = {
    "identifier": "booked",
    "value": True,
    "confidence": 0.9,
    "reasoning": "He said so.",
    "dispositionMetricPrompt": "Was a table booked?",
    "dispositionMetricType": "BOOLEAN",
}
DONE = {"state": "done", "reason": "", "summary": "Short.", "dispositionMetrics": [METRIC], "successMetrics": []}


def test_before_the_end_all_of_it_is_pending() -> None:
    """The fields are there from the start, and empty."""
    assert {
        "status": "pending",
        "reason": "",
        "summary": "",
        "dispositionMetrics": [],
        "successMetrics": [],
        "metrics": {},
    } == post_call_analytics(CALL)
    assert {} == disposition_metrics(CALL)


def test_figures_are_there_before_the_model_has_answered() -> None:
    """They do not wait for it."""
    shown = post_call_analytics(replace(CALL, figures={"metrics": {"userTurns": 2}, "turnLatencyMetrics": None}))

    assert ("pending", {"userTurns": 2}) == (shown["status"], shown["metrics"])


def test_findings_are_shown_whole() -> None:
    """REST has the same fields as the webhook (wire-spec 2.9)."""
    call = replace(CALL, analytics=DONE)
    shown = post_call_analytics(call)

    assert ("done", "Short.", [METRIC], []) == (
        shown["status"],
        shown["summary"],
        shown["dispositionMetrics"],
        shown["successMetrics"],
    )
    assert {"booked": True} == disposition_metrics(call)


def test_why_there_is_nothing_is_said() -> None:
    """A sentence for whoever set the agent up."""
    shown = post_call_analytics(replace(CALL, analytics={"state": "missing", "reason": "There is no model."}))

    assert ("missing", "There is no model.", []) == (shown["status"], shown["reason"], shown["dispositionMetrics"])


def test_the_log_names_what_an_agent_asks_for() -> None:
    """Whatever an old document holds."""
    config = {"dispositionMetrics": [METRIC, 7]}

    assert [{"identifier": "booked", "type": "BOOLEAN"}] == disposition_config({"postCallAnalyticsConfig": config})
    assert [] == disposition_config({})
    assert [] == disposition_config({"postCallAnalyticsConfig": 5})
