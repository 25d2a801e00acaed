"""Which trial counts."""

from bench.turns import least_doubtful
from tests.bench.made_report import but


def test_a_try_without_a_doubt_counts() -> None:
    """Even where another one had its core for itself but a late driver."""
    late_driver, fine = but(others_share=0.0, driver_share=0.95), but(others_share=0.05)

    assert fine is least_doubtful([late_driver, fine])


def test_of_doubtful_tries_the_least_disturbed_counts() -> None:
    """The result then says that it is in doubt."""
    worse, better = but(others_share=0.4), but(others_share=0.2)

    assert better is least_doubtful([worse, better])
