"""What an agent's author may ask to be found out, and what he is told where it cannot be."""

import pytest

from vivavoce.agent_settings import cleaned, merged
from vivavoce.analytics.settings import AnalyticsSettings, DispositionMetric, SuccessMetric, check_config, config_of
from vivavoce.errors import Refused

METRIC = {"identifier": "booked", "dispositionMetricPrompt": "Was a table booked?", "dispositionMetricType": "BOOLEAN"}
SCALE = {"identifier": "mood", "successMetricPrompt": "How content is he?", "successMetricType": "NUMERIC_SCALE"}


def document(**section: object) -> dict[str, object]:
    return {"name": "Ada", "postCallAnalyticsConfig": section}


def test_a_whole_section_is_read() -> None:
    """Every field of the contract; those that mean nothing here are taken all the same."""
    mood = METRIC | {"identifier": "mood", "dispositionMetricType": "ENUM", "choices": ["good", "bad"]}
    config = config_of(
        document(
            dispositionMetrics=[METRIC, mood],
            successMetrics=[SCALE],
            summaryPrompt=" In one line. ",
            useInternalAnalyticsModel=True,
            useReasoningModel=False,
            somethingNew={"x": 1},
        )
    )

    assert "In one line." == config.summary_prompt
    assert config.is_enabled
    assert [("booked", "BOOLEAN", None), ("mood", "ENUM", ("good", "bad"))] == [
        (metric.identifier, metric.type, metric.choices) for metric in config.disposition_metrics
    ]
    assert (
        SuccessMetric(
            identifier="mood", success_metric_prompt="How content is he?", success_metric_type="NUMERIC_SCALE"
        ),
    ) == config.success_metrics
    assert isinstance(config.disposition_metrics[0], DispositionMetric)


@pytest.mark.parametrize(
    "given",
    [{}, {"postCallAnalyticsConfig": None}, document(), document(dispositionMetrics=None, summaryPrompt=None)],
)
def test_nothing_is_the_default(given: dict[str, object]) -> None:
    """A summary, and no metrics."""
    assert AnalyticsSettings() == config_of(given)


def test_it_can_be_switched_off() -> None:
    """Whoever pays for every question may ask none."""
    assert not config_of(document(isEnabled=False)).is_enabled


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ("yes", "postCallAnalyticsConfig: Expected object, received string"),
        ({"summaryPrompt": 5}, "postCallAnalyticsConfig.summaryPrompt: Expected string or null, received number"),
        ({"summaryPrompt": "x" * 4001}, "postCallAnalyticsConfig.summaryPrompt: at most 4000 characters"),
        (
            {"dispositionMetrics": {}},
            "postCallAnalyticsConfig.dispositionMetrics: Expected array or null, received object",
        ),
        (
            {"dispositionMetrics": [7]},
            "postCallAnalyticsConfig.dispositionMetrics.0: Expected object, received number",
        ),
        (
            {"dispositionMetrics": [METRIC, {"identifier": "x"}]},
            "postCallAnalyticsConfig.dispositionMetrics.1.dispositionMetricPrompt: Required",
        ),
        (
            {"dispositionMetrics": [METRIC | {"identifier": "Booked!"}]},
            "postCallAnalyticsConfig.dispositionMetrics.0.identifier: 1 to 100 characters out of a to z, 0 to 9 and _, "
            "such as appointment_made",
        ),
        (
            {"dispositionMetrics": [METRIC | {"identifier": "größe"}]},
            "postCallAnalyticsConfig.dispositionMetrics.0.identifier: 1 to 100 characters out of a to z, 0 to 9 and _, "
            "such as appointment_made",
        ),
        (
            {"dispositionMetrics": [METRIC | {"dispositionMetricType": "FLOAT"}]},
            "postCallAnalyticsConfig.dispositionMetrics.0.dispositionMetricType: Invalid enum value 'FLOAT', "
            "expected one of STRING, BOOLEAN, INTEGER, ENUM, DATETIME",
        ),
        (
            {"dispositionMetrics": [METRIC | {"dispositionMetricPrompt": " "}]},
            "postCallAnalyticsConfig.dispositionMetrics.0.dispositionMetricPrompt: a question of 1 to 4000 characters",
        ),
        (
            {"dispositionMetrics": [METRIC | {"dispositionMetricType": "ENUM"}]},
            "postCallAnalyticsConfig.dispositionMetrics.0.choices: an ENUM needs at least one choice",
        ),
        (
            {"dispositionMetrics": [METRIC | {"dispositionMetricType": "ENUM", "choices": ["a", "a"]}]},
            "postCallAnalyticsConfig.dispositionMetrics.0.choices: every choice once",
        ),
        (
            {"dispositionMetrics": [METRIC | {"dispositionMetricType": "ENUM", "choices": [""]}]},
            "postCallAnalyticsConfig.dispositionMetrics.0.choices: at most 100 texts of 1 to 200 characters",
        ),
        (
            {"dispositionMetrics": [METRIC, METRIC]},
            "postCallAnalyticsConfig.dispositionMetrics: two metrics are called booked",
        ),
        (
            {"dispositionMetrics": [METRIC | {"identifier": f"m{n}"} for n in range(51)]},
            "postCallAnalyticsConfig.dispositionMetrics: at most 50 metrics",
        ),
        (
            {"successMetrics": [SCALE | {"successMetricType": "BOOLEAN"}]},
            "postCallAnalyticsConfig.successMetrics.0.successMetricType: Invalid enum value 'BOOLEAN', "
            "expected one of NUMERIC_SCALE, PERCENTAGE_SCALE, PASS_FAIL, DESCRIPTIVE_SCALE",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_place(section: object, text: str) -> None:
    """The author learns which metric is meant and what to write instead."""
    with pytest.raises(Refused) as refused:
        check_config({"postCallAnalyticsConfig": section})

    assert (400, text) == (refused.value.status, refused.value.message)


def test_both_kinds_may_use_one_name() -> None:
    """They are told apart by their lists."""
    check_config(document(dispositionMetrics=[METRIC | {"identifier": "mood"}], successMetrics=[SCALE]))


def test_an_agent_cannot_be_stored_with_what_cannot_be_asked() -> None:
    """Neither made nor changed; the section as a whole is replaced, and null takes it away."""
    wrong = document(dispositionMetrics=[{"identifier": "x"}])
    with pytest.raises(Refused):
        cleaned(wrong)
    agent = cleaned(document(dispositionMetrics=[METRIC]))
    with pytest.raises(Refused):
        merged(agent, wrong)

    assert document(summaryPrompt="Short.") == merged(agent, document(summaryPrompt="Short."))
    assert {"name": "Ada"} == merged(agent, {"postCallAnalyticsConfig": None})
