"""Agents: listed, made, copied, archived."""

from typing import Any, get_args
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from vivavoce import ids
from vivavoce.agent_settings import cleaned
from vivavoce.errors import Refused
from vivavoce.server.agent_templates import templates
from vivavoce.server.answers import AnyRequest
from vivavoce.server.console.agent_tabs import AGENTS, agent_path
from vivavoce.server.console.forms import Form
from vivavoce.server.console.rendering import confirmation, go, render
from vivavoce.server.identifiers import AGENT_ID
from vivavoce.server.rest.agent_templates import document_from
from vivavoce.server.rest.agents import duplicated
from vivavoce.server.services import Services
from vivavoce.store import agents
from vivavoce.store.agents import Agent, SortField
from vivavoce.store.database import Database
from vivavoce.wire.texts import storable

__all__ = ["HANDLERS", "agent_of"]

_PAGE_SIZE = 20
_LAST_PAGE = 1_000_000
_LONGEST_NAME = 200
_SORTS: tuple[tuple[SortField, str], ...] = (
    ("updatedAt", "Last changed"),
    ("name", "Name"),
    ("totalCalls", "Most calls"),
    ("createdAt", "Newest"),
)
_DESCRIPTIONS = 160
# From which document a new agent comes that is made from none of the templates.
_SCRATCH = "scratch"


async def agent_of(database: Database, agent_id: str) -> Agent:
    """
    The agent of a page, archived or not.

    Raises:
        Refused: 404, there is none.
    """
    agent = await agents.find(database, agent_id) if AGENT_ID.fullmatch(agent_id) else None
    if agent is None:
        raise Refused(404, "There is no such agent")
    return agent


@get("/agents")
async def list_agents(
    request: AnyRequest,
    services: NamedDependency[Services],
    q: FromQuery[str] = "",
    sort: FromQuery[str] = "",
    show: FromQuery[str] = "",
    page: FromQuery[int] = 1,
) -> Response[Any]:
    """A page of agents: those that take calls, or the archived ones."""
    archived, page = show == "archived", min(max(page, 1), _LAST_PAGE)
    chosen: SortField = next((field for field in get_args(SortField) if field == sort), "updatedAt")
    found = await agents.list_page(
        services.database,
        page=page,
        size=_PAGE_SIZE,
        search=storable(q.strip()),
        archived=archived,
        sort=chosen,
        descending=chosen != "name",
    )

    def address(number: int) -> str:
        asked = {"q": q, "sort": sort, "show": show, "page": str(number) if number > 1 else ""}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{AGENTS}?{query}" if query else AGENTS

    first = (page - 1) * _PAGE_SIZE
    return render(
        request,
        "agents.html",
        block="rows",
        agents=[
            (agent, str(agent.document.get("description") or "")[:_DESCRIPTIONS], found.total_calls[agent.id])
            for agent in found.agents
        ],
        total=found.total,
        first=first + 1,
        last=first + len(found.agents),
        newer=address(page - 1) if page > 1 else "",
        older=address(page + 1) if first + len(found.agents) < found.total else "",
        q=q,
        sort=chosen,
        sorts=_SORTS,
        show=show,
        archived=archived,
    )


@get("/agents/new")
async def new_agent(request: AnyRequest, template: FromQuery[str] = _SCRATCH) -> Response[Any]:
    """The page on which an agent is made."""
    return _new(request, {"name": "", "template": template, "kind": "agent", "alias": ""}, {})


@post("/agents", status_code=200)
async def create_agent(
    request: AnyRequest, services: NamedDependency[Services], form: NamedDependency[Form]
) -> Response[Any]:
    """Makes an agent, and goes on to its settings."""
    values = {name: form.text(name) for name in ("name", "template", "kind", "alias")}
    if not values["name"] or len(values["name"]) > _LONGEST_NAME:
        return _new(request, values, {"name": f"Give it a name of at most {_LONGEST_NAME} characters"})
    document: dict[str, object] = {"name": values["name"]}
    if values["template"] != _SCRATCH:
        document = document_from(values["template"], name=values["name"])
    if values["kind"] == "widget":
        document["assistantAlias"] = values["alias"] or ids.session_id()
    try:
        agent = await agents.create(services.database, cleaned(document))
    except Refused as error:
        return _new(request, values, {"alias": error.message.removeprefix("assistantAlias: ")})
    return go(request, agent_path(agent.id), done=f"{agent.name} is made. Say below who it is and what it does.")


@post("/agents/{agent_id:str}/duplicate", status_code=200)
async def duplicate(request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str]) -> Response[Any]:
    """Makes a copy, and goes to it."""
    agent = await agent_of(services.database, agent_id)
    copy = await duplicated(services.database, agent)
    return go(request, agent_path(copy.id), done=f"This is a copy of {agent.name}: nothing here changes the original.")


@get("/agents/{agent_id:str}/archive")
async def confirm_archiving(
    request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str]
) -> Response[Any]:
    """Asks before an agent takes no more calls."""
    agent = await agent_of(services.database, agent_id)
    return confirmation(
        request,
        title=f"Archive {agent.name}?",
        text="It takes no more calls, and pages that have it say so. Its calls stay, and you can bring it back.",
        action=agent_path(agent.id, "archive"),
        verb="Archive",
        back=agent_path(agent.id),
    )


@post("/agents/{agent_id:str}/archive", status_code=200)
async def archive(request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str]) -> Response[Any]:
    """Lets an agent take no more calls."""
    agent = await agent_of(services.database, agent_id)
    await agents.archive(services.database, agent.id)
    return go(request, AGENTS, done=f"{agent.name} is archived.")


@post("/agents/{agent_id:str}/restore", status_code=200)
async def restore(request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str]) -> Response[Any]:
    """Lets an archived agent take calls again."""
    agent = await agent_of(services.database, agent_id)
    await agents.archive(services.database, agent.id, archived=False)
    return go(request, agent_path(agent.id), done=f"{agent.name} takes calls again.")


def _new(request: AnyRequest, values: dict[str, str], complaints: dict[str, str]) -> Response[Any]:
    offered = [(_SCRATCH, "Nothing: I write it myself", "An empty prompt, and the usual settings.")]
    offered += [(template.id, template.name, template.description) for template in templates()]
    if values["template"] not in [name for name, _, _ in offered]:
        values = {**values, "template": _SCRATCH}
    return render(
        request,
        "agents_new.html",
        status=422 if complaints else 200,
        offered=offered,
        values=values,
        complaints=complaints,
    )


HANDLERS = (list_agents, new_agent, create_agent, duplicate, confirm_archiving, archive, restore)
