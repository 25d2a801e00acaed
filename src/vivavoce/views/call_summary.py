"""
What the calls of a period come to, beside those of the period before.

Source: Atoms analytics summary (wire-spec 2.9).
"""

from datetime import datetime

from msgspec import Struct, field

from vivavoce.store.call_totals import CallTotals
from vivavoce.views.agent import HOUSE_ID
from vivavoce.views.times import iso

__all__ = ["CallSummary", "Period", "Trend", "call_summary"]


class Trend(Struct, frozen=True, rename="camel"):
    """A figure, what it was in the period before, and the change in percent; None where it was nothing."""

    current: float
    previous: float
    percent_change: float | None


class Period(Struct, frozen=True):
    """From a moment on, to the moment behind the last."""

    from_: str = field(name="from")
    to: str


class CallSummary(Struct, frozen=True, kw_only=True, rename="camel"):
    """
    The figures of a period; lengths of time in milliseconds.

    Args:
        pickup_rate: How many of 100 calls did not fail: on the web every call is answered.
        unique_users_reached: Always 0: visitors of a page are not known by a number.
        total_cost: Always 0.
    """

    org_id: str
    total_calls: Trend
    pickup_rate: Trend
    avg_duration_ms: Trend
    median_duration_ms: int
    total_duration_ms: Trend
    unique_users_reached: Trend
    total_cost: Trend
    period: Period
    previous_period: Period


def call_summary(
    current: CallTotals, previous: CallTotals, *, start: datetime, end: datetime, before: datetime
) -> CallSummary:
    """
    The summary of the period from ``start`` to ``end``.

    Args:
        current: The sums of the period.
        previous: The sums of the period before, from ``before`` to ``start``.
        start: The first moment of the period.
        end: The moment behind it.
        before: The first moment of the period before.
    """
    return CallSummary(
        org_id=HOUSE_ID,
        total_calls=_trend(current.calls, previous.calls),
        pickup_rate=_trend(_picked_up(current), _picked_up(previous)),
        avg_duration_ms=_trend(_mean_ms(current), _mean_ms(previous)),
        median_duration_ms=current.median_ms or 0,
        total_duration_ms=_trend(current.duration_ms, previous.duration_ms),
        unique_users_reached=_trend(0, 0),
        total_cost=_trend(0, 0),
        period=Period(iso(start), iso(end)),
        previous_period=Period(iso(before), iso(start)),
    )


def _trend(current: float, previous: float) -> Trend:
    return Trend(current, previous, round(100 * (current - previous) / previous, 2) if previous else None)


def _picked_up(sums: CallTotals) -> float:
    return round(100 * (sums.calls - sums.failed) / sums.calls, 2) if sums.calls else 0


def _mean_ms(sums: CallTotals) -> int:
    return round(sums.duration_ms / sums.ended) if sums.ended else 0
