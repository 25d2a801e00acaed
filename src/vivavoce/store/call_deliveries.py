"""What webhooks were told of one call."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import select

from vivavoce.store.database import Database
from vivavoce.store.deliveries import DeliveryState
from vivavoce.store.tables import deliveries, webhooks

__all__ = ["CallDelivery", "list_of_call"]


@dataclass(frozen=True, slots=True)
class CallDelivery:
    """A delivery without its body; ``url`` is that of its webhook."""

    id: str
    webhook_id: str
    url: str
    event_type: str
    state: DeliveryState
    attempts: int
    fault: str
    created_at: datetime


async def list_of_call(database: Database, call_id: str, *, most: int) -> tuple[CallDelivery, ...]:
    """The deliveries of a call, the oldest first."""
    # From the few webhooks to the call of each, which the index of events has.
    query = (
        select(
            deliveries.c.id,
            deliveries.c.webhook_id,
            webhooks.c.url,
            deliveries.c.event_type,
            deliveries.c.state,
            deliveries.c.attempts,
            deliveries.c.fault,
            deliveries.c.created_at,
        )
        .join_from(webhooks, deliveries, deliveries.c.webhook_id == webhooks.c.id)
        .where(deliveries.c.call_id == call_id)
        .order_by(deliveries.c.created_at, deliveries.c.id)
        .limit(most)
    )
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    return tuple(
        CallDelivery(
            row.id,
            row.webhook_id,
            row.url,
            row.event_type,
            cast("DeliveryState", row.state),
            row.attempts,
            row.fault,
            row.created_at,
        )
        for row in rows
    )
