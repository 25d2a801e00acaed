"""The limits of the fields of an agent document."""

import pytest

from vivavoce.agent_limits import RANGES, check_limits, clamped
from vivavoce.errors import Refused


def placed(path: str, value: object) -> dict[str, object]:
    """A document with one field."""
    document: object = value
    for name in reversed(path.split(".")):
        document = {name: document}
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize("path", RANGES)
def test_a_number_out_of_its_range_is_refused_with_field_and_range(path: str) -> None:
    """Both ends are accepted, and nothing beyond them; a wrong type is somebody else's to refuse."""
    limits = RANGES[path]
    for value in (limits.low, limits.high, "text", True, None):
        check_limits(placed(path, value))
    for value in (limits.low - 0.01, limits.high + 0.01, -1e300):
        with pytest.raises(Refused) as caught:
            check_limits(placed(path, value))

        assert (400, f"{path}: Expected a number {limits}") == (caught.value.status, caught.value.message)


def test_a_range_says_what_it_counts() -> None:
    """The reader need not look the unit up."""
    assert "from 0 to 10 seconds" == str(RANGES["voiceDetectionConfig.releaseTimeInSecs"])
    assert "from 0.1 to 0.9" == str(RANGES["language.switching.weakSignalThreshold"])


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"synthesizer": {"sampleRate": 12345}}, "synthesizer.sampleRate: Invalid enum value. Expected 8000 | 16000"),
        ({"synthesizer": {"enhancement": 3}}, "synthesizer.enhancement: Invalid enum value. Expected 0 | 1 | 2"),
        ({"backgroundSound": "sea"}, "backgroundSound: Invalid enum value. Expected '' | 'office'"),
        ({"firstMessage": "x" * 501}, "firstMessage: at most 500 characters"),
        ({"globalPrompt": "x" * 4001}, "globalPrompt: at most 4000 characters; a longer prompt may stand in"),
        ({"voiceMailDetectionConfig": {"endText": "x" * 201}}, "voiceMailDetectionConfig.endText: at most 200"),
        ({"assistantAlias": 1}, "assistantAlias: Expected string"),
        ({"assistantAlias": "a b"}, "assistantAlias: up to 100 letters"),
        ({"assistantAlias": "a" * 101}, "assistantAlias: up to 100 letters"),
        ({"pronunciationDicts": ["x"]}, "pronunciationDicts[0].word: Required"),
        ({"pronunciationDicts": [{"word": "x"}]}, "pronunciationDicts[0].pronunciation: Required"),
        ({"pronunciationDicts": [{"word": 1, "pronunciation": "x"}]}, "pronunciationDicts[0].word: Expected string"),
        ({"pronunciationDicts": [{"word": "x" * 201, "pronunciation": "x"}]}, "pronunciationDicts[0].word: at most"),
        ({"pronunciationDicts": [{}] * 1001}, "pronunciationDicts: at most 1000 entries"),
    ],
)
def test_other_limits_are_refused_by_name(document: dict[str, object], text: str) -> None:
    """Choices are listed, lengths are told."""
    with pytest.raises(Refused) as caught:
        check_limits(document)

    assert caught.value.message.startswith(text)


def test_what_keeps_to_its_limits_is_accepted() -> None:
    """An alias such as a UUID, an empty one, the longest texts."""
    check_limits(
        {
            "assistantAlias": "1f0c0c1e-5a3c-4d5e-9d43-3f6b0c6a7e11",
            "firstMessage": "x" * 500,
            "synthesizer": {"sampleRate": 44100},
            "pronunciationDicts": [{"word": "SQL", "pronunciation": "sequel", "future": 1}],
        }
    )
    check_limits({"assistantAlias": "", "pronunciationDicts": None, "synthesizer": None})


def test_what_an_old_document_has_is_brought_into_range() -> None:
    """A call must not fail, or nudge without end, for what was written before there were limits."""
    assert 1 == clamped("sessionTimeoutConfig.timeoutTimeInSecs", -5)
    assert 10 == clamped("interruptionBackoffTimer", 1e9)
    assert 7 == clamped("interruptionBackoffTimer", 7)
