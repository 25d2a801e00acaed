"""What the HTTP side of the server is given."""

from collections.abc import Callable
from dataclasses import dataclass
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
        page_notes: Sentences about this server for the talk page, such as which brain answers.
        static: The built pages.
    """

    config: Config
    database: Database
    feed: Feed
    recordings: Path
    draining: Callable[[], bool]
    page_notes: tuple[str, ...] = ()
    static: Path = STATIC
