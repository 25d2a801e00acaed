"""
A call as ``GET /conversation/{callId}`` shows it, while it runs and afterwards.

Source: Atoms conversation (wire-spec 2.7.1 and 2.7.2).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from vivavoce.agent_settings import with_defaults
from vivavoce.errors import Refused
from vivavoce.store.calls import Call
from vivavoce.talk.facts import CallEnded, Fact
from vivavoce.views.events import events
from vivavoce.views.latency import latency_metrics
from vivavoce.views.times import iso
from vivavoce.views.transcript import transcript

__all__ = ["conversation", "disconnection_reason"]

# How a session ends, in the words of the API (wire-spec 2.7.2).
_DISCONNECTIONS: Mapping[str, str] = {
    "client_requested": "user_hangup",
    "websocket_closed": "user_hangup",
    "connection_lost": "connection_error",
    "ended": "agent_hangup",
    "timeout": "timeout",
    "server_error": "system_error",
}


def disconnection_reason(reason: str) -> str:
    """The API's word for the reason of a ``CallEnded``; empty for none."""
    return _DISCONNECTIONS.get(reason, "system_error") if reason else ""


def conversation(
    call: Call,
    facts: Sequence[tuple[int, Fact]],
    *,
    now: datetime,
    recording_url: str = "",
    recording_dual_url: str = "",
) -> dict[str, object]:
    """
    The call as the API shows it.

    Args:
        call: Its row.
        facts: All its facts so far, with their numbers.
        now: The present moment: a running call has lasted until now.
        recording_url: Where the mono mix can be fetched; empty while there is none.
        recording_dual_url: Where the two channels can be fetched, likewise.
    """
    told = [fact for _, fact in facts]
    # The row is closed a moment after the last fact.
    end = next((fact for fact in reversed(told) if isinstance(fact, CallEnded)), None)
    reason = call.end_reason or (end.reason if end else "")
    ended_at = call.ended_at or (call.started_at + timedelta(seconds=end.at) if end else None)
    failed = reason == "server_error"
    shown: dict[str, object] = {
        "_id": call.id,
        "callId": call.id,
        "agent": {**_with_defaults(call.agent), "_id": call.agent_id},
        "status": "active" if ended_at is None else "failed" if failed else "completed",
        "type": call.mode,
        "duration": round(max(0.0, ((ended_at or now) - call.started_at).total_seconds()), 3),
        # A web call has no telephone numbers.
        "from": "",
        "to": "",
        "transcript": transcript(told, started_at=call.started_at),
        "recordingUrl": recording_url,
        "recordingDualUrl": recording_dual_url,
        "variables": dict(call.variables),
        "events": events(facts, call_id=call.id, started_at=call.started_at),
        "callCost": 0,
        "callFailureReason": reason if failed else "",
        "disconnectionReason": disconnection_reason(reason),
        "retryCallId": "",
        "postCallAnalytics": {"summary": "", "dispositionMetrics": []},
        "voiceConfigUsed": dict(call.voice),
        "slmModelUsed": call.model,
        "createdAt": iso(call.started_at),
        "updatedAt": iso(ended_at or now),
    }
    metrics = latency_metrics(told, processed_at=iso(ended_at or now))
    # Absent while nothing has been measured.
    return shown if metrics is None else {**shown, "turnLatencyMetrics": metrics}


def _with_defaults(document: Mapping[str, object]) -> Mapping[str, object]:
    try:
        return with_defaults(document)
    except Refused:
        # An old call may have had an agent that would not be accepted today.
        return document
