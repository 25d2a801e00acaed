"""What the list of calls is asked for: its filters as they stand in the address, and the calls that they mean."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from vivavoce.clock import now
from vivavoce.errors import Refused
from vivavoce.server.rest.call_queries import call_filter
from vivavoce.store.call_lists import CallFilter
from vivavoce.store.said_search import Place
from vivavoce.store.tables import microseconds
from vivavoce.views.end_reasons import PLAIN_ENDS

__all__ = ["CHOICES", "CallQuery", "place_from", "place_text", "read_query"]

# What each filter offers: the word in the address, and what people read.
CHOICES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "period": (
        ("", "Any time"),
        ("1", "Last 24 hours"),
        ("7", "Last 7 days"),
        ("30", "Last 30 days"),
        ("90", "Last 90 days"),
    ),
    "kind": (("", "Voice and chat"), ("webcall", "Voice"), ("chat", "Chat")),
    "state": (("", "Live and ended"), ("live", "Live"), ("ended", "Ended"), ("failed", "Failed")),
    "end": (("", "However it ended"), *PLAIN_ENDS.items()),
    "length": (
        ("", "Any length"),
        ("0-30", "Under 30 seconds"),
        ("30-60", "30 to 60 seconds"),
        ("1-5", "1 to 5 minutes"),
        ("5+", "5 minutes and more"),
    ),
    "latency": (
        ("", "Any"),
        ("0-1000", "Under 1 second"),
        ("1000-2000", "1 to 2 seconds"),
        ("2000-", "2 seconds and more"),
    ),
}
_LATENCIES_MS: Mapping[str, tuple[int, int | None]] = {
    "0-1000": (0, 1000),
    "1000-2000": (1000, 2000),
    "2000-": (2000, None),
}
_STATUSES = {"live": ("active",), "ended": ("completed", "failed"), "failed": ("failed",)}
_LONGEST_WORDS = 200


@dataclass(frozen=True, slots=True)
class CallQuery:
    """
    The filters, each a word of ``CHOICES`` or empty for all.

    Args:
        q: Words that were said, or a part of a call's id.
        agent: An agent's id.
        since: A day, ``YYYY-MM-DD`` in UTC; with ``until``, the first and the last.
    """

    q: str = ""
    agent: str = ""
    period: str = ""
    since: str = ""
    until: str = ""
    kind: str = ""
    state: str = ""
    end: str = ""
    length: str = ""
    latency: str = ""

    @property
    def words(self) -> str:
        """What is looked for in the transcripts; empty where it is an id, or nothing."""
        return "" if self.q.upper().startswith("CALL-") else self.q

    @property
    def is_narrow(self) -> bool:
        """Whether anything is filtered."""
        return self != CallQuery()

    @property
    def more(self) -> int:
        """How many of the filters are set that are not in the first row."""
        return sum(bool(value) for value in (self.since, self.until, self.end, self.length, self.latency))

    def wanted(self, moment: datetime) -> CallFilter:
        """
        The calls that are meant.

        Raises:
            Refused: 400 for a day that is none.
        """
        found = call_filter(
            agents=self.agent,
            types=self.kind,
            durations=self.length,
            search="" if self.words else self.q,
            date_from=self.since,
            date_to=self.until,
        )
        if self.period:
            start = moment - timedelta(days=int(self.period))
            found = replace(found, started_from=max(start, found.started_from or start))
        return replace(
            found,
            statuses=_STATUSES.get(self.state),
            end_reasons=(self.end,) if self.end else None,
            latencies_ms=(_LATENCIES_MS[self.latency],) if self.latency else None,
        )

    def address(self, path: str = "/console/calls", **more: object) -> str:
        """The address of these calls; ``more`` is for further parameters."""
        values = {name: value for name, value in {**asdict(self), **more}.items() if value not in ("", None)}
        return f"{path}?{urlencode(values)}" if values else path


def read_query(given: Mapping[str, Any]) -> CallQuery:
    """
    The filters of an address; words that are not offered count as none.

    Raises:
        Refused: 400 for a day that is none.
    """
    values = {field.name: " ".join(str(given.get(field.name, "")).split()) for field in fields(CallQuery)}
    for name, offered in CHOICES.items():
        if values[name] not in dict(offered):
            values[name] = ""
    query = CallQuery(**{**values, "q": values["q"].replace("\0", "")[:_LONGEST_WORDS]})
    try:
        query.wanted(now())
    except Refused as error:
        raise Refused(400, "A day is written as 2026-07-31: choose it again") from error
    return query


def place_text(place: Place) -> str:
    """A place in the list as it stands in an address."""
    return f"{microseconds(place.started_at)}.{place.call_id}"


def place_from(text: str) -> Place | None:
    """The place again; None for what is none."""
    moment, dot, call_id = text.partition(".")
    if not (dot and moment.isascii() and moment.isdigit() and len(moment) <= _MOST_DIGITS):
        return None
    return Place(_EPOCH + timedelta(microseconds=int(moment)), call_id)


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00Z")
# Until the year 5138.
_MOST_DIGITS = 17
