"""The settings of an agent: every field of its document, in one form."""

import asyncio
from collections.abc import Iterable
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from vivavoce.agent_settings import READ_ONLY
from vivavoce.server.answers import AnyRequest
from vivavoce.server.console.agent_form import ADD, REMOVE, Document, Reading, view
from vivavoce.server.console.agent_form_saving import Unsaved, save
from vivavoce.server.console.agent_form_sections import SECTIONS, all_fields
from vivavoce.server.console.agent_tabs import agent_path, agent_tabs
from vivavoce.server.console.forms import Form
from vivavoce.server.console.pages.agents import agent_of
from vivavoce.server.console.rendering import go, render
from vivavoce.server.recordings import base_url
from vivavoce.server.services import Services
from vivavoce.store.agents import Agent

__all__ = ["HANDLERS"]

# A prompt and its tools take more when a form carries them than as JSON.
_MOST_BYTES = 8_000_000
_FIELDS = tuple(all_fields())
# Of the document, and set on a page of its own.
_ELSEWHERE = frozenset({"widgetConfig"})


@get("/agents/{agent_id:str}")
async def show_settings(
    request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str]
) -> Response[Any]:
    """The form, as the agent is stored."""
    agent = await agent_of(services.database, agent_id)
    return await _page(request, services, agent, agent.document)


@post("/agents/{agent_id:str}", status_code=200, request_max_body_size=_MOST_BYTES)
async def save_settings(
    request: AnyRequest,
    services: NamedDependency[Services],
    agent_id: FromPath[str],
    form: NamedDependency[Form],
) -> Response[Any]:
    """Stores what was changed; or adds a row to a list of the form, or takes one away, and stores nothing."""
    agent = await agent_of(services.database, agent_id)
    if form.text(ADD) or form.text(REMOVE):
        return await _page(request, services, agent, agent.document, form=form)
    try:
        saved, reading = await save(services.database, agent, _FIELDS, form)
    except Unsaved as error:
        status = 409 if error.reading.conflicts else 422
        return await _page(request, services, agent, error.document, form=form, reading=error.reading, status=status)
    done = "Saved. Calls that begin from now on use it." if reading.changes else "Nothing was changed."
    if reading.theirs:
        done += f" Somebody else has changed {_listed(reading.theirs)} meanwhile: that is kept."
    return go(request, agent_path(saved.id), done=done)


async def _page(
    request: AnyRequest,
    services: Services,
    agent: Agent,
    document: Document,
    *,
    form: Form | None = None,
    reading: Reading | None = None,
    status: int = 200,
) -> Response[Any]:
    told = reading or Reading()
    # Long lists of words or tools take milliseconds, which the calls must not feel.
    shown = await asyncio.to_thread(view, _FIELDS, document, form=form, reading=reading)
    entries = iter(shown)
    sections = [(section, [next(entries) for _ in section.fields]) for section in SECTIONS]
    known = {field.path.partition(".")[0] for field in _FIELDS}
    return await asyncio.to_thread(
        render,
        request,
        "agent_settings.html",
        status=status,
        agent=agent,
        tabs=agent_tabs(agent.id),
        sections=sections,
        troubled={section.slug for section, fields in sections if reading and any(one.needs_a_look for one in fields)},
        complaint=told.complaints.get("", ""),
        complaints=len(told.complaints),
        conflicts=len(told.conflicts),
        unsaved=form is not None,
        others=sorted(set(document) - known - READ_ONLY - _ELSEWHERE),
        alias=str(document.get("assistantAlias") or ""),
        base=base_url(request, services),
    )


def _listed(labels: Iterable[str]) -> str:
    named = [f"“{label}”" for label in labels]
    return f"{', '.join(named[:-1])} and {named[-1]}" if len(named) > 1 else "".join(named)


HANDLERS = (show_settings, save_settings)
