"""A configuration with a metric of every type, and an answer that fits it."""

from vivavoce.analytics.settings import AnalyticsSettings, config_of

__all__ = ["ALL_TYPES", "answer", "configured"]


def configured(
    *metrics: tuple[str, str], success: tuple[tuple[str, str], ...] = (), **more: object
) -> AnalyticsSettings:
    """Metrics by identifier and type; an ENUM chooses from Yes, No and Not sure."""
    return config_of(
        {
            "postCallAnalyticsConfig": {
                "dispositionMetrics": [
                    {
                        "identifier": identifier,
                        "dispositionMetricPrompt": f"What about {identifier}?",
                        "dispositionMetricType": kind,
                        "choices": ["Yes", "No", "Not sure"],
                    }
                    for identifier, kind in metrics
                ],
                "successMetrics": [
                    {
                        "identifier": identifier,
                        "successMetricPrompt": f"How good is {identifier}?",
                        "successMetricType": kind,
                    }
                    for identifier, kind in success
                ],
                **more,
            }
        }
    )


ALL_TYPES = configured(
    ("text", "STRING"),
    ("flag", "BOOLEAN"),
    ("count", "INTEGER"),
    ("choice", "ENUM"),
    ("moment", "DATETIME"),
    success=(
        ("scale", "NUMERIC_SCALE"),
        ("share", "PERCENTAGE_SCALE"),
        ("passed", "PASS_FAIL"),
        ("word", "DESCRIPTIVE_SCALE"),
    ),
)


def answer(**values: object) -> dict[str, object]:
    """What a model says to ``ALL_TYPES``, with other values for some metrics."""
    disposition = {"text": "a table", "flag": True, "count": 4, "choice": "Not sure", "moment": "2026-07-03T19:00:00Z"}
    success = {"scale": 9, "share": 80, "passed": False, "word": "Good"}
    return {
        "summary": "A table was asked for.",
        "dispositionMetrics": {name: said(values.get(name, value)) for name, value in disposition.items()},
        "successMetrics": {name: said(values.get(name, value)) for name, value in success.items()},
    }


def said(value: object) -> dict[str, object]:
    return {"reasoning": "He said so.", "value": value, "confidence": 0.9}
