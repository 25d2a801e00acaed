"""
Calls that are about to be made: tokens for pages.

Source: Atoms register-call (wire-spec 2.1).
"""

from litestar import post
from litestar.di import NamedDependency

from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest, Envelope, ok
from vivavoce.server.bodies import read_object, text_field
from vivavoce.server.briefing import voice_rates_hz
from vivavoce.server.rest.agents import agent_to_call
from vivavoce.server.services import Services
from vivavoce.store import tokens
from vivavoce.store.tokens import Grant
from vivavoce.wire import formats, variables

__all__ = ["HANDLERS"]


@post("/conversation/register-call", status_code=201, summary="Make an access token for one call")
async def register_call(request: AnyRequest, services: NamedDependency[Services]) -> Envelope:
    """Make a token that a page can open one call with, within half a minute."""
    if services.draining():
        raise Refused(503, "Service Unavailable", retry_after_s=1)
    body = await read_object(request)
    agent = await agent_to_call(services.database, text_field(body, "agent_id"))
    mode = body.get("mode") or "webcall"
    if mode not in {"webcall", "chat"}:
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


HANDLERS = (register_call,)
