"""The HTTP side of the server: the API under both of its prefixes, the pages, and the state of health."""

from litestar import Litestar, Router, get
from litestar.di import NamedDependency, Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ControllerRouterHandler

from vivavoce.server import pages, rest_agents, rest_calls, rest_conversations, talk_page
from vivavoce.server.answers import ERROR_HANDLERS, add_headers
from vivavoce.server.auth import bearer_guard
from vivavoce.server.bodies import MOST_BYTES
from vivavoce.server.recordings import recording
from vivavoce.server.services import Services
from vivavoce.server.signing import load_secret

__all__ = ["API_PREFIXES", "Services", "create_app"]

# Source: wire-spec 0.4.
API_PREFIXES = ("/atoms/v1", "/api/v1")


def create_app(services: Services) -> Litestar:
    """
    Put the application together.

    Raises:
        StoreError: The data folder, where the secret of the links is kept, cannot be used.
    """
    secret = load_secret(services.config.data)
    handlers: list[ControllerRouterHandler] = [
        *(_api(prefix, services) for prefix in API_PREFIXES),
        *talk_page.HANDLERS,
        health,
        *pages.HANDLERS,
    ]
    return Litestar(
        handlers,
        dependencies={
            "services": Provide(lambda: services, sync_to_thread=False),
            "link_secret": Provide(lambda: secret, sync_to_thread=False),
        },
        exception_handlers=ERROR_HANDLERS,
        before_send=[add_headers],
        request_max_body_size=MOST_BYTES,
        # The handlers of errors say what an operator needs to know.
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Vivavoce", version="1", path="/docs", render_plugins=[JsonRenderPlugin(path="/openapi.json")]
        ),
    )


def _api(prefix: str, services: Services) -> Router:
    guarded = Router(
        "/",
        route_handlers=[*rest_agents.HANDLERS, *rest_calls.HANDLERS, *rest_conversations.HANDLERS],
        guards=[bearer_guard(services.database)],
    )
    return Router(
        prefix,
        # These two see to it themselves who may come in.
        route_handlers=[rest_agents.connect_without_upgrade, recording, guarded],
        # The second prefix has the same routes; the description names them once.
        include_in_schema=prefix == API_PREFIXES[0],
    )


@get("/health", summary="Whether the server takes calls")
async def health(services: NamedDependency[Services]) -> dict[str, object]:
    """
    For whoever watches the server: its state and the number of live calls.

    The status stays 200 while the server drains: a watcher that restarts what looks ill would end the calls.
    """
    return {"status": "draining" if services.draining() else "ok", "calls": services.feed.live}
