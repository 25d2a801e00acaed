"""Moments and durations as the API writes them."""

from datetime import UTC, datetime, timedelta

__all__ = ["iso", "milliseconds", "moment"]


def iso(when: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and ``Z``, such as ``2026-07-02T10:30:45.123Z``."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(started_at: datetime, at: float) -> str:
    """The time of a fact: ``at`` seconds after the session opened."""
    return iso(started_at + timedelta(seconds=at))


def milliseconds(seconds: float) -> int:
    """A duration in whole milliseconds."""
    return round(1000 * seconds)
