"""What espeak-ng is asked for."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.engines.espeak_text import Part, ends_sentence, parts, plain, voices, words_per_minute
from vivavoce.speech import VoiceStyle


@given(st.text(max_size=2000))
def test_parts_joined_are_the_text(text: str) -> None:
    """Nothing is lost or changed, and no part is longer than 400 characters."""
    found = list(parts(text))

    assert text == "".join(part.text for part in found)
    assert all(len(part.text) <= 400 for part in found)


@given(st.lists(st.text(st.characters(categories=["L", "P"]), min_size=1, max_size=60), max_size=80))
def test_parts_are_cut_between_words(words: list[str]) -> None:
    """A word of ordinary length is never cut in two."""
    assert words == [word for part in parts(" ".join(words)) for word in part.text.split()]


def test_a_text_is_cut_after_a_sentence_with_a_pause() -> None:
    """The ends of sentences are the best places, and sound like ends."""
    first, second = "A " * 120 + "done. ", "B " * 120 + "done."

    assert [Part(first, pause=True), Part(second)] == list(parts(first + second))


def test_without_a_sentence_end_a_text_is_cut_after_a_clause() -> None:
    """A comma in the second half is better than a space at the end."""
    first, second = "a " * 150 + "so, ", "b " * 120

    assert [Part(first), Part(second)] == list(parts(first + second))


def test_a_text_without_spaces_is_cut_anywhere() -> None:
    """It is spoken, whatever it is."""
    assert [400, 400, 200] == [len(part.text) for part in parts("x" * 1000)]


@given(st.text())
def test_a_plain_text_has_the_same_length_and_nothing_to_obey(text: str) -> None:
    """Control characters, which would end the text or command the voice, are spaces; places stay what they are."""
    spoken = plain(text).decode()

    assert len(text) == len(spoken)
    assert not any(ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 for sign in spoken)


def test_half_of_a_letter_is_a_space() -> None:
    """A lone surrogate has no UTF-8."""
    assert b"a b" == plain("a\ud800b")


@pytest.mark.parametrize(
    ("style", "default", "names"),
    [
        (VoiceStyle(), "", ["en-us", "en", "en-us"]),
        (VoiceStyle(language="en-GB"), "", ["en-gb", "en", "en-us"]),
        (VoiceStyle(language="en_US"), "", ["en-us", "en", "en-us"]),
        (VoiceStyle(language="de-AT"), "", ["de-at", "de", "en-us"]),
        (VoiceStyle(language="zh-CN"), "", ["cmn", "cmn", "en-us"]),
        (VoiceStyle(voice="en-us+f3"), "", ["en-us+f3", "en-us", "en", "en-us"]),
        (VoiceStyle(), "en-us+m7", ["en-us+m7", "en-us", "en", "en-us"]),
        (VoiceStyle(voice="../../etc/passwd"), "", ["en-us", "en", "en-us"]),
        (VoiceStyle(voice="a\nb", language=""), "", ["en-us"]),
    ],
)
def test_voices_are_tried_from_the_named_one_to_english(style: VoiceStyle, default: str, names: list[str]) -> None:
    """The style's voice, else the operator's; then the language, from the narrow tag to the wide; then English."""
    assert names == voices(style, default).decode().split("\n")


@pytest.mark.parametrize(
    ("speed", "pace"),
    [(1.0, 150), (1.2, 180), (0.5, 80), (0.0, 80), (-1.0, 80), (10.0, 450), (math.nan, 150), (math.inf, 150)],
)
def test_the_pace_is_150_words_a_minute_times_speed_within_limits(speed: float, pace: int) -> None:
    """espeak-ng takes 80 to 450."""
    assert pace == words_per_minute(speed)


@pytest.mark.parametrize("text", ["We open at nine.", 'He said "no!"', "Really? ", "Well…"])
def test_a_text_ends_a_sentence_with_its_sign(text: str) -> None:
    """Also behind a quotation or white space."""
    assert ends_sentence(text)


@pytest.mark.parametrize("text", ["We open at nine", "at nine,", "3.5 euros", ""])
def test_a_text_that_goes_on_ends_no_sentence(text: str) -> None:
    """A point within a number is none."""
    assert not ends_sentence(text)
