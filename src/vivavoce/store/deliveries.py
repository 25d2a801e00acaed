"""
The outbox: events on their way to webhooks, and the log of those that arrived or were given up.

Several servers may share a database. Whoever sends a delivery claims it by an update that only one of them can make,
for as long as an attempt can take; when a server dies meanwhile, the claim lapses and the delivery is due again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, cast

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from vivavoce.clock import now
from vivavoce.store.database import Database
from vivavoce.store.tables import deliveries, webhooks

__all__ = [
    "LEASE",
    "Delivery",
    "DeliveryPage",
    "DeliveryState",
    "claim",
    "count_states",
    "due",
    "find",
    "forget",
    "last_of_each",
    "list_page",
    "queue",
    "record",
    "retry",
    "settle",
]

# Waiting for ``due_at``; being sent until ``due_at`` at the latest; arrived; given up.
DeliveryState = Literal["queued", "sending", "delivered", "failed"]
# An attempt has 30 seconds; the rest is for its result to be stored, and for clocks that differ.
LEASE = timedelta(seconds=90)
_FINISHED = ("delivered", "failed")


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    One event on its way to one webhook.

    Args:
        body: As it is sent, byte for byte, at every attempt.
        attempts: How many have begun.
        due_at: When it is sent next, while it waits.
        answer_status: The HTTP status of the last attempt's answer; 0 for none.
        fault: What was wrong with the last attempt; empty for nothing.
        done_at: When it arrived or was given up.
        url: Of the webhook as it is now, like its headers and its secret; only what has been claimed has them.
    """

    id: str
    webhook_id: str
    agent_id: str
    call_id: str
    event_type: str
    # Like the headers and the secret below, nothing for a log or a traceback.
    body: str = field(repr=False)
    state: DeliveryState
    attempts: int
    due_at: datetime
    created_at: datetime
    answer_status: int = 0
    fault: str = ""
    done_at: datetime | None = None
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """A page of the log of a webhook, and how many entries it has."""

    deliveries: tuple[Delivery, ...]
    total: int


async def queue(database: Database, new: Sequence[Delivery]) -> int:
    """
    Store deliveries that are new; an event of a call that a webhook has been told already is left out.

    Returns:
        How many were new.
    """
    if not new:
        return 0
    stored = 0
    async with database.write() as connection:
        insert_into = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        for delivery in await _still_wanted(connection, new):
            done = await connection.execute(
                insert_into(deliveries).values(_columns(delivery)).on_conflict_do_nothing(),
                # SQLAlchemy asks for the number of rows of an INSERT only when it is told to.
                execution_options={"preserve_rowcount": True},
            )
            stored += done.rowcount
    return stored


async def record(database: Database, made: Sequence[Delivery]) -> None:
    """Log attempts that were made at once, outside the outbox."""
    async with database.write() as connection:
        if wanted := await _still_wanted(connection, made):
            await connection.execute(insert(deliveries), [_columns(delivery) for delivery in wanted])


async def due(
    database: Database, moment: datetime, *, without: Collection[str] = (), most: int
) -> tuple[tuple[str, str], ...]:
    """
    What is to be sent: ids of deliveries and of their webhooks, the longest due first.

    Args:
        database: The store.
        moment: Now.
        without: Webhooks that are to be left alone.
        most: How many at most.
    """
    query = select(deliveries.c.id, deliveries.c.webhook_id).where(_is_due(moment))
    if without:
        query = query.where(deliveries.c.webhook_id.not_in(without))
    async with database.read() as connection:
        rows = (await connection.execute(query.order_by(deliveries.c.due_at).limit(most))).all()
    return tuple((row.id, row.webhook_id) for row in rows)


async def claim(database: Database, delivery_ids: Collection[str], moment: datetime) -> tuple[Delivery, ...]:
    """Take deliveries that are due, each for one attempt; those that another server was faster with are left out."""
    mine = []
    async with database.write() as connection:
        # In one order everywhere, so that no two servers wait for each other.
        for delivery_id in sorted(delivery_ids):
            taken = await connection.execute(
                update(deliveries)
                .where(deliveries.c.id == delivery_id, _is_due(moment))
                .values(state="sending", due_at=moment + LEASE, attempts=deliveries.c.attempts + 1)
            )
            if taken.rowcount == 1:
                mine.append(delivery_id)
        rows = await connection.execute(
            select(*deliveries.c, webhooks.c.url, webhooks.c.headers, webhooks.c.secret)
            .join(webhooks, webhooks.c.id == deliveries.c.webhook_id)
            .where(deliveries.c.id.in_(mine))
            .order_by(deliveries.c.created_at, deliveries.c.id)
        )
        return tuple(_delivery(row, row.url, row.headers, row.secret) for row in rows.all())


async def settle(
    database: Database,
    delivery: Delivery,
    state: DeliveryState,
    *,
    answer_status: int,
    fault: str = "",
    due_at: datetime | None = None,
) -> bool:
    """
    Note how an attempt went.

    Args:
        database: The store.
        delivery: As it was claimed.
        state: ``delivered``, ``failed`` for good, or ``queued`` for another attempt.
        answer_status: What came back; 0 for nothing.
        fault: What was wrong.
        due_at: When the next attempt is due.

    Returns:
        False when the claim had lapsed and somebody else has the delivery now.
    """
    moment = now()
    async with database.write() as connection:
        noted = await connection.execute(
            update(deliveries)
            .where(
                deliveries.c.id == delivery.id,
                deliveries.c.state == "sending",
                deliveries.c.attempts == delivery.attempts,
            )
            .values(
                state=state,
                answer_status=answer_status,
                fault=fault,
                due_at=due_at or moment,
                done_at=moment if state in _FINISHED else None,
            )
        )
    return noted.rowcount == 1


