"""What an agent knows: texts, files, questions with their answers, and what it would find among them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from vivavoce.clock import now
from vivavoce.engines.knowledge_text import speakable
from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest
from vivavoce.server.console.agent_tabs import agent_path, agent_tabs
from vivavoce.server.console.forms import Form
from vivavoce.server.console.knowledge_files import ACCEPTED, MOST_BYTES
from vivavoce.server.console.knowledge_forms import store_files, typed_answer, typed_text
from vivavoce.server.console.pages.agents import agent_of
from vivavoce.server.console.rendering import confirmation, go, render
from vivavoce.server.knowledge import LONG_LETTERS
from vivavoce.server.knowledge_answers import Answer, answer_in
from vivavoce.server.knowledge_finds import look_up
from vivavoce.server.services import Services
from vivavoce.store import knowledge
from vivavoce.store.agents import Agent
from vivavoce.store.knowledge import MOST_LETTERS, Piece
from vivavoce.wire.texts import storable
from vivavoce.wire.variables import resolve

__all__ = ["HANDLERS"]

_PAGE_SIZE = 50
_LONGEST_QUESTION = 500
# Several files at once; each of them has its own limit, with a sentence of its own.
_MOST_UPLOADED_BYTES = 60_000_000
# A long text as a form carries it.
_MOST_TYPED_BYTES = 5_000_000
_BEGIN_LETTERS = 120
_LABELS = {"text": "Text", "file": "File", "answer": "Question"}


@dataclass(frozen=True, slots=True)
class _Typed:
    """What a form of this page came back with."""

    form: str = ""
    values: Mapping[str, str] | None = None
    complaints: Mapping[str, str] | None = None


@get("/agents/{agent_id:str}/knowledge")
async def show_knowledge(
    request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str], page: FromQuery[int] = 1
) -> Response[Any]:
    """The pieces, what can be added, and the box for a question."""
    return await _page(request, services, await agent_of(services.database, agent_id), page=page)


@get("/agents/{agent_id:str}/knowledge/find")
async def find_knowledge(
    request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str], q: FromQuery[str] = ""
) -> Response[Any]:
    """What the agent would find for a question."""
    agent = await agent_of(services.database, agent_id)
    question = storable(q.strip())[:_LONGEST_QUESTION]
    return await _page(request, services, agent, question=question, block="found")


@post("/agents/{agent_id:str}/knowledge/answers", status_code=200)
async def add_answer(
    request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str], form: NamedDependency[Form]
) -> Response[Any]:
    """Adds a question with its answer."""
    agent = await agent_of(services.database, agent_id)
    return await _add(request, services, agent, form, "answer", advice=" Ask below what the agent finds for it.")


@post("/agents/{agent_id:str}/knowledge/texts", status_code=200, request_max_body_size=_MOST_TYPED_BYTES)
async def add_text(
    request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str], form: NamedDependency[Form]
) -> Response[Any]:
    """Adds a text."""
    return await _add(request, services, await agent_of(services.database, agent_id), form, "text")


@post("/agents/{agent_id:str}/knowledge/files", status_code=200, request_max_body_size=_MOST_UPLOADED_BYTES)
async def add_files(
    request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str], form: NamedDependency[Form]
) -> Response[Any]:
    """Adds files; one of the name of another takes its place. All of them, or none."""
    agent = await agent_of(services.database, agent_id)
    try:
        said = await store_files(services.database, agent.id, form)
    except Refused as error:
        return await _page(request, services, agent, typed=_Typed("file", {}, {"files": error.message}), status=422)
    return go(request, _path(agent), done=said)


@get("/agents/{agent_id:str}/knowledge/{piece_id:str}")
async def show_piece(
    request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str], piece_id: FromPath[str]
) -> Response[Any]:
    """A piece, to be read and changed."""
    agent = await agent_of(services.database, agent_id)
    return _piece_page(request, agent, await _piece_of(services, agent, piece_id))


@post("/agents/{agent_id:str}/knowledge/{piece_id:str}", status_code=200, request_max_body_size=_MOST_TYPED_BYTES)
async def change_piece(
    request: AnyRequest,
    services: NamedDependency[Services],
    agent_id: FromPath[str],
    piece_id: FromPath[str],
    form: NamedDependency[Form],
) -> Response[Any]:
    """Stores what was typed."""
    agent = await agent_of(services.database, agent_id)
    piece = await _piece_of(services, agent, piece_id)
    title, content, complaints = typed_answer(form) if piece.kind == "answer" else typed_text(form)
    if not complaints:
        try:
            await knowledge.change(services.database, agent.id, piece.id, title=title, content=content)
        except Refused as error:
            complaints = {"answer" if piece.kind == "answer" else "text": error.message}
    if complaints:
        return _piece_page(request, agent, piece, values=_values(form), complaints=complaints)
    return go(request, _path(agent), done=f"“{title}” is saved.")


@get("/agents/{agent_id:str}/knowledge/{piece_id:str}/remove")
async def confirm_removal(
    request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str], piece_id: FromPath[str]
) -> Response[Any]:
    """Asks before a piece is forgotten."""
    agent = await agent_of(services.database, agent_id)
    piece = await _piece_of(services, agent, piece_id)
    return confirmation(
        request,
        title=f"Remove “{piece.title}”?",
        text=f"Calls that begin from now on do not know it. It has {len(piece.content):,} characters and is not kept.",
        action=_path(agent, f"{piece.id}/remove"),
        verb="Remove",
        back=_path(agent),
    )


@post("/agents/{agent_id:str}/knowledge/{piece_id:str}/remove", status_code=200)
async def remove_piece(
    request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str], piece_id: FromPath[str]
) -> Response[Any]:
    """Forgets a piece."""
    agent = await agent_of(services.database, agent_id)
    piece = await _piece_of(services, agent, piece_id)
    await knowledge.remove(services.database, agent.id, piece.id)
    return go(request, _path(agent), done=f"“{piece.title}” is removed.")


async def _add(
    request: AnyRequest,
    services: Services,
    agent: Agent,
    form: Form,
    kind: Literal["answer", "text"],
    *,
    advice: str = "",
) -> Response[Any]:
    """Add what was typed, or show it again with what is wrong with it."""
    title, content, complaints = typed_answer(form) if kind == "answer" else typed_text(form)
    if not complaints:
        try:
            await knowledge.add(services.database, agent.id, [(kind, title, content)])
        except Refused as error:
            complaints = {kind: error.message}
    if complaints:
        return await _page(request, services, agent, typed=_Typed(kind, _values(form), complaints), status=422)
    return go(request, _path(agent), done=f"“{title}” is added.{advice}")


async def _page(
    request: AnyRequest,
    services: Services,
    agent: Agent,
    *,
    page: int = 1,
    question: str = "",
    typed: _Typed | None = None,
    block: str = "",
    status: int = 200,
) -> Response[Any]:
    known = typed or _Typed()
    page = max(1, page)
    total = await knowledge.summary(services.database, agent.id)
    pieces = await knowledge.list_page(services.database, agent.id, page=page, size=_PAGE_SIZE)
    finds = None
    if question:
        texts = await knowledge.read_all(services.database, agent.id)
        variables = resolve({}, agent=agent.document, call_id="", mode="chat", now=now())
        finds = await asyncio.to_thread(look_up, agent.document, texts, question, variables)
    own = str(agent.document.get("knowledge") or "")
    return render(
        request,
        "knowledge.html",
        block=block,
        status=status,
        agent=agent,
        tabs=agent_tabs(agent.id),
        tab=_path(agent),
        own=own,
        own_begin=_begin(own),
        pieces=[(piece, _begin(piece.begin, is_answer=piece.kind == "answer")) for piece in pieces],
        labels=_LABELS,
        total=total,
        most=MOST_LETTERS,
        is_long=len(own) + total.letters > LONG_LETTERS,
        long=LONG_LETTERS,
        accepted=ACCEPTED,
        most_mb=MOST_BYTES // 1_000_000,
        newer=f"{_path(agent)}?page={page - 1}" if page > 1 else "",
        older=f"{_path(agent)}?page={page + 1}" if page * _PAGE_SIZE < total.pieces else "",
        page=page,
        question=question,
        finds=finds,
        form=known.form,
        values=known.values or {},
        complaints=known.complaints or {},
    )


def _begin(text: str, *, is_answer: bool = False) -> str:
    """How a text begins, as it would be read out."""
    lines = (answer_in(text).text if is_answer else text[:_BEGIN_LETTERS]).split("\n")
    begin = " ".join(spoken for line in lines if (spoken := speakable(line.lstrip("# "))))
    return begin if len(begin) < _BEGIN_LETTERS else f"{begin[:_BEGIN_LETTERS]} …"


def _piece_page(
    request: AnyRequest,
    agent: Agent,
    piece: Piece,
    *,
    values: Mapping[str, str] | None = None,
    complaints: Mapping[str, str] | None = None,
) -> Response[Any]:
    answer = answer_in(piece.content) if piece.kind == "answer" else Answer(piece.content)
    stored = {
        "title": piece.title,
        "text": piece.content,
        "answer": answer.text,
        "also": answer.also,
        "follow_up": answer.follow_up,
    }
    return render(
        request,
        "knowledge_piece.html",
        status=422 if complaints else 200,
        agent=agent,
        tabs=agent_tabs(agent.id),
        tab=_path(agent),
        piece=piece,
        labels=_LABELS,
        values={**stored, **(values or {})},
        complaints=complaints or {},
    )


async def _piece_of(services: Services, agent: Agent, piece_id: str) -> Piece:
    piece = await knowledge.find(services.database, agent.id, storable(piece_id))
    if piece is None:
        raise Refused(404, "There is no such piece of knowledge: it may have been removed")
    return piece


def _values(form: Form) -> dict[str, str]:
    return {name: form.raw(name) for name in ("title", "text", "answer", "also", "follow_up")}


def _path(agent: Agent, below: str = "") -> str:
    return agent_path(agent.id, f"knowledge/{below}" if below else "knowledge")


HANDLERS = (
    show_knowledge,
    find_knowledge,
    add_answer,
    add_text,
    add_files,
    show_piece,
    change_piece,
    confirm_removal,
    remove_piece,
)
