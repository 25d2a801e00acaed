"""What agents know beyond their document, piece by piece: texts, files, and questions with their answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vivavoce import ids
from vivavoce.clock import now
from vivavoce.errors import Refused
from vivavoce.store.database import Database
from vivavoce.store.tables import agents, knowledge

__all__ = [
    "MOST_LETTERS",
    "MOST_PIECES",
    "Kind",
    "Piece",
    "PieceRow",
    "Summary",
    "add",
    "change",
    "copy_all",
    "find",
    "list_page",
    "put_files",
    "read_all",
    "remove",
    "summary",
]

Kind = Literal["text", "file", "answer"]
# Of one agent. All of it goes through a search within a turn, and stands in memory while a call goes on.
MOST_LETTERS = 500_000
MOST_PIECES = 1_000
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """
    A piece of what an agent knows.

    Args:
        kind: ``answer`` is a question with its answer.
        title: A heading, the file's name, or the question.
        content: Text, whatever the file was; Markdown where its author wrote so.
    """

    id: str
    agent_id: str
    kind: Kind
    title: str
    content: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PieceRow:
    """A piece as a list shows it: ``letters`` in place of its text, and how that begins."""

    id: str
    kind: Kind
    title: str
    begin: str
    letters: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Summary:
    """How much an agent has been given."""

    pieces: int
    letters: int


async def summary(database: Database, agent_id: str) -> Summary:
    """How many pieces an agent has, and how many letters they have together."""
    async with database.read() as connection:
        return await _summary(connection, agent_id)


async def list_page(database: Database, agent_id: str, *, page: int = 1, size: int = 50) -> tuple[PieceRow, ...]:
    """Some of an agent's pieces, the oldest first; ``page`` counts from 1."""
    wanted = (
        select(
            knowledge.c.id,
            knowledge.c.kind,
            knowledge.c.title,
            func.substr(knowledge.c.content, 1, 160).label("begin"),
            func.length(knowledge.c.content).label("letters"),
            knowledge.c.updated_at,
        )
        .where(knowledge.c.agent_id == agent_id)
        .order_by(knowledge.c.created_at, knowledge.c.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    async with database.read() as connection:
        rows = (await connection.execute(wanted)).all()
    return tuple(PieceRow(row.id, _kind(row.kind), row.title, row.begin, row.letters, row.updated_at) for row in rows)


async def read_all(database: Database, agent_id: str) -> tuple[Piece, ...]:
    """All pieces of an agent with their texts, the oldest first, in one query: a call waits for it."""
    wanted = select(knowledge).where(knowledge.c.agent_id == agent_id).order_by(knowledge.c.created_at, knowledge.c.id)
    async with database.read() as connection:
        return tuple(map(_piece, (await connection.execute(wanted)).all()))


async def find(database: Database, agent_id: str, piece_id: str) -> Piece | None:
    """A piece of this agent."""
    async with database.read() as connection:
        row = (await connection.execute(select(knowledge).where(*_this(agent_id, piece_id)))).first()
    return None if row is None else _piece(row)


async def add(database: Database, agent_id: str, pieces: Sequence[tuple[Kind, str, str]]) -> tuple[Piece, ...]:
    """
    Give an agent pieces: each is a kind, a title and a text. All are added, or none.

    Raises:
        Refused: 400, together they are more than an agent may know; 404, there is no such agent.
    """
    async with database.write() as connection:
        await _lock(connection, agent_id)
        before = await _summary(connection, agent_id)
        _check_room(
            Summary(before.pieces + len(pieces), before.letters + sum(len(content) for _, _, content in pieces)),
            added=sum(len(content) for _, _, content in pieces),
        )
        moment = now()
        made = tuple(
            # A microsecond apart, so that they stay in their order.
            Piece(ids.agent_id(), agent_id, kind, title, content, moment + number * _MOMENT, moment)
            for number, (kind, title, content) in enumerate(pieces)
        )
        await _insert(connection, made)
    return made


async def put_files(database: Database, agent_id: str, texts: Mapping[str, str]) -> frozenset[str]:
    """
    Give an agent files, each by its name; one that has the name already is replaced. All are stored, or none.

    Returns:
        The names of those that were replaced.

    Raises:
        Refused: See ``add``.
    """
    async with database.write() as connection:
        await _lock(connection, agent_id)
        named = select(knowledge.c.id, knowledge.c.title, func.length(knowledge.c.content).label("letters")).where(
            knowledge.c.agent_id == agent_id, knowledge.c.kind == "file", knowledge.c.title.in_(list(texts))
        )
        known = {row.title: row for row in (await connection.execute(named)).all()}
        before, moment = await _summary(connection, agent_id), now()
        added = sum(map(len, texts.values())) - sum(row.letters for row in known.values())
        _check_room(Summary(before.pieces + len(texts) - len(known), before.letters + added), added=added)
        made = list[Piece]()
        for number, (title, content) in enumerate(texts.items()):
            if title in known:
                values = {"content": content, "updated_at": moment}
                await connection.execute(update(knowledge).where(*_this(agent_id, known[title].id)).values(values))
            else:
                made.append(Piece(ids.agent_id(), agent_id, "file", title, content, moment + number * _MOMENT, moment))
        await _insert(connection, made)
    return frozenset(known)


async def change(database: Database, agent_id: str, piece_id: str, *, title: str, content: str) -> bool:
    """
    Replace a piece's title and text; false where there is no such piece.

    Raises:
        Refused: 400, see ``add``.
    """
    async with database.write() as connection:
        await _lock(connection, agent_id)
        length = select(func.length(knowledge.c.content)).where(*_this(agent_id, piece_id))
        letters = (await connection.execute(length)).scalar_one_or_none()
        if letters is None:
            return False
        before = await _summary(connection, agent_id)
        if len(content) > letters:
            _check_room(Summary(before.pieces, before.letters - letters + len(content)), added=len(content) - letters)
        await connection.execute(
            update(knowledge).where(*_this(agent_id, piece_id)).values(title=title, content=content, updated_at=now())
        )
    return True


async def remove(database: Database, agent_id: str, piece_id: str) -> bool:
    """Take a piece away; false where there is no such piece."""
    async with database.write() as connection:
        return (await connection.execute(delete(knowledge).where(*_this(agent_id, piece_id)))).rowcount == 1


async def copy_all(database: Database, *, of: str, to: str) -> None:
    """Give an agent that knows nothing yet all that another one knows."""
    pieces = await read_all(database, of)
    async with database.write() as connection:
        await _insert(connection, [replace(piece, id=ids.agent_id(), agent_id=to) for piece in pieces])


async def _insert(connection: AsyncConnection, pieces: Sequence[Piece]) -> None:
    if pieces:
        rows = [{name: getattr(piece, name) for name in Piece.__slots__} for piece in pieces]
        await connection.execute(insert(knowledge), rows)


async def _lock(connection: AsyncConnection, agent_id: str) -> None:
    """One change of an agent's knowledge after the other, so that the limit holds."""
    locked = select(agents.c.id).where(agents.c.id == agent_id).with_for_update()
    if (await connection.execute(locked)).first() is None:
        raise Refused(404, "There is no such agent")


async def _summary(connection: AsyncConnection, agent_id: str) -> Summary:
    counted = select(func.count(), func.coalesce(func.sum(func.length(knowledge.c.content)), 0))
    pieces, letters = (await connection.execute(counted.where(knowledge.c.agent_id == agent_id))).one()
    return Summary(pieces, int(letters))


def _check_room(after: Summary, *, added: int) -> None:
    if after.letters > MOST_LETTERS:
        left = max(MOST_LETTERS - after.letters + added, 0)
        raise Refused(
            400,
            f"An agent may know {MOST_LETTERS:,} characters: there is room for {left:,} more, and this has {added:,}. "
            "Shorten it, or remove what is not needed",
        )
    if after.pieces > MOST_PIECES:
        raise Refused(400, f"An agent may have {MOST_PIECES:,} pieces of knowledge: put several into one file")


def _this(agent_id: str, piece_id: str) -> tuple[ColumnElement[bool], ...]:
    return knowledge.c.agent_id == agent_id, knowledge.c.id == piece_id


def _piece(row: Row[*tuple[object, ...]]) -> Piece:
    return Piece(row.id, row.agent_id, _kind(row.kind), row.title, row.content, row.created_at, row.updated_at)


def _kind(text: str) -> Kind:
    """What another version may have written is text."""
    return next((kind for kind in get_args(Kind) if kind == text), "text")
