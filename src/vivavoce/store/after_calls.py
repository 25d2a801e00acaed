"""
What is still to be done for calls that are over: a row for each, which names the next step.

A row is made with the end of its call (see ``store.calls``) and is gone when all is done. Several servers may share a
database: whoever takes a row puts its time off, so that the others leave it alone, and if he dies it comes due again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select, update

from vivavoce.clock import now
from vivavoce.store.database import Database
from vivavoce.store.facts import FactRow
from vivavoce.store.tables import after_calls, calls, facts

__all__ = ["Task", "claim", "done", "fact_rows", "hasten", "postpone"]

# Rows are decoded on the event loop, between two frames of the calls: so many take about a millisecond.
_ROWS_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Task:
    """
    One step for one call, taken by us.

    Args:
        call_id: The call.
        step: What is to be done.
        attempts: How often it has been begun, this time included. It also tells this claim from a later one.
    """

    call_id: str
    step: str
    attempts: int


async def claim(database: Database, steps: Collection[str], *, most: int, lease_s: float) -> tuple[Task, ...]:
    """
    Take what is due, the oldest first.

    Args:
        database: The store.
        steps: Which steps the caller does.
        most: How many at once.
        lease_s: After this time a task that is neither done nor postponed comes due again, for anybody.
    """
    moment = now()
    due = (
        select(after_calls.c.call_id, after_calls.c.step, after_calls.c.attempts)
        .where(after_calls.c.due_at <= moment, after_calls.c.step.in_(steps))
        .order_by(after_calls.c.due_at)
        .limit(most)
    )
    # A look costs nothing; a transaction that writes keeps others from writing.
    async with database.read() as connection:
        if not (await connection.execute(due)).first():
            return ()
    async with database.write() as connection:
        # Locked, so that of two servers that look at the same moment one takes each row.
        rows = (await connection.execute(due.with_for_update(skip_locked=True))).all()
        if not rows:
            return ()
        await connection.execute(
            update(after_calls)
            .where(after_calls.c.call_id.in_([row.call_id for row in rows]))
            .values(attempts=after_calls.c.attempts + 1, due_at=moment + timedelta(seconds=lease_s))
        )
    return tuple(Task(row.call_id, row.step, row.attempts + 1) for row in rows)


async def done(database: Database, task: Task, *, next_step: str, columns: Mapping[str, object] | None = None) -> bool:
    """
    Finish a step: store what it found, and name the next one, in one transaction.

    Args:
        database: The store.
        task: As it was claimed.
        next_step: Due at once; empty when all is done, which removes the row.
        columns: What it found, for the row of the call, such as ``figures``.

    Returns:
        False where the lease had run out and somebody else has taken the task: nothing was stored.
    """
    async with database.write() as connection:
        row = _still_ours(task)
        if next_step:
            changed = await connection.execute(
                update(after_calls).where(*row).values(step=next_step, attempts=0, due_at=now())
            )
        else:
            changed = await connection.execute(delete(after_calls).where(*row))
        if changed.rowcount != 1:
            return False
        if columns:
            await connection.execute(
                update(calls).where(calls.c.id == task.call_id).values({**columns, "updated_at": now()})
            )
    return True


async def postpone(database: Database, task: Task, *, wait_s: float, uncounted: bool = False) -> None:
    """
    Give a task back, to be taken again after a while.

    Args:
        database: The store.
        task: As it was claimed.
        wait_s: The while.
        uncounted: As if it had never been begun: it was not its fault.
    """
    attempts = task.attempts - 1 if uncounted else task.attempts
    async with database.write() as connection:
        await connection.execute(
            update(after_calls)
            .where(*_still_ours(task))
            .values(attempts=attempts, due_at=now() + timedelta(seconds=wait_s))
        )


async def hasten(database: Database, call_ids: Collection[str], *, step: str) -> None:
    """Make a step of calls due now, unless somebody has begun it."""
    if not call_ids:
        return
    async with database.write() as connection:
        await connection.execute(
            update(after_calls)
            .where(after_calls.c.call_id.in_(call_ids), after_calls.c.step == step, after_calls.c.attempts == 0)
            .values(due_at=now())
        )


async def fact_rows(database: Database, call_id: str, kinds: Collection[str], *, after: int = 0) -> list[FactRow]:
    """
    The next stored facts of a call of these kinds, as rows (see ``facts.row_to_fact``), in order.

    Args:
        database: The store.
        call_id: The call.
        kinds: Names of classes.
        after: The number of the last one that is known.

    Returns:
        A few at a time, so that live calls are not held up; none when there are no more.
    """
    async with database.read() as connection:
        rows = await connection.execute(
            select(facts)
            .where(facts.c.call_id == call_id, facts.c.n > after, facts.c.kind.in_(kinds))
            .order_by(facts.c.n)
            .limit(_ROWS_AT_ONCE)
        )
        return [{str(name): value for name, value in row.items()} for row in rows.mappings()]


def _still_ours(task: Task) -> tuple[ColumnElement[bool], ...]:
    return (
        after_calls.c.call_id == task.call_id,
        after_calls.c.step == task.step,
        after_calls.c.attempts == task.attempts,
    )
