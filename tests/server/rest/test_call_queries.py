"""Query parameters become filters, or sentences that say what is wrong."""

from datetime import UTC, date, datetime, timedelta

import pytest

from vivavoce.errors import Refused
from vivavoce.server.rest.call_queries import call_filter, day_of, earliest, latest, words
from vivavoce.store.call_lists import CallFilter

AGENT = "a" * 24


def test_nothing_asked_is_nothing_filtered() -> None:
    """Empty parameters, and those that ask for all, leave every call in."""
    assert CallFilter() == call_filter()
    assert CallFilter() == call_filter(attempts="all", statuses="all", types=" , ", versions="all")
    assert CallFilter() == call_filter(attempts="initial")


def test_lists_have_commas() -> None:
    """Spaces and empty parts do not count."""
    assert ("a", "b") == words(" a,, b ,")
    assert () == words("")


def test_words_are_those_of_the_api() -> None:
    """What the API calls by one word may be several things here, and the other way round."""
    found = call_filter(
        agents=f"{AGENT},nonsense",
        types="webcall,telephony_inbound",
        statuses="in_progress,active,failed",
        reasons="user_hangup,system_error",
        durations="0-30,5+",
    )

    assert [AGENT] == found.agent_ids
    assert ("webcall",) == found.modes
    assert ("active", "failed") == found.statuses
    assert ("client_requested", "websocket_closed", "server_error") == found.end_reasons
    assert ((0, 30_000), (300_000, None)) == found.durations_ms


@pytest.mark.parametrize(
    "asked", [{"types": "telephony_outbound"}, {"campaigns": "x"}, {"versions": AGENT}, {"attempts": "retry"}]
)
def test_what_no_call_is_finds_none(asked: dict[str, str]) -> None:
    """A client that asks for the calls of a campaign must not get all of them."""
    assert () == call_filter(**asked).modes


def test_words_that_nothing_is_called_by_find_nothing() -> None:
    """No refusal: the original knows states that are not known here."""
    assert () == call_filter(statuses="queued").statuses
    assert [] == call_filter(agents="nonsense").agent_ids
    assert () == call_filter(reasons="transfer_complete").end_reasons


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" call-1776", "CALL-1776"),
        ("6A553C", "6a553c"),
        ("ll-17", "LL-17"),
        ("call", "CALL"),
        ("ca", "ca"),
        ("a\0b", "ab"),
        ("x" * 1000, "x" * 100),
    ],
)
def test_a_search_is_written_as_ids_are(text: str, expected: str) -> None:
    """Upper and lower case are alike for who asks, and the store need not know."""
    assert expected == call_filter(search=text).search


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-02", datetime(2026, 7, 2, tzinfo=UTC)),
        ("2026-07-02T10:30:00Z", datetime(2026, 7, 2, 10, 30, tzinfo=UTC)),
        ("2026-07-02T10:30:00.123", datetime(2026, 7, 2, 10, 30, 0, 123_000, tzinfo=UTC)),
        # A plus that nobody encoded arrives as a space.
        ("2026-07-02T12:30:00 02:00", datetime(2026, 7, 2, 10, 30, tzinfo=UTC)),
        ("2026-07-02 10:30", datetime(2026, 7, 2, 10, 30, tzinfo=UTC)),
    ],
)
def test_a_span_begins_with_a_day_or_a_moment(text: str, expected: datetime) -> None:
    """In UTC, unless it says otherwise."""
    assert expected == earliest("dateFrom", text)


def test_a_span_holds_its_last_day_or_millisecond() -> None:
    """Moments are shown with milliseconds: whoever sends one back means all of it."""
    assert datetime(2026, 7, 3, tzinfo=UTC) == latest("dateTo", "2026-07-02")
    assert datetime(2026, 7, 2, 10, 30, 0, 124_000, tzinfo=UTC) == latest("dateTo", "2026-07-02T10:30:00.123Z")
    assert latest("dateTo", "") is None
    assert earliest("dateFrom", "") is None


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2026-13-01", "1751452200000", "9999-12-31", "2026-07-02T25:00", "\0", "0001-01-01T00:00:00+14:00"],
)
def test_a_moment_that_cannot_be_read_is_refused(text: str) -> None:
    """With the name of the parameter and an example; also one so late that there is none after it."""
    with pytest.raises(Refused, match=r"dateTo: Invalid date\. Expected ISO 8601, such as 2026-07-02") as refused:
        latest("dateTo", text)

    assert 400 == refused.value.status


def test_a_duration_that_is_not_offered_is_refused() -> None:
    """The choices are told; a plus that nobody encoded is understood."""
    with pytest.raises(Refused, match=r"durationFilter: Invalid enum value\. Expected '0-30' \| '30-60'"):
        call_filter(durations="0-30,2-3")

    assert ((300_000, None),) == call_filter(durations="5 ").durations_ms
    assert call_filter(durations="all").durations_ms is None


def test_a_day_is_a_day() -> None:
    """And nothing else."""
    assert date(2026, 7, 2) == day_of("date", "2026-07-02")
    with pytest.raises(Refused, match=r"date: Invalid date\. Expected YYYY-MM-DD"):
        day_of("date", "2026-07-02T10:00")


def test_a_filter_can_be_held_against_another_period() -> None:
    """The rest of it stays."""
    start = datetime(2026, 7, 2, tzinfo=UTC)
    end = start + timedelta(days=1)

    assert CallFilter(modes=("chat",), started_from=start, started_before=end) == call_filter(types="chat").within(
        start, end
    )
