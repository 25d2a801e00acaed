"""How long words take to say, by their letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.talk.spoken_length import letters_said, pause_after


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("7", "seven"),
        ("16", "sixteen"),
        ("90", "ninety"),
        ("101", "one hundred one"),
        ("1984", "nineteen eighty four"),
        ("1900", "nineteen hundred"),
        ("2026", "two thousand twenty six"),
        ("48,213", "forty eight thousand two hundred thirteen"),
        ("1,299", "one thousand two hundred ninety nine"),
        ("3000000", "three million"),
        ("0123", "zero one two three"),
        ("10:30", "ten thirty"),
        ("21st", "twenty one"),
        ("€12.50", "euros twelve point fifty"),
        ("40%", "forty percent"),
        ("me@example.com", "me at example point com"),
        ("Dr.", "doctor"),
        ("e.g.", "for example"),
    ],
)
def test_numbers_and_signs_count_as_they_are_read(word: str, read: str) -> None:
    """Not as they are written."""
    assert sum(map(letters_said, read.split())) == pytest.approx(letters_said(word))


@pytest.mark.parametrize(("longer", "shorter"), [("SQL", "squall"), ("API", "apt"), ("HTTPS", "strengths")])
def test_letters_that_are_spelled_take_longer_than_a_word(longer: str, shorter: str) -> None:
    """Each of them is a syllable."""
    assert letters_said(longer) > letters_said(shorter)


def test_capitals_that_can_be_read_are_read() -> None:
    """As the word that they look like."""
    assert letters_said("nasa") == letters_said("NASA")


@pytest.mark.parametrize("word", ["I", "A"])
def test_the_words_of_one_capital_are_words(word: str) -> None:
    """And short ones."""
    assert letters_said(word) < letters_said("B")


def test_a_vowel_takes_longer_than_a_letter_that_is_not_heard() -> None:
    """ "Banana" and "through" are about as many letters, and three syllables against one."""
    assert letters_said("banana") > letters_said("though")


def test_a_word_is_drawn_out_before_a_stop() -> None:
    """As speakers do."""
    assert letters_said("there,") > letters_said("there")


@pytest.mark.parametrize("word", ["–", "—", "-", "...", "()", '"'])
def test_signs_alone_are_not_said(word: str) -> None:
    """They take no time."""
    assert letters_said(word) == 0


def test_the_length_in_another_script_is_that_of_its_syllables() -> None:
    """Four ideographs are four syllables, and so are two words of two."""
    assert 4 * letters_said("好") == pytest.approx(letters_said("你好世界"))
    assert letters_said("你好世界") > letters_said("two")


@pytest.mark.parametrize("word", ["naïve", "привет", "नमस्ते", "مرحبا", "안녕하세요", "größer", "zażółć", "γειά"])
def test_every_script_has_a_length(word: str) -> None:
    """A word that is said takes time."""
    assert letters_said(word) > 2


@pytest.mark.parametrize("word", ["Dr.", "Mr.", "(e.g.", "a.m.", "U.S.", "U.S", "well", "–a", "3.5"])
def test_a_full_stop_within_a_sentence_is_no_pause(word: str) -> None:
    """Nor is a word without any."""
    assert pause_after(word) == 0


@pytest.mark.parametrize(
    ("word", "longer"), [("well,", "well."), ('"well,"', "well!”"), ("(well)", "好。"), ("a;", "a?")]
)
def test_a_sentence_ends_with_a_longer_pause_than_a_clause(word: str, longer: str) -> None:
    """Whatever quotes and brackets stand around it."""
    assert 0 < pause_after(word) < pause_after(longer)


@given(st.text(max_size=30))
def test_any_text_has_a_length(text: str) -> None:
    """Never a negative one, and never an error."""
    assert letters_said(text) >= 0
    assert pause_after(text) >= 0
