"""
What is to be found out about the calls of an agent: ``postCallAnalyticsConfig`` of its document.

Source: Atoms post-call metrics (wire-spec 2.9); ``isEnabled`` is our own.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct

from vivavoce.complaints import complaint
from vivavoce.errors import Refused

__all__ = [
    "DESCRIPTIVE_CHOICES",
    "AnalyticsSettings",
    "DispositionMetric",
    "DispositionType",
    "SuccessMetric",
    "SuccessType",
    "check_config",
    "config_of",
]

DispositionType = Literal["STRING", "BOOLEAN", "INTEGER", "ENUM", "DATETIME"]
SuccessType = Literal["NUMERIC_SCALE", "PERCENTAGE_SCALE", "PASS_FAIL", "DESCRIPTIVE_SCALE"]
# What DESCRIPTIVE_SCALE chooses from; the contract names no words.
DESCRIPTIVE_CHOICES = ("Excellent", "Good", "Fair", "Poor")

_FIELD = "postCallAnalyticsConfig"
# One question holds them all, and a model that is asked for more answers none of them well.
_MOST_METRICS, _MOST_CHOICES, _LONGEST_IDENTIFIER, _LONGEST_PROMPT, _LONGEST_CHOICE = 50, 100, 100, 4000, 200
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
# For those who read the description of the API; it is checked below, in words.
_Identifier = Annotated[str, Meta(extra_json_schema={"pattern": "^[a-z0-9_]+$", "maxLength": _LONGEST_IDENTIFIER})]


class DispositionMetric(Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing to find out; ``choices`` are of an ENUM."""

    identifier: _Identifier
    disposition_metric_prompt: str
    disposition_metric_type: DispositionType
    choices: tuple[str, ...] | None = None

    @property
    def prompt(self) -> str:
        """The question."""
        return self.disposition_metric_prompt

    @property
    def type(self) -> str:
        """The type of its answer."""
        return self.disposition_metric_type


class SuccessMetric(Struct, frozen=True, kw_only=True, rename="camel"):
    """One measure of success; deprecated on the wire, and still answered."""

    identifier: _Identifier
    success_metric_prompt: str
    success_metric_type: SuccessType

    @property
    def prompt(self) -> str:
        """The question."""
        return self.success_metric_prompt

    @property
    def type(self) -> str:
        """The type of its answer."""
        return self.success_metric_type


Metric = TypeVar("Metric", DispositionMetric, SuccessMetric)


class AnalyticsSettings(Struct, frozen=True, kw_only=True, rename="camel"):
    """
    What is to be found out about each call of an agent.

    Args:
        summary_prompt: How the call is to be summed up; empty for two to four sentences.
        use_internal_analytics_model: Taken and kept; the configured language model is asked in any case.
        use_reasoning_model: Likewise.
        is_enabled: Off: no model is asked about the calls of this agent.
    """

    disposition_metrics: tuple[DispositionMetric, ...] = ()
    success_metrics: tuple[SuccessMetric, ...] = ()
    summary_prompt: str = ""
    use_internal_analytics_model: bool = True
    use_reasoning_model: bool = False
    is_enabled: bool = True


class _Written(Struct, frozen=True, kw_only=True, rename="camel"):
    """The section as its author wrote it, its metrics unread: so that a complaint can tell which one it means."""

    disposition_metrics: tuple[object, ...] | None = None
    success_metrics: tuple[object, ...] | None = None
    summary_prompt: str | None = None
    use_internal_analytics_model: bool | None = None
    use_reasoning_model: bool | None = None
    is_enabled: bool | None = None


def check_config(document: Mapping[str, object]) -> None:
    """
    Check ``postCallAnalyticsConfig`` of an agent's document, where it has one.

    Raises:
        Refused: 400 with a text such as
            ``postCallAnalyticsConfig.dispositionMetrics.0.choices: an ENUM needs at least one choice``.
    """
    config_of(document)


def config_of(document: Mapping[str, object]) -> AnalyticsSettings:
    """
    ``postCallAnalyticsConfig`` of an agent's document, with the defaults filled in.

    Raises:
        Refused: 400, see ``check_config``.
    """
    section = document.get(_FIELD)
    if section is None:
        return AnalyticsSettings()
    try:
        written = msgspec.convert(section, _Written)
    except msgspec.ValidationError as error:
        raise Refused(400, complaint(str(error), within=_FIELD)) from error
    prompt = written.summary_prompt or ""
    if len(prompt) > _LONGEST_PROMPT:
        raise Refused(400, f"{_FIELD}.summaryPrompt: at most {_LONGEST_PROMPT} characters")
    disposition = _metrics(written.disposition_metrics or (), DispositionMetric, place=f"{_FIELD}.dispositionMetrics")
    for at, metric in enumerate(disposition):
        if metric.type == "ENUM":
            _check_choices(metric.choices or (), place=f"{_FIELD}.dispositionMetrics.{at}.choices")
    return AnalyticsSettings(
        disposition_metrics=disposition,
        success_metrics=_metrics(written.success_metrics or (), SuccessMetric, place=f"{_FIELD}.successMetrics"),
        summary_prompt=prompt.strip(),
        use_internal_analytics_model=written.use_internal_analytics_model is not False,
        use_reasoning_model=written.use_reasoning_model is True,
        is_enabled=written.is_enabled is not False,
    )


def _metrics(entries: Sequence[object], kind: type[Metric], *, place: str) -> tuple[Metric, ...]:
    if len(entries) > _MOST_METRICS:
        raise Refused(400, f"{place}: at most {_MOST_METRICS} metrics")
    metrics = tuple(_metric(entry, kind, place=f"{place}.{at}") for at, entry in enumerate(entries))
    named = Counter(metric.identifier for metric in metrics)
    if twice := next((identifier for identifier, times in named.items() if times > 1), ""):
        raise Refused(400, f"{place}: two metrics are called {twice}")
    return metrics


def _metric(entry: object, kind: type[Metric], *, place: str) -> Metric:
    word, types = (
        ("disposition", get_args(DispositionType)) if kind is DispositionMetric else ("success", get_args(SuccessType))
    )
    try:
        metric = msgspec.convert(entry, kind)
    except msgspec.ValidationError as error:
        said = complaint(str(error), within=place)
        # Whoever mistook the one does not know the others.
        expected = f", expected one of {', '.join(types)}" if "Invalid enum value" in said else ""
        raise Refused(400, f"{said}{expected}") from error
    identifier = metric.identifier
    if not identifier or len(identifier) > _LONGEST_IDENTIFIER or not _LETTERS.issuperset(identifier):
        raise Refused(
            400,
            f"{place}.identifier: 1 to {_LONGEST_IDENTIFIER} characters out of a to z, 0 to 9 and _, "
            "such as appointment_made",
        )
    if not 0 < len(metric.prompt.strip()) <= _LONGEST_PROMPT:
        raise Refused(400, f"{place}.{word}MetricPrompt: a question of 1 to {_LONGEST_PROMPT} characters")
    return metric


def _check_choices(choices: Sequence[str], *, place: str) -> None:
    if not choices:
        raise Refused(400, f"{place}: an ENUM needs at least one choice")
    if len(choices) > _MOST_CHOICES or any(not choice.strip() or len(choice) > _LONGEST_CHOICE for choice in choices):
        raise Refused(400, f"{place}: at most {_MOST_CHOICES} texts of 1 to {_LONGEST_CHOICE} characters")
    if len(set(choices)) < len(choices):
        raise Refused(400, f"{place}: every choice once")
