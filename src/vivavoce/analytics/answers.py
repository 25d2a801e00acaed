"""
What a language model answered about a call: checked, and in the form in which it is stored.

As the contract has it (wire-spec 2.9), every value is checked by its type, and an ENUM by its choices;
if one metric does not fit, none of the call is stored.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from vivavoce.analytics.questions import NULLABLE, choices_of
from vivavoce.analytics.settings import AnalyticsSettings, DispositionMetric, SuccessMetric

__all__ = ["State", "UnfitAnswer", "findings", "nothing_found"]

# Of the analysis of a call: there was nothing or nobody to ask is ``missing``; the model did not do it, ``failed``.
State = Literal["done", "missing", "failed"]

# A model that does not come to an end is no reason to store all of it.
_LONGEST_SUMMARY, _LONGEST_TEXT = 8000, 2000
_SCALES: Mapping[str, tuple[int, int]] = {"NUMERIC_SCALE": (1, 10), "PERCENTAGE_SCALE": (0, 100)}


class UnfitAnswer(ValueError):
    """A model's answer is not of the form that was asked for; the sentence says where, and quotes nothing."""


def findings(config: AnalyticsSettings, answer: object) -> dict[str, object]:
    """
    A model's answer as it is stored with the call.

    A metric of which the call does not tell (a value of null, see ``questions.NULLABLE``) is left out.

    Args:
        config: What was asked.
        answer: The decoded JSON.

    Raises:
        UnfitAnswer: It does not fit; nothing of it is to be stored.
    """
    if not isinstance(answer, Mapping):
        raise UnfitAnswer("the model's answer is no JSON object")
    summary = answer.get("summary")
    if not isinstance(summary, str):
        raise UnfitAnswer('the model\'s answer has no text "summary"')
    return {
        "state": "done",
        "reason": "",
        "summary": _clean(summary, _LONGEST_SUMMARY),
        "dispositionMetrics": _found(config.disposition_metrics, answer.get("dispositionMetrics")),
        "successMetrics": _found(config.success_metrics, answer.get("successMetrics")),
    }


def nothing_found(state: State, reason: str) -> dict[str, object]:
    """What is stored where no model has answered; ``reason`` is a sentence for the agent's author."""
    return {"state": state, "reason": reason, "summary": "", "dispositionMetrics": [], "successMetrics": []}


def _found(metrics: Sequence[DispositionMetric | SuccessMetric], answers: object) -> list[dict[str, object]]:
    if not metrics:
        return []
    if not isinstance(answers, Mapping):
        raise UnfitAnswer(f"the model's answer lacks {metrics[0].identifier} and all metrics beside it")
    found = [_entry(metric, answers.get(metric.identifier)) for metric in metrics]
    return [entry for entry in found if entry is not None]


def _entry(metric: DispositionMetric | SuccessMetric, answer: object) -> dict[str, object] | None:
    if not isinstance(answer, Mapping) or "value" not in answer:
        raise UnfitAnswer(f"the model's answer has no value of {metric.identifier}")
    if answer["value"] is None and metric.type in NULLABLE:
        return None
    reasoning = answer.get("reasoning")
    kind = "disposition" if isinstance(metric, DispositionMetric) else "success"
    return {
        "identifier": metric.identifier,
        "value": _value(metric, answer["value"]),
        "confidence": _confidence(metric, answer.get("confidence")),
        "reasoning": _clean(reasoning, _LONGEST_TEXT) if isinstance(reasoning, str) else "",
        f"{kind}MetricPrompt": metric.prompt,
        f"{kind}MetricType": metric.type,
    }


def _value(metric: DispositionMetric | SuccessMetric, value: object) -> object:
    match metric.type:
        case "STRING" if isinstance(value, str):
            return _clean(value, _LONGEST_TEXT)
        case "BOOLEAN" | "PASS_FAIL" if isinstance(value, bool):
            return value
        case "INTEGER" if (number := _whole(value)) is not None:
            return number
        case "NUMERIC_SCALE" | "PERCENTAGE_SCALE" if (number := _whole(value)) is not None:
            low, high = _SCALES[metric.type]
            if low <= number <= high:
                return number
        case "ENUM" | "DESCRIPTIVE_SCALE" if isinstance(value, str):
            # Small models know the word and not its capitals.
            for meant in (str.strip, lambda text: text.strip().casefold()):
                fitting = [choice for choice in choices_of(metric) if meant(choice) == meant(value)]
                if len(fitting) == 1:
                    return fitting[0]
        case "DATETIME" if isinstance(value, str) and _is_moment(value.strip()):
            return value.strip()
        case _:
            pass
    raise UnfitAnswer(f"the model's value of {metric.identifier} does not fit its type {metric.type}")


def _whole(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # Beyond this, other JSON readers no longer tell neighbours apart.
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53 else None


def _confidence(metric: DispositionMetric | SuccessMetric, value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100:
        # Some models tell it in per cent whatever they are asked for.
        return round(value if value <= 1 else value / 100, 4)
    raise UnfitAnswer(f"the model's confidence of {metric.identifier} is no number from 0 to 1")


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _clean(text: str, longest: int) -> str:
    """What every database can store: no zero characters, and no halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8").strip()[:longest]
