"""A call as the API shows it, live and afterwards."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec

from vivavoce.store.calls import Call
from vivavoce.talk.facts import AgentSaid, CallEnded, CallStarted, Fact, TurnTimed
from vivavoce.views.call_parts import CallLinks
from vivavoce.views.conversation import Conversation, conversation

STARTED = datetime(2026, 7, 2, 10, 30, tzinfo=UTC)
CALL = Call(
    id="CALL-1776756378884-6a553c",
    session_id="s",
    agent_id="a" * 24,
    mode="webcall",
    started_at=STARTED,
    variables={"name": "Zoë"},
    agent={"name": "Ada", "firstMessage": "Hello"},
    voice={"model": "m", "voiceId": "v", "gender": "female"},
    model="knowledge",
)
FACTS: list[tuple[int, Fact]] = [(1, CallStarted(0.0, "webcall")), (2, AgentSaid(1.0, 1, "Hello", True))]


def test_a_live_call_is_active_and_lasts_until_now() -> None:
    """A page may follow a call from its first moment (wire-spec 2.7.1)."""
    shown = conversation(CALL, FACTS, now=STARTED + timedelta(seconds=12.5))

    assert ("active", 12.5, "", "webcall") == (shown.status, shown.duration, shown.disconnection_reason, shown.type)
    assert [{"role": "agent", "content": "Hello", "timestamp": "2026-07-02T10:30:01.000Z"}] == shown.transcript
    assert {"name": "Zoë"} == shown.variables
    assert ("v", "knowledge") == (shown.voice_config_used["voiceId"], shown.slm_model_used)
    assert shown.turn_latency_metrics is msgspec.UNSET


def test_the_agent_is_shown_with_its_id_and_defaults() -> None:
    """The document is the one that the call has used."""
    agent = conversation(CALL, FACTS, now=STARTED).agent

    assert ("a" * 24, "Ada", "Hello", True) == (
        agent["_id"],
        agent["name"],
        agent["firstMessage"],
        agent["allowInterruptions"],
    )


def test_an_agent_that_would_be_refused_today_is_shown_as_it_was() -> None:
    """An old call stays readable."""
    shown = conversation(replace(CALL, agent={"allowInterruptions": "perhaps"}), FACTS, now=STARTED)

    assert {"allowInterruptions": "perhaps", "_id": "a" * 24} == shown.agent


def test_an_ended_call_has_its_length_reason_and_figures() -> None:
    """The row says when it ended."""
    ended = replace(CALL, ended_at=STARTED + timedelta(seconds=30), end_reason="ended", status="completed")
    facts = [*FACTS, (3, TurnTimed(9.0, 2, 8.0, 0.5, 0.2, 0.2, 0.1)), (4, CallEnded(30.0, "ended"))]
    shown = conversation(ended, facts, now=STARTED + timedelta(days=1), links=CallLinks("u", "v"))

    assert ("completed", 30.0, "agent_hangup", "", "u", "v") == (
        shown.status,
        shown.duration,
        shown.disconnection_reason,
        shown.call_failure_reason,
        shown.recording_url,
        shown.recording_dual_url,
    )
    metrics = shown.turn_latency_metrics
    assert metrics is not msgspec.UNSET
    assert (1000, "2026-07-02T10:30:30.000Z") == (metrics.avg_latency, metrics.processed_at)


def test_the_last_fact_ends_a_call_before_its_row_does() -> None:
    """Between the two a reader must not see a call that goes on for ever."""
    shown = conversation(CALL, [*FACTS, (3, CallEnded(4.0, "server_error"))], now=STARTED + timedelta(seconds=9))

    assert ("failed", 4.0, "system_error", "server_error") == (
        shown.status,
        shown.duration,
        shown.disconnection_reason,
        shown.call_failure_reason,
    )


def test_a_call_has_the_fields_of_the_contract() -> None:
    """Those of wire-spec 2.7.1, by their names on the wire."""
    wanted = (
        "_id callId agent status type duration from to transcript recordingUrl recordingDualUrl variables events "
        "callCost callFailureReason disconnectionReason retryCallId postCallAnalytics turnLatencyMetrics "
        "voiceConfigUsed slmModelUsed"
    )

    assert set(wanted.split()) <= {field.encode_name for field in msgspec.structs.fields(Conversation)}
