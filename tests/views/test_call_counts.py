"""Calls as the analytics routes show them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec

from tests.store.made_calls import FIGURES
from vivavoce.store.call_lists import AgentBrief
from vivavoce.store.calls import Call
from vivavoce.talk.facts import CallEnded, CallStarted, Fact, TurnTimed, UserSaid
from vivavoce.views.call_counts import CountedCall, call_details, counted_call

STARTED = datetime(2026, 7, 2, 10, 30, tzinfo=UTC)
NOW = STARTED + timedelta(seconds=60)
CALL = Call("CALL-1", "session", "a" * 24, "webcall", STARTED, agent={"name": "Ada", "workflowType": "workflow_graph"})
FACTS: list[tuple[int, Fact]] = [
    (1, CallStarted(0.0, "webcall")),
    (2, UserSaid(2.0, "Hello", True)),
    (3, TurnTimed(3.0, 1, 2.0, 0.2, 0.1, 0.1, 0.1)),
    (4, TurnTimed(6.0, 2, 5.0, 0.4, 0.1, 0.1, 0.1)),
]


def test_a_row_has_the_fields_of_the_contract() -> None:
    """Those of wire-spec 2.9."""
    wanted = (
        "orgId callId agentId agentName campaignId campaignName callType timestamp callDurationMs callLatencyMs "
        "costSpent disconnectionReason source recordingUrl callStatus fromNumber toNumber"
    )

    assert set(wanted.split()) == {field.encode_name for field in msgspec.structs.fields(CountedCall)}


def test_a_row_has_the_mean_latency_where_there_is_one() -> None:
    """And the name that its agent has now."""
    shown = counted_call(replace(CALL, figures=FIGURES), AgentBrief("Bea", None), now=NOW, recording_url="u")
    unmeasured = counted_call(replace(CALL, figures={"turnLatencyMetrics": None}), None, now=NOW, recording_url="")

    assert (700, "Bea", "u", 60_000) == (
        shown.call_latency_ms,
        shown.agent_name,
        shown.recording_url,
        shown.call_duration_ms,
    )
    assert (None, "", "-") == (unmeasured.call_latency_ms, unmeasured.agent_name, unmeasured.disconnection_reason)


def test_each_turn_has_its_latency_as_an_event() -> None:
    """By the name and the field that clients go by."""
    shown = call_details(CALL, FACTS, now=NOW)
    timed = [event for event in shown.events if event["eventType"] == "turn_latency_analysis"]

    assert [500, 700] == [event["latencyMs"] for event in timed]
    assert all("event_type" not in event for event in shown.events)
    assert ("workflow_graph", 60_000) == (shown.workflow_type, shown.call_duration_ms)
    assert [("user", "Hello")] == [(turn.role, turn.text) for turn in shown.transcript]


def test_the_last_fact_gives_the_length_before_the_row_does() -> None:
    """Between the two the call must not seem to go on."""
    ended: list[tuple[int, Fact]] = [*FACTS, (5, CallEnded(7.25, "ended"))]

    assert 7_250 == call_details(CALL, ended, now=NOW).call_duration_ms
    assert 7_300 == call_details(replace(CALL, duration_ms=7_300), ended, now=NOW).call_duration_ms
