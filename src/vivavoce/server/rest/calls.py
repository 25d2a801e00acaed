"""
Calls that are about to be made, by tokens for pages, and calls that are ended from outside.

Source: Atoms register-call (wire-spec 2.1) and cancel (wire-spec 2.7.4).
"""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest, Envelope, Ok, ok
from vivavoce.server.bodies import read_object, text_field
from vivavoce.server.briefing import voice_rates_hz
from vivavoce.server.rest.agents import agent_to_call
from vivavoce.server.rest.conversations import call_of
from vivavoce.server.services import Services
from vivavoce.store import tokens
from vivavoce.store.calls import Call
from vivavoce.store.tokens import Grant
from vivavoce.wire import formats, variables

__all__ = ["HANDLERS", "CancelRequest", "Cancelled", "end_live"]


class CancelRequest(Struct, frozen=True, rename="camel"):
    """The call to end."""

    call_id: str


class Cancelled(Struct, frozen=True, rename="camel"):
    """The call that has been told to end."""

    call_id: str
    status: str = "cancelled"


@post("/conversation/register-call", status_code=201, summary="Make an access token for one call")
async def register_call(request: AnyRequest, services: NamedDependency[Services]) -> Envelope:
    """Make a token that a page can open one call with, within half a minute."""
    if services.draining():
        raise Refused(503, "Service Unavailable", retry_after_s=1)
    body = await read_object(request)
    agent = await agent_to_call(services.database, text_field(body, "agent_id"))
    mode = body.get("mode") or "webcall"
    if mode not in ("webcall", "chat"):
        raise Refused(400, f"mode: Invalid enum value. Expected 'webcall' | 'chat', received {str(mode)[:40]!r}")
    chosen = formats.from_registration(body, voice_rates_hz=voice_rates_hz(agent.document))
    grant = Grant(
        agent_id=agent.id,
        mode=str(mode),
        variables=variables.checked(body.get("variables")),
        input_format=chosen.input.token,
        output_format=chosen.output.token,
    )
    token = await tokens.mint(services.database, grant)
    return ok(
        {
            "access_token": token,
            "expires_in": tokens.LIFETIME_S,
            "sample_rate": chosen.output.rate_hz,
            "input_audio_format": chosen.input.token,
            "output_audio_format": chosen.output.token,
        }
    )


@post("/conversation/cancel", status_code=200, summary="End a running call")
async def end_call(services: NamedDependency[Services], data: JSONBody[CancelRequest]) -> Ok[Cancelled]:
    """End a call that is going on: its page is told, and it is closed as if the agent had hung up."""
    call = await call_of(services.database, data.call_id)
    end_live(services, call)
    return Ok(Cancelled(call.id))


@post("/conversation/{call_id:str}/cancel", status_code=200, summary="Take a call out of the queue")
async def cancel_call(services: NamedDependency[Services], call_id: FromPath[str]) -> Envelope:
    """Refused: only a call that waits in a queue can be taken out of it, and calls from pages do not wait."""
    call = await call_of(services.database, call_id)
    if call.ended_at is not None:
        raise Refused(400, "The call is over")
    raise Refused(400, "The call is going on, not queued: POST /conversation/cancel ends it")


def end_live(services: Services, call: Call) -> None:
    """
    End a call that is going on, as if the agent had hung up.

    Raises:
        Refused: 400 for a call that is over, or that another server holds.
    """
    if call.ended_at is not None:
        raise Refused(400, "The call is over")
    if not services.end_call(call.id):
        raise Refused(400, "The call is held by another server of this database: ask that one")


HANDLERS = (register_call, end_call, cancel_call)
