"""The webhooks, and which events of which agents each of them wants."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from vivavoce import ids
from vivavoce.clock import now
from vivavoce.store.database import Database
from vivavoce.store.tables import agents, subscriptions, webhooks

__all__ = [
    "Status",
    "Subscription",
    "Wanted",
    "Webhook",
    "change",
    "create",
    "find",
    "list_all",
    "remove",
    "replace_subscriptions",
    "replace_wanted",
    "subscribed",
    "subscriptions_of_agent",
]

Status = Literal["enabled", "disabled"]
# An agent's id and an event type.
Wanted = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Subscription:
    """
    A webhook wants an event of an agent.

    Args:
        agent_name: The agent's name and description, for lists.
    """

    id: str
    webhook_id: str
    agent_id: str
    event_type: str
    created_at: datetime
    updated_at: datetime
    agent_name: str = ""
    agent_description: str = ""


@dataclass(frozen=True, slots=True)
class Webhook:
    """
    One webhook as it is stored.

    Args:
        headers: Sent along with every delivery.
        secret: With which deliveries are signed.
        subscriptions: What it wants, the oldest first; empty where nobody asked for them.
    """

    id: str
    url: str
    description: str
    status: Status
    # Like the headers below, nothing for a log or a traceback.
    secret: str = field(repr=False)
    created_at: datetime
    updated_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    subscriptions: tuple[Subscription, ...] = ()


async def create(database: Database, *, url: str, description: str, wanted: Iterable[Wanted] = ()) -> Webhook | None:
    """
    Store a new webhook with a secret of its own.

    Args:
        database: The store.
        url: Where it is.
        description: For people.
        wanted: The events that it is subscribed to at once; the agents must exist.

    Returns:
        None when there is one with this URL already.
    """
    moment = now()
    made = Webhook(ids.webhook_id(), url, description, "enabled", ids.webhook_secret(), moment, moment)
    try:
        async with database.write() as connection:
            taken = await connection.execute(select(webhooks.c.id).where(webhooks.c.url == url))
            if taken.first() is not None:
                return None
            await connection.execute(
                insert(webhooks).values(
                    id=made.id,
                    url=url,
                    description=description,
                    status=made.status,
                    headers={},
                    secret=made.secret,
                    created_at=moment,
                    updated_at=moment,
                )
            )
            await _subscribe(connection, made.id, wanted, moment)
    except IntegrityError:
        # Another server stored the same URL at the same moment.
        return None
    return made


async def find(database: Database, webhook_id: str) -> Webhook | None:
    """The webhook of this id, with its subscriptions."""
    found = await _read(database, webhook_id)
    return found[0] if found else None


async def list_all(database: Database) -> tuple[Webhook, ...]:
    """All webhooks with their subscriptions, the newest first."""
    return await _read(database, None)


async def change(
    database: Database,
    webhook_id: str,
    *,
    url: str | None = None,
    description: str | None = None,
    headers: Mapping[str, str] | None = None,
    status: Status | None = None,
) -> Literal["changed", "missing", "taken"]:
    """Change what is given; ``taken`` when another webhook has this URL."""
    given = {
        "url": url,
        "description": description,
        "headers": None if headers is None else dict(headers),
        "status": status,
    }
    values = {name: value for name, value in given.items() if value is not None}
    try:
        async with database.write() as connection:
            changed = await connection.execute(
                update(webhooks).where(webhooks.c.id == webhook_id).values(**values, updated_at=now())
            )
    except IntegrityError:
        return "taken"
    return "changed" if changed.rowcount == 1 else "missing"


async def remove(
    database: Database, webhook_id: str, *, with_subscriptions: bool = False
) -> Literal["removed", "missing", "assigned"]:
    """
    Delete a webhook, with the log of its deliveries.

    Args:
        database: The store.
        webhook_id: Which.
        with_subscriptions: Even while agents are subscribed to it; if not, the answer is ``assigned`` then.
    """
    async with database.write() as connection:
        used = await connection.execute(
            select(subscriptions.c.id).where(subscriptions.c.webhook_id == webhook_id).limit(1)
        )
        if used.first() is not None and not with_subscriptions:
            return "assigned"
        gone = await connection.execute(delete(webhooks).where(webhooks.c.id == webhook_id))
    return "removed" if gone.rowcount == 1 else "missing"


async def subscriptions_of_agent(database: Database, agent_id: str) -> tuple[Subscription, ...]:
    """What an agent's events are told to, the oldest first."""
    query = select(subscriptions).where(subscriptions.c.agent_id == agent_id)
    async with database.read() as connection:
        rows = (await connection.execute(query.order_by(subscriptions.c.created_at, subscriptions.c.id))).all()
    return tuple(_subscription(row) for row in rows)


