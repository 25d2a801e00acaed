"""The page about analytics tells every figure, state and type, and no others."""

import json
from typing import Any, get_args

import msgspec
import pytest

from tests.doc_pages import ROOT, codes, page, rows, section
from vivavoce.analytics.answers import State
from vivavoce.analytics.figures import CallMetrics
from vivavoce.analytics.questions import Question, question
from vivavoce.analytics.settings import AnalyticsSettings, DispositionType, SuccessType
from vivavoce.clock import now
from vivavoce.engines.engine import StructuredAnswers
from vivavoce.store.calls import Call
from vivavoce.views.analytics import post_call_analytics


def told(heading: str, *, first: str) -> list[str]:
    """The names in the first column of a section's tables whose head begins so."""
    return [row[0].strip("`") for row in rows(section("analytics.md", heading)) if row[0] != first]


def test_every_figure_is_told() -> None:
    """In their order."""
    names = [field.encode_name for field in msgspec.structs.fields(CallMetrics)]

    assert names == told("The figures", first="figure")


def test_every_state_is_told() -> None:
    """The one before any of them included."""
    assert ["pending", *get_args(State)] == told("The status", first="`status`")


def test_every_field_and_every_type_is_told() -> None:
    """What can be set, and what comes back."""
    fields = [field.encode_name for field in msgspec.structs.fields(AnalyticsSettings)]
    names = told("What you want to know of your calls", first="field")

    assert {*fields, *get_args(DispositionType), *get_args(SuccessType)} == set(names) - {"type"}


def test_the_example_has_the_fields_of_the_answer() -> None:
    """Those of the whole, and those of a metric."""
    (code,) = codes(ROOT / "docs" / "analytics.md", kind="json")
    example: Any = json.loads(code.text)
    shown = post_call_analytics(Call("CALL-1", "session", "a" * 24, "webcall", now()))

    assert shown.keys() == example.keys()
    assert msgspec.convert(example["metrics"], CallMetrics)
    assert {field.encode_name for field in msgspec.structs.fields(CallMetrics)} == example["metrics"].keys()


@pytest.mark.parametrize("words", ["Two calls at most", "a minute and a half", "two and a half minutes", "five times"])
def test_the_limits_are_those_of_the_server(words: str) -> None:
    """Numbers in words, next to the constants that they come from."""
    from vivavoce.server import after_calls as server

    said = {
        "Two calls at most": server._MODELS_AT_ONCE == 2,
        "a minute and a half": server._ANSWER_S == 90.0,
        "two and a half minutes": server._ANSWER_S + server._STEP_S + server._LEASE_AFTER_S == 150.0,
        "five times": server._MOST_ATTEMPTS == 5,
    }

    assert words in page("analytics.md")
    assert said[words]


def test_the_judge_of_the_page_is_taken_for_what_it_is() -> None:
    """And what it says is an answer to the simplest question."""
    (code,) = [code for code in codes(ROOT / "docs" / "plugins.md", kind="python") if "class Judge" in code.text]
    made: dict[str, Any] = {}
    exec(code.text, made)
    asked: Question = question(AnalyticsSettings(), turns=[("user", "Hi")], began=now())

    assert isinstance(made["Judge"](), StructuredAnswers)
    assert ["summary"] == asked.schema["required"]
