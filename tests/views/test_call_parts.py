"""Parts of a call that its page and the lists share."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tests.store.made_calls import FIGURES
from vivavoce.store.calls import Call
from vivavoce.views.analytics import post_call_analytics
from vivavoce.views.call_parts import (
    TurnLatencyMetrics,
    analytics_of,
    disconnection_reason,
    duration_ms,
    latency_from,
    latency_of,
    reasons_behind,
)

STARTED = datetime(2026, 7, 2, 10, 30, tzinfo=UTC)
CALL = Call("CALL-1", "session", "a" * 24, "webcall", STARTED)


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
    """The mapping of wire-spec 2.7.2, in both directions."""
    assert word == disconnection_reason(reason)
    assert not reason or reason in reasons_behind(word)


def test_a_word_may_stand_for_several_reasons_or_none() -> None:
    """Calls are never transferred here."""
    assert ("client_requested", "websocket_closed") == reasons_behind("user_hangup")
    assert () == reasons_behind("transfer_complete")


def test_a_call_lasts_until_it_ends() -> None:
    """What was stored counts; a clock that was set back makes no negative length."""
    now = STARTED + timedelta(seconds=12.5)

    assert 12_500 == duration_ms(CALL, now=now)
    assert 2_000 == duration_ms(replace(CALL, ended_at=STARTED + timedelta(seconds=2)), now=now)
    assert 1_900 == duration_ms(replace(CALL, duration_ms=1_900), now=now)
    assert 0 == duration_ms(CALL, now=STARTED - timedelta(seconds=1))


def test_stored_figures_keep_their_form() -> None:
    """What is shown is what was stored, field by field."""
    latency = latency_of(replace(CALL, figures=FIGURES))

    assert FIGURES["turnLatencyMetrics"] == msgspec.to_builtins(latency)


@pytest.mark.parametrize("figures", [None, {}, {"turnLatencyMetrics": None}, {"turnLatencyMetrics": {"turns": "x"}}])
def test_figures_that_are_not_there_are_not_shown(figures: dict[str, object] | None) -> None:
    """Nor those of another form: the rest of the call can be shown all the same."""
    assert latency_of(replace(CALL, figures=figures)) is None


def test_figures_have_the_fields_of_the_contract() -> None:
    """Those of wire-spec 2.7.1."""
    wanted = "turns avgLatency medianLatency minLatency maxLatency latencies transitions processedAt"

    assert set(wanted.split()) == {field.encode_name for field in msgspec.structs.fields(TurnLatencyMetrics)}
    assert latency_from(3) is None


@pytest.mark.parametrize(
    "analytics", [None, {"state": "done", "summary": "S", "dispositionMetrics": [{"identifier": "a", "value": 1}]}]
)
def test_analytics_are_shown_whole(analytics: dict[str, object] | None) -> None:
    """The type has a place for all that is known."""
    call = replace(CALL, analytics=analytics, figures=FIGURES)

    assert post_call_analytics(call) == msgspec.to_builtins(analytics_of(call))
