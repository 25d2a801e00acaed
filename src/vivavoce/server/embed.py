"""
What public pages ask for: how the widget of an agent looks, and a token to talk to it. There is no key in such a page.

Every page may read the answers, also why it was refused; whether there is a token in them, the agent's allow-list
decides. The routes are our own; ``/widget/{id}/config`` is what older scripts ask (wire-spec 2.13 and 3.8).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import HttpMethod, Response, get, post, route
from litestar.datastructures import MutableScopeHeaders
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import Message, Scope

from vivavoce.clock import monotonic_s
from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest, Ok, refusals
from vivavoce.server.bodies import read_object, text_field
from vivavoce.server.embed_hosts import check_origin
from vivavoce.server.embed_limits import check_visit
from vivavoce.server.embed_visitors import RateLimit, Visitors
from vivavoce.server.rest.agents import agent_by_any_name
from vivavoce.server.rest.widget_config import WidgetConfig, widget_of
from vivavoce.server.services import Services
from vivavoce.store import tokens
from vivavoce.store.agents import Agent
from vivavoce.store.refusals import Refusal
from vivavoce.store.tokens import Grant
from vivavoce.wire.texts import storable

__all__ = ["API_HANDLERS", "HANDLERS", "EmbedToken", "Embeds", "share"]

_PATHS = re.compile(r"/embed/.*|/[^/]+/v1/widget/[^/]+/config")
# For how long a browser may remember that a page is allowed to ask.
_PREFLIGHT_S = 600
# Of a visitor, which may be a whole office behind one address.
_TOKENS_A_MINUTE = 30
_LOOKS_A_MINUTE = 240
# What of a widget's configuration is the operator's own business.
_PRIVATE = ("publicKey", "allowlist")


class EmbedToken(msgspec.Struct, frozen=True):
    """A token for one call; ``expires_in``: seconds."""

    access_token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class _Visit:
    """A page that may ask, and who has it open."""

    agent: Agent
    visitor: str
    origin: str


class Embeds:
    """Decides about requests of public pages, and tells of those that are refused."""

    def __init__(self, services: Services, secret: bytes) -> None:
        self._services = services
        self._visitors = Visitors(secret, behind_proxy=bool(services.config.trusted_proxies))
        self._tokens = RateLimit(times_a_minute=_TOKENS_A_MINUTE)
        self._looks = RateLimit(times_a_minute=_LOOKS_A_MINUTE)

    async def config(self, request: AnyRequest, assistant_id: str) -> dict[str, object]:
        """How the widget of an agent looks. Raises as ``_visit``."""
        agent = (await self._visit(request, assistant_id, self._looks)).agent
        return {
            "name": agent.name,
            **{name: value for name, value in _shown(widget_of(agent.id, agent.document)) if name not in _PRIVATE},
        }

    async def token(self, request: AnyRequest, assistant_id: str, *, mode: str) -> EmbedToken:
        """
        A token for a call from this page.

        Raises:
            Refused: As ``_visit``; 503 while the server drains, and 429 where the limits of the agent are used up.
        """
        visit = await self._visit(request, assistant_id, self._tokens)
        with self._telling(visit):
            if self._services.draining():
                raise Refused(
                    503, "The server is being restarted: try again in a minute", code="draining", retry_after_s=30
                )
            await self._check(visit)
        grant = Grant(visit.agent.id, mode=mode, origin=visit.origin, visitor=visit.visitor)
        return EmbedToken(await tokens.mint(self._services.database, grant), tokens.LIFETIME_S)

    async def _check(self, visit: _Visit) -> None:
        """Look at the limits. A visitor may have one call more if he gives up one that waits for him."""
        services, agent, visitor = self._services, visit.agent, visit.visitor
        try:
            await check_visit(services.database, agent.id, agent.document, visitor)
        except Refused as error:
            if error.code != "visitor_busy" or not await services.end_waiting(agent.id, visitor):
                raise
            await check_visit(services.database, agent.id, agent.document, visitor)

    async def _visit(self, request: AnyRequest, assistant_id: str, rate: RateLimit) -> _Visit:
        """
        Whom a page asks for.

        Raises:
            Refused: 404 with the code ``agent_not_found``, 403 as ``check_origin``, 429 with ``too_many_requests``.
        """
        services = self._services
        agent = await agent_by_any_name(services.database, assistant_id)
        if agent is None:
            # No agent's log could have it.
            raise _agent_not_found()
        visitor = self._visitors.of(request.client.host if request.client else "", request.headers)
        visit = _Visit(agent, visitor, storable(request.headers.get("origin", "")))
        with self._telling(visit):
            if agent.archived_at is not None:
                raise _agent_not_found()
            check_origin(
                request.headers,
                widget_of(agent.id, agent.document).allowlist,
                reading=request.method == HttpMethod.GET,
                public_url=services.config.public_url,
            )
            if wait_s := rate.wait_s(visitor, at_s=monotonic_s()):
                raise Refused(
                    429,
                    "Too many requests from this address: try again in a moment",
                    code="too_many_requests",
                    retry_after_s=wait_s,
                )
        return visit

    @contextmanager
    def _telling(self, visit: _Visit) -> Iterator[None]:
        try:
            yield
        except Refused as error:
            self._services.refused(Refusal(visit.agent.id, error.code, visit.origin, visit.visitor))
            raise


_REFUSALS = refusals(
    {
        403: "The page may not embed the agent, or the request names no page: see `code`",
        404: "There is no agent of this id or alias, or it is archived",
        429: "A limit of public pages is used up: see `code`",
    }
)


@get("/embed/config/{assistant_id:str}", summary="How the widget of an agent looks", responses=_REFUSALS)
async def embed_config(
    request: AnyRequest, embeds: NamedDependency[Embeds], assistant_id: FromPath[str]
) -> Ok[dict[str, object]]:
    """The widget's configuration with its defaults, for a page that the agent's allow-list names."""
    return Ok(await embeds.config(request, assistant_id))


@post("/embed/token", status_code=201, summary="A token for a public page", responses=_REFUSALS)
async def embed_token(request: AnyRequest, embeds: NamedDependency[Embeds]) -> EmbedToken:
    """A token for one call to one agent, of use to the asking page's origin only, within half a minute."""
    body = await read_object(request)
    mode = body.get("mode") or "webcall"
    if mode not in ("webcall", "chat"):
        raise Refused(400, f"mode: Invalid enum value. Expected 'webcall' | 'chat', received {str(mode)[:40]!r}")
    return await embeds.token(request, text_field(body, "assistantId"), mode=str(mode))


