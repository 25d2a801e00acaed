"""What the HTTP side of the server is given."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from vivavoce.config import Config
from vivavoce.feed import Feed
from vivavoce.store.database import Database

__all__ = ["STATIC", "Services"]

# The talk page and the SDK, as the build puts them.
STATIC = Path(__file__).parent.parent / "static"


@dataclass(frozen=True, slots=True)
class Services:
    """
    The parts that requests are answered with.

    Args:
        recordings: The folder that ``Call.recording_path`` counts from.
        draining: Whether the server is on its way out and takes no new calls.
        end_call: Ends a live call by its id; false where it is not live here.
        page_notes: Sentences about this server for the talk page, such as which brain answers.
        webhooks_changed: Told when webhooks or subscriptions are no longer what they were.
        look_for_deliveries: Told when a delivery is due at once.
        static: The built pages.
        stopping: Set when the server waits for its calls no longer: answers that go on end.
    """

    config: Config
    database: Database
    feed: Feed
    recordings: Path
    draining: Callable[[], bool]
    end_call: Callable[[str], bool] = lambda _: False
    page_notes: tuple[str, ...] = ()
    webhooks_changed: Callable[[], None] = lambda: None
    look_for_deliveries: Callable[[], None] = lambda: None
    static: Path = STATIC
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
