"""Calls at the same time, minute by minute."""

from datetime import date

import msgspec

from vivavoce.store.call_totals import MinuteCount
from vivavoce.views.concurrency import AgentConcurrency, concurrency

DAY = date(2026, 7, 2)


def test_a_call_counts_in_every_minute_that_it_touches() -> None:
    """The one in which it ends included."""
    counts = [MinuteCount("a", 1, began=2), MinuteCount("a", 1, ended=1), MinuteCount("b", 3, began=1)]
    shown = concurrency([*counts, MinuteCount("a", 3, ended=1)], day=DAY, minutes=5, by_agent=True)

    assert [0, 2, 1, 2, 1] == [point.concurrent_calls for point in shown.data_points]
    assert ["00:00", "00:04"] == [shown.data_points[0].minute, shown.data_points[-1].minute]
    assert (2, 1.2, 5, "2026-07-02") == (
        shown.peak_concurrent,
        shown.avg_concurrent,
        shown.total_minutes,
        shown.date,
    )
    assert [AgentConcurrency("a", 2, 0.8, 2), AgentConcurrency("b", 1, 0.4, 1)] == shown.by_agent


def test_a_day_without_calls_is_quiet() -> None:
    """And one without minutes, because it has not come, has no points."""
    quiet = concurrency([], day=DAY, minutes=1440, by_agent=False)
    none = concurrency([], day=DAY, minutes=0, by_agent=True)

    assert (1440, 0, 0.0) == (len(quiet.data_points), quiet.peak_concurrent, quiet.avg_concurrent)
    assert quiet.by_agent is msgspec.UNSET
    assert ([], 0, []) == (none.data_points, none.peak_concurrent, none.by_agent)
    assert "23:59" == quiet.data_points[-1].minute
