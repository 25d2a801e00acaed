"""What is known of a call when it is over, as names and values for people."""

from collections.abc import Mapping
from typing import Any

from vivavoce.store.calls import Call
from vivavoce.views.analytics import post_call_analytics
from vivavoce.views.call_lines import plain_value

__all__ = ["Analysis", "analysis_of", "figures_of"]

Analysis = dict[str, object]
# Names of the figures of ``analytics.figures.CallMetrics``, and what they are counted in.
_FIGURES: tuple[tuple[str, str, str], ...] = (
    ("Half of the answers took at most", "latencyP50Ms", "ms"),
    ("95 of 100 answers took at most", "latencyP95Ms", "ms"),
    ("Turns of the visitor", "userTurns", ""),
    ("Turns of the agent", "agentTurns", ""),
    ("The visitor talked", "userTalkMs", "s"),
    ("The agent talked", "agentTalkMs", "s"),
    ("The agent's share of the talk", "talkRatio", "%"),
    ("Interruptions by the visitor", "interruptions", ""),
    ("Silence", "silenceMs", "s"),
    ("Longest silence", "longestSilenceMs", "s"),
    ("Tools used", "toolCalls", ""),
)
# Left out where they are nothing: a chat has none of them.
_SPOKEN = frozenset({"userTalkMs", "agentTalkMs", "talkRatio", "silenceMs", "longestSilenceMs"})


def figures_of(call: Call) -> list[tuple[str, str]]:
    """The figures that need no model; empty until they are computed."""
    metrics = (call.figures or {}).get("metrics")
    if not isinstance(metrics, Mapping):
        return []
    return [
        (label, _with_unit(metrics.get(name), unit))
        for label, name, unit in _FIGURES
        if not (name in _SPOKEN and (call.mode == "chat" or metrics.get(name) is None))
    ]


def analysis_of(call: Call) -> Analysis:
    """
    What a model made of the call.

    ``state`` is ``pending``, ``done``, ``missing`` or ``failed``, ``reason`` says why where it is one of the last two;
    ``answers`` are names, values and reasons.
    """
    known = post_call_analytics(call)
    answers: list[dict[str, Any]] = [*_answers(known["dispositionMetrics"]), *_answers(known["successMetrics"])]
    return {
        "state": known["status"],
        "reason": known["reason"],
        "summary": known["summary"],
        "answers": answers,
    }


def _answers(metrics: object) -> list[dict[str, Any]]:
    return [
        {
            "name": str(metric.get("identifier", "")).replace("_", " "),
            "question": str(metric.get("dispositionMetricPrompt") or metric.get("successMetricPrompt") or ""),
            "value": plain_value(metric.get("value")),
            "reason": str(metric.get("reasoning", "")),
        }
        for metric in (metrics if isinstance(metrics, list) else [])
    ]


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def _with_unit(value: object, unit: str) -> str:
    if not isinstance(value, int | float):
        return "–"
    match unit:
        case "ms":
            return f"{value:,.0f} ms"
        case "s":
            return _length(value / 1000)
        case "%":
            return f"{100 * value:.0f} %"
        case _:
            return f"{value:,}"
