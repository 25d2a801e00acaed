"""Webhooks: listed, registered, changed, switched on and off, deleted. Their deliveries are ``pages.deliveries``."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest
from vivavoce.server.console.forms import Form
from vivavoce.server.console.person import Person
from vivavoce.server.console.rendering import confirmation, go, render
from vivavoce.server.console.webhook_form import (
    EVENTS,
    WebhookForm,
    agent_ticks,
    event_in_words,
    field_of,
    ticked,
)
from vivavoce.server.rest.webhooks import edit, register, webhook_of
from vivavoce.server.services import Services
from vivavoce.store import deliveries, webhooks
from vivavoce.store.webhooks import Webhook
from vivavoce.webhooks.signature import checked_headers

__all__ = ["HANDLERS"]

_WEBHOOKS = "/console/webhooks"


@get("/webhooks")
async def list_webhooks(request: AnyRequest, services: NamedDependency[Services]) -> Response[Any]:
    """All webhooks, each with how its last delivery went."""
    found = await webhooks.list_all(services.database)
    last = await deliveries.last_of_each(services.database, [webhook.id for webhook in found])
    return render(request, "webhooks.html", webhooks=found, last=last, told=_told)


@get("/webhooks/new")
async def new_webhook(
    request: AnyRequest, services: NamedDependency[Services], person: NamedDependency[Person]
) -> Response[Any]:
    """An empty form."""
    if not person.may_change:
        raise Refused(403, "You may read everything here, but change nothing: ask an admin")
    return await _form(request, services, WebhookForm())


@get("/webhooks/agents")
async def find_agents(
    request: AnyRequest,
    services: NamedDependency[Services],
    q: FromQuery[str] = "",
    wanted: FromQuery[list[str] | None] = None,
) -> Response[Any]:
    """The part of the form with the agents: those that are ticked, and those that have ``q`` in their names."""
    return await _form(request, services, WebhookForm(wanted=ticked(wanted or [])), search=q.strip(), block="agents")


@post("/webhooks", status_code=200)
async def create_webhook(
    request: AnyRequest, services: NamedDependency[Services], form: NamedDependency[Form]
) -> Response[Any]:
    """Registers a webhook, with its headers and what it is told."""
    typed = WebhookForm.typed(form)
    try:
        data, headers = typed.new(), typed.header_changes()
        # Before anything is stored: a webhook without its headers would be sent to.
        checked_headers(headers.headers or {})
        webhook = await register(services, data)
        if headers.headers:
            await edit(services, webhook, headers)
    except Refused as error:
        return await _form(request, services, WebhookForm.typed(form, field_of(error)))
    return go(request, f"{_WEBHOOKS}/{webhook.id}", done="The webhook is registered. Send it a test to see it arrive.")


@get("/webhooks/{webhook_id:str}/edit")
async def edit_webhook(
    request: AnyRequest,
    services: NamedDependency[Services],
    person: NamedDependency[Person],
    webhook_id: FromPath[str],
) -> Response[Any]:
    """The form of a webhook; its headers may hold passwords, so it is for admins."""
    if not person.may_change:
        raise Refused(403, "You may read everything here, but change nothing: ask an admin")
    webhook = await webhook_of(services, webhook_id)
    return await _form(request, services, WebhookForm.of(webhook), webhook)


@post("/webhooks/{webhook_id:str}/edit", status_code=200)
async def save_webhook(
    request: AnyRequest, services: NamedDependency[Services], form: NamedDependency[Form], webhook_id: FromPath[str]
) -> Response[Any]:
    """Changes a webhook."""
    webhook = await webhook_of(services, webhook_id)
    typed = WebhookForm.typed(form)
    try:
        await edit(services, webhook, typed.changes())
    except Refused as error:
        return await _form(request, services, WebhookForm.typed(form, field_of(error)), webhook)
    await webhooks.replace_wanted(services.database, webhook.id, typed.wanted)
    services.webhooks_changed()
    return go(request, f"{_WEBHOOKS}/{webhook.id}", done="The webhook is saved.")


@post("/webhooks/{webhook_id:str}/status", status_code=200)
async def switch_webhook(
    request: AnyRequest, services: NamedDependency[Services], form: NamedDependency[Form], webhook_id: FromPath[str]
) -> Response[Any]:
    """Switches a webhook on or off: one that is off is told nothing new."""
    webhook = await webhook_of(services, webhook_id)
    on = form.text("status") == "enabled"
    await webhooks.change(services.database, webhook.id, status="enabled" if on else "disabled")
    services.webhooks_changed()
    told = "It is told of calls again." if on else "It is told of no further calls; what waits already is still sent."
    return go(request, f"{_WEBHOOKS}/{webhook.id}", done=told)


@get("/webhooks/{webhook_id:str}/delete")
async def confirm_deletion(
    request: AnyRequest, services: NamedDependency[Services], webhook_id: FromPath[str]
) -> Response[Any]:
    """Asks before a webhook is deleted."""
    webhook = await webhook_of(services, webhook_id)
    told = _told(webhook)
    ends = f"It is told of {told} and will hear no more of them. " if webhook.subscriptions else ""
    return confirmation(
        request,
        title="Delete this webhook?",
        text=f"{webhook.url}: {ends}The log of its deliveries is deleted, too, and what waits is not sent.",
        action=f"{_WEBHOOKS}/{webhook.id}/delete",
        verb="Delete",
        back=f"{_WEBHOOKS}/{webhook.id}",
    )


@post("/webhooks/{webhook_id:str}/delete", status_code=200)
async def delete_webhook(
    request: AnyRequest, services: NamedDependency[Services], webhook_id: FromPath[str]
) -> Response[Any]:
    """Deletes a webhook with its subscriptions: whoever did this was asked, which a program was not."""
    webhook = await webhook_of(services, webhook_id)
    await webhooks.remove(services.database, webhook.id, with_subscriptions=True)
    services.webhooks_changed()
    return go(request, _WEBHOOKS, done="The webhook is deleted.")


async def _form(
    request: AnyRequest,
    services: Services,
    form: WebhookForm,
    webhook: Webhook | None = None,
    *,
    search: str = "",
    block: str = "",
) -> Response[Any]:
    shown, more = await agent_ticks(services.database, form.wanted, search)
    return render(
        request,
        "webhook_form.html",
        block=block,
        status=422 if form.complaints else 200,
        form=form,
        webhook=webhook,
        agents=shown,
        more=more,
        q=search,
        events=EVENTS,
    )


def _told(webhook: Webhook) -> str:
    """What a webhook is told of, such as ``2 agents``, or ``Ada (after a call)``."""
    agents = {entry.agent_id: entry.agent_name for entry in webhook.subscriptions}
    if len(agents) != 1:
        return f"{len(agents)} agents" if agents else "no agent"
    words = ", ".join(event_in_words(entry.event_type).lower() for entry in webhook.subscriptions)
    return f"{next(iter(agents.values()))} ({words})"


HANDLERS = (
    list_webhooks,
    new_webhook,
    find_agents,
    create_webhook,
    edit_webhook,
    save_webhook,
    switch_webhook,
    confirm_deletion,
    delete_webhook,
)
