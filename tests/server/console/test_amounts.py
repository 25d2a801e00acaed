"""Amounts as people read them."""

import pytest

from vivavoce.server.console.amounts import size, uptime, wait


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.00032, "0.3 ms"),
        (0.0099, "10 ms"),
        (0.64, "640 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (12.34, "12.3 s"),
    ],
)
def test_a_wait_is_written_in_the_unit_that_fits(seconds: float | None, text: str) -> None:
    """Milliseconds below a second."""
    assert text == wait(seconds)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (4_200, "4.2 kB"),
        (647_000, "647 kB"),
        (83e9, "83.0 GB"),
        (5e16, "50000.0 TB"),
    ],
)
def test_a_size_is_written_in_the_unit_that_fits(count: float, text: str) -> None:
    """In thousands, as disks are sold."""
    assert text == size(count)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (59, "less than a minute"),
        (60, "1 minute"),
        (3600 + 120, "1 hour 2 minutes"),
        (3 * 86_400 + 3600, "3 days 1 hour"),
    ],
)
def test_a_long_time_is_written_in_its_two_largest_units(seconds: float, text: str) -> None:
    """A minute is the least."""
    assert text == uptime(seconds)
