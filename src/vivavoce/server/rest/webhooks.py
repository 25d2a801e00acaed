"""
The routes of webhooks.

Source: Atoms webhooks (wire-spec 2.10); ``headers`` in the list is our own.
"""

import asyncio
from typing import Annotated, Literal

import msgspec
from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from vivavoce.errors import Refused
from vivavoce.server.answers import Ok
from vivavoce.server.identifiers import AGENT_ID
from vivavoce.server.lookups import look_up
from vivavoce.server.posting import private_among
from vivavoce.server.services import Services
from vivavoce.store import agents, webhooks
from vivavoce.store.webhooks import Webhook
from vivavoce.views.agent import HOUSE_ID
from vivavoce.views.times import iso
from vivavoce.webhooks.addresses import checked_endpoint, endpoint_of
from vivavoce.webhooks.payloads import EventType
from vivavoce.webhooks.signature import checked_headers

__all__ = [
    "HANDLERS",
    "NewWebhook",
    "ShownWebhook",
    "SubscribedAgent",
    "SubscribedEvent",
    "WebhookChanges",
    "WebhookSubscription",
    "edit",
    "register",
    "webhook_of",
]

_TAKEN = "A webhook with this URL has already been registered"
_ASSIGNED = (
    "This webhook is currently assigned to one or more agents. Please remove the assignments first, then delete it."
)
# How long a registration waits to learn where a host is. One that is not known yet is checked when it is used.
_LOOK_UP_S = 2.0

# A text without zero characters: PostgreSQL refuses them.
_Text = Annotated[str, Meta(max_length=2000, pattern=r"^[^\x00]*$")]


class SubscribedEvent(msgspec.Struct, frozen=True, rename="camel"):
    """An event of an agent."""

    agent_id: str
    event_type: EventType


class NewWebhook(msgspec.Struct, frozen=True, rename="camel"):
    """A webhook to be registered, and what it is told at once."""

    endpoint: str
    description: _Text = ""
    events: Annotated[list[SubscribedEvent], Meta(max_length=500)] = []


class WebhookChanges(msgspec.Struct, frozen=True, rename="camel"):
    """What is to be changed; ``headers`` takes the place of all headers there are."""

    endpoint: str | UnsetType = UNSET
    description: _Text | UnsetType = UNSET
    headers: dict[str, str] | UnsetType = UNSET


class SubscribedAgent(msgspec.Struct, frozen=True, rename="camel"):
    """An agent, as far as a list of webhooks shows it."""

    id: str = msgspec.field(name="_id")
    name: str
    description: str


class WebhookSubscription(msgspec.Struct, frozen=True, rename="camel"):
    """What a webhook is told."""

    id: str = msgspec.field(name="_id")
    webhook_id: str
    agent_id: SubscribedAgent | None
    event_type: str
    created_at: str
    updated_at: str


class ShownWebhook(msgspec.Struct, frozen=True, rename="camel"):
    """A webhook, with the secret that its receiver checks signatures with."""

    id: str = msgspec.field(name="_id")
    url: str
    description: str
    status: Literal["enabled", "disabled"]
    organization_id: str
    created_by: str
    subscriptions: list[WebhookSubscription]
    decrypted_secret_key: str
    headers: dict[str, str]
    created_at: str
    updated_at: str


@get("/webhook", summary="List webhooks")
async def list_webhooks(
    services: NamedDependency[Services],
    webhook_id: Annotated[str, QueryParameter(name="webhookId", description="Only this one")] = "",
) -> Ok[list[ShownWebhook]]:
    """All webhooks, the newest first; with ``webhookId`` a list of that one."""
    if webhook_id:
        return Ok([_shown(await webhook_of(services, webhook_id))])
    return Ok([_shown(webhook) for webhook in await webhooks.list_all(services.database)])


@post("/webhook", status_code=201, summary="Register a webhook")
async def create_webhook(services: NamedDependency[Services], data: JSONBody[NewWebhook]) -> Ok[str]:
    """Register a webhook, subscribed to the events that are named; the answer is its id."""
    return Ok((await register(services, data)).id)


@patch("/webhook/{webhook_id:str}", summary="Change a webhook")
async def change_webhook(
    services: NamedDependency[Services], webhook_id: FromPath[str], data: JSONBody[WebhookChanges]
) -> Ok[str]:
    """Change what is sent; ``headers`` are sent along with every delivery, and ``{}`` clears them."""
    if data.endpoint is UNSET and data.description is UNSET and data.headers is UNSET:
        raise Refused(400, "At least one of endpoint, description and headers is required")
    webhook = await webhook_of(services, webhook_id)
    await edit(services, webhook, data)
    return Ok(webhook.id)


