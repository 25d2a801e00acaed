"""When a delivery that failed is tried again: soon at first, then more and more seldom, for about a day."""

__all__ = ["MOST_ATTEMPTS", "delay_s"]

# With the delays below: ten attempts within the first eight hours or so, the last one after 23.
MOST_ATTEMPTS = 12
_FIRST_S = 10.0
_FACTOR = 3.0
_LONGEST_S = 5 * 3600.0
# Each delay is longer or shorter by up to a fifth, so that what failed together does not come back together.
_SPREAD = 0.2


def delay_s(attempts: int, fraction: float) -> float:
    """
    Seconds from a failed attempt to the next one.

    Args:
        attempts: How many have failed, at least one.
        fraction: From 0 up to 1, by chance.
    """
    # More than this many steps are beyond the longest delay anyway, and would overflow one day.
    steps = min(attempts - 1, MOST_ATTEMPTS)
    return min(_FIRST_S * _FACTOR**steps, _LONGEST_S) * (1 - _SPREAD + 2 * _SPREAD * fraction)
