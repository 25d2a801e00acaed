"""The agent document: names, types and defaults."""

import pytest

from vivavoce.agent_settings import AgentSettings, cleaned, merged, settings_of, with_defaults
from vivavoce.errors import Refused


def test_an_empty_document_has_the_documented_defaults() -> None:
    """They are Atoms' own, except where a call is served with others: then they are those."""
    filled = with_defaults({})

    assert {"confidence": 0.5, "minVolume": 0, "triggerTimeInSecs": 0.2, "releaseTimeInSecs": 0.64} == filled[
        "voiceDetectionConfig"
    ]
    assert {"isEnabled": False} == filled["denoisingConfig"]
    assert {"isEnabled": True} == filled["redactionConfig"]
    assert {"timeoutTimeInSecs": 1800} == filled["sessionTimeoutConfig"]
    assert {"label": "(GMT+0:00) UTC", "offset": 0} == filled["timezone"]
    assert "preCallAPI" in filled
    assert AgentSettings() == settings_of({})


def test_the_default_language_is_the_only_one_unless_others_are_named() -> None:
    """What is shown as supported has the default in it."""
    assert ("de",) == settings_of({"language": {"default": "de"}}).language.supported
    assert ("de", "en") == settings_of({"language": {"default": "de", "supported": ["de", "en"]}}).language.supported


def test_a_default_language_that_is_not_supported_is_refused() -> None:
    """Also where the supported ones were written earlier; a change of other fields does not mind."""
    old = {"language": {"supported": ["en"]}}

    with pytest.raises(Refused, match=r"language\.default: Expected one of language\.supported"):
        merged(old, {"language": {"default": "de"}})

    assert merged({"language": {"default": "fr", "supported": ["en"]}}, {"name": "Ada"})


def test_values_out_of_range_are_refused_only_where_they_are_written() -> None:
    """A document from before the limits can still be changed in its other fields, and put right in this one."""
    old = {"interruptionBackoffTimer": 99}

    assert {"interruptionBackoffTimer": 99, "name": "Ada"} == merged(old, {"name": "Ada"})
    assert {"interruptionBackoffTimer": 9} == merged(old, {"interruptionBackoffTimer": 9})
    with pytest.raises(Refused, match="interruptionBackoffTimer: Expected a number from 0 to 10 seconds"):
        merged({}, old)


def test_a_document_that_is_nested_too_deeply_is_refused() -> None:
    """It could be stored, and then neither shown nor searched."""
    deep: object = 1
    for _ in range(40):
        deep = {"in": [deep]}

    with pytest.raises(Refused, match="nested too deeply"):
        cleaned({"future": deep})


def test_unknown_fields_are_kept_and_sections_are_filled() -> None:
    """A newer client's fields survive; a section that is partly set gets the rest of its defaults."""
    filled = with_defaults({"future": {"a": None}, "synthesizer": {"speed": 1, "extra": 2}})

    assert {"a": None} == filled["future"]
    synthesizer = filled["synthesizer"]
    assert isinstance(synthesizer, dict)
    assert (1, 2, 16000) == (synthesizer["speed"], synthesizer["extra"], synthesizer["sampleRate"])


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"pronunciationDicts": "x"}, "pronunciationDicts: Expected array, received string"),
        ({"allowInterruptions": "x"}, "allowInterruptions: Expected boolean, received string"),
        ({"timezone": "UTC"}, "timezone: Expected object, received string"),
        ({"workflowType": "x"}, "workflowType: Invalid enum value 'x'"),
        ({"synthesizer": {"voiceConfig": {"voiceId": 1}}}, "synthesizer.voiceConfig.voiceId: Expected string"),
    ],
)
def test_wrong_types_are_refused_in_the_words_of_the_api(document: dict[str, object], text: str) -> None:
    """Conformance scripts look for these texts (wire-spec 2.0.3)."""
    with pytest.raises(Refused, match=text.replace("(", r"\(")) as caught:
        cleaned(document)

    assert 400 == caught.value.status


def test_names_of_foreign_models_are_accepted() -> None:
    """Clients send names of voices and models that we do not have (wire-spec 2.3)."""
    document = {"slmModel": "gpt-9", "synthesizer": {"voiceConfig": {"model": "waves_lightning_large"}}}

    assert document == cleaned(document)


def test_a_new_document_loses_nulls_and_read_only_fields() -> None:
    """Clients send back what they were shown."""
    assert {"name": "Ada"} == cleaned({"name": "Ada", "_id": "x", "createdAt": "x", "description": None})


def test_a_change_joins_sections_and_replaces_the_rest() -> None:
    """A section is changed field by field, a map of the author's own is replaced, null removes."""
    old = {
        "synthesizer": {"speed": 1, "voiceConfig": {"voiceId": "a"}},
        "defaultVariables": {"x": 1},
        "description": "d",
    }
    changes = {
        "synthesizer": {"voiceConfig": {"gender": "male"}},
        "defaultVariables": {"y": 2},
        "description": None,
        "_id": "x",
    }

    assert {
        "synthesizer": {"speed": 1, "voiceConfig": {"voiceId": "a", "gender": "male"}},
        "defaultVariables": {"y": 2},
    } == merged(old, changes)
    assert {"voiceId": "a"} == old["synthesizer"]["voiceConfig"]  # type: ignore[index]


def test_a_zero_character_is_refused_wherever_it_hides() -> None:
    """PostgreSQL cannot store one in a text."""
    for document in ({"name": "a\0"}, {"x": [{"y": "\0"}]}, {"\0": 1}):
        with pytest.raises(Refused, match="zero character"):
            cleaned(document)


def test_the_prompt_is_found_in_both_of_its_places() -> None:
    """Single prompts may come from either field; the more special one counts."""
    assert "a" == settings_of({"globalPrompt": "a"}).prompt
    assert "b" == settings_of({"globalPrompt": "a", "singlePromptConfig": {"prompt": "b"}}).prompt
