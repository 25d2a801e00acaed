"""
Ways to begin calls that the original has and this server has not: each says what to do instead.

Source: Atoms conversations (wire-spec 2.7.4).
"""

from litestar import post
from litestar.params import JSONBody
from msgspec import Struct

from vivavoce.errors import Refused
from vivavoce.server.answers import Envelope

__all__ = ["HANDLERS", "RoomRequest"]


class RoomRequest(Struct, frozen=True, rename="camel"):
    """The agent to talk to."""

    agent_id: str


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


HANDLERS = (open_room, call_number)
