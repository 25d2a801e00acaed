"""
What the talk page asks for: which agents there are, and a token to talk to one.

No key is asked for, so the page is open to this machine only, unless the operator says otherwise.
"""

from collections.abc import Mapping
from typing import Literal

from litestar import get, post
from litestar.di import NamedDependency

from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest
from vivavoce.server.bodies import read_object, text_field
from vivavoce.server.origins import LOCAL_NAMES, address, foreign_page, is_loopback
from vivavoce.server.rest.agents import agent_to_call
from vivavoce.server.services import Services
from vivavoce.store import agents, tokens
from vivavoce.store.tokens import Grant

__all__ = ["HANDLERS", "mint_for_page", "objection"]

_MOST_AGENTS = 100


def objection(
    mode: Literal["local", "on", "off"], *, peer: str, headers: Mapping[str, str], public_url: str = ""
) -> str:
    """
    Why a request may not use the talk page; empty when it may.

    With ``local`` the connection must come from this machine, and from nobody who speaks through a proxy on it.
    A name other than localhost in ``Host`` may be a foreign page's that was pointed at this machine (DNS rebinding),
    and another ``Origin`` is a foreign page.

    Args:
        mode: The setting ``talk_page``.
        peer: The address that the connection came from.
        headers: The request's, with names in lower case.
        public_url: The setting; its host counts as our own, as a proxy may rewrite ``Host``.
    """
    if mode == "off":
        return "The talk page is switched off (VIVAVOCE_TALK_PAGE)"
    if mode == "local":
        forwarded = any(name == "forwarded" or name.startswith("x-forwarded-") for name in headers)
        host = address(f"//{headers.get('host', '')}")
        if forwarded or not is_loopback(peer) or host.hostname not in LOCAL_NAMES:
            return "The talk page is open to this machine only: set VIVAVOCE_TALK_PAGE=on to open it to others"
    if foreign_page(headers, public_url=public_url):
        return "The talk page is not open to other pages"
    return ""


@get("/page/agents", summary="The agents that the talk page offers")
async def page_agents(request: AnyRequest, services: NamedDependency[Services]) -> dict[str, object]:
    """The agents, the oldest first, and what is to be known about this server."""
    _check(request, services)
    found = await agents.list_page(services.database, size=_MOST_AGENTS, descending=False)
    return {
        "agents": [{"id": agent.id, "name": agent.name} for agent in found.agents],
        "brain": " ".join(services.page_notes),
    }


@post("/page/token", status_code=201, summary="A token for the talk page")
async def page_token(request: AnyRequest, services: NamedDependency[Services]) -> dict[str, object]:
    """A token for one call to one agent, of use to the page's own origin only."""
    _check(request, services)
    return await mint_for_page(request, services, text_field(await read_object(request), "agent_id"))


async def mint_for_page(
    request: AnyRequest, services: Services, agent_id: str, *, mode: str = "webcall"
) -> dict[str, object]:
    """
    A token for one call from the page that asks, of use to its origin only.

    Raises:
        Refused: 503 while the server drains, else as ``agent_to_call``.
    """
    if services.draining():
        raise Refused(503, "Service Unavailable", retry_after_s=1)
    agent = await agent_to_call(services.database, agent_id)
    grant = Grant(agent.id, mode=mode, origin=request.headers.get("origin", ""))
    return {"access_token": await tokens.mint(services.database, grant), "expires_in": tokens.LIFETIME_S}


def _check(request: AnyRequest, services: Services) -> None:
    config = services.config
    text = objection(
        config.talk_page,
        peer=request.client.host if request.client else "",
        headers={name.lower(): value for name, value in request.headers.items()},
        public_url=config.public_url,
    )
    if text:
        raise Refused(403, text)


HANDLERS = (page_agents, page_token)
