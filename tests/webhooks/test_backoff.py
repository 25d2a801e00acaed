"""A delivery that failed is tried again, soon at first and then more and more seldom."""

from itertools import pairwise

from vivavoce.webhooks.backoff import MOST_ATTEMPTS, delay_s


def test_the_attempts_last_about_a_day() -> None:
    """A receiver may be away for a night; whatever chance says, it is between 18 and 28 hours."""
    for fraction in (0.0, 0.5, 0.999):
        hours = sum(delay_s(attempt, fraction) for attempt in range(1, MOST_ATTEMPTS)) / 3600

        assert 18 < hours < 28


def test_each_delay_is_longer_than_the_one_before_up_to_a_limit() -> None:
    """The first is ten seconds, then three times as long each, up to five hours."""
    delays = [delay_s(attempt, 0.5) for attempt in range(1, MOST_ATTEMPTS)]

    assert [10.0, 30.0, 90.0] == delays[:3]
    assert all(earlier <= later for earlier, later in pairwise(delays))
    assert 5 * 3600.0 == delays[-1] == delay_s(1_000_000, 0.5)


def test_what_failed_together_does_not_come_back_together() -> None:
    """A fifth sooner, a fifth later."""
    assert (8.0, 12.0) == (delay_s(1, 0.0), round(delay_s(1, 0.999999), 3))
