"""What the HTTP side of the server is given."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from litestar.connection import ASGIConnection

from vivavoce.config import Config
from vivavoce.feed import Feed
from vivavoce.server.health import Health
from vivavoce.server.posting import Post
from vivavoce.store.database import Database
from vivavoce.store.refusals import Refusal

__all__ = ["STATIC", "Services", "services_of"]

# The talk page and the SDK, as the build puts them.
STATIC = Path(__file__).parent.parent / "static"


async def _none_waits(agent_id: str, visitor: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Services:
    """
    The parts that requests are answered with.

    Args:
        recordings: The folder that ``Call.recording_path`` counts from.
        draining: Whether the server is on its way out and takes no new calls.
        end_call: Ends a live call by its id; false where it is not live here.
        end_waiting: Of a visitor's calls with an agent (both by their ids), ends the one that has waited for him
            longest; false where none does.
        page_notes: Sentences about this server for the talk page, such as which brain answers.
        webhooks_changed: Told when webhooks or subscriptions are no longer what they were.
        refused: Told when a public page was refused something.
        look_for_deliveries: Told when a delivery is due at once.
        post: Makes a request to a webhook at once, for a delivery that is to be seen arriving.
        health: How the engines and the rest of the server are doing.
        static: The built pages.
        stopping: Set when the server waits for its calls no longer: answers that go on end.
    """

    config: Config
    database: Database
    feed: Feed
    recordings: Path
    draining: Callable[[], bool]
    end_call: Callable[[str], bool] = lambda _: False
    end_waiting: Callable[[str, str], Awaitable[bool]] = _none_waits
    page_notes: tuple[str, ...] = ()
    webhooks_changed: Callable[[], None] = lambda: None
    refused: Callable[[Refusal], None] = lambda _: None
    look_for_deliveries: Callable[[], None] = lambda: None
    post: Post | None = None
    health: Health | None = None
    static: Path = STATIC
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


def services_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Services:
    """The parts of the server that a request came to, for guards; handlers ask for ``services``."""
    services: Services = connection.app.state["services"]
    return services