async def replace_subscriptions(
    database: Database, agent_id: str, *, webhook_id: str = "", event_types: Iterable[str] = ()
) -> bool:
    """
    Let these be all subscriptions of an agent; without a webhook it has none.

    Returns:
        False when there is no webhook of this id, and nothing was changed.
    """
    async with database.write() as connection:
        if webhook_id:
            known = await connection.execute(select(webhooks.c.id).where(webhooks.c.id == webhook_id))
            if known.first() is None:
                return False
        await connection.execute(delete(subscriptions).where(subscriptions.c.agent_id == agent_id))
        if webhook_id:
            await _subscribe(connection, webhook_id, ((agent_id, event) for event in event_types), now())
    return True


async def replace_wanted(database: Database, webhook_id: str, wanted: Iterable[Wanted]) -> bool:
    """
    Let these be all subscriptions of a webhook; those that it has already stay as they are.

    Agents that have gone meanwhile are left out.

    Returns:
        False when there is no webhook of this id.
    """
    async with database.write() as connection:
        known = await connection.execute(select(webhooks.c.id).where(webhooks.c.id == webhook_id).with_for_update())
        if known.first() is None:
            return False
        rows = (await connection.execute(select(subscriptions).where(subscriptions.c.webhook_id == webhook_id))).all()
        pairs = dict.fromkeys(wanted)
        kept = {(row.agent_id, row.event_type) for row in rows}
        ended = [row.id for row in rows if (row.agent_id, row.event_type) not in pairs]
        there = await connection.execute(select(agents.c.id).where(agents.c.id.in_({agent for agent, _ in pairs})))
        agent_ids = set(there.scalars())
        await connection.execute(delete(subscriptions).where(subscriptions.c.id.in_(ended)))
        begun = [pair for pair in pairs if pair not in kept and pair[0] in agent_ids]
        await _subscribe(connection, webhook_id, begun, now())
    return True


async def subscribed(database: Database, agent_id: str, event_type: str) -> tuple[Webhook, ...]:
    """The enabled webhooks that want an event of an agent, the oldest first, without their subscriptions."""
    wants = select(subscriptions.c.webhook_id).where(
        subscriptions.c.agent_id == agent_id, subscriptions.c.event_type == event_type
    )
    query = select(webhooks).where(webhooks.c.id.in_(wants), webhooks.c.status == "enabled")
    async with database.read() as connection:
        rows = (await connection.execute(query.order_by(webhooks.c.created_at, webhooks.c.id))).all()
    return tuple(_webhook(row) for row in rows)


async def _subscribe(connection: AsyncConnection, webhook_id: str, wanted: Iterable[Wanted], moment: datetime) -> None:
    for agent_id, event_type in dict.fromkeys(wanted):
        await connection.execute(
            insert(subscriptions).values(
                id=ids.webhook_id(),
                webhook_id=webhook_id,
                agent_id=agent_id,
                event_type=event_type,
                created_at=moment,
                updated_at=moment,
            )
        )


async def _read(database: Database, webhook_id: str | None) -> tuple[Webhook, ...]:
    found = select(webhooks).order_by(webhooks.c.created_at.desc(), webhooks.c.id)
    wanted = (
        select(
            *subscriptions.c,
            agents.c.name.label("agent_name"),
            agents.c.document["description"].as_string().label("agent_description"),
        )
        .join(agents, agents.c.id == subscriptions.c.agent_id)
        .order_by(subscriptions.c.created_at, subscriptions.c.id)
    )
    if webhook_id is not None:
        found = found.where(webhooks.c.id == webhook_id)
        wanted = wanted.where(subscriptions.c.webhook_id == webhook_id)
    async with database.read() as connection:
        rows = (await connection.execute(found)).all()
        of_webhook: dict[str, list[Subscription]] = {row.id: [] for row in rows}
        for row in (await connection.execute(wanted)).all():
            # On PostgreSQL the second query may see a webhook that the first did not.
            of_webhook.setdefault(row.webhook_id, []).append(
                _subscription(row, row.agent_name, row.agent_description or "")
            )
    return tuple(_webhook(row, of_webhook[row.id]) for row in rows)


def _webhook(row: Row[*tuple[object, ...]], wanted: Iterable[Subscription] = ()) -> Webhook:
    return Webhook(
        id=row.id,
        url=row.url,
        description=row.description,
        status=cast("Status", row.status),
        secret=row.secret,
        created_at=row.created_at,
        updated_at=row.updated_at,
        headers=row.headers,
        subscriptions=tuple(wanted),
    )


def _subscription(row: Row[*tuple[object, ...]], name: str = "", description: str = "") -> Subscription:
    return Subscription(
        row.id, row.webhook_id, row.agent_id, row.event_type, row.created_at, row.updated_at, name, description
    )
