"""One event on its way to one webhook: how it is made, and how an attempt is sent, now or out of the outbox."""

import logging

import vivavoce
from vivavoce import ids
from vivavoce.clock import now
from vivavoce.server.posting import Outcome, Post
from vivavoce.store.deliveries import Delivery, DeliveryState
from vivavoce.store.webhooks import Webhook
from vivavoce.webhooks.payloads import Metadata, envelope
from vivavoce.webhooks.signature import delivery_headers

__all__ = ["SENDER", "attempt", "new_delivery"]

log = logging.getLogger(__name__)

SENDER = f"Vivavoce/{vivavoce.__version__}"


def new_delivery(webhook: Webhook, metadata: Metadata, *, state: DeliveryState, attempts: int) -> Delivery:
    """
    An event for a webhook, with an id of its own.

    Args:
        webhook: To whom.
        metadata: From ``webhooks.payloads``.
        state: ``queued``, or ``sending`` where it is sent at once.
        attempts: How many have begun.
    """
    delivery_id, moment = ids.webhook_id(), now()
    body = envelope(delivery_id=delivery_id, url=webhook.url, description=webhook.description, metadata=metadata)
    return Delivery(
        id=delivery_id,
        webhook_id=webhook.id,
        agent_id=str(metadata["agentId"]),
        call_id=str(metadata["callId"]),
        event_type=str(metadata["eventType"]),
        body=body.decode(),
        state=state,
        attempts=attempts,
        due_at=moment,
        created_at=moment,
        url=webhook.url,
        headers=webhook.headers,
        secret=webhook.secret,
    )


async def attempt(post: Post, delivery: Delivery, *, limit_s: float, answer_bytes: int = 0) -> Outcome:
    """
    Send a delivery once, signed; whatever goes wrong is an outcome.

    Args:
        post: Makes the request.
        delivery: With the webhook's address, headers and secret.
        limit_s: For everything together.
        answer_bytes: How much of the answer is wanted; see ``Post``.
    """
    body = delivery.body.encode()
    headers = delivery_headers(
        delivery.headers,
        secret=delivery.secret,
        body=body,
        delivery_id=delivery.id,
        attempt=delivery.attempts,
        sender=SENDER,
    )
    try:
        return await post(delivery.url, headers, body, limit_s=limit_s, answer_bytes=answer_bytes)
    except Exception:
        log.exception("delivery %s failed", delivery.id)
        return Outcome(0, "the server could not send it")
