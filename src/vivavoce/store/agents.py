"""The agents: documents that say what an agent is, and when they were made, changed and archived."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from vivavoce import ids
from vivavoce.clock import now
from vivavoce.errors import Refused
from vivavoce.store.database import Database
from vivavoce.store.tables import agents

__all__ = [
    "Agent",
    "AgentPage",
    "SortField",
    "archive",
    "change",
    "create",
    "find",
    "find_by_alias",
    "list_names",
    "list_page",
    "names_of",
    "search_names",
    "total_calls",
]

SortField = Literal["createdAt", "updatedAt", "totalCalls", "name", "workflowType"]


@dataclass(frozen=True, slots=True)
class Agent:
    """
    One agent as it is stored.

    ``document`` has the field names of wire-spec 2.3 and only what its author set:
    ``agent_settings.settings_of`` fills in the defaults.
    """

    id: str
    name: str
    document: Mapping[str, object]
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class AgentPage:
    """A page of a list of agents, the number of all that match, and how many calls each of these has had."""

    agents: tuple[Agent, ...]
    total: int
    total_calls: Mapping[str, int]


async def create(database: Database, document: Mapping[str, object], *, agent_id: str | None = None) -> Agent:
    """
    Store a new agent.

    Args:
        document: Its settings, as ``agent_settings.cleaned`` returned them; a missing name becomes ``New agent``.
        agent_id: 24 hex digits that are not taken; None makes new ones.

    Raises:
        Refused: 409, the alias is another agent's.
    """
    moment = now()
    complete, name = _complete(document)
    agent = Agent(agent_id or ids.agent_id(), name, complete, moment, moment, None)
    alias = _alias(complete)
    with _alias_is_free(alias):
        async with database.write() as connection:
            await connection.execute(
                insert(agents).values(
                    id=agent.id, name=name, document=complete, alias=alias, created_at=moment, updated_at=moment
                )
            )
    return agent


async def find(database: Database, agent_id: str) -> Agent | None:
    """The agent of this id, archived or not."""
    async with database.read() as connection:
        row = (await connection.execute(select(agents).where(agents.c.id == agent_id))).first()
    return None if row is None else _agent(row)


async def find_by_alias(database: Database, alias: str) -> Agent | None:
    """The agent whose ``assistantAlias`` this is, archived or not."""
    async with database.read() as connection:
        row = (await connection.execute(select(agents).where(agents.c.alias == alias))).first()
    return None if row is None else _agent(row)


async def list_names(database: Database, *, most: int) -> tuple[tuple[str, str], ...]:
    """Ids and names of the agents that are not archived, the oldest first, at most so many."""
    wanted = select(agents.c.id, agents.c.name).where(agents.c.archived_at.is_(None))
    async with database.read() as connection:
        rows = (await connection.execute(wanted.order_by(agents.c.created_at, agents.c.id).limit(most))).all()
    return tuple((row.id, row.name) for row in rows)


async def search_names(database: Database, search: str, *, most: int) -> tuple[tuple[str, str], ...]:
    """Ids and names of the agents that are not archived and have a part of their name so, in its order."""
    wanted = select(agents.c.id, agents.c.name).where(
        agents.c.archived_at.is_(None), agents.c.name.icontains(search, autoescape=True)
    )
    async with database.read() as connection:
        rows = (await connection.execute(wanted.order_by(func.lower(agents.c.name), agents.c.id).limit(most))).all()
    return tuple((row.id, row.name) for row in rows)


async def names_of(database: Database, agent_ids: Collection[str]) -> Mapping[str, str]:
    """The names of those of the agents that there are, archived or not, by their ids."""
    if not agent_ids:
        return {}
    wanted = select(agents.c.id, agents.c.name).where(agents.c.id.in_(agent_ids))
    async with database.read() as connection:
        return {row.id: row.name for row in await connection.execute(wanted)}


async def change(
    database: Database, agent_id: str, edit: Callable[[Mapping[str, object]], Mapping[str, object]]
) -> Agent | None:
    """
    Replace an agent's document by an edited one; two changes at the same time are made one after the other.

    Args:
        database: The store.
        agent_id: The agent.
        edit: Gives the new document for the old one, such as ``agent_settings.merged`` does; what it raises is raised.

    Returns:
        The agent as it is now; None when there is none of this id.

    Raises:
        Refused: 409, the alias is another agent's.
    """
    async with database.write() as connection:
        row = (await connection.execute(select(agents).where(agents.c.id == agent_id).with_for_update())).first()
        if row is None:
            return None
        document, name = _complete(edit(row.document))
        moment, alias = now(), _alias(document)
        with _alias_is_free(alias):
            await connection.execute(
                update(agents)
                .where(agents.c.id == agent_id)
                .values(name=name, document=document, alias=alias, updated_at=moment)
            )
    return replace(_agent(row), name=name, document=document, updated_at=moment)


async def archive(database: Database, agent_id: str, *, archived: bool = True) -> bool:
    """Archive an agent or bring it back; false when there is none, or when it is so already."""
    before = agents.c.archived_at.is_(None) if archived else agents.c.archived_at.is_not(None)
    async with database.write() as connection:
        changed = await connection.execute(
            update(agents).where(agents.c.id == agent_id, before).values(archived_at=now() if archived else None)
        )
    return changed.rowcount == 1


async def list_page(
    database: Database,
    *,
    page: int = 1,
    size: int = 10,
    search: str = "",
    workflow_type: str = "",
    archived: bool = False,
    sort: SortField = "createdAt",
    descending: bool = True,
) -> AgentPage:
    """
    A page of the list of agents.

    Args:
        page: Counts from 1.
        size: Agents on a page.
        search: A part of the name, upper or lower case alike.
        workflow_type: Only agents of this type; empty for all.
        archived: The archived ones instead of the others.
        sort: The field that gives the order; equal ones are ordered by id.
        descending: The largest or newest first.
    """
    kind = agents.c.document["workflowType"].as_string()
    wanted: list[ColumnElement[bool]] = [
        agents.c.archived_at.is_not(None) if archived else agents.c.archived_at.is_(None)
    ]
    if search:
        wanted.append(agents.c.name.icontains(search, autoescape=True))
    if workflow_type:
        wanted.append(kind == workflow_type)
    order: Mapping[str, ColumnElement[object]] = {
        "createdAt": agents.c.created_at,
        "updatedAt": agents.c.updated_at,
        "totalCalls": agents.c.total_calls,
        "name": func.lower(agents.c.name),
        "workflowType": kind,
    }
    key = order[sort].desc() if descending else order[sort].asc()
    async with database.read() as connection:
        total = (await connection.execute(select(func.count()).select_from(agents).where(*wanted))).scalar_one()
        rows = (
            await connection.execute(
                select(agents).where(*wanted).order_by(key, agents.c.id).limit(size).offset((page - 1) * size)
            )
        ).all()
    return AgentPage(tuple(_agent(row) for row in rows), total, {row.id: row.total_calls for row in rows})


async def total_calls(database: Database, agent_id: str) -> int:
    """How many calls an agent has had; 0 where there is none of this id."""
    async with database.read() as connection:
        found = await connection.execute(select(agents.c.total_calls).where(agents.c.id == agent_id))
        return found.scalar_one_or_none() or 0


def _complete(document: Mapping[str, object]) -> tuple[dict[str, object], str]:
    """The document with the fields that lists are searched and sorted by, and its name."""
    name = str(document.get("name") or "New agent")
    return {"workflowType": "single_prompt", **document, "name": name}, name


def _alias(document: Mapping[str, object]) -> str | None:
    """The other id by which pages know the agent, if its author gave it one."""
    alias = document.get("assistantAlias")
    return alias if isinstance(alias, str) and alias else None


@contextmanager
def _alias_is_free(alias: str | None) -> Iterator[None]:
    """Tell an alias that is taken from every other constraint: ids are made, and never twice."""
    try:
        yield
    except IntegrityError as error:
        if alias is None:
            raise
        raise Refused(409, f"assistantAlias: {alias} belongs to another agent (look among the archived too)") from error


def _agent(row: Row[*tuple[object, ...]]) -> Agent:
    return Agent(row.id, row.name, row.document, row.created_at, row.updated_at, row.archived_at)
