"""
Calls as the analytics routes show them: rows of the log of all calls, and one call told event by event.

Source: Atoms analytics (wire-spec 2.9).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from vivavoce.store.call_lists import AgentBrief
from vivavoce.store.calls import Call
from vivavoce.talk.facts import CallEnded, Fact
from vivavoce.views.agent import HOUSE_ID
from vivavoce.views.call_parts import disconnection_reason, duration_ms
from vivavoce.views.events import events
from vivavoce.views.times import iso, milliseconds, moment
from vivavoce.views.transcript import entries

__all__ = ["CallDetails", "CountedCall", "SaidTurn", "call_details", "counted_call"]

# What a client that looks for the latency of a turn goes by (wire-spec 2.9).
_LATENCY_EVENT = "turn_latency_analysis"


class CountedCall(Struct, frozen=True, kw_only=True, rename="camel"):
    """
    One call in the log of all calls; lengths of time in milliseconds.

    Args:
        call_latency_ms: The mean time to an answer; None where nothing was answered.
        disconnection_reason: ``-`` while there is none.
        source: How the call came in; always ``web``.
    """

    org_id: str
    call_id: str
    agent_id: str
    agent_name: str
    campaign_id: str = ""
    campaign_name: str = ""
    call_type: str
    timestamp: str
    call_duration_ms: int
    call_latency_ms: int | None
    cost_spent: float = 0
    disconnection_reason: str
    source: str = "web"
    recording_url: str
    call_status: str
    from_number: str = ""
    to_number: str = ""


class SaidTurn(Struct, frozen=True):
    """What one side said."""

    role: str
    text: str
    timestamp: str


class CallDetails(Struct, frozen=True, kw_only=True, rename="camel"):
    """One call, told turn by turn and event by event; each event has an ``eventType`` and its own fields."""

    org_id: str
    call_id: str
    agent_name: str
    workflow_type: str
    transcript: list[SaidTurn]
    events: list[dict[str, object]]
    from_number: str = ""
    to_number: str = ""
    call_duration_ms: int


def counted_call(call: Call, agent: AgentBrief | None, *, now: datetime, recording_url: str) -> CountedCall:
    """A row of the log."""
    return CountedCall(
        org_id=HOUSE_ID,
        call_id=call.id,
        agent_id=call.agent_id,
        agent_name="" if agent is None else agent.name,
        call_type=call.mode,
        timestamp=iso(call.started_at),
        call_duration_ms=duration_ms(call, now=now),
        call_latency_ms=_mean_latency_ms(call),
        disconnection_reason=disconnection_reason(call.end_reason) or "-",
        recording_url=recording_url,
        call_status=call.status,
    )


def call_details(call: Call, facts: Sequence[tuple[int, Fact]], *, now: datetime) -> CallDetails:
    """
    The whole of one call.

    Args:
        call: Its row.
        facts: All its facts so far, with their numbers.
        now: The present moment: a running call has lasted until now.
    """
    told = [fact for _, fact in facts]
    # The row is closed a moment after the last fact.
    end = next((fact for fact in reversed(told) if isinstance(fact, CallEnded)), None)
    return CallDetails(
        org_id=HOUSE_ID,
        call_id=call.id,
        agent_name=str(call.agent.get("name", "")),
        workflow_type=str(call.agent.get("workflowType", "single_prompt")),
        transcript=[SaidTurn(entry.role, entry.text, moment(call.started_at, entry.at)) for entry in entries(told)],
        events=[_renamed(event) for event in events(facts, call_id=call.id, started_at=call.started_at)],
        call_duration_ms=milliseconds(end.at) if end and call.duration_ms is None else duration_ms(call, now=now),
    )


def _renamed(event: Mapping[str, object]) -> dict[str, object]:
    own = {name: value for name, value in event.items() if name != "event_type"}
    if event["event_type"] == "turn_latency":
        return {"eventType": _LATENCY_EVENT, **own, "latencyMs": event["turn_latency"]}
    return {"eventType": event["event_type"], **own}


def _mean_latency_ms(call: Call) -> int | None:
    metrics = (call.figures or {}).get("turnLatencyMetrics")
    mean = metrics.get("avgLatency") if isinstance(metrics, Mapping) else None
    return mean if isinstance(mean, int) else None
