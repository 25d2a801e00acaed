"""
Parts of a call that both its own page and the lists show: how it ended, its figures, its analytics.

Source: Atoms conversation (wire-spec 2.7.1, 2.7.2 and 2.9).
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from vivavoce.store.calls import Call
from vivavoce.views.analytics import post_call_analytics

__all__ = [
    "NO_LINKS",
    "CallLinks",
    "PostCallAnalytics",
    "Transition",
    "TurnLatencyMetrics",
    "analytics_of",
    "disconnection_reason",
    "duration_ms",
    "latency_from",
    "latency_of",
    "reasons_behind",
]

# How a session ends, in the words of the API (wire-spec 2.7.2).
_DISCONNECTIONS: Mapping[str, str] = {
    "client_requested": "user_hangup",
    "websocket_closed": "user_hangup",
    "connection_lost": "connection_error",
    "ended": "agent_hangup",
    "timeout": "timeout",
    "server_error": "system_error",
}


class CallLinks(Struct, frozen=True):
    """Where the recording of a call can be fetched, mixed to one channel or with both; empty while there is none."""

    mono: str = ""
    dual: str = ""


NO_LINKS = CallLinks()


class Transition(Struct, frozen=True):
    """One answer: when the visitor had finished and when the agent began, in milliseconds since the session opened."""

    turn: int
    user_end: int
    bot_start: int
    latency: int


class TurnLatencyMetrics(Struct, frozen=True, rename="camel"):
    """How long the visitor waited for the answers, in milliseconds."""

    turns: int
    avg_latency: int
    median_latency: int
    min_latency: int
    max_latency: int
    latencies: list[int]
    transitions: list[Transition]
    processed_at: str


class PostCallAnalytics(Struct, frozen=True, rename="camel"):
    """What is known of a call when it is over; ``status``, ``reason`` and ``metrics`` are our own."""

    status: str
    reason: str
    summary: str
    disposition_metrics: list[dict[str, object]]
    success_metrics: list[dict[str, object]]
    metrics: dict[str, object]


def disconnection_reason(reason: str) -> str:
    """The API's word for the reason of a ``CallEnded``; empty for none."""
    return _DISCONNECTIONS.get(reason, "system_error") if reason else ""


def reasons_behind(word: str) -> tuple[str, ...]:
    """The reasons of a ``CallEnded`` that the API calls by this word."""
    return tuple(reason for reason, shown in _DISCONNECTIONS.items() if shown == word)


def duration_ms(call: Call, *, now: datetime) -> int:
    """How long a call lasted; one that runs has lasted until now."""
    if call.duration_ms is not None:
        return call.duration_ms
    return max(0, round(1000 * ((call.ended_at or now) - call.started_at).total_seconds()))


def latency_of(call: Call) -> TurnLatencyMetrics | None:
    """The latency figures that were stored when the call was over; None before, and where nothing was answered."""
    return latency_from((call.figures or {}).get("turnLatencyMetrics"))


def latency_from(figures: object) -> TurnLatencyMetrics | None:
    """The figures of ``views.latency`` with their types; None for what is no such thing."""
    try:
        return msgspec.convert(figures, TurnLatencyMetrics | None)
    except msgspec.ValidationError:
        # Written by another version: the rest of the call can be shown all the same.
        return None


def analytics_of(call: Call) -> PostCallAnalytics:
    """``postCallAnalytics`` with its types."""
    return msgspec.convert(post_call_analytics(call), PostCallAnalytics)
