"""The calls of a period, hour by hour or day by day."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from vivavoce.store.overview import AnswerTimes, Peak, StepTotals
from vivavoce.views.end_reasons import PLAIN_ENDS, plain_end
from vivavoce.views.overview import Overview, Span, overview, span_of

AT = datetime(2026, 7, 2, 10, 47, 11, tzinfo=UTC)
NONE = AnswerTimes({}, 0, 0)


def drawn(span: Span, **more: object) -> Overview:
    given: dict[str, object] = {"totals": (), "peaks": (), "ends": {}, "answers": NONE, "ended_calls": 0, **more}
    return overview(span, **given)  # type: ignore[arg-type]  # what a test leaves out is filled in


def test_days_are_those_of_the_reader() -> None:
    """The one that runs is the last; his midnights are not those of UTC."""
    span = span_of("7d", at=AT, zone=ZoneInfo("Asia/Kolkata"))

    assert (7, "day") == (len(span.starts), span.unit)
    assert datetime(2026, 7, 1, 18, 30, tzinfo=UTC) == span.starts[-1]
    assert span.starts[-1] + timedelta(days=1) == span.end


def test_hours_begin_by_the_clock_of_the_reader() -> None:
    """In a zone of half an hour, at half past."""
    span = span_of("24h", at=AT, zone=timezone(timedelta(hours=5, minutes=30)))

    assert 24 == len(span.starts)
    assert datetime(2026, 7, 2, 10, 30, tzinfo=UTC) == span.starts[-1]


def test_a_day_on_which_clocks_are_changed_is_a_day() -> None:
    """It has 23 hours or 25, and the steps fit into it."""
    at = datetime(2026, 3, 31, 12, tzinfo=UTC)
    span = span_of("7d", at=at, zone=ZoneInfo("Europe/Berlin"))
    found = drawn(span, totals=[StepTotals(step, 1, 0, 0) for step in range(span.steps.count)])

    assert timedelta(hours=1) == span.steps.length
    assert [24, 24, 24, 24, 23, 24, 24] == found.calls


def test_steps_are_added_up_to_hours_and_days() -> None:
    """And to the whole period."""
    span = span_of("24h", at=AT, zone=UTC)
    found = drawn(
        span,
        totals=[StepTotals(0, 2, 1, 90_000), StepTotals(23, 1, 0, 30_000)],
        ended_calls=3,
        ends={"server_error": 1, "client_requested": 2},
    )

    assert (2, 1, 1.5, 0.5) == (found.calls[0], found.calls[23], found.minutes[0], found.minutes[23])
    assert (3, 1, 2.0, 40.0) == (found.totals.calls, found.totals.failed, found.totals.minutes, found.totals.average_s)
    assert ["The server failed", "The visitor hung up"] == [end.text for end in found.ends]


def test_calls_that_go_on_are_there_in_every_hour() -> None:
    """Until they end, also where nothing changes."""
    span = span_of("24h", at=AT, zone=UTC)
    found = drawn(span, peaks=[Peak(1, 3, 2), Peak(4, 2, 0)])

    assert [0, 3, 2, 2, 2, 0, 0] == found.most_at_once[:7]
    assert 3 == found.totals.most_at_once


def test_percentiles_are_of_single_answers() -> None:
    """Nearest rank; an hour without an answer has none."""
    span = span_of("24h", at=AT, zone=UTC)
    found = drawn(span, answers=AnswerTimes({0: list(range(1, 101)), 5: [700]}, 12, 300))

    assert (50, 95, None, 700) == (
        found.answer_p50_ms[0],
        found.answer_p95_ms[0],
        found.answer_p50_ms[1],
        found.answer_p95_ms[5],
    )
    assert (51, 96) == (found.totals.answer_p50_ms, found.totals.answer_p95_ms)
    assert (12, 300) == found.answered_calls


def test_a_period_without_calls_has_no_averages() -> None:
    """Rather than noughts, which would be taken for measurements."""
    totals = drawn(span_of("30d", at=AT, zone=UTC)).totals

    assert (0, 0.0, None, 0, None) == (
        totals.calls,
        totals.minutes,
        totals.average_s,
        totals.most_at_once,
        totals.answer_p50_ms,
    )


def test_every_end_of_a_call_has_words() -> None:
    """One that is not known as well, and a call that goes on."""
    reasons = {"client_requested", "websocket_closed", "connection_lost", "ended", "timeout", "server_error"}

    assert reasons == PLAIN_ENDS.keys()
    assert "It goes on" == plain_end("")
    assert "It ended in another way" == plain_end("by magic")
