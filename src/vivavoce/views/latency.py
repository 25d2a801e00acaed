"""
How long the visitor waited for each answer.

Source: Atoms conversation, ``turnLatencyMetrics`` (wire-spec 2.7.1): milliseconds.
"""

from collections.abc import Iterable
from statistics import fmean, median

from vivavoce.talk.facts import Fact, TurnTimed
from vivavoce.views.times import milliseconds

__all__ = ["latency_metrics"]


def latency_metrics(facts: Iterable[Fact], *, processed_at: str) -> dict[str, object] | None:
    """
    The figures of a call; None while no answer has been timed, because there is no number to tell.

    ``user_end`` and ``bot_start`` count from the start of the session.

    Args:
        facts: All facts of the call.
        processed_at: When the figures were computed, as the API writes moments.
    """
    turns = [fact for fact in facts if isinstance(fact, TurnTimed)]
    if not turns:
        return None
    latencies = [milliseconds(turn.total_s) for turn in turns]
    return {
        "turns": len(turns),
        "avgLatency": round(fmean(latencies)),
        "medianLatency": round(median(latencies)),
        "minLatency": min(latencies),
        "maxLatency": max(latencies),
        "latencies": latencies,
        "transitions": [
            {
                "turn": number,
                "user_end": milliseconds(turn.user_end_at),
                "bot_start": milliseconds(turn.user_end_at + turn.total_s),
                "latency": milliseconds(turn.total_s),
            }
            for number, turn in enumerate(turns, 1)
        ],
        "processedAt": processed_at,
    }