@route(
    ["/embed/token", "/embed/config/{assistant_id:str}"],
    http_method=[HttpMethod.OPTIONS],
    status_code=204,
    include_in_schema=False,
)
async def preflight(assistant_id: FromPath[str] = "") -> Response[None]:
    """Tell a browser that every page may ask."""
    return Response(
        None,
        status_code=204,
        headers={
            "access-control-allow-methods": "GET, POST",
            "access-control-allow-headers": "Content-Type",
            "access-control-max-age": str(_PREFLIGHT_S),
        },
    )


@get("/widget/{assistant_id:str}/config", summary="The same for older scripts", responses=_REFUSALS, security=[])
async def widget_script_config(
    request: AnyRequest, embeds: NamedDependency[Embeds], assistant_id: FromPath[str]
) -> Ok[dict[str, object]]:
    """The answer of `/embed/config/{assistant_id}` on another path."""
    return Ok(await embeds.config(request, assistant_id))


async def share(message: Message, scope: Scope) -> None:
    """Let pages of every origin read an answer of these routes, whatever it is, without anybody's credentials."""
    if message["type"] == "http.response.start" and _PATHS.fullmatch(scope["path"]):
        message.setdefault("headers", [])
        headers = MutableScopeHeaders.from_message(message)
        headers["access-control-allow-origin"] = "*"
        headers["access-control-expose-headers"] = "Retry-After"
        # The answer differs from page to page, which whoever keeps it must know.
        headers["vary"] = "Origin"


def _shown(widget: WidgetConfig) -> list[tuple[str, Any]]:
    return list(msgspec.to_builtins(widget).items())


def _agent_not_found() -> Refused:
    return Refused(
        404,
        "Agent not found: check the assistant id; an archived agent takes no calls",
        code="agent_not_found",
    )


# The preflight comes first: Litestar makes a handler of OPTIONS of its own for a path that has none yet.
HANDLERS = (preflight, embed_config, embed_token)
# Below the prefixes of the API.
API_HANDLERS = (widget_script_config,)
