"""A webhook with the log of its deliveries, and a delivery with what was sent and what came back."""

import asyncio
import json
from datetime import timedelta
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from vivavoce.clock import now
from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest
from vivavoce.server.console.forms import Form
from vivavoce.server.console.rendering import go, render
from vivavoce.server.console.webhook_form import EVENTS, event_in_words
from vivavoce.server.identifiers import AGENT_ID
from vivavoce.server.rest.deliveries import send_again
from vivavoce.server.rest.webhooks import webhook_of
from vivavoce.server.services import Services
from vivavoce.server.trial_delivery import send_test
from vivavoce.store import agents, deliveries
from vivavoce.store.deliveries import Delivery
from vivavoce.store.webhooks import Webhook
from vivavoce.webhooks.backoff import MOST_ATTEMPTS
from vivavoce.webhooks.payloads import EventType

__all__ = ["HANDLERS"]

_PAGE_SIZE = 25
# What is sent within this time is worth looking again for.
_SOON = timedelta(seconds=30)
# Of an agent that is not there, for a test of a webhook without one.
_NO_AGENT = "0" * 24


@get("/webhooks/{webhook_id:str}")
async def show_webhook(
    request: AnyRequest,
    services: NamedDependency[Services],
    webhook_id: FromPath[str],
    page: Annotated[int, QueryParameter(ge=1, le=1_000_000)] = 1,
) -> Response[Any]:
    """A webhook, and a page of its deliveries; with ``hx-request`` the deliveries alone."""
    webhook = await webhook_of(services, webhook_id)
    found = await deliveries.list_page(services.database, webhook.id, page=page, size=_PAGE_SIZE)
    pending = any(_happens_soon(delivery) for delivery in found.deliveries)
    return render(
        request,
        "webhook.html",
        block="deliveries",
        webhook=webhook,
        told=_by_agent(webhook),
        deliveries=found.deliveries,
        total=found.total,
        page=page,
        last_page=max(1, -(-found.total // _PAGE_SIZE)),
        pending=pending,
        events=EVENTS,
        in_words=event_in_words,
    )


@post("/webhooks/{webhook_id:str}/test", status_code=200)
async def test_webhook(
    request: AnyRequest, services: NamedDependency[Services], form: NamedDependency[Form], webhook_id: FromPath[str]
) -> Response[Any]:
    """Sends a made-up event at once, and says how it went."""
    webhook = await webhook_of(services, webhook_id)
    if services.post is None:
        raise Refused(503, "This server sends nothing to webhooks")
    event: EventType = next((name for name in EVENTS if name == form.text("event")), "post-conversation")
    sent = await send_test(
        services.database, services.post, webhook, agent_id=await _some_agent(services, webhook), event=event
    )
    path = f"/console/webhooks/{webhook.id}/deliveries/{sent.id}"
    if sent.fault:
        return go(request, path, problem=f"The test did not arrive: {sent.fault}.")
    return go(request, path, done=f"The test has arrived: the answer was {sent.answer_status}.")


@get("/webhooks/{webhook_id:str}/deliveries/{delivery_id:str}")
async def show_delivery(
    request: AnyRequest,
    services: NamedDependency[Services],
    webhook_id: FromPath[str],
    delivery_id: FromPath[str],
) -> Response[Any]:
    """What was sent, and what came back; with ``hx-request`` only how it stands."""
    webhook = await webhook_of(services, webhook_id)
    found = None
    if AGENT_ID.fullmatch(delivery_id):
        found = await deliveries.find(services.database, webhook.id, delivery_id)
    if found is None:
        raise Refused(404, "There is no such delivery: finished ones are kept for 30 days")
    body, is_test = await asyncio.to_thread(_readable, found.body)
    names = await agents.names_of(services.database, [found.agent_id])
    return render(
        request,
        "delivery.html",
        block="state",
        webhook=webhook,
        delivery=found,
        body=body,
        is_test=is_test,
        agent=names.get(found.agent_id, ""),
        pending=_happens_soon(found),
        most_attempts=MOST_ATTEMPTS if services.config.webhook_retries else 1,
        in_words=event_in_words,
    )


@post("/webhooks/{webhook_id:str}/deliveries/{delivery_id:str}/again", status_code=200)
async def repeat_delivery(
    request: AnyRequest,
    services: NamedDependency[Services],
    webhook_id: FromPath[str],
    delivery_id: FromPath[str],
) -> Response[Any]:
    """Sends a delivery again, by the rule of the API."""
    webhook = await webhook_of(services, webhook_id)
    path = f"/console/webhooks/{webhook.id}/deliveries/{delivery_id}"
    try:
        await send_again(services, webhook.id, delivery_id)
    except Refused as error:
        if error.status == 404:
            raise
        return go(request, path, problem=f"{error.message}.")
    return go(request, path, done="It is on its way again.")


def _happens_soon(delivery: Delivery) -> bool:
    """Whether it is worth looking again in a moment."""
    return delivery.state == "sending" or (delivery.state == "queued" and delivery.due_at < now() + _SOON)


def _by_agent(webhook: Webhook) -> list[tuple[str, str, list[str]]]:
    """The agents that a webhook is told of: id, name, and the events in words."""
    found: dict[str, tuple[str, str, list[str]]] = {}
    for entry in webhook.subscriptions:
        agent = found.setdefault(entry.agent_id, (entry.agent_id, entry.agent_name, []))
        agent[2].append(event_in_words(entry.event_type).lower())
    return list(found.values())


async def _some_agent(services: Services, webhook: Webhook) -> str:
    """An agent whose call a test may be about."""
    if webhook.subscriptions:
        return webhook.subscriptions[0].agent_id
    found = await agents.search_names(services.database, "", most=1)
    return found[0][0] if found else _NO_AGENT


def _readable(body: str) -> tuple[str, bool]:
    """A body with its lines broken, and whether it is a test."""
    try:
        read = json.loads(body)
    except ValueError:
        return body, False
    metadata = read.get("metadata") if isinstance(read, dict) else None
    is_test = isinstance(metadata, dict) and metadata.get("isTest") is True
    return json.dumps(read, indent=2, ensure_ascii=False), is_test


HANDLERS = (show_webhook, test_webhook, show_delivery, repeat_delivery)
