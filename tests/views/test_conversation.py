"""A call as the API shows it, live and afterwards."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vivavoce.store.calls import Call
from vivavoce.talk.facts import AgentSaid, CallEnded, CallStarted, Fact, TurnTimed
from vivavoce.views.conversation import conversation, disconnection_reason

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

    assert ("active", 12.5, "", "webcall") == (
        shown["status"],
        shown["duration"],
        shown["disconnectionReason"],
        shown["type"],
    )
    assert [{"role": "agent", "content": "Hello", "timestamp": "2026-07-02T10:30:01.000Z"}] == shown["transcript"]
    assert {"name": "Zoë"} == shown["variables"]
    assert ("v", "knowledge") == (CALL.voice["voiceId"], shown["slmModelUsed"])
    assert "turnLatencyMetrics" not in shown


def test_the_agent_is_shown_with_its_id_and_defaults() -> None:
    """The document is the one that the call has used."""
    agent = conversation(CALL, FACTS, now=STARTED)["agent"]

    assert isinstance(agent, dict)
    assert ("a" * 24, "Ada", "Hello", True) == (
        agent["_id"],
        agent["name"],
        agent["firstMessage"],
        agent["allowInterruptions"],
    )


def test_an_agent_that_would_be_refused_today_is_shown_as_it_was() -> None:
    """An old call stays readable."""
    shown = conversation(replace(CALL, agent={"allowInterruptions": "perhaps"}), FACTS, now=STARTED)

    assert {"allowInterruptions": "perhaps", "_id": "a" * 24} == shown["agent"]


def test_an_ended_call_has_its_length_reason_and_figures() -> None:
    """The row says when it ended."""
    ended = replace(CALL, ended_at=STARTED + timedelta(seconds=30), end_reason="ended", status="completed")
    facts = [*FACTS, (3, TurnTimed(9.0, 2, 8.0, 0.5, 0.2, 0.2, 0.1)), (4, CallEnded(30.0, "ended"))]
    shown = conversation(ended, facts, now=STARTED + timedelta(days=1), recording_url="u", recording_dual_url="v")

    assert ("completed", 30.0, "agent_hangup", "", "u", "v") == tuple(
        shown[name]
        for name in (
            "status",
            "duration",
            "disconnectionReason",
            "callFailureReason",
            "recordingUrl",
            "recordingDualUrl",
        )
    )
    metrics = shown["turnLatencyMetrics"]
    assert isinstance(metrics, dict)
    assert (1000, "2026-07-02T10:30:30.000Z") == (metrics["avgLatency"], metrics["processedAt"])


def test_the_last_fact_ends_a_call_before_its_row_does() -> None:
    """Between the two a reader must not see a call that goes on for ever."""
    shown = conversation(CALL, [*FACTS, (3, CallEnded(4.0, "server_error"))], now=STARTED + timedelta(seconds=9))

    assert ("failed", 4.0, "system_error", "server_error") == (
        shown["status"],
        shown["duration"],
        shown["disconnectionReason"],
        shown["callFailureReason"],
    )


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("client_requested", "user_hangup"),
        ("websocket_closed", "user_hangup"),
        ("connection_lost", "connection_error"),
        ("ended", "agent_hangup"),
        ("timeout", "timeout"),
        ("server_error", "system_error"),
        ("", ""),
    ],
)
def test_reasons_have_the_words_of_the_api(reason: str, word: str) -> None:
    """The mapping of wire-spec 2.7.2."""
    assert word == disconnection_reason(reason)
