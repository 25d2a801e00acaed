"""How stubbornly a client keeps its call."""

from itertools import islice

from vivavoce.client.endurance import Endurance


def test_each_attempt_waits_longer_than_the_last_up_to_a_limit() -> None:
    """Twice as long, give or take a quarter."""
    pauses_s = list(islice(Endurance().pauses_s(), 8))
    middles_s = [0.1, 0.2, 0.4, 0.8, 1.6, 3.0, 3.0, 3.0]

    assert all(
        0.75 * middle_s <= pause_s <= min(1.25 * middle_s, 3.0)
        for middle_s, pause_s in zip(middles_s, pauses_s, strict=True)
    )


def test_clients_do_not_come_back_all_at_once() -> None:
    """A hundred that were lost together wait differently."""
    first_s = {next(Endurance().pauses_s()) for _ in range(100)}

    assert len(first_s) > 90
