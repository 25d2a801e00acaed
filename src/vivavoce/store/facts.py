"""The facts of calls as rows: written in batches, read in their order."""

import logging
from collections.abc import Mapping, Sequence
from typing import get_args

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import StatementError

from vivavoce.errors import StoreError
from vivavoce.store.database import Database
from vivavoce.store.tables import facts
from vivavoce.talk.facts import Fact

__all__ = ["FactRow", "fact_to_row", "read", "row_to_fact", "write"]

_log = logging.getLogger(__name__)
# The columns of the table ``facts``.
FactRow = dict[str, object]
_KINDS: Mapping[str, type[Fact]] = {kind.__name__: kind for kind in get_args(Fact)}


def fact_to_row(call_id: str, n: int, fact: Fact) -> FactRow:
    """A fact as a row: its time and the name of its class are columns, its other fields are the body."""
    body: dict[str, object] = msgspec.to_builtins(fact)
    at = body.pop("at")
    return {"call_id": call_id, "n": n, "at": at, "kind": type(fact).__name__, "body": body}


def row_to_fact(row: Mapping[str, object]) -> Fact:
    """
    The fact that a row came from.

    Raises:
        StoreError: The row is of a kind, or a form, that this version does not know.
    """
    kind = _KINDS.get(str(row["kind"]))
    if kind is None:
        raise StoreError(f"fact {row['n']} of {row['call_id']} is a {row['kind']}, which this version does not know")
    body = row["body"]
    assert isinstance(body, dict)
    try:
        return msgspec.convert({**body, "at": row["at"]}, kind)
    except msgspec.ValidationError as error:
        raise StoreError(f"fact {row['n']} of {row['call_id']} cannot be read: {error}") from error


async def write(database: Database, batch: Sequence[tuple[str, int, Fact]]) -> None:
    """
    Store facts, in one transaction.

    A fact that is stored already stays as it is, so a batch may be written again after a doubtful failure.
    One that cannot be stored, such as that of a call without a row, is left out with a warning.

    Args:
        batch: Call id, number and fact.

    Raises:
        StoreError: The database cannot be used; nothing was stored, as far as one can know.
    """
    rows = [fact_to_row(*entry) for entry in batch]
    try:
        await _insert(database, rows)
    except StatementError:
        # One bad row undoes the whole batch: find it, so that the others are kept.
        lost: list[FactRow] = []
        for row in rows:
            try:
                await _insert(database, [row])
            except StatementError:
                lost.append(row)
        if lost:
            named = ", ".join(sorted({str(row["call_id"]) for row in lost}))
            _log.warning("%d facts could not be stored, because their calls are not: %s", len(lost), named)


async def read(
    database: Database, call_id: str, *, after: int = 0, most: int | None = None
) -> tuple[tuple[int, Fact], ...]:
    """The stored facts of a call with numbers above ``after``, in order, each with its number; ``most`` of them."""
    query = select(facts).where(facts.c.call_id == call_id, facts.c.n > after).order_by(facts.c.n).limit(most)
    async with database.read() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return tuple((int(row["n"]), row_to_fact({str(name): value for name, value in row.items()})) for row in rows)


async def _insert(database: Database, rows: Sequence[FactRow]) -> None:
    if not rows:
        return
    async with database.write() as connection:
        insert = postgresql.insert(facts) if connection.dialect.name == "postgresql" else sqlite.insert(facts)
        await connection.execute(insert.on_conflict_do_nothing(), rows)
