"""A call as one line of a list."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.server.console.told_call import ANALYTICS
from tests.store.made_calls import FIGURES
from vivavoce.store.call_lists import AgentBrief
from vivavoce.store.calls import Call
from vivavoce.views.call_lines import Excerpt, call_line, excerpt, plain_value

BEGAN = datetime(2026, 7, 2, 10, 0, tzinfo=UTC)


def test_a_line_has_the_figures_and_what_came_of_the_call() -> None:
    """In plain words."""
    call = Call(
        "CALL-1776756378884-6a553c", "s", "a", "webcall", BEGAN, status="completed", end_reason="client_requested",
        duration_ms=61_000, figures=FIGURES, analytics=ANALYTICS,
    )  # fmt: skip
    line = call_line(call, AgentBrief("Ada", None), now=BEGAN)

    assert ("Ada", 61.0, 1, 700) == (line.agent_name, line.length_s, line.turns, line.median_ms)
    assert "visitor" in line.end.lower()
    assert ("The visitor got a table by the window.", (("table booked", "yes"),)) == (line.summary, line.findings)


def test_the_line_of_a_live_call_has_lasted_until_now() -> None:
    """Its figures are not there yet."""
    line = call_line(
        Call("CALL-1776756378884-6a553c", "s", "a", "webcall", BEGAN), None, now=BEGAN + timedelta(seconds=5)
    )

    assert (5.0, None, None, "") == (line.length_s, line.turns, line.median_ms, line.end)


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("We open at  nine", "OPEN AT", Excerpt("We ", "open at", " nine")),
        ("nothing of it", "zebra", Excerpt("nothing of it", "", "")),
        ("İstanbul is open", "open", Excerpt("İstanbul is open", "", "")),
    ],
)
def test_an_excerpt_shows_where_the_words_stand(text: str, words: str, found: Excerpt) -> None:
    """As they were said; where the place cannot be told, the beginning."""
    assert found == excerpt(text, words)


def test_a_long_text_is_cut_around_the_words() -> None:
    """A line has room for a sentence."""
    found = excerpt("before " * 100 + "here " + "behind " * 100, "here")

    assert "here" == found.words
    assert len(found.before) < 80
    assert len(found.behind) < 80


@pytest.mark.parametrize(("value", "shown"), [(True, "yes"), (False, "no"), (None, "–"), (3, "3"), ("tea", "tea")])
def test_findings_are_shown_in_plain_words(value: object, shown: str) -> None:
    """Not in those of JSON."""
    assert shown == plain_value(value)
