"""
What is known of a call when it is over: figures from its facts, and what a language model made of it.

Source: Atoms conversation, ``postCallAnalytics`` and ``dispositionMetrics`` (wire-spec 2.7 and 2.9).
``status``, ``reason`` and ``metrics`` are our own.
"""

from collections.abc import Mapping

from vivavoce.store.calls import Call

__all__ = ["disposition_config", "disposition_metrics", "post_call_analytics"]


def post_call_analytics(call: Call) -> dict[str, object]:
    """
    ``postCallAnalytics`` of a call, in the same form before, during and after its analysis.

    ``status`` is ``pending``, ``done``, ``missing`` (there is no model to ask, or nothing to ask it) or ``failed``;
    ``reason`` says why where it is one of the last two. ``metrics`` holds the figures that need no model
    (see ``analytics.figures``) and is empty until the call is over.
    """
    told = _object(call.analytics)
    return {
        "status": str(told.get("state", "pending")),
        "reason": str(told.get("reason", "")),
        "summary": str(told.get("summary", "")),
        "dispositionMetrics": _list(told.get("dispositionMetrics")),
        "successMetrics": _list(told.get("successMetrics")),
        "metrics": dict(_object(_object(call.figures).get("metrics"))),
    }


def disposition_metrics(call: Call) -> dict[str, object]:
    """``dispositionMetrics`` of a row of the log: the value of each metric by its identifier."""
    metrics = _list(_object(call.analytics).get("dispositionMetrics"))
    return {str(metric["identifier"]): metric["value"] for metric in metrics}


def disposition_config(document: Mapping[str, object]) -> list[dict[str, object]]:
    """The metrics that an agent asks for, as ``agentDispositionConfig`` of the log: ``identifier`` and ``type``."""
    metrics = _list(_object(document.get("postCallAnalyticsConfig")).get("dispositionMetrics"))
    return [
        {"identifier": metric.get("identifier", ""), "type": metric.get("dispositionMetricType", "")}
        for metric in metrics
    ]


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[dict[str, object]]:
    """The objects of a list: what an old agent's document holds may be anything."""
    return [dict(entry) for entry in value if isinstance(entry, Mapping)] if isinstance(value, list | tuple) else []
