"""
What a webhook is told of a call.

Source: Atoms webhooks (wire-spec 2.10); web calls have no telephone numbers, so those are empty.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from vivavoce.store.calls import Call
from vivavoce.talk.facts import Fact
from vivavoce.views.analytics import post_call_analytics
from vivavoce.views.times import iso
from vivavoce.views.transcript import transcript

__all__ = ["EventType", "Metadata", "after_analysis", "after_call", "before_call", "envelope"]

EventType = Literal["pre-conversation", "post-conversation", "analytics-completed"]
Metadata = Mapping[str, object]


def envelope(*, delivery_id: str, url: str, description: str, metadata: Metadata) -> bytes:
    """
    The body of a delivery: what happened, and to which webhook it is told.

    Args:
        delivery_id: 24 hex digits; receivers know by it what they have had already.
        url: Of the webhook.
        description: Of the webhook.
        metadata: From one of the functions below.
    """
    return msgspec.json.encode(
        {
            "url": url,
            "description": description,
            "event": f"{metadata['agentId']}.{metadata['eventType']}",
            "metadata": metadata,
            "id": delivery_id,
        }
    )


def before_call(*, agent_id: str, call_id: str, mode: str) -> Metadata:
    """``pre-conversation``: a call is about to begin."""
    return {**_common("pre-conversation", agent_id, call_id, mode), "toPhone": "", "fromPhone": ""}


def after_call(call: Call, facts: Iterable[Fact], *, recording_url: str) -> Metadata:
    """
    ``post-conversation``: a call is over.

    Args:
        call: Its row.
        facts: All its facts, in order.
        recording_url: Where the recording can be fetched; empty where there is none.
    """
    return {
        **_common("post-conversation", call.agent_id, call.id, call.mode),
        "recordingUrl": recording_url,
        "callData": _call_data(call),
        "transcript": transcript(facts, started_at=call.started_at),
        "variables": dict(call.variables),
    }


def after_analysis(call: Call) -> Metadata:
    """``analytics-completed``: what was made of a call is known."""
    return {
        **_common("analytics-completed", call.agent_id, call.id, call.mode),
        "analytics": post_call_analytics(call),
        "callData": _call_data(call),
    }


def _common(event: EventType, agent_id: str, call_id: str, mode: str) -> Metadata:
    return {"agentId": agent_id, "eventType": event, "conversationType": mode, "callId": call_id}


def _call_data(call: Call) -> Metadata:
    ended_at = call.ended_at or call.started_at
    return {
        "fromNumber": "",
        "toNumber": "",
        # Here in seconds, as on the conversation routes (decision C26).
        "callDuration": round(max(0.0, (ended_at - call.started_at).total_seconds()), 3),
        "callStatus": "failed" if call.status == "failed" else "completed",
        "answerTime": iso(call.started_at),
        "endTime": iso(ended_at),
    }
