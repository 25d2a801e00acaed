"""
Session URLs for pages that were written for Synthflow's widget.

The routes stand at the root, and have an envelope of their own: clients read ``error`` of a refusal.
Source: Synthflow token endpoint (wire-spec 4.1).
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import HttpMethod, Response, get, route
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath

from vivavoce.errors import Refused, StoreError
from vivavoce.server.answers import ERROR_HANDLERS, AnyRequest
from vivavoce.server.auth import check_bearer
from vivavoce.server.descriptions.openapi import BEARER
from vivavoce.server.rest.agents import agent_by_any_name
from vivavoce.server.services import Services
from vivavoce.store import tokens
from vivavoce.store.tokens import Grant
from vivavoce.wire import synthflow

__all__ = ["HANDLERS", "SessionRefusal", "SessionUrl", "socket_url"]

# For how long a browser may remember that a page is allowed to ask.
_PREFLIGHT_S = 600
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


class SessionUrl(msgspec.Struct, frozen=True):
    """Where one call can be opened, within a minute."""

    session_url: str = msgspec.field(name="sessionURL")


class SessionRefusal(msgspec.Struct, frozen=True):
    """Why there is no session. Proxies hand ``error`` on; ``detail`` says the same."""

    error: str
    detail: str


class _NoSession(Exception):
    """Carries the answer to a request that gets no session."""

    def __init__(self, answer: Response[SessionRefusal]) -> None:
        super().__init__()
        self.answer = answer


@get(
    "/websocket/token/{assistant_id:str}",
    summary="Make a session URL for one call",
    security=[BEARER],
    responses={
        status: ResponseSpec(SessionRefusal, description=text)
        for status, text in (
            (401, "The key is missing, unknown or revoked"),
            (404, "There is no agent of this id or alias"),
            (503, "The server is stopping, or its store does not answer"),
        )
    },
    exception_handlers={_NoSession: lambda _, error: error.answer},
)
async def session_url(
    request: AnyRequest, services: NamedDependency[Services], assistant_id: FromPath[str]
) -> Response[SessionUrl]:
    """Make a URL with which a page that was written for Synthflow opens one call, within a minute."""
    sharing = _sharing(request, services.config.synthflow_origins)
    try:
        await check_bearer(services.database, request.headers)
        token = await _minted(services, assistant_id)
    except (Refused, StoreError) as error:
        raise _NoSession(_worded(ERROR_HANDLERS[type(error)](request, error), sharing)) from error
    base = socket_url(services.config.public_url, scheme=request.url.scheme, headers=request.headers)
    (path,) = synthflow.DIALECT.paths
    return Response(SessionUrl(f"{base}{path}?token={token}"), headers=sharing)


async def _minted(services: Services, assistant_id: str) -> str:
    if services.draining():
        raise Refused(503, "Service Unavailable", retry_after_s=1)
    agent = await agent_by_any_name(services.database, assistant_id)
    if agent is None or agent.archived_at is not None:
        raise Refused(404, "Assistant not found")
    return await tokens.mint(
        services.database,
        # The rate of the microphone is the page's to say, when it connects.
        Grant(agent.id, input_format="pcm_48000", output_format="pcm_16000"),
        lifetime_s=tokens.SYNTHFLOW_LIFETIME_S,
        prefix=tokens.SYNTHFLOW_PREFIX,
    )


@route(
    "/websocket/token/{assistant_id:str}",
    http_method=[HttpMethod.OPTIONS],
    status_code=204,
    include_in_schema=False,
)
async def preflight(
    request: AnyRequest, services: NamedDependency[Services], assistant_id: FromPath[str]
) -> Response[None]:
    """Tell a browser that a page may ask for itself: some do, although their key is then everybody's to read."""
    headers = _sharing(request, services.config.synthflow_origins)
    if "access-control-allow-origin" in headers:
        headers |= {
            "access-control-allow-methods": "GET",
            "access-control-allow-headers": "Authorization, Content-Type",
            "access-control-max-age": str(_PREFLIGHT_S),
        }
    return Response(None, status_code=204, headers=headers)


@get("/websocket/start", include_in_schema=False)
async def start_without_upgrade() -> None:
    """Tell who opens a session URL as a page what it is."""
    raise Refused(426, "Upgrade Required: open a session URL as a WebSocket")


def socket_url(public_url: str, *, scheme: str, headers: Mapping[str, str]) -> str:
    """
    How a page reaches the sockets of this server: as configured, else as its request, or a proxy before us, says.

    The headers of proxies are believed from everybody: they change nothing but the asker's own answer.

    Args:
        public_url: The setting; may be empty.
        scheme: Of the request as it came here.
        headers: The request's, with names in lower case.
    """
    if not public_url:
        forwarded = _first(headers.get("x-forwarded-host", ""))
        host = forwarded if _HOST.fullmatch(forwarded) else headers.get("host", "")
        scheme = _first(headers.get("x-forwarded-proto", "")).lower() or scheme
        public_url = f"{'https' if scheme in ('https', 'wss') else 'http'}://{host}"
    return "ws" + public_url.rstrip("/").removeprefix("http")


def _first(values: str) -> str:
    """The value that the first proxy wrote."""
    return values.partition(",")[0].strip()


def _sharing(request: AnyRequest, allowed: str) -> dict[str, str]:
    """The headers that let a page of another origin read an answer."""
    if allowed == "*":
        return {"access-control-allow-origin": "*"}
    origin = request.headers.get("origin", "")
    known = {entry.strip().lower() for entry in allowed.split(",")}
    # The answer differs from page to page, which whoever keeps it must know.
    return {"vary": "Origin"} | ({"access-control-allow-origin": origin} if origin.lower() in known else {})


def _worded(told: Response[Any], sharing: Mapping[str, str]) -> Response[SessionRefusal]:
    """A refusal of the API in the words of this route."""
    # What follows the colon is for those who read the other envelope.
    text = str(told.content.errors[0]).partition(":")[0]
    return Response(SessionRefusal(text, text), status_code=told.status_code, headers={**told.headers, **sharing})


# The preflight comes first: Litestar makes a handler of OPTIONS of its own for a path that has none yet.
HANDLERS = (preflight, session_url, start_without_upgrade)
