"""Samples in a few numbers."""

import pytest

from bench.figures import Spread, median_of, spread


def test_a_spread_names_the_count_the_percentiles_and_the_largest() -> None:
    """Percentiles lie between neighbours: of 0 to 100 the 95th percentile is 95."""
    found = spread([float(value) for value in range(101)])

    assert Spread(count=101, p50=50.0, p95=95.0, p99=99.0, largest=100.0) == found


def test_an_empty_sample_has_no_percentiles() -> None:
    """Nothing measured is not zero: a goal must not be met by silence."""
    assert Spread(0, None, None, None, None) == spread([])


def test_the_median_leaves_out_rounds_without_a_figure() -> None:
    """A round that measured nothing neither helps nor harms the others."""
    assert 2.0 == median_of([3.0, None, 1.0])


@pytest.mark.parametrize("values", [[], [None, None]])
def test_there_is_no_median_of_nothing(values: list[float | None]) -> None:
    """Without any figure the answer is none, not zero."""
    assert median_of(values) is None
