"""Respelt words: what the voice reads, and the way back to what is written."""

import pytest

from vivavoce.speech import Word
from vivavoce.talk.pronunciation import Respelling, respell


def respelt(text: str, *entries: tuple[str, str]) -> Respelling:
    """A text in which at least one entry fits."""
    found = respell(text, entries)
    assert found is not None
    return found


def spoken(text: str, *, from_s: float = 0.0) -> list[Word]:
    """The words of a voice that takes a second for each."""
    return [Word(word, from_s + at, from_s + at + 1) for at, word in enumerate(text.split())]


@pytest.mark.parametrize(
    ("text", "entry", "expected"),
    [
        ("Use SQL, please.", ("sql", "sequel"), "Use sequel, please."),
        ("SQL/CSS and SQL", ("SQL", "sequel"), "sequel/CSS and sequel"),
        ("It is in IT.", ("IT", "eye tee"), "It is in eye tee."),
        ("Meet Nguyen.", ("Nguyen", "win"), "Meet win."),
        ("New York is big", ("new york", "noo yawk"), "noo yawk is big"),
        ("We speak C++ here", ("C++", "see plus plus"), "We speak see plus plus here"),
    ],
)
def test_the_voice_reads_another_spelling(text: str, entry: tuple[str, str], expected: str) -> None:
    """Signs around the word stay; an entry in lower case fits every spelling, one with capitals only itself."""
    assert expected == respelt(text, entry).text


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("it is late", ("IT", "eye tee")),
        ("the sqlite file", ("sql", "sequel")),
        ("nothing of it", ("other", "x")),
        ("a word", ("word", " ")),
        ("", ("word", "wird")),
    ],
)
def test_a_text_without_such_words_is_left_alone(text: str, entry: tuple[str, str]) -> None:
    """Parts of words do not count, and neither do entries without a pronunciation."""
    assert None is respell(text, [entry])


def test_the_longer_word_goes_first_and_the_first_entry_counts() -> None:
    """The order of the entries matters only between two for the same word."""
    entries = [("york", "yawk"), ("new york", "noo yawk"), ("york", "wrong")]

    assert "noo yawk and yawk" == respelt("New York and York", *entries).text


def test_times_are_those_of_the_written_words() -> None:
    """One for one, one for several, several for one: who reads the words sees what is written."""
    text = respelt("Ask SQL in New York, Dr Wu", ("SQL", "see quel"), ("New York", "gotham"), ("Dr", "doctor"))

    assert "Ask see quel in gotham, doctor Wu" == text.text
    assert (
        Word("Ask", 0, 1),
        Word("SQL", 1, 3),
        Word("in", 3, 4),
        Word("New", 4, 4.5),
        Word("York,", 4.5, 5),
        Word("Dr", 5, 6),
        Word("Wu", 6, 7),
    ) == text.written(spoken(text.text))
    assert () == text.rest()


def test_words_may_come_piece_by_piece() -> None:
    """A written word is certain once all that is spoken for it has come."""
    text = respelt("the SQL server", ("SQL", "see quel"))

    assert (Word("the", 0, 1),) == text.written(spoken("the see"))
    assert (Word("SQL", 1, 3), Word("server", 3, 4)) == text.written(spoken("quel server", from_s=2.0))


def test_a_voice_that_stops_within_a_word_has_said_it() -> None:
    """What is left at the end gets the time that there is."""
    text = respelt("SQL", ("SQL", "see quel"))

    assert () == text.written(spoken("see"))
    assert (Word("SQL", 0, 1),) == text.rest()


def test_voices_that_count_words_differently_are_followed() -> None:
    """They may drop signs and capitals, leave words out, and add some of their own."""
    text = respelt("Dr. Who — it costs 5 dollars", ("Dr", "doctor"))
    words = [Word("DOCTOR", 0, 1), Word("who", 1, 2), Word("it", 2, 3), Word("five", 3, 4), Word("dollars", 4, 5)]

    assert ["Dr.", "Who", "it", "five", "dollars"] == [word.text for word in text.written(words)]
