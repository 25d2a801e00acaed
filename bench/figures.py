"""Pure statistics: a sample of figures in a few numbers."""

from collections.abc import Sequence
from statistics import median

import msgspec
import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Spread", "median_of", "spread"]


class Spread(msgspec.Struct, frozen=True):
    """How a sample is spread. All fields but ``count`` are None for an empty sample."""

    count: int
    p50: float | None
    p95: float | None
    p99: float | None
    largest: float | None


def spread(values: ArrayLike) -> Spread:
    """
    Sum a sample up.

    Percentiles lie between neighbours (linear interpolation), so that few values do not jump.
    """
    sample = np.asarray(values, np.float64)
    if sample.size == 0:
        return Spread(0, None, None, None, None)
    p50, p95, p99 = np.percentile(sample, (50, 95, 99))
    return Spread(int(sample.size), float(p50), float(p95), float(p99), float(sample.max()))


def median_of(values: Sequence[float | None]) -> float | None:
    """The median of the values that are there; None where there is none."""
    known = [value for value in values if value is not None]
    return median(known) if known else None
