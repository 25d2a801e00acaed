"""
The routes by which an agent's events are subscribed to webhooks.

Source: Atoms webhooks (wire-spec 2.10).
"""

from typing import Annotated

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from vivavoce.errors import Refused
from vivavoce.server.answers import Ok
from vivavoce.server.identifiers import AGENT_ID
from vivavoce.server.rest.webhooks import webhook_of
from vivavoce.server.services import Services
from vivavoce.store import agents, webhooks
from vivavoce.views.times import iso
from vivavoce.webhooks.payloads import EventType

__all__ = ["HANDLERS", "AgentSubscription", "NewSubscriptions"]


class NewSubscriptions(msgspec.Struct, frozen=True, rename="camel"):
    """What an agent's webhook is told; it takes the place of all subscriptions of the agent."""

    event_types: Annotated[list[EventType], Meta(min_length=1, max_length=20)]
    webhook_id: str


class AgentSubscription(msgspec.Struct, frozen=True, rename="camel"):
    """A webhook is told an event of the agent."""

    id: str = msgspec.field(name="_id")
    webhook_id: str
    agent_id: str
    event_type: str
    created_at: str
    updated_at: str


@get("/agent/{agent_id:str}/webhook-subscriptions", summary="List an agent's webhook subscriptions")
async def list_subscriptions(
    services: NamedDependency[Services], agent_id: FromPath[str]
) -> Ok[list[AgentSubscription]]:
    """Which webhooks are told which events of an agent, the oldest first."""
    await _check_agent(services, agent_id)
    return Ok(
        [
            AgentSubscription(
                entry.id,
                entry.webhook_id,
                entry.agent_id,
                entry.event_type,
                iso(entry.created_at),
                iso(entry.updated_at),
            )
            for entry in await webhooks.subscriptions_of_agent(services.database, agent_id)
        ]
    )


@post("/agent/{agent_id:str}/webhook-subscriptions", status_code=201, summary="Subscribe a webhook to an agent")
async def replace_subscriptions(
    services: NamedDependency[Services], agent_id: FromPath[str], data: JSONBody[NewSubscriptions]
) -> Ok[str]:
    """Let a webhook be told events of an agent; whatever the agent was subscribed to before is replaced."""
    await _check_agent(services, agent_id)
    webhook = await webhook_of(services, data.webhook_id)
    if not await webhooks.replace_subscriptions(
        services.database, agent_id, webhook_id=webhook.id, event_types=data.event_types
    ):
        raise Refused(404, "Webhook not found")
    services.webhooks_changed()
    return Ok("Subscriptions created successfully")


@delete("/agent/{agent_id:str}/webhook-subscriptions", status_code=200, summary="End an agent's webhook subscriptions")
async def delete_subscriptions(services: NamedDependency[Services], agent_id: FromPath[str]) -> Ok[str]:
    """Let no webhook be told anything of an agent."""
    await _check_agent(services, agent_id)
    await webhooks.replace_subscriptions(services.database, agent_id)
    services.webhooks_changed()
    return Ok("Subscriptions deleted successfully")


async def _check_agent(services: Services, agent_id: str) -> None:
    if not AGENT_ID.fullmatch(agent_id):
        raise Refused(400, "Invalid agent id")
    if await agents.find(services.database, agent_id) is None:
        raise Refused(404, "Agent not found")


HANDLERS = (list_subscriptions, replace_subscriptions, delete_subscriptions)
