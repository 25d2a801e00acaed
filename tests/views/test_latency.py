"""The latency figures of a call."""

from vivavoce.talk.facts import CallStarted, Fact, TurnTimed
from vivavoce.views.latency import latency_metrics


def test_figures_are_milliseconds_over_all_turns() -> None:
    """Average, median, extremes, and when each turn ended and began."""
    facts: list[Fact] = [
        CallStarted(0.0, "webcall"),
        TurnTimed(2.7, 1, 2.0, 0.4, 0.1, 0.1, 0.1),
        TurnTimed(9.0, 2, 8.0, 0.5, 0.2, 0.2, 0.1),
        TurnTimed(20.2, 3, 20.0, 0.1, 0.0, 0.1, 0.0),
    ]

    assert {
        "turns": 3,
        "avgLatency": 633,
        "medianLatency": 700,
        "minLatency": 200,
        "maxLatency": 1000,
        "latencies": [700, 1000, 200],
        "transitions": [
            {"turn": 1, "user_end": 2000, "bot_start": 2700, "latency": 700},
            {"turn": 2, "user_end": 8000, "bot_start": 9000, "latency": 1000},
            {"turn": 3, "user_end": 20000, "bot_start": 20200, "latency": 200},
        ],
        "processedAt": "now",
    } == latency_metrics(facts, processed_at="now")


def test_without_a_timed_turn_there_are_no_figures() -> None:
    """No number is better than a made-up zero."""
    assert None is latency_metrics([CallStarted(0.0, "chat")], processed_at="now")