async def list_page(database: Database, webhook_id: str, *, page: int, size: int) -> DeliveryPage:
    """A page of the log of a webhook, the newest first; ``page`` counts from 1. Bodies are left out."""
    of_webhook = deliveries.c.webhook_id == webhook_id
    shown = [column for column in deliveries.c if column.name != "body"]
    async with database.read() as connection:
        total = (await connection.execute(select(func.count()).select_from(deliveries).where(of_webhook))).scalar_one()
        rows = await connection.execute(
            select(*shown)
            .where(of_webhook)
            .order_by(deliveries.c.created_at.desc(), deliveries.c.id)
            .limit(size)
            .offset((page - 1) * size)
        )
        return DeliveryPage(tuple(_delivery(row) for row in rows.all()), total)


async def find(database: Database, webhook_id: str, delivery_id: str) -> Delivery | None:
    """A delivery to a webhook, with its body."""
    query = select(deliveries).where(deliveries.c.id == delivery_id, deliveries.c.webhook_id == webhook_id)
    async with database.read() as connection:
        row = (await connection.execute(query)).first()
    return None if row is None else _delivery(row)


async def last_of_each(database: Database, webhook_ids: Collection[str]) -> Mapping[str, Delivery]:
    """The newest delivery of each of these webhooks that has any, without its body."""
    shown = [column for column in deliveries.c if column.name != "body"]
    found = {}
    async with database.read() as connection:
        # One by one: each is a look at the end of an index, and there are a few webhooks.
        for webhook_id in webhook_ids:
            newest = select(*shown).where(deliveries.c.webhook_id == webhook_id)
            row = (await connection.execute(newest.order_by(deliveries.c.created_at.desc()).limit(1))).first()
            if row is not None:
                found[webhook_id] = _delivery(row)
    return found


async def count_states(database: Database, since: datetime) -> Mapping[DeliveryState, int]:
    """How many deliveries wait or are being sent now, and how many arrived or were given up since a moment."""
    relevant = or_(deliveries.c.state.not_in(_FINISHED), deliveries.c.due_at >= since)
    query = select(deliveries.c.state, func.count().label("number")).where(relevant).group_by(deliveries.c.state)
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    return {cast("DeliveryState", row.state): row.number for row in rows}


async def retry(
    database: Database, webhook_id: str, delivery_id: str
) -> Literal["queued", "missing", "sending", "too late"]:
    """
    Make a delivery due now, whatever has become of it.

    ``sending``: an attempt is being made at this moment; ``too late``: its call has long begun without it.
    """
    where = (deliveries.c.id == delivery_id, deliveries.c.webhook_id == webhook_id)
    async with database.write() as connection:
        row = (
            await connection.execute(
                select(deliveries.c.state, deliveries.c.event_type).where(*where).with_for_update()
            )
        ).first()
        if row is None:
            return "missing"
        if row.event_type == "pre-conversation":
            return "too late"
        if row.state == "sending":
            return "sending"
        await connection.execute(update(deliveries).where(*where).values(state="queued", due_at=now(), done_at=None))
    return "queued"


async def forget(database: Database, before: datetime) -> int:
    """Delete what arrived or was given up before a moment; returns how many there were."""
    async with database.write() as connection:
        gone = await connection.execute(
            delete(deliveries).where(deliveries.c.state.in_(_FINISHED), deliveries.c.due_at < before)
        )
    return gone.rowcount


async def _still_wanted(connection: AsyncConnection, new: Sequence[Delivery]) -> list[Delivery]:
    """Those whose webhook has not been deleted meanwhile, and will not be before the transaction ends."""
    known = await connection.execute(
        select(webhooks.c.id)
        .where(webhooks.c.id.in_({delivery.webhook_id for delivery in new}))
        .order_by(webhooks.c.id)
        .with_for_update(read=True, key_share=True)
    )
    kept = set(known.scalars())
    return [delivery for delivery in new if delivery.webhook_id in kept]


def _is_due(moment: datetime) -> ColumnElement[bool]:
    return and_(deliveries.c.state.in_(("queued", "sending")), deliveries.c.due_at <= moment)


def _columns(delivery: Delivery) -> dict[str, object]:
    return {column.name: getattr(delivery, column.name) for column in deliveries.c}


def _delivery(
    row: Row[*tuple[object, ...]], url: str = "", headers: Mapping[str, str] | None = None, secret: str = ""
) -> Delivery:
    return Delivery(
        id=row.id,
        webhook_id=row.webhook_id,
        agent_id=row.agent_id,
        call_id=row.call_id,
        event_type=row.event_type,
        body=getattr(row, "body", ""),
        state=cast("DeliveryState", row.state),
        attempts=row.attempts,
        due_at=row.due_at,
        created_at=row.created_at,
        answer_status=row.answer_status,
        fault=row.fault,
        done_at=row.done_at,
        url=url,
        headers=headers or {},
        secret=secret,
    )
