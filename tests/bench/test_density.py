"""The search for the most calls."""

import pytest

from bench.density import next_calls


def _search(truth: int, *, first: int = 90, most: int = 240) -> list[int]:
    """All numbers that are tried on a machine which holds so many calls."""
    held: dict[int, bool] = {}
    while (calls := next_calls(held, first=first, step=30, finest=15, most=most)) is not None:
        assert calls not in held
        held[calls] = calls <= truth
    return list(held)


def test_the_search_goes_up_until_a_number_fails_and_then_halves() -> None:
    """With strides of 30 to a precision of 15."""
    assert [90, 120, 150, 180, 165] == _search(170)


def test_the_search_goes_down_where_the_first_number_fails() -> None:
    """Until one is held, then between the two."""
    assert [90, 60, 30, 45] == _search(50)


def test_the_search_ends_at_the_most() -> None:
    """A machine that holds everything is not loaded for ever."""
    assert [90, 120, 150, 180, 210, 240] == _search(10_000)


def test_the_search_gives_up_at_the_bottom() -> None:
    """A machine that holds nothing."""
    assert [90, 60, 30] == _search(0)


@pytest.mark.parametrize("truth", range(30, 260, 7))
def test_the_answer_is_as_precise_as_asked(truth: int) -> None:
    """The largest number held lies within the grain below the truth."""
    best = max(calls for calls in _search(truth) if calls <= truth)

    assert 0 <= min(truth, 240) - best < 15
