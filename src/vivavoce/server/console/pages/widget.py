"""The widget of an agent: how it looks, where it may stand, and the two lines to copy."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest
from vivavoce.server.console.agent_tabs import agent_path, agent_tabs
from vivavoce.server.console.forms import Form
from vivavoce.server.console.rendering import go, render
from vivavoce.server.console.widget_fields import GROUPS
from vivavoce.server.console.widget_form import changed, complaints, sent, shown
from vivavoce.server.origins import address, is_loopback
from vivavoce.server.recordings import base_url
from vivavoce.server.rest.agents import agent_below
from vivavoce.server.rest.widget_config import widget_of
from vivavoce.server.services import Services
from vivavoce.store import agents
from vivavoce.store.agents import Agent

__all__ = ["HANDLERS", "embed_lines", "warnings_of"]

# The preview stands in a frame of its own page, and shows pictures as the operator's page would.
_PREVIEW_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; "
    "img-src 'self' data: blob: http: https:; media-src 'self' blob:; worker-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


def embed_lines(server: str, agent_id: str) -> str:
    """
    What an operator pastes into his page.

    Args:
        server: The address of this server, without a slash at its end.
        agent_id: The agent.
    """
    return (
        f'<script src="{server}/sdk/widget.js" async></script>\n'
        f'<vivavoce-widget assistant-id="{agent_id}"></vivavoce-widget>'
    )


def warnings_of(agent: Agent, server: str) -> list[str]:
    """What keeps the two lines from working as they should, each with what to do; ``server`` as in ``embed_lines``."""
    found: list[str] = []
    parts = address(server)
    if agent.archived_at is not None:
        found.append("This agent is archived and takes no calls: bring it back on the page of its settings.")
    if is_loopback(parts.hostname or ""):
        found.append(
            f"The address {parts.netloc} is known on this machine only. Good for trying out; for others, "
            "open the console by the server's own name, or set VIVAVOCE_PUBLIC_URL."
        )
    elif parts.scheme != "https":
        found.append(
            "This server is reached by plain http: pages on https cannot load the widget, and browsers give "
            "the others no microphone. Put it behind a proxy with a certificate, and set VIVAVOCE_PUBLIC_URL."
        )
    if not any(entry.strip() for entry in widget_of(agent.id, agent.document).allowlist):
        found.append(
            "Every page in the world may show this widget and use up your minutes: name your hosts under "
            "“Which pages may show it”."
        )
    return found


@get("/agents/{agent_id:str}/widget")
async def show_widget_page(
    request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str]
) -> Response[Any]:
    """The form, the preview, and the lines."""
    agent = await agent_below(services.database, agent_id)
    return _page(request, services, agent, fields=shown(agent.document), wrong={})


@post("/agents/{agent_id:str}/widget", status_code=200)
async def save_widget(
    request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str], form: NamedDependency[Form]
) -> Response[Any]:
    """Keeps what has changed; visitors who come from now on see it."""
    agent = await agent_below(services.database, agent_id)
    fields = sent(form)
    if wrong := complaints(agent.document, fields):
        return _page(request, services, agent, fields=fields, wrong=wrong, status=422)
    if await agents.change(services.database, agent.id, lambda document: changed(document, fields)) is None:
        raise Refused(404, "There is no such agent any more")
    return go(request, agent_path(agent.id, "widget"), done="Saved. Pages show the widget so from now on.")


@get("/agents/{agent_id:str}/widget/preview")
async def preview_widget(
    request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str]
) -> Response[Any]:
    """A page with nothing but the widget, for the frame of the page above."""
    agent = await agent_below(services.database, agent_id)
    answer = render(request, "widget_preview.html", agent=agent)
    answer.headers["content-security-policy"] = _PREVIEW_POLICY
    return answer


def _page(
    request: AnyRequest,
    services: Services,
    agent: Agent,
    *,
    fields: Mapping[str, object],
    wrong: Mapping[str, str],
    status: int = 200,
) -> Response[Any]:
    server = base_url(request, services)
    return render(
        request,
        "widget.html",
        status=status,
        agent=agent,
        tabs=agent_tabs(agent.id),
        here=agent_path(agent.id, "widget"),
        groups=GROUPS,
        fields=fields,
        wrong=wrong,
        lines=embed_lines(server, agent.id),
        warnings=warnings_of(agent, server),
    )


HANDLERS = (show_widget_page, save_widget, preview_widget)
