"""
A call as ``GET /conversation/{callId}`` shows it, while it runs and afterwards.

Source: Atoms conversation (wire-spec 2.7.1 and 2.7.2).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import UNSET, Struct, UnsetType, field

from vivavoce.agent_settings import with_defaults
from vivavoce.errors import Refused
from vivavoce.store.calls import Call
from vivavoce.talk.facts import CallEnded, Fact
from vivavoce.views.call_parts import (
    NO_LINKS,
    CallLinks,
    PostCallAnalytics,
    TurnLatencyMetrics,
    analytics_of,
    disconnection_reason,
    latency_from,
    latency_of,
)
from vivavoce.views.events import events
from vivavoce.views.latency import latency_metrics
from vivavoce.views.times import iso
from vivavoce.views.transcript import transcript

__all__ = ["Conversation", "conversation", "shown_document"]


class Conversation(Struct, frozen=True, kw_only=True, rename="camel"):
    """
    One call, whole.

    Args:
        agent: The agent's document as the call used it.
        status: ``active``, ``completed`` or ``failed``.
        type: ``webcall`` or ``chat``.
        duration: Seconds.
        call_failure_reason: What went wrong in a failed call; empty otherwise.
        turn_latency_metrics: Absent while nothing has been measured.
    """

    id: str = field(name="_id")
    call_id: str
    agent: dict[str, object]
    status: str
    type: str
    duration: float
    # A web call has no telephone numbers.
    from_: str = field(name="from", default="")
    to: str = ""
    transcript: list[dict[str, str]]
    recording_url: str
    recording_dual_url: str
    variables: dict[str, object]
    events: list[dict[str, object]]
    call_cost: float = 0
    call_failure_reason: str
    disconnection_reason: str
    retry_call_id: str = ""
    post_call_analytics: PostCallAnalytics
    turn_latency_metrics: TurnLatencyMetrics | UnsetType = UNSET
    voice_config_used: dict[str, object]
    slm_model_used: str
    created_at: str
    updated_at: str


def conversation(
    call: Call, facts: Sequence[tuple[int, Fact]], *, now: datetime, links: CallLinks = NO_LINKS
) -> Conversation:
    """
    The call as the API shows it.

    Args:
        call: Its row.
        facts: All its facts so far, with their numbers.
        now: The present moment: a running call has lasted until now.
        links: Where its recording can be fetched.
    """
    told = [fact for _, fact in facts]
    # The row is closed a moment after the last fact.
    end = next((fact for fact in reversed(told) if isinstance(fact, CallEnded)), None)
    reason = call.end_reason or (end.reason if end else "")
    ended_at = call.ended_at or (call.started_at + timedelta(seconds=end.at) if end else None)
    failed = reason == "server_error"
    latency = latency_of(call) or latency_from(latency_metrics(told, processed_at=iso(ended_at or now)))
    return Conversation(
        id=call.id,
        call_id=call.id,
        agent={**shown_document(call.agent), "_id": call.agent_id},
        status="active" if ended_at is None else "failed" if failed else "completed",
        type=call.mode,
        duration=round(max(0.0, ((ended_at or now) - call.started_at).total_seconds()), 3),
        transcript=transcript(told, started_at=call.started_at),
        recording_url=links.mono,
        recording_dual_url=links.dual,
        variables=dict(call.variables),
        events=events(facts, call_id=call.id, started_at=call.started_at),
        call_failure_reason=reason if failed else "",
        disconnection_reason=disconnection_reason(reason),
        post_call_analytics=analytics_of(call),
        turn_latency_metrics=UNSET if latency is None else latency,
        voice_config_used=dict(call.voice),
        slm_model_used=call.model,
        created_at=iso(call.started_at),
        updated_at=iso(now if ended_at is None else max(ended_at, call.updated_at or ended_at)),
    )


def shown_document(document: Mapping[str, object]) -> Mapping[str, object]:
    """An agent's document as a call used it, with defaults."""
    try:
        return with_defaults(document)
    except Refused:
        # An old call may have had an agent that would not be accepted today.
        return document
