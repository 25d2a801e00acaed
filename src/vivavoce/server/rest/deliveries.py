"""The routes of the log of deliveries, which are our own."""

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from vivavoce.errors import Refused
from vivavoce.server.answers import Ok
from vivavoce.server.identifiers import AGENT_ID
from vivavoce.server.rest.webhooks import webhook_of
from vivavoce.server.services import Services
from vivavoce.store import deliveries
from vivavoce.store.deliveries import Delivery, DeliveryState
from vivavoce.views.times import iso

__all__ = ["HANDLERS", "DeliveryLog", "Pagination", "ShownDelivery", "send_again"]

_LARGEST_PAGE = 100


class ShownDelivery(msgspec.Struct, frozen=True, rename="camel"):
    """
    An event on its way to a webhook, or what became of it.

    ``answerStatus`` and ``fault`` tell of the last attempt: the HTTP status that came back, or 0, and what was wrong.
    """

    id: str = msgspec.field(name="_id")
    event_type: str
    agent_id: str
    call_id: str
    state: DeliveryState
    attempts: int
    answer_status: int
    fault: str
    created_at: str
    next_attempt_at: str | None
    done_at: str | None


class Pagination(msgspec.Struct, frozen=True, rename="camel"):
    """Which page this is, and how much there is."""

    total: int
    page: int
    limit: int
    has_more: bool
    total_pages: int


class DeliveryLog(msgspec.Struct, frozen=True, rename="camel"):
    """A page of the log, the newest first."""

    deliveries: list[ShownDelivery]
    pagination: Pagination


@get("/webhook/{webhook_id:str}/deliveries", summary="List the deliveries to a webhook")
async def list_deliveries(
    services: NamedDependency[Services],
    webhook_id: FromPath[str],
    page: Annotated[int, QueryParameter(ge=1, le=1_000_000)] = 1,
    limit: Annotated[int, QueryParameter(ge=1, description="Deliveries on a page, at most 100")] = 20,
) -> Ok[DeliveryLog]:
    """What was sent, what waits and what went wrong, the newest first; finished ones are kept for 30 days."""
    webhook = await webhook_of(services, webhook_id)
    size = min(limit, _LARGEST_PAGE)
    found = await deliveries.list_page(services.database, webhook.id, page=page, size=size)
    return Ok(
        DeliveryLog(
            [_shown(delivery) for delivery in found.deliveries],
            Pagination(found.total, page, size, page * size < found.total, -(-found.total // size)),
        )
    )


@post("/webhook/{webhook_id:str}/deliveries/{delivery_id:str}/retry", status_code=200, summary="Send a delivery again")
async def retry_delivery(
    services: NamedDependency[Services], webhook_id: FromPath[str], delivery_id: FromPath[str]
) -> Ok[str]:
    """Send a delivery at once, whether it waits, was given up or has arrived; the answer is its id."""
    webhook = await webhook_of(services, webhook_id)
    await send_again(services, webhook.id, delivery_id)
    return Ok(delivery_id)


async def send_again(services: Services, webhook_id: str, delivery_id: str) -> None:
    """
    Send a delivery at once.

    Raises:
        Refused: 400 for an id that cannot be one, and for a delivery that would come too late; 404 for one that is
            not known; 409 while it is being sent.
    """
    if not AGENT_ID.fullmatch(delivery_id):
        raise Refused(400, "Invalid delivery id")
    match await deliveries.retry(services.database, webhook_id, delivery_id):
        case "missing":
            raise Refused(404, "Delivery not found")
        case "sending":
            raise Refused(409, "This delivery is being sent at this moment: look at it again in a minute")
        case "too late":
            raise Refused(400, "A pre-conversation delivery cannot be sent again: its call has begun")
        case "queued":
            services.look_for_deliveries()


def _shown(delivery: Delivery) -> ShownDelivery:
    return ShownDelivery(
        id=delivery.id,
        event_type=delivery.event_type,
        agent_id=delivery.agent_id,
        call_id=delivery.call_id,
        state=delivery.state,
        attempts=delivery.attempts,
        answer_status=delivery.answer_status,
        fault=delivery.fault,
        created_at=iso(delivery.created_at),
        next_attempt_at=iso(delivery.due_at) if delivery.state == "queued" else None,
        done_at=None if delivery.done_at is None else iso(delivery.done_at),
    )


HANDLERS = (list_deliveries, retry_delivery)
