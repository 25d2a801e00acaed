"""
Calls as lists show them: the conversations, their search, and the log of one agent.

Source: Atoms conversations (wire-spec 2.7.2 and 2.7.3), call logs of an agent (wire-spec 2.2).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType, field, structs

from vivavoce.store.call_lists import AgentBrief
from vivavoce.store.calls import Call
from vivavoce.views.analytics import disposition_config, disposition_metrics
from vivavoce.views.call_parts import (
    CallLinks,
    PostCallAnalytics,
    TurnLatencyMetrics,
    analytics_of,
    disconnection_reason,
    duration_ms,
    latency_of,
)
from vivavoce.views.times import iso

__all__ = [
    "AgentCall",
    "ConfiguredMetric",
    "ListedCall",
    "Pagination",
    "SearchedCall",
    "agent_call",
    "configured_metrics",
    "listed_call",
    "pagination",
    "searched_call",
]


class ConfiguredMetric(Struct, frozen=True):
    """A disposition metric that an agent asks for."""

    identifier: str
    type: str


class SearchedCall(Struct, frozen=True, kw_only=True, rename="camel"):
    """
    One call in the answer of a search; the fields of ``GET /conversation/{callId}`` mean the same.

    The telephone numbers, retries, versions and costs of the original are there and empty.
    """

    id: str = field(name="_id")
    call_id: str
    status: str
    duration: float
    from_: str = field(name="from", default="")
    to: str = ""
    type: str
    agent_id: str
    recording_url: str
    recording_dual_url: str
    disconnection_reason: str
    retry_count: int = 0
    created_at: str
    updated_at: str
    call_failure_reason: str
    call_cost: float = 0
    version_id: str = ""
    is_test: bool = False
    retry_call_id: str = ""
    retry_attempt_number: int = 0
    post_call_analytics: PostCallAnalytics
    turn_latency_metrics: TurnLatencyMetrics | UnsetType = UNSET


class ListedCall(SearchedCall, frozen=True, kw_only=True, rename="camel"):
    """One call in a list: as in a search, and what its agent wants to know of each call."""

    disposition_metrics: dict[str, object]
    agent_disposition_config: list[ConfiguredMetric]
    version_number: int | None = None


class Pagination(Struct, frozen=True, rename="camel"):
    """Which page this is, and of how many."""

    total: int
    page: int
    limit: int
    has_more: bool
    total_pages: int


class AgentCall(Struct, frozen=True, kw_only=True, rename="camel"):
    """One call in the log of an agent; ``call_duration`` in milliseconds."""

    call_id: str
    call_status: str
    call_type: str
    from_number: str = ""
    to_number: str = ""
    created_at: str
    call_duration: int


def pagination(*, total: int, page: int, limit: int) -> Pagination:
    """A page of ``limit`` entries; there is none behind the last."""
    return Pagination(total, page, limit, page * limit < total, -(-total // limit))


def searched_call(call: Call, *, now: datetime, links: CallLinks) -> SearchedCall:
    """A row of a search."""
    latency = latency_of(call)
    return SearchedCall(
        id=call.id,
        call_id=call.id,
        status=call.status,
        duration=duration_ms(call, now=now) / 1000,
        type=call.mode,
        agent_id=call.agent_id,
        recording_url=links.mono,
        recording_dual_url=links.dual,
        disconnection_reason=disconnection_reason(call.end_reason),
        created_at=iso(call.started_at),
        updated_at=iso(call.updated_at or call.started_at),
        call_failure_reason=call.end_reason if call.status == "failed" else "",
        post_call_analytics=analytics_of(call),
        turn_latency_metrics=UNSET if latency is None else latency,
    )


def listed_call(call: Call, agent: AgentBrief | None, *, now: datetime, links: CallLinks) -> ListedCall:
    """A row of the list."""
    return ListedCall(
        **structs.asdict(searched_call(call, now=now, links=links)),
        disposition_metrics=disposition_metrics(call),
        agent_disposition_config=_config(agent),
    )


def agent_call(call: Call, *, now: datetime) -> AgentCall:
    """A row of the log of an agent."""
    return AgentCall(
        call_id=call.id,
        call_status=call.status,
        call_type=call.mode,
        created_at=iso(call.started_at),
        call_duration=duration_ms(call, now=now),
    )


def configured_metrics(agents: Mapping[str, AgentBrief]) -> list[ConfiguredMetric]:
    """The metrics that any of the agents asks for, each identifier once."""
    found = {metric.identifier: metric for agent in agents.values() for metric in _config(agent)}
    return list(found.values())


def _config(agent: AgentBrief | None) -> list[ConfiguredMetric]:
    document = {} if agent is None else {"postCallAnalyticsConfig": agent.analytics_config}
    return list(_metrics(disposition_config(document)))


def _metrics(config: Iterable[Mapping[str, object]]) -> Iterable[ConfiguredMetric]:
    return (ConfiguredMetric(str(metric["identifier"]), str(metric["type"])) for metric in config)
