"""
Ways to begin and end calls that the original has and this server has not: each says what to do instead.

Source: Atoms conversations (wire-spec 2.7.4).
"""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from vivavoce.errors import Refused
from vivavoce.server.answers import Envelope
from vivavoce.server.rest.conversations import call_of
from vivavoce.server.services import Services

__all__ = ["HANDLERS", "CancelRequest", "RoomRequest"]


class RoomRequest(Struct, frozen=True, rename="camel"):
    """The agent to talk to."""

    agent_id: str


class CancelRequest(Struct, frozen=True, rename="camel"):
    """The call to cancel."""

    call_id: str


@post(["/conversation/webcall", "/conversation/chat"], status_code=200, summary="Ask for a LiveKit room")
async def open_room(data: JSONBody[RoomRequest]) -> Envelope:
    """Refused with 501: calls are held on a WebSocket here."""
    raise Refused(
        501,
        "There are no LiveKit rooms here: ask POST /conversation/register-call for a token "
        "and open the WebSocket /atoms/v1/agent/connect with it",
    )


@post("/conversation/outbound", status_code=200, summary="Ask for a telephone call")
async def call_number() -> Envelope:
    """Refused: this server makes no telephone calls."""
    raise Refused(400, "This server makes no telephone calls: visitors call from a page, by a WebSocket")


@post("/conversation/cancel", status_code=200, summary="Cancel a call by its id in the body")
async def cancel_by_body(services: NamedDependency[Services], data: JSONBody[CancelRequest]) -> Envelope:
    """Refused, as the next one."""
    return await _cancel(services, data.call_id)


@post("/conversation/{call_id:str}/cancel", status_code=200, summary="Cancel a call")
async def cancel(services: NamedDependency[Services], call_id: FromPath[str]) -> Envelope:
    """Refused: only a call that waits in a queue can be cancelled, and calls from pages do not wait."""
    return await _cancel(services, call_id)


async def _cancel(services: Services, call_id: str) -> Envelope:
    call = await call_of(services.database, call_id)
    if call.ended_at is None:
        raise Refused(400, "The call is going on, and only queued calls can be cancelled: its page ends it")
    raise Refused(400, "The call is over: only queued calls can be cancelled")


HANDLERS = (open_room, call_number, cancel_by_body, cancel)
