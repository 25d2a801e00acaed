"""
The routes of one call that is going on or over.

Source: Atoms conversations (wire-spec 2.7.1 and 2.7.4).
"""

import asyncio

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from vivavoce.clock import now
from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest, Ok
from vivavoce.server.identifiers import CALL_ID
from vivavoce.server.recordings import base_url, call_links
from vivavoce.server.services import Services
from vivavoce.store import calls, facts
from vivavoce.store.calls import Call
from vivavoce.store.database import Database
from vivavoce.talk.facts import Fact
from vivavoce.views.conversation import Conversation, conversation

__all__ = ["HANDLERS", "Retries", "all_facts", "call_of"]

# Facts are decoded on the event loop, between two frames of the calls: so many take about two milliseconds.
_FACTS_AT_ONCE = 100


class Retries(Struct, frozen=True):
    """The calls that were made because this one was not answered: of a web call there are none."""

    retries: list[dict[str, object]]


@get("/conversation/{call_id:str}", summary="Show a call")
async def show_conversation(
    request: AnyRequest,
    services: NamedDependency[Services],
    link_secret: NamedDependency[bytes],
    call_id: FromPath[str],
) -> Ok[Conversation]:
    """One call, from the moment it starts: what was said, how fast, and where its recording is."""
    call = await call_of(services.database, call_id)
    links = call_links(link_secret, base_url=base_url(request, services), call=call)
    told = await all_facts(services, call_id)
    # A long call takes its time, and the calls that are live must not wait for it.
    return Ok(await asyncio.to_thread(conversation, call, told, now=now(), links=links))


@get("/conversation/{call_id:str}/retries", summary="List the retries of a call")
async def list_retries(services: NamedDependency[Services], call_id: FromPath[str]) -> Ok[Retries]:
    """Always empty: only telephone calls are tried again, and there are none."""
    await call_of(services.database, call_id)
    return Ok(Retries([]))


async def call_of(database: Database, call_id: str) -> Call:
    """
    The call of this id.

    Raises:
        Refused: 400 for an id that cannot be one, 404 for one that is not known.
    """
    if not CALL_ID.fullmatch(call_id):
        raise Refused(400, "Invalid call ID format")
    call = await calls.find(database, call_id)
    if call is None:
        raise Refused(404, "Conversation not found")
    return call


async def all_facts(services: Services, call_id: str) -> list[tuple[int, Fact]]:
    """Everything that is known of a call so far, in order, with numbers."""
    # Memory first: what is written in between is then seen twice, not missed.
    live = services.feed.snapshot(call_id)
    stored: dict[int, Fact] = {}
    page = await facts.read(services.database, call_id, most=_FACTS_AT_ONCE)
    while page:
        stored.update(page)
        page = await facts.read(services.database, call_id, after=page[-1][0], most=_FACTS_AT_ONCE)
    return sorted({**stored, **{item.n: item.fact for item in live}}.items())


HANDLERS = (show_conversation, list_retries)
