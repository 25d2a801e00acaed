"""The filters of the list of calls stand in its address."""

from datetime import UTC, datetime, timedelta

import pytest

from vivavoce.errors import Refused
from vivavoce.server.console.call_queries import CHOICES, CallQuery, place_from, place_text, read_query
from vivavoce.store.call_lists import CallFilter
from vivavoce.store.said_search import Place

NOW = datetime(2026, 7, 2, 12, 0, tzinfo=UTC)
AGENT = "6900c5a5e1f7b3a3b4f2c1d0"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, CallFilter()),
        ({"agent": AGENT}, CallFilter(agent_ids=[AGENT])),
        ({"period": "7"}, CallFilter(started_from=NOW - timedelta(days=7))),
        ({"kind": "chat"}, CallFilter(modes=("chat",))),
        ({"state": "ended"}, CallFilter(statuses=("completed", "failed"))),
        ({"state": "live"}, CallFilter(statuses=("active",))),
        ({"end": "timeout"}, CallFilter(end_reasons=("timeout",))),
        ({"length": "5+"}, CallFilter(durations_ms=((300_000, None),))),
        ({"latency": "1000-2000"}, CallFilter(latencies_ms=((1000, 2000),))),
        ({"q": "call-17AB"}, CallFilter(search="CALL-17ab")),
        ({"q": "table for two"}, CallFilter()),
        (
            {"since": "2026-07-01", "until": "2026-07-01"},
            CallFilter(
                started_from=datetime(2026, 7, 1, tzinfo=UTC),
                started_before=datetime(2026, 7, 2, tzinfo=UTC),
            ),
        ),
    ],
)
def test_each_filter_means_certain_calls(given: dict[str, str], wanted: CallFilter) -> None:
    """Those of the API, and our own."""
    assert wanted == read_query(given).wanted(NOW)


def test_of_a_period_and_a_first_day_the_later_counts() -> None:
    """Both are to hold."""
    query = read_query({"period": "1", "since": "2026-06-01"})

    assert NOW - timedelta(days=1) == query.wanted(NOW).started_from


def test_every_choice_that_is_offered_is_understood() -> None:
    """None of them is refused or forgotten."""
    for name, offered in CHOICES.items():
        for word, _ in offered:
            query = read_query({name: word})

            assert word == getattr(query, name)
            query.wanted(NOW)


def test_words_that_are_not_offered_count_as_none() -> None:
    """An old bookmark still shows a list."""
    assert CallQuery() == read_query({"state": "sleeping", "length": "7", "page": "3"})


def test_a_day_that_is_none_is_refused() -> None:
    """With a sentence that says how one is written."""
    with pytest.raises(Refused, match="2026-07-31"):
        read_query({"since": "yesterday"})


def test_an_address_brings_the_same_filters_back() -> None:
    """What is left out is left out there, too."""
    query = CallQuery(q="a & b", agent=AGENT, state="ended")

    assert f"/console/calls?q=a+%26+b&agent={AGENT}&state=ended&page=2" == query.address(page=2)
    assert "/console/calls" == CallQuery().address()


def test_a_place_in_the_list_comes_back_as_it_went() -> None:
    """To the microsecond, for calls may begin at the same moment but for that."""
    place = Place(datetime(2026, 7, 2, 10, 0, 0, 123_456, tzinfo=UTC), "CALL-1")

    assert place == place_from(place_text(place))


@pytest.mark.parametrize("text", ["", "CALL-1", "x.CALL-1", "٣.CALL-1", "9" * 30 + ".CALL-1", "-5.CALL-1"])
def test_what_is_no_place_is_none(text: str) -> None:
    """The list begins at its beginning."""
    assert place_from(text) is None
