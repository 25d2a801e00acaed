"""Try it: a call to an agent beside the settings that one changes while trying."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest
from vivavoce.server.bodies import read_object
from vivavoce.server.console.agent_form import Reading, view
from vivavoce.server.console.agent_form_saving import Unsaved, save
from vivavoce.server.console.agent_form_sections import ESSENTIALS
from vivavoce.server.console.agent_tabs import agent_path, agent_tabs
from vivavoce.server.console.forms import Form
from vivavoce.server.console.guard import VIEWERS
from vivavoce.server.console.rendering import PAGE_HEADERS, go, render, wants_part
from vivavoce.server.rest.agents import agent_below
from vivavoce.server.services import Services
from vivavoce.server.talk_page import mint_for_page
from vivavoce.store.agents import Agent

__all__ = ["HANDLERS"]

_SAVED = "Saved. The next call uses it."
_MODES = ("webcall", "chat")
_SHORT_PROMPT = "globalPrompt"


@get("/agents/{agent_id:str}/try")
async def show_try_page(
    request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str]
) -> Response[Any]:
    """The conversation, and the settings beside it."""
    return _page(request, await agent_below(services.database, agent_id))


@post("/agents/{agent_id:str}/try", status_code=200)
async def save_essentials(
    request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str], form: NamedDependency[Form]
) -> Response[Any]:
    """Keeps what was changed; a call that goes on is not touched by it."""
    agent = await agent_below(services.database, agent_id)
    try:
        agent, _ = await save(services.database, agent, ESSENTIALS, form)
    except Unsaved as unsaved:
        return _page(request, agent, form=form, reading=unsaved.reading, status=422)
    if wants_part(request):
        return _page(request, agent, said=_SAVED)
    return go(request, agent_path(agent.id, "try"), done=_SAVED)


@post("/agents/{agent_id:str}/try/token", status_code=201, opt=VIEWERS)
async def try_token(
    request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str]
) -> Response[dict[str, object]]:
    """A token for one call from this page, spoken or written."""
    mode = (await read_object(request)).get("mode")
    if mode not in _MODES:
        raise Refused(400, "A call is spoken or written: ask for the mode webcall or chat")
    token = await mint_for_page(request, services, agent_id, mode=str(mode))
    return Response(token, status_code=201, headers=dict(PAGE_HEADERS))


def _page(
    request: AnyRequest,
    agent: Agent,
    *,
    form: Form | None = None,
    reading: Reading | None = None,
    said: str = "",
    status: int = 200,
) -> Response[Any]:
    """The page, or only its settings where htmx has sent them."""
    # The short prompt is another place for the same thing: who has none there is not asked for it.
    asked = [known for known in ESSENTIALS if known.path != _SHORT_PROMPT or agent.document.get(_SHORT_PROMPT)]
    fields = view(asked, agent.document, form=form, reading=reading)
    return render(
        request,
        "try.html",
        block="settings",
        status=status,
        agent=agent,
        tabs=agent_tabs(agent.id),
        here=agent_path(agent.id, "try"),
        settings_page=agent_path(agent.id),
        fields=fields,
        said=said,
        complaint=reading.complaints.get("", "") if reading else "",
    )


HANDLERS = (show_try_page, save_essentials, try_token)