@delete("/webhook/{webhook_id:str}", status_code=200, summary="Delete a webhook")
async def delete_webhook(services: NamedDependency[Services], webhook_id: FromPath[str]) -> Ok[str]:
    """Delete a webhook that no agent is subscribed to, with the log of its deliveries."""
    webhook = await webhook_of(services, webhook_id)
    removed = await webhooks.remove(services.database, webhook.id)
    if removed == "assigned":
        raise Refused(400, _ASSIGNED)
    if removed == "missing":
        raise Refused(404, "Webhook not found")
    services.webhooks_changed()
    return Ok("Webhook deleted successfully")


async def register(services: Services, data: NewWebhook) -> Webhook:
    """
    Register a webhook.

    Raises:
        Refused: 400 for a URL that may not be or is registered already, and for an agent that is not there.
    """
    await _check_place(services, checked_endpoint(data.endpoint))
    for agent_id in dict.fromkeys(event.agent_id for event in data.events):
        if not AGENT_ID.fullmatch(agent_id):
            raise Refused(400, "Invalid agent id")
        if await agents.find(services.database, agent_id) is None:
            raise Refused(400, "No agent found")
    webhook = await webhooks.create(
        services.database,
        url=data.endpoint,
        description=data.description,
        wanted=[(event.agent_id, event.event_type) for event in data.events],
    )
    if webhook is None:
        raise Refused(400, _TAKEN)
    services.webhooks_changed()
    return webhook


async def edit(services: Services, webhook: Webhook, data: WebhookChanges) -> None:
    """
    Change what is given.

    Raises:
        Refused: 400 for a URL that may not be or is another webhook's, and for headers that may not be; 404 where the
            webhook has gone meanwhile.
    """
    if data.endpoint is not UNSET:
        await _check_place(services, checked_endpoint(data.endpoint))
    changed = await webhooks.change(
        services.database,
        webhook.id,
        url=None if data.endpoint is UNSET else data.endpoint,
        description=None if data.description is UNSET else data.description,
        headers=None if data.headers is UNSET else checked_headers(data.headers),
    )
    if changed == "taken":
        raise Refused(400, _TAKEN)
    if changed == "missing":
        raise Refused(404, "Webhook not found")
    services.webhooks_changed()


async def webhook_of(services: Services, webhook_id: str) -> Webhook:
    """
    The webhook of this id.

    Raises:
        Refused: 400 for an id that cannot be one, 404 for one that is not known.
    """
    if not AGENT_ID.fullmatch(webhook_id):
        raise Refused(400, "The provided Webhook ID is invalid.")
    webhook = await webhooks.find(services.database, webhook_id)
    if webhook is None:
        raise Refused(404, "Webhook not found")
    return webhook


async def _check_place(services: Services, url: str) -> None:
    """
    Refuse what leads into this machine or its network, unless the operator allows it.

    It is checked again on every connection: this is for whoever types the address, to learn of it at once.
    """
    if services.config.webhook_private:
        return
    try:
        async with asyncio.timeout(_LOOK_UP_S):
            addresses = await look_up(*endpoint_of(url))
    except (OSError, TimeoutError):
        return
    if kind := private_among(addresses):
        raise Refused(
            400, f"endpoint: its host has a {kind} address; set VIVAVOCE_WEBHOOK_PRIVATE=on to allow such webhooks"
        )


def _shown(webhook: Webhook) -> ShownWebhook:
    return ShownWebhook(
        id=webhook.id,
        url=webhook.url,
        description=webhook.description,
        status=webhook.status,
        organization_id=HOUSE_ID,
        created_by=HOUSE_ID,
        subscriptions=[
            WebhookSubscription(
                id=entry.id,
                webhook_id=entry.webhook_id,
                agent_id=SubscribedAgent(entry.agent_id, entry.agent_name, entry.agent_description),
                event_type=entry.event_type,
                created_at=iso(entry.created_at),
                updated_at=iso(entry.updated_at),
            )
            for entry in webhook.subscriptions
        ],
        decrypted_secret_key=webhook.secret,
        headers=dict(webhook.headers),
        created_at=iso(webhook.created_at),
        updated_at=iso(webhook.updated_at),
    )


HANDLERS = (list_webhooks, create_webhook, change_webhook, delete_webhook)
