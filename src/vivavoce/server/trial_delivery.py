"""A delivery that tries whether a webhook is reached: signed and logged like any other, of a call that never was."""

from datetime import timedelta

from vivavoce import ids
from vivavoce.clock import now
from vivavoce.server.delivering import attempt, new_delivery
from vivavoce.server.posting import Post
from vivavoce.store import deliveries
from vivavoce.store.calls import Call
from vivavoce.store.database import Database
from vivavoce.store.deliveries import Delivery
from vivavoce.store.webhooks import Webhook
from vivavoce.talk.facts import AgentSaid, CallEnded, CallStarted, Fact, UserSaid
from vivavoce.webhooks.payloads import EventType, Metadata, after_analysis, after_call, before_call

__all__ = ["send_test"]

# Somebody waits at the button.
_LIMIT_S = 10.0
_LASTED_S = 61.25
_FACTS: tuple[Fact, ...] = (
    CallStarted(0.0, "webcall"),
    AgentSaid(0.4, 1, "Hello! This is a test.", True),
    UserSaid(2.9, "Thank you, it has arrived.", True),
    CallEnded(_LASTED_S, "client_requested"),
)


async def send_test(
    database: Database, post: Post, webhook: Webhook, *, agent_id: str, event: EventType, limit_s: float = _LIMIT_S
) -> Delivery:
    """
    Send a made-up event at once, and note in the log how it went; it is not repeated.

    Its ``metadata.isTest`` is true, so that a receiver can tell.

    Args:
        database: The store.
        post: Makes the request.
        webhook: To whom.
        agent_id: The agent whose call it is said to be.
        event: Which event.
        limit_s: How long it may take.
    """
    sent = new_delivery(webhook, {**_metadata(agent_id, event), "isTest": True}, state="sending", attempts=1)
    outcome = await attempt(post, sent, limit_s=limit_s)
    moment = now()
    noted = Delivery(
        id=sent.id,
        webhook_id=webhook.id,
        agent_id=agent_id,
        call_id=sent.call_id,
        event_type=event,
        body=sent.body,
        state="failed" if outcome.fault else "delivered",
        attempts=1,
        due_at=moment,
        created_at=sent.created_at,
        answer_status=outcome.status,
        fault=outcome.fault,
        done_at=moment,
    )
    await deliveries.record(database, [noted])
    return noted


def _metadata(agent_id: str, event: EventType) -> Metadata:
    call_id = ids.call_id()
    if event == "pre-conversation":
        return before_call(agent_id=agent_id, call_id=call_id, mode="webcall")
    ended_at = now()
    call = Call(
        call_id,
        ids.session_id(),
        agent_id,
        "webcall",
        ended_at - timedelta(seconds=_LASTED_S),
        status="completed",
        ended_at=ended_at,
        end_reason="client_requested",
        variables={"customer_name": "Ada"},
    )
    return after_call(call, _FACTS, recording_url="") if event == "post-conversation" else after_analysis(call)
