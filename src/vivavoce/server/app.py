"""The HTTP side of the server: the API under both of its prefixes, the pages, and the state of health."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from litestar import Litestar, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.types import ControllerRouterHandler, Guard

from vivavoce import __version__
from vivavoce.server import embed, pages, recordings, talk_page
from vivavoce.server.answers import ERROR_HANDLERS, add_headers
from vivavoce.server.auth import bearer_guard
from vivavoce.server.bodies import MOST_BYTES, ApiRequest
from vivavoce.server.console.routes import CONSOLE
from vivavoce.server.console.sign_ins import SignIns
from vivavoce.server.console.troubles import with_pages
from vivavoce.server.descriptions import routes as descriptions
from vivavoce.server.descriptions.asyncapi import asyncapi_document
from vivavoce.server.descriptions.openapi import BEARER, openapi_document
from vivavoce.server.descriptions.routes import Descriptions
from vivavoce.server.embed import Embeds
from vivavoce.server.event_streams import EventStreams
from vivavoce.server.recordings import recording
from vivavoce.server.rest import (
    account,
    agent_analytics,
    agent_templates,
    agents,
    call_analytics,
    call_logs,
    call_refusals,
    calls,
    conversation_lists,
    conversations,
    deliveries,
    empty,
    events,
    subscriptions,
    synthflow,
    webhooks,
    widget_config,
    workflow,
)
from vivavoce.server.services import Services
from vivavoce.server.signing import load_secret

__all__ = ["API_PREFIXES", "Services", "create_app", "equip", "lay_out"]

# Source: wire-spec 0.4.
API_PREFIXES = ("/atoms/v1", "/api/v1")


@dataclass(frozen=True, slots=True)
class _Equipment:
    """What handlers are given by these names; one set for each server."""

    services: Services
    link_secret: bytes
    event_streams: EventStreams
    embeds: Embeds
    sign_ins: SignIns
    descriptions: Descriptions


def create_app(services: Services, prefixes: Sequence[str] = API_PREFIXES) -> Litestar:
    """
    Put the application together.

    Args:
        services: What requests are answered with.
        prefixes: Under which the API is served; it is described under the first.

    Raises:
        StoreError: The data folder, where the secret of the links is kept, cannot be used.
    """
    app = lay_out(tuple(prefixes), console=services.config.console)
    equip(app, services, prefixes)
    return app


def lay_out(prefixes: Sequence[str], *, console: bool) -> Litestar:
    """The application without a server behind it: its routes, and what they have in common."""
    return Litestar(
        [
            *_routes(prefixes, bearer_guard),
            *descriptions.HANDLERS,
            *([CONSOLE] if console else []),
            *pages.HANDLERS,
        ],
        dependencies=_DEPENDENCIES,
        exception_handlers=with_pages(ERROR_HANDLERS) if console else ERROR_HANDLERS,
        before_send=[add_headers, embed.share],
        request_class=ApiRequest,
        request_max_body_size=MOST_BYTES,
        # The handlers of errors say what an operator needs to know.
        logging_config=None,
        # The description is made apart from the application that serves: see ``descriptions.routes``.
        openapi_config=None,
    )


def equip(app: Litestar, services: Services, prefixes: Sequence[str]) -> None:
    """
    Put a server behind an application, in place of any that was there.

    Raises:
        StoreError: The data folder cannot be used.
    """
    secret = load_secret(services.config.data)
    equipment = _Equipment(
        services=services,
        link_secret=secret,
        event_streams=events.open_streams(services),
        embeds=Embeds(services, secret),
        sign_ins=SignIns(services.database),
        descriptions=Descriptions(
            openapi=lambda: openapi_document(
                _routes(prefixes[:1]), version=__version__, prefixes=prefixes, dependencies=_DEPENDENCIES
            ),
            asyncapi=lambda: asyncapi_document(__version__, public_url=services.config.public_url),
        ),
    )
    app.state.update({field.name: getattr(equipment, field.name) for field in fields(equipment)})


def _from_equipment(name: str) -> Provide:
    def provide(state: State) -> Any:
        return state[name]

    return Provide(provide, sync_to_thread=False)


_DEPENDENCIES = {field.name: _from_equipment(field.name) for field in fields(_Equipment)}


def _routes(prefixes: Sequence[str], *guards: Guard) -> list[ControllerRouterHandler]:
    """Everything that is served and described: the API under its prefixes, and what stands at the root."""
    return [
        *(_api(prefix, guards) for prefix in prefixes),
        *synthflow.HANDLERS,
        *embed.HANDLERS,
        *talk_page.HANDLERS,
        health,
    ]


def _api(prefix: str, guards: Sequence[Guard]) -> Router:
    guarded = Router(
        "/",
        route_handlers=[
            *agents.HANDLERS,
            *agent_analytics.HANDLERS,
            *agent_templates.HANDLERS,
            *widget_config.HANDLERS,
            *workflow.HANDLERS,
            *account.HANDLERS,
            *empty.HANDLERS,
            *calls.HANDLERS,
            *conversations.HANDLERS,
            *conversation_lists.HANDLERS,
            *recordings.HANDLERS,
            *call_logs.HANDLERS,
            *call_analytics.HANDLERS,
            *call_refusals.HANDLERS,
            *webhooks.HANDLERS,
            *subscriptions.HANDLERS,
            *deliveries.HANDLERS,
        ],
        guards=guards,
        security=[BEARER],
    )
    # These see to it themselves who may come in.
    own_doors = [agents.connect_without_upgrade, recording, *events.HANDLERS, *embed.API_HANDLERS]
    return Router(prefix, route_handlers=[*own_doors, guarded])


@get("/health", summary="Whether the server takes calls")
async def health(services: NamedDependency[Services]) -> dict[str, object]:
    """
    For whoever watches the server: its state and the number of live calls.

    The status stays 200 while the server drains: a watcher that restarts what looks ill would end the calls.
    """
    return {"status": "draining" if services.draining() else "ok", "calls": services.feed.live}
