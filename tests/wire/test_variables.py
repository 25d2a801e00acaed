"""The variables of a call."""

from datetime import UTC, datetime

import pytest

from vivavoce.errors import Refused
from vivavoce.wire.variables import RESERVED, Value, checked, fill, parse, resolve, zone_label

NOW = datetime(2026, 11, 20, 22, 45, 30, tzinfo=UTC)


def resolved(agent: dict[str, object] | None = None, **supplied: Value) -> dict[str, Value]:
    return resolve(supplied, agent=agent or {}, call_id="CALL-1", mode="webcall", now=NOW)


def test_strings_numbers_and_booleans_are_variables() -> None:
    """Values keep the type that they have in JSON."""
    expected = {"name": "Ada", "age": 36, "score": 0.5, "vip": True}

    assert expected == parse('{"name":"Ada","age":36,"score":0.5,"vip":true}')


def test_empty_text_means_no_variables() -> None:
    """An absent parameter and an empty one are alike."""
    assert {} == parse("")


@pytest.mark.parametrize("text", ["[]", "1", '"x"', "{", "{'a':1}", "[" * 100_000, "null x", '{"a":\ud800}'])
def test_what_is_no_object_is_refused(text: str) -> None:
    """The contract's sentence for it."""
    with pytest.raises(Refused, match=r"^400: Invalid variables$"):
        parse(text)


@pytest.mark.parametrize("entry", [None, [], {}, ["x"]])
def test_other_values_are_refused_by_name(entry: object) -> None:
    """An object within an object cannot stand in a sentence."""
    with pytest.raises(Refused, match=r"^400: Invalid variables: order must be a string, a number or a boolean$"):
        checked({"order": entry})


def test_reserved_names_are_dropped_silently() -> None:
    """A page cannot set what the server knows better."""
    assert {"name": "Ada"} == checked({"name": "Ada", **dict.fromkeys(RESERVED, "x")})


def test_zero_characters_are_dropped() -> None:
    """They could not be stored."""
    assert {"name": "Ada"} == checked({"name": "A\0da"})


def test_every_reserved_name_is_filled_in() -> None:
    """A prompt may rely on all eleven."""
    assert set(resolved()) == RESERVED


def test_reserved_values_come_from_the_agent_and_the_call() -> None:
    """Languages are joined by commas, web calls have no telephone numbers."""
    agent: dict[str, object] = {
        "language": {"default": "en", "supported": ["en", "hi"]},
        "synthesizer": {"voiceConfig": {"gender": "female"}},
        "timezone": {"label": "(GMT+5:30) Kolkata", "offset": 5.5},
    }

    expected = {
        "call_id": "CALL-1",
        "conversation_type": "webcall",
        "agent_number": "",
        "user_number": "",
        "current_date": "2026-11-21",
        "current_time": "04:15",
        "current_day": "Saturday",
        "agent_gender": "female",
        "default_language": "en",
        "supported_languages": "en,hi",
        "timezone": "(GMT+5:30) Kolkata",
    }

    assert expected == resolved(agent)


def test_what_an_author_leaves_out_is_what_his_agent_is_shown_with() -> None:
    """An agent that was read and written back whole has the same variables as before."""
    variables = resolved({})

    assert ("female", "en", "en", "(GMT+0:00) UTC") == tuple(
        variables[name] for name in ("agent_gender", "default_language", "supported_languages", "timezone")
    )
    assert "de" == resolved({"language": {"default": "de"}})["supported_languages"]


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ({}, "(GMT+0:00) UTC"),
        ({"label": "Kolkata", "offset": 5.5}, "Kolkata"),
        ({"offset": 5.5}, "(GMT+5:30)"),
        ({"offset": -210}, "(GMT-3:30)"),
        ({"label": "", "offset": "east"}, "(GMT+0:00) UTC"),
    ],
)
def test_a_zone_without_a_label_is_called_by_its_offset(zone: dict[str, object], expected: str) -> None:
    """So that label and offset never say different things."""
    assert expected == resolved({"timezone": zone})["timezone"] == zone_label(zone)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ({}, "22:45"),
        ({"label": "(GMT+0:00) UTC", "offset": 0}, "22:45"),
        ({"label": "(GMT-8:00) Pacific Time"}, "14:45"),
        ({"label": "(GMT-3:30) Newfoundland"}, "19:15"),
        ({"label": "Pacific", "offset": -8}, "14:45"),
        ({"label": "India", "offset": 5.5}, "04:15"),
        ({"label": "India", "offset": 330}, "04:15"),
        ({"label": "nowhere", "offset": "east"}, "22:45"),
        ({"label": "nowhere", "offset": 10**9}, "22:45"),
    ],
)
def test_time_is_that_of_the_agents_zone(zone: dict[str, object], expected: str) -> None:
    """The label's offset counts first, then the number of hours; minutes are recognised by their size."""
    assert expected == resolved({"timezone": zone})["current_time"]


def test_the_page_overrides_the_agents_defaults_and_nobody_the_reserved() -> None:
    """Defaults, then the page, then the server."""
    agent: dict[str, object] = {"defaultVariables": {"name": "friend", "shop": "Acme", "call_id": "x", "bad": []}}

    actual = resolved(agent, name="Ada")

    assert ("Ada", "Acme", "CALL-1", False) == (actual["name"], actual["shop"], actual["call_id"], "bad" in actual)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello {{name}}!", "Hello Ada!"),
        ("Hello {{ name }}, {{name}}!", "Hello Ada, Ada!"),
        ("{{age}} {{score}} {{vip}} {{huge}}", f"36 0.5 true {10**30}"),
        ("Hello {{stranger}}!", "Hello {{stranger}}!"),
        ("{{}} {{ }} {name} {{2x}}", "{{}} {{ }} {name} {{2x}}"),
        ("{{trick}}", "{{name}}"),
        ("", ""),
    ],
)
def test_placeholders_are_filled_once_and_unknown_ones_stay(text: str, expected: str) -> None:
    """What a page supplies is never itself searched for placeholders."""
    variables: dict[str, Value] = {
        "name": "Ada",
        "age": 36,
        "score": 0.5,
        "vip": True,
        "huge": 10**30,
        "trick": "{{name}}",
    }

    assert expected == fill(text, variables)
