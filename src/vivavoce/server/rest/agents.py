"""
The routes of agents.

Source: Atoms agents (wire-spec 2.2); decisions C13 to C17.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated, get_args

import msgspec
from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from vivavoce.agent_settings import cleaned, merged, settings_of
from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest, Envelope, Ok
from vivavoce.server.bodies import read_object
from vivavoce.server.identifiers import AGENT_ID
from vivavoce.server.services import Services
from vivavoce.store import agents, knowledge
from vivavoce.store.agents import Agent, AgentPage, SortField
from vivavoce.store.database import Database
from vivavoce.views.agent import HOUSE_ID, agent_document, agent_summary
from vivavoce.wire.texts import storable

__all__ = [
    "HANDLERS",
    "AgentList",
    "Copied",
    "CopyOrder",
    "Done",
    "agent_below",
    "agent_by_any_name",
    "agent_to_call",
    "connect_without_upgrade",
    "duplicated",
]

# An agent as it is shown: the fields of ``AgentSettings``, those of ``views.agent``, and whatever its author added.
AgentShown = dict[str, object]
_SORT_FIELDS: Mapping[str, SortField] = {field: field for field in get_args(SortField)}
_LARGEST_PAGE = 500


class AgentList(msgspec.Struct, frozen=True, rename="camel"):
    """A page of agents; ``total`` and ``totalCount`` are the same."""

    agents: list[AgentShown]
    total: int
    total_count: int
    total_pages: int
    has_more: bool
    is_search_results: bool


class Done(msgspec.Struct, frozen=True):
    """A sentence that says what was done."""

    message: str


class CopyOrder(msgspec.Struct, frozen=True, rename="camel"):
    """Where a copy goes; there is one organisation here."""

    target_organization_id: str = HOUSE_ID


class Copied(msgspec.Struct, frozen=True):
    """The id of a copy."""

    id: str = msgspec.field(name="_id")


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


async def agent_below(database: Database, agent_id: str) -> Agent:
    """
    The agent of this id, archived or not, for a route below it.

    Raises:
        Refused: 400 for an id that cannot be one, 404 for one that is not known (decision C13).
    """
    agent = await _find(database, agent_id)
    if agent is None:
        raise Refused(404, "Agent not found")
    return agent


async def agent_by_any_name(database: Database, name: str) -> Agent | None:
    """The agent with this id, or with this alias, archived or not."""
    if AGENT_ID.fullmatch(name) and (agent := await agents.find(database, name)) is not None:
        return agent
    # PostgreSQL takes no zero characters.
    return None if "\0" in name else await agents.find_by_alias(database, name)


async def duplicated(database: Database, agent: Agent) -> Agent:
    """
    Make an agent with the same settings and the same knowledge; an alias stays with the original.

    Raises:
        Refused: 400 for an archived agent and for one of another type.
    """
    if agent.archived_at is not None:
        raise Refused(400, "An archived agent cannot be copied: bring it back first")
    if settings_of(agent.document).workflow_type != "single_prompt":
        raise Refused(400, "Only an agent of workflowType single_prompt can be copied")
    document = {name: value for name, value in agent.document.items() if name != "assistantAlias"}
    copy = await agents.create(database, {**document, "name": f"{agent.name} (copy)"})
    await knowledge.copy_all(database, of=agent.id, to=copy.id)
    return copy


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
async def create_agent(request: AnyRequest, services: NamedDependency[Services]) -> Ok[str]:
    """Make an agent; the answer is its id."""
    agent = await agents.create(services.database, cleaned(await read_object(request)))
    return Ok(agent.id)


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
) -> Ok[AgentList]:
    """A page of agents. ``offset`` is the size of a page: so the original has it."""
    size = min(offset or limit or 10, _LARGEST_PAGE)
    found = await agents.list_page(
        services.database,
        page=page,
        size=size,
        search=storable(search),
        workflow_type=storable(type_),
        archived=archived,
        sort=_SORT_FIELDS.get(sort_field, "createdAt"),
        descending=sort_order != "asc",
    )
    return Ok(
        AgentList(
            # Hundreds of documents with their defaults take milliseconds, which the calls must not feel.
            agents=await asyncio.to_thread(_summaries, found),
            total=found.total,
            total_count=found.total,
            total_pages=-(-found.total // size),
            has_more=page * size < found.total,
            is_search_results=bool(search),
        )
    )


def _summaries(found: AgentPage) -> list[AgentShown]:
    return [agent_summary(agent, total_calls=found.total_calls[agent.id]) for agent in found.agents]


@get("/agent/{agent_id:str}", summary="Show an agent")
async def show_agent(services: NamedDependency[Services], agent_id: FromPath[str]) -> Ok[AgentShown]:
    """One agent, with everything resolved."""
    agent = await _agent_of(services.database, agent_id)
    return Ok(agent_document(agent, total_calls=await agents.total_calls(services.database, agent.id)))


@patch("/agent/{agent_id:str}", summary="Change an agent")
async def change_agent(request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str]) -> Ok[str]:
    """Change the fields that are sent; calls that begin from now on use them."""
    agent = await _agent_of(services.database, agent_id)
    changes = await read_object(request)
    await agents.change(services.database, agent.id, lambda document: merged(document, changes))
    return Ok(agent.id)


@delete("/agent/{agent_id:str}/archive", status_code=200, summary="Archive an agent, or bring it back")
async def archive_agent(
    services: NamedDependency[Services],
    agent_id: FromPath[str],
    on: Annotated[bool, QueryParameter(description="false brings an archived agent back")] = True,
) -> Ok[Done]:
    """Let an agent take no more calls, or take calls again; calls that are going on are not ended."""
    agent = await agent_below(services.database, agent_id)
    if not await agents.archive(services.database, agent.id, archived=on):
        raise Refused(409, "Agent is already archived" if on else "Agent is already active")
    return Ok(Done("Agent archived" if on else "Agent unarchived"))


@post("/agent/{agent_id:str}/duplicate", status_code=201, summary="Copy an agent")
async def duplicate_agent(
    services: NamedDependency[Services], agent_id: FromPath[str], data: JSONBody[CopyOrder | None] = None
) -> Ok[Copied]:
    """Make an agent with the same settings and the same knowledge; an alias stays with the original."""
    agent = await agent_below(services.database, agent_id)
    target = HOUSE_ID if data is None else data.target_organization_id
    if not AGENT_ID.fullmatch(target):
        raise Refused(400, "targetOrganizationId: Expected 24 hex digits")
    if target != HOUSE_ID:
        raise Refused(403, f"There is one organization here: {HOUSE_ID}")
    return Ok(Copied((await duplicated(services.database, agent)).id))


HANDLERS = (create_agent, list_agents, show_agent, change_agent, archive_agent, duplicate_agent)
