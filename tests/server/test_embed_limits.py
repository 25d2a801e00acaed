"""The limits of public pages: read from the document, checked, and shared among the calls of a day."""

from datetime import UTC, datetime

import pytest

from vivavoce.agent_sections import EmbedLimits
from vivavoce.errors import Refused
from vivavoce.server.embed_limits import check_usage, limits_of
from vivavoce.store.visits import Usage, Used

NOON = datetime(2026, 7, 2, 12, 0, tzinfo=UTC)
NOBODY = Used()


def refusal(limits: EmbedLimits, *, visitor: Used = NOBODY, agent: Used = NOBODY) -> tuple[str, int | None]:
    """Code and ``Retry-After``; an empty code where the call may begin."""
    try:
        check_usage(limits, Usage(visitor, agent), at=NOON)
    except Refused as error:
        assert 429 == error.status
        return error.code, error.retry_after_s
    return "", None


def test_an_agent_without_limits_has_ours() -> None:
    """Two calls at once and an hour a day for each visitor; none for all together."""
    assert EmbedLimits(0, 0, 2, 60) == limits_of({})


def test_an_agent_has_the_limits_that_its_document_sets() -> None:
    """What another tool wrote in the wrong range or type does not lift a limit."""
    written = {"callsAtOnce": 5, "minutesPerDay": 90.5, "callsAtOncePerVisitor": 1, "minutesPerDayPerVisitor": 0}

    assert EmbedLimits(5, 90.5, 1, 0) == limits_of({"embedLimits": written})
    assert EmbedLimits(0, 0, 2, 60) == limits_of({"embedLimits": {"callsAtOnce": "5", "minutesPerDay": True}})
    assert EmbedLimits(0, 100_000, 2, 60) == limits_of({"embedLimits": {"callsAtOnce": -1, "minutesPerDay": 1e9}})
    assert EmbedLimits() == limits_of({"embedLimits": []})


@pytest.mark.parametrize("used", [Used(1, 0), Used(0, 3500), Used(1, 3500)])
def test_below_its_limits_a_visitor_may(used: Used) -> None:
    """Calls that go on count, and minutes that have gone by."""
    assert ("", None) == refusal(EmbedLimits(), visitor=used)


def test_each_limit_has_its_word() -> None:
    """Busy is over in a moment; minutes come back at midnight UTC."""
    limits = EmbedLimits(3, 100, 2, 10)

    assert ("visitor_busy", 10) == refusal(limits, visitor=Used(2, 0), agent=Used(2, 0))
    assert ("agent_busy", 10) == refusal(limits, visitor=Used(1, 0), agent=Used(3, 0))
    assert ("visitor_minutes_used", 12 * 3600 + 1) == refusal(limits, visitor=Used(0, 600))
    assert ("agent_minutes_used", 12 * 3600 + 1) == refusal(limits, agent=Used(0, 6000))


def test_nobody_is_let_in_for_a_hello() -> None:
    """A call that would be ended within five seconds is not begun."""
    assert "" == refusal(EmbedLimits(), visitor=Used(0, 3595))[0]
    assert "visitor_minutes_used" == refusal(EmbedLimits(), visitor=Used(0, 3596))[0]


def test_zero_is_no_limit() -> None:
    """Of any of the four."""
    assert ("", None) == refusal(EmbedLimits(0, 0, 0, 0), visitor=Used(99, 1e6), agent=Used(99, 1e6))
