"""How engines have been doing for the last hour."""

from datetime import UTC, datetime

import pytest

from vivavoce.server.engine_watch import EngineFigures, EngineWatch, Fault

AT = datetime(2026, 7, 2, 10, tzinfo=UTC)


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def watch(clock: Clock) -> EngineWatch:
    return EngineWatch(clock=clock, calendar=lambda: AT)


def test_an_engine_that_was_not_asked_has_no_figures() -> None:
    """Neither has a stage that is not counted."""
    watched = watch(Clock())
    watched.note("vad", 0.1, "")

    assert [EngineFigures()] * 2 == [watched.figures("llm"), watched.figures("vad")]


def test_requests_and_failures_are_counted_by_stage() -> None:
    """The last failure stays with its moment."""
    watched = watch(Clock())
    watched.note("llm", 0.2, "")
    watched.note("llm", None, "it answered nothing")
    watched.note("tts", 0.1, "")
    found = watched.figures("llm")

    assert (2, 1, Fault("it answered nothing", AT)) == (found.requests, found.failures, found.fault)
    assert (1, 0, None) == (
        watched.figures("tts").requests,
        watched.figures("tts").failures,
        watched.figures("tts").fault,
    )


def test_percentiles_are_those_of_the_answers() -> None:
    """Right to 5 in 100, whatever the order; a request without an answer counts for none."""
    watched = watch(Clock())
    for number in reversed(range(100)):
        watched.note("stt", (number + 1) / 100, "")
    watched.note("stt", None, "it failed")
    found = watched.figures("stt")

    assert found.wait_p50_s == pytest.approx(0.5, rel=0.05)
    assert found.wait_p95_s == pytest.approx(0.95, rel=0.05)


def test_what_is_older_than_an_hour_does_not_count() -> None:
    """But the last failure is still known."""
    clock = Clock()
    watched = watch(clock)
    watched.note("llm", None, "too slow")
    clock.now_s = 59 * 60.0
    watched.note("llm", 0.2, "")
    within = watched.figures("llm")
    clock.now_s = 60 * 60.0
    after = watched.figures("llm")

    assert (2, 1) == (within.requests, within.failures)
    assert (1, 0, Fault("too slow", AT)) == (after.requests, after.failures, after.fault)


def test_a_minute_of_the_hour_before_is_not_taken_for_its_own() -> None:
    """The ring of minutes is used again and again."""
    clock = Clock()
    watched = watch(clock)
    watched.note("llm", 0.2, "")
    clock.now_s = 60 * 60.0
    watched.note("llm", 0.2, "")

    assert 1 == watched.figures("llm").requests


def test_a_long_fault_is_cut() -> None:
    """What a stranger's engine says of itself has no bound of its own."""
    watched = watch(Clock())
    watched.note("llm", None, "x" * 10_000)
    found = watched.figures("llm").fault

    assert found is not None
    assert 300 == len(found.text)


def test_waits_out_of_all_bounds_are_counted() -> None:
    """A clock that is too coarse, and an engine that took an hour."""
    watched = watch(Clock())
    watched.note("llm", 0.0, "")
    watched.note("llm", 3600.0, "")

    assert 2 == watched.figures("llm").requests
