"""
Which calls a request asks for: its query parameters as a filter, or a refusal that says what is wrong.

Words that nothing here can be called by match no call; numbers and moments that cannot be read are refused.
Source: Atoms conversations and analytics (wire-spec 2.7.2 and 2.9).
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from vivavoce.errors import Refused
from vivavoce.server.identifiers import AGENT_ID
from vivavoce.store.call_lists import CallFilter
from vivavoce.views.call_parts import reasons_behind
from vivavoce.wire.texts import storable

__all__ = ["call_filter", "day_of", "earliest", "latest", "words"]

_ALL = "all"
_MODES = frozenset({"webcall", "chat"})
_STATUSES: Mapping[str, str] = {
    "active": "active",
    "in_progress": "active",
    "completed": "completed",
    "failed": "failed",
}
# The first two in seconds, the others in minutes: so the original has it.
_DURATIONS_MS: Mapping[str, tuple[int, int | None]] = {
    "0-30": (0, 30_000),
    "30-60": (30_000, 60_000),
    "1-5": (60_000, 300_000),
    "5+": (300_000, None),
}
# As far as the API writes moments down.
_PRECISION = timedelta(milliseconds=1)
_LONGEST_SEARCH_CHARS = 100


def call_filter(
    *,
    agents: str = "",
    campaigns: str = "",
    types: str = "",
    statuses: str = "",
    reasons: str = "",
    attempts: str = "",
    durations: str = "",
    versions: str = "",
    search: str = "",
    date_from: str = "",
    date_to: str = "",
) -> CallFilter:
    """
    The filter for parameters as they came in, lists with commas; empty ones ask for nothing.

    Campaigns, retries and versions are there to be asked for, but no call belongs to one.

    Raises:
        Refused: 400 for a duration or a moment that cannot be read.
    """
    modes = _meant(types, {mode: (mode,) for mode in _MODES})
    if any(word != _ALL for word in words(campaigns) + words(versions)) or words(attempts) == ("retry",):
        modes = ()
    return CallFilter(
        agent_ids=[word for word in words(agents) if AGENT_ID.fullmatch(word)] if words(agents) else None,
        modes=modes,
        statuses=_meant(statuses, {word: (status,) for word, status in _STATUSES.items()}),
        end_reasons=_meant(reasons, {word: reasons_behind(word) for word in words(reasons)}),
        durations_ms=_durations(durations),
        search=_part_of_id(search),
        started_from=earliest("dateFrom", date_from),
        started_before=latest("dateTo", date_to),
    )


def words(text: str) -> tuple[str, ...]:
    """The parts of a list with commas; empty ones do not count."""
    return tuple(part for part in (part.strip() for part in text.split(",")) if part)


def earliest(name: str, text: str) -> datetime | None:
    """
    The first moment of a span; a day begins at midnight UTC, and a time without a zone is in UTC.

    Raises:
        Refused: 400 where it is neither a day nor a moment in ISO 8601.
    """
    return _moment(name, text) if text else None


def latest(name: str, text: str) -> datetime | None:
    """
    The moment behind a span whose last day or moment is given.

    Raises:
        Refused: 400, as for the first.
    """
    if not text:
        return None
    try:
        return _moment(name, text) + (timedelta(days=1) if _is_day(text) else _PRECISION)
    except OverflowError as error:
        raise _unreadable(name) from error


def day_of(name: str, text: str) -> date:
    """
    A day.

    Raises:
        Refused: 400 where it is none.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise Refused(400, f"{name}: Invalid date. Expected YYYY-MM-DD") from error


def _moment(name: str, text: str) -> datetime:
    try:
        # A plus that was not encoded has become a space.
        moment = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text.strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise _unreadable(name) from error


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text.strip())
    except ValueError:
        return False
    return True


def _unreadable(name: str) -> Refused:
    return Refused(400, f"{name}: Invalid date. Expected ISO 8601, such as 2026-07-02 or 2026-07-02T10:30:00Z")


def _meant(text: str, meanings: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    """What the words of a list stand for; None where it is empty, or one of them is ``all``."""
    asked = words(text)
    if not asked or _ALL in asked:
        return None
    return tuple(dict.fromkeys(value for word in asked for value in meanings.get(word, ())))


def _part_of_id(text: str) -> str:
    """Written as ids are, ``CALL-`` and lower-case digits, so that the store need not look at upper and lower case."""
    part = storable(text).strip()[:_LONGEST_SEARCH_CHARS].lower()
    return re.sub(r"^c?a?l?l(?=-|$)", lambda found: found[0].upper(), part)


def _durations(text: str) -> tuple[tuple[int, int | None], ...] | None:
    # A plus that was not encoded has become a space, which is gone by now.
    asked = tuple("5+" if word == "5" else word for word in words(text))
    if not asked or _ALL in asked:
        return None
    if not set(asked) <= set(_DURATIONS_MS):
        expected = " | ".join(f"'{word}'" for word in _DURATIONS_MS)
        raise Refused(400, f"durationFilter: Invalid enum value. Expected {expected}")
    return tuple(_DURATIONS_MS[word] for word in asked)
