"""Calls as lists show them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec

from vivavoce.store.call_lists import AgentBrief
from vivavoce.store.calls import Call
from vivavoce.views.call_parts import CallLinks
from vivavoce.views.call_rows import (
    ConfiguredMetric,
    Pagination,
    agent_call,
    configured_metrics,
    listed_call,
    pagination,
    searched_call,
)

STARTED = datetime(2026, 7, 2, 10, 30, tzinfo=UTC)
NOW = STARTED + timedelta(seconds=3)
CALL = Call("CALL-1", "session", "a" * 24, "chat", STARTED)
METRIC = {"identifier": "goal", "dispositionMetricPrompt": "?", "dispositionMetricType": "STRING"}


def test_a_live_call_is_listed_as_far_as_it_is_known() -> None:
    """It has lasted until now, ended for no reason yet, and changed when it began."""
    shown = listed_call(CALL, None, now=NOW, links=CallLinks())

    assert ("active", 3.0, "", "", "2026-07-02T10:30:00.000Z") == (
        shown.status,
        shown.duration,
        shown.disconnection_reason,
        shown.call_failure_reason,
        shown.updated_at,
    )
    assert ({}, []) == (shown.disposition_metrics, shown.agent_disposition_config)
    assert "pending" == shown.post_call_analytics.status


def test_a_search_says_the_same_of_a_call_as_a_list() -> None:
    """Less what the agent wants to know of it."""
    call = replace(CALL, status="failed", end_reason="server_error", duration_ms=900, updated_at=NOW)
    searched = msgspec.to_builtins(searched_call(call, now=NOW, links=CallLinks("u", "v")))
    listed = msgspec.to_builtins(listed_call(call, AgentBrief("Ada", {}), now=NOW, links=CallLinks("u", "v")))

    assert searched == {name: value for name, value in listed.items() if name in searched}
    assert {"dispositionMetrics", "agentDispositionConfig", "versionNumber"} == set(listed) - set(searched)
    assert ("server_error", "v", 0.9) == (
        searched["callFailureReason"],
        searched["recordingDualUrl"],
        searched["duration"],
    )


def test_the_log_of_an_agent_counts_in_milliseconds() -> None:
    """Unlike the list of all calls (wire-spec C26)."""
    shown = agent_call(replace(CALL, duration_ms=1_234), now=NOW)

    assert (1_234, "chat", "active") == (shown.call_duration, shown.call_type, shown.call_status)


def test_metrics_of_several_agents_are_named_once() -> None:
    """Agents without a configuration, or with nonsense, ask for nothing."""
    agents = {
        "a": AgentBrief("Ada", {"dispositionMetrics": [METRIC]}),
        "b": AgentBrief("Bea", {"dispositionMetrics": [METRIC, {**METRIC, "identifier": "mood"}]}),
        "c": AgentBrief("Cleo", None),
        "d": AgentBrief("Dora", "nonsense"),
    }

    assert [ConfiguredMetric("goal", "STRING"), ConfiguredMetric("mood", "STRING")] == configured_metrics(agents)


def test_pages_are_counted() -> None:
    """The last page may not be full, and of nothing there is none."""
    assert Pagination(5, 2, 2, True, 3) == pagination(total=5, page=2, limit=2)
    assert Pagination(4, 2, 2, False, 2) == pagination(total=4, page=2, limit=2)
    assert Pagination(0, 1, 5, False, 0) == pagination(total=0, page=1, limit=5)
