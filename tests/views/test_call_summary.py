"""A period beside the one before."""

from datetime import UTC, datetime, timedelta

from vivavoce.store.call_totals import CallTotals
from vivavoce.views.call_summary import CallSummary, Trend, call_summary

START = datetime(2026, 7, 2, tzinfo=UTC)
DAY = timedelta(days=1)
NOTHING = CallTotals(0, 0, 0, 0, None)


def _summary(current: CallTotals, previous: CallTotals) -> CallSummary:
    return call_summary(current, previous, start=START, end=START + DAY, before=START - DAY)


def test_a_change_is_told_in_percent() -> None:
    """Down as well as up; calls that still run are counted, but have no length yet."""
    shown = _summary(CallTotals(3, 1, 2, 5_000, 2_500), CallTotals(4, 0, 4, 4_000, 1_000))

    assert Trend(3, 4, -25.0) == shown.total_calls
    assert Trend(66.67, 100.0, -33.33) == shown.pickup_rate
    assert Trend(2_500, 1_000, 150.0) == shown.avg_duration_ms
    assert Trend(5_000, 4_000, 25.0) == shown.total_duration_ms
    assert 2_500 == shown.median_duration_ms


def test_nothing_has_no_change() -> None:
    """There is no percentage of nothing."""
    shown = _summary(CallTotals(1, 0, 1, 10, 10), NOTHING)

    assert Trend(1, 0, None) == shown.total_calls
    assert Trend(0, 0, None) == _summary(NOTHING, NOTHING).avg_duration_ms
    assert 0 == _summary(NOTHING, NOTHING).median_duration_ms
    assert ("2026-07-01T00:00:00.000Z", "2026-07-02T00:00:00.000Z") == (
        shown.previous_period.from_,
        shown.previous_period.to,
    )
