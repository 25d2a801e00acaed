"""The HTTP side of the server: the API under both of its prefixes, the pages, and the state of health."""

from collections.abc import Sequence

from litestar import Litestar, Router, get
from litestar.di import NamedDependency, Provide
from litestar.types import ControllerRouterHandler, Guard

from vivavoce import __version__
from vivavoce.server import pages, recordings, talk_page
from vivavoce.server.answers import ERROR_HANDLERS, add_headers
from vivavoce.server.auth import bearer_guard
from vivavoce.server.bodies import MOST_BYTES, ApiRequest
from vivavoce.server.descriptions import routes as descriptions
from vivavoce.server.descriptions.asyncapi import asyncapi_document
from vivavoce.server.descriptions.openapi import BEARER, openapi_document
from vivavoce.server.descriptions.routes import Descriptions
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

__all__ = ["API_PREFIXES", "Services", "create_app"]

# Source: wire-spec 0.4.
API_PREFIXES = ("/atoms/v1", "/api/v1")


def create_app(services: Services, prefixes: Sequence[str] = API_PREFIXES) -> Litestar:
    """
    Put the application together.

    Args:
        services: What requests are answered with.
        prefixes: Under which the API is served; it is described under the first.

    Raises:
        StoreError: The data folder, where the secret of the links is kept, cannot be used.
    """
    secret = load_secret(services.config.data)
    event_streams = events.open_streams(services)
    dependencies = {
        "services": Provide(lambda: services, sync_to_thread=False),
        "link_secret": Provide(lambda: secret, sync_to_thread=False),
        "event_streams": Provide(lambda: event_streams, sync_to_thread=False),
        "descriptions": Provide(lambda: described, sync_to_thread=False),
    }
    described = Descriptions(
        openapi=lambda: openapi_document(
            _routes(prefixes[:1]), version=__version__, prefixes=prefixes, dependencies=dependencies
        ),
        asyncapi=lambda: asyncapi_document(__version__, public_url=services.config.public_url),
    )
    return Litestar(
        [*_routes(prefixes, bearer_guard(services.database)), *descriptions.HANDLERS, *pages.HANDLERS],
        dependencies=dependencies,
        exception_handlers=ERROR_HANDLERS,
        before_send=[add_headers],
        request_class=ApiRequest,
        request_max_body_size=MOST_BYTES,
        # The handlers of errors say what an operator needs to know.
        logging_config=None,
        # The description is made apart from the application that serves: see ``descriptions.routes``.
        openapi_config=None,
    )


def _routes(prefixes: Sequence[str], *guards: Guard) -> list[ControllerRouterHandler]:
    """Everything that is served and described: the API under its prefixes, and what stands at the root."""
    return [*(_api(prefix, guards) for prefix in prefixes), *synthflow.HANDLERS, *talk_page.HANDLERS, health]


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
    own_doors = [agents.connect_without_upgrade, recording, *events.HANDLERS]
    return Router(prefix, route_handlers=[*own_doors, guarded])


@get("/health", summary="Whether the server takes calls")
async def health(services: NamedDependency[Services]) -> dict[str, object]:
    """
    For whoever watches the server: its state and the number of live calls.

    The status stays 200 while the server drains: a watcher that restarts what looks ill would end the calls.
    """
    return {"status": "draining" if services.draining() else "ok", "calls": services.feed.live}
