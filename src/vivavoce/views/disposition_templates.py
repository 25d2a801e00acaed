"""
Metrics to begin with, for whoever configures what is to be learnt from each call.

Source: Atoms disposition metric templates (wire-spec 2.9); the templates are ours.
"""

from msgspec import UNSET, Struct, UnsetType

__all__ = ["TEMPLATES", "DispositionTemplate"]


class DispositionTemplate(Struct, frozen=True, rename="camel"):
    """A metric as ``postCallAnalyticsConfig.dispositionMetrics`` of an agent takes it."""

    identifier: str
    disposition_metric_prompt: str
    disposition_metric_type: str
    choices: tuple[str, ...] | UnsetType = UNSET


TEMPLATES = (
    DispositionTemplate(
        "call_outcome",
        "How did the call end for the visitor?",
        "ENUM",
        ("resolved", "follow_up_needed", "not_resolved", "not_interested", "unclear"),
    ),
    DispositionTemplate("goal_reached", "Did the visitor get what he called for?", "BOOLEAN"),
    DispositionTemplate("reason_for_call", "What did the visitor call for? Answer in one short sentence.", "STRING"),
    DispositionTemplate(
        "visitor_mood",
        "What was the mood of the visitor at the end of the call?",
        "ENUM",
        ("positive", "neutral", "negative"),
    ),
    DispositionTemplate(
        "satisfaction",
        "How satisfied was the visitor, from 1 (not at all) to 5 (entirely), going by his own words?",
        "INTEGER",
    ),
    DispositionTemplate("callback_requested", "Did the visitor ask to be contacted again?", "BOOLEAN"),
    DispositionTemplate("callback_at", "When does the visitor want to be contacted again?", "DATETIME"),
    DispositionTemplate("open_questions", "How many questions of the visitor were left without an answer?", "INTEGER"),
)
