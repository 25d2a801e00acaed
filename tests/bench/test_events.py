"""The goals of the events benchmark are judged by the difference between neighbours in time."""

from bench.events import EventsResult, Window
from bench.figures import spread


def window(readers: int, server_share: float) -> Window:
    return Window(readers, 10.0, server_share, 0.1, 40, spread([0.01]))


def result(*, added: float, delay_s: float) -> EventsResult:
    rounds = [window(0, 0.03), window(100, 0.03 + added), window(0, 0.2), window(100, 0.2 + added)]
    return EventsResult(100, rounds, {"call_start": 2}, [delay_s] * 10)


def test_readers_cost_what_they_add() -> None:
    """The load of the machine counts in both windows of a round, so it does not matter."""
    assert [0.01, 0.01] == [round(share, 6) for share in result(added=0.01, delay_s=0.01).added_shares]


def test_both_goals_are_judged() -> None:
    """Five percent of a core, and fifty milliseconds; without events there is nothing to be proud of."""
    assert [True, True] == [verdict.met for verdict in result(added=0.049, delay_s=0.049).verdicts()]
    assert [False, False] == [verdict.met for verdict in result(added=0.051, delay_s=0.051).verdicts()]
    assert not EventsResult(100, [window(0, 0.1), window(100, 0.1)]).verdicts()[1].met


def test_the_result_shows_every_window() -> None:
    """A reader can judge the verdicts by himself."""
    shown = result(added=0.01, delay_s=0.02).markdown()

    assert 4 == shown.count("10.0 ms | 10.0 ms | 10.0 ms")
    assert "1.00%" in shown
    assert "2 call_start" in shown
