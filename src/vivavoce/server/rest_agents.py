"""
The routes of agents.

Source: Atoms agents (wire-spec 2.2); decisions C13 to C16.
"""

from collections.abc import Mapping
from typing import Annotated, get_args

from litestar import get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from vivavoce.agent_settings import cleaned, merged
from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest, Envelope, ok
from vivavoce.server.bodies import read_object
from vivavoce.server.identifiers import AGENT_ID
from vivavoce.server.services import Services
from vivavoce.store import agents
from vivavoce.store.agents import Agent, SortField
from vivavoce.store.database import Database
from vivavoce.views.agent import agent_document, agent_summary

__all__ = ["HANDLERS", "agent_to_call", "connect_without_upgrade"]

_SORT_FIELDS: Mapping[str, SortField] = {field: field for field in get_args(SortField)}
_LARGEST_PAGE = 500


async def agent_to_call(database: Database, agent_id: str) -> Agent:
    """
    The agent of this id, for a call that is about to be made.

    Raises:
        Refused: 400 for an id that cannot be one, 404 for an agent that is not known or archived (decision C13).
    """
    agent = await _find(database, agent_id)
    if agent is None or agent.archived_at is not None:
        raise Refused(404, "Agent not found")
    return agent


async def _agent_of(database: Database, agent_id: str) -> Agent:
    """
    The agent of this id, archived or not.

    Raises:
        Refused: 400 for an id that cannot be one, and also for one that is not known (decision C13).
    """
    agent = await _find(database, agent_id)
    if agent is None:
        raise Refused(400, "No agent found")
    return agent


async def _find(database: Database, agent_id: str) -> Agent | None:
    if not AGENT_ID.fullmatch(agent_id):
        raise Refused(400, "Invalid agent id")
    return await agents.find(database, agent_id)


@get("/agent/connect", summary="The voice socket's address, asked without an upgrade")
async def connect_without_upgrade() -> Envelope:
    """Say what the original says: without an upgrade this is a request for an agent called ``connect``."""
    raise Refused(400, "Invalid agent id")


@post("/agent", status_code=201, summary="Make an agent")
async def create_agent(request: AnyRequest, services: NamedDependency[Services]) -> Envelope:
    """Make an agent; the answer is its id."""
    agent = await agents.create(services.database, cleaned(await read_object(request)))
    return ok(agent.id)


@get("/agent", summary="List agents")
async def list_agents(
    services: NamedDependency[Services],
    page: Annotated[int, QueryParameter(ge=1, le=1_000_000)] = 1,
    offset: Annotated[int, QueryParameter(ge=0, description="Agents on a page; 0 for 10")] = 0,
    limit: Annotated[int, QueryParameter(ge=0, description="Another name of offset")] = 0,
    search: FromQuery[str] = "",
    type_: Annotated[str, QueryParameter(name="type")] = "",
    sort_field: Annotated[str, QueryParameter(name="sortField")] = "createdAt",
    sort_order: Annotated[str, QueryParameter(name="sortOrder")] = "desc",
    archived: FromQuery[bool] = False,
) -> Envelope:
    """A page of agents. ``offset`` is the size of a page: so the original has it."""
    size = min(offset or limit or 10, _LARGEST_PAGE)
    found = await agents.list_page(
        services.database,
        page=page,
        size=size,
        search=search.replace("\0", ""),
        workflow_type=type_.replace("\0", ""),
        archived=archived,
        sort=_SORT_FIELDS.get(sort_field, "createdAt"),
        descending=sort_order != "asc",
    )
    return ok(
        {
            "agents": [agent_summary(agent, total_calls=found.total_calls[agent.id]) for agent in found.agents],
            "total": found.total,
            "totalCount": found.total,
            "totalPages": -(-found.total // size),
            "hasMore": page * size < found.total,
            "isSearchResults": bool(search),
        }
    )


@get("/agent/{agent_id:str}", summary="Show an agent")
async def show_agent(services: NamedDependency[Services], agent_id: FromPath[str]) -> Envelope:
    """One agent, with everything resolved."""
    agent = await _agent_of(services.database, agent_id)
    return ok(agent_document(agent, total_calls=await agents.total_calls(services.database, agent.id)))


@patch("/agent/{agent_id:str}", summary="Change an agent")
async def change_agent(request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str]) -> Envelope:
    """Change the fields that are sent; calls that begin from now on use them."""
    agent = await _agent_of(services.database, agent_id)
    changes = await read_object(request)
    await agents.change(services.database, agent.id, lambda document: merged(document, changes))
    return ok(agent.id)


HANDLERS = (create_agent, list_agents, show_agent, change_agent)
