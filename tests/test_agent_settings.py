"""The agent document: names, types and defaults."""

import pytest

from vivavoce.agent_settings import AgentSettings, cleaned, merged, settings_of, with_defaults
from vivavoce.errors import Refused


def test_an_empty_document_has_the_documented_defaults() -> None:
    """Values equal to the default must make no difference, so the defaults must be the documented ones."""
    filled = with_defaults({})

    assert {"confidence": 0.7, "minVolume": 0.6, "triggerTimeInSecs": 0.2, "releaseTimeInSecs": 0.4} == filled[
        "voiceDetectionConfig"
    ]
    assert {"isEnabled": False} == filled["denoisingConfig"]
    assert {"isEnabled": True} == filled["redactionConfig"]
    assert {"timeoutTimeInSecs": 1800} == filled["sessionTimeoutConfig"]
    assert {"label": "(GMT+0:00) UTC", "offset": 0} == filled["timezone"]
    assert "preCallAPI" in filled
    assert AgentSettings() == settings_of({})


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
