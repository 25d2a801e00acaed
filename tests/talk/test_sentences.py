"""Text into parts that can be spoken."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.talk.sentences import Sentences, speakable


def parts(*pieces: str) -> list[str]:
    """All parts of a text that comes in pieces."""
    sentences = Sentences()
    return [part for piece in pieces for part in sentences.add(piece)] + sentences.finish()


def letter_by_letter(text: str) -> list[str]:
    """All parts of a text that comes letter by letter."""
    return parts(*text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rains. It pours.", ["It rains.", "It pours."]),
        ("Really?! Yes… Well.", ["Really?!", "Yes…", "Well."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("One\nTwo\n\nThree", ["One", "Two", "Three"]),
        ("It costs 3.50 euros. Or 4.", ["It costs 3.50 euros.", "Or 4."]),
        ("Dr. Who met Mrs. Smith at 10 a.m. sharp. Good.", ["Dr. Who met Mrs. Smith at 10 a.m. sharp.", "Good."]),
        ("Use fruit, e.g. apples. Fine.", ["Use fruit, e.g. apples.", "Fine."]),
        ("1. First\n2. Second", ["1. First", "2. Second"]),
        ("今天很好。明天呢？好！", ["今天很好。", "明天呢？", "好！"]),
        ("See example.com for more. Bye.", ["See example.com for more.", "Bye."]),
        ("No end", ["No end"]),
        ("", []),
        ("  \n ", []),
        ("...", ["..."]),
    ],
)
def test_a_text_is_cut_at_its_sentences(text: str, expected: list[str]) -> None:
    """Rule: a sentence ends at its stop before white space; abbreviations and numbers have stops that end nothing."""
    assert expected == parts(text)


def test_a_sentence_is_given_out_when_it_is_certain() -> None:
    """Rule: the stop alone may be that of "3.5"; the space behind it decides."""
    sentences = Sentences()

    assert [] == sentences.add("It rains.")
    assert ["It rains."] == sentences.add(" ")
    assert [] == sentences.add("It pours.")
    assert ["It pours."] == sentences.finish()
    assert [] == sentences.finish()


def test_the_first_part_may_end_at_a_softer_stop() -> None:
    """Rule: the voice should start early; later parts are whole sentences."""
    text = "Well, let me think about that, because it is hard. Now, as I said before, it depends, mostly."

    assert [
        "Well, let me think about that,",
        "because it is hard.",
        "Now, as I said before, it depends, mostly.",
    ] == parts(text)


def test_a_first_part_is_not_chopped() -> None:
    """Rule: "Well," alone sounds torn off."""
    assert ["Well, I do not know."] == parts("Well, I do not know.")


def test_a_text_without_stops_is_cut_between_words() -> None:
    """Rule: a part has at most 240 letters, and no word is torn."""
    text = " ".join(f"word{number}" for number in range(200))
    given_out = parts(text)

    assert text == " ".join(given_out)
    assert all(len(part) <= 240 for part in given_out)
    assert len(given_out) <= 10


def test_a_word_without_end_is_cut_somewhere() -> None:
    """Rule: a part is bounded even where nothing can be cut well."""
    assert [240, 240, 20] == [len(part) for part in parts("x" * 500)]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("**Bold** and *italic* and `code`", "Bold and italic and code"),
        ("# Title", "Title"),
        ("- one\n- two", "one two"),
        ("> quoted", "quoted"),
        ("See [our page](https://example.com/a?b=c).", "See our page."),
        ("a  b\t c\n", "a b c"),
        ("snake_case stays", "snake_case stays"),
        ("array[0] stays", "array[0] stays"),
        ("***", ""),
    ],
)
def test_what_is_written_but_not_spoken_is_taken_out(written: str, spoken: str) -> None:
    """Rule: Markdown marks are for eyes."""
    assert spoken == speakable(written)


@pytest.mark.parametrize(
    "text",
    [
        "Please read [this page, and that](https://example.com/prices) before you call us. Thanks.",
        "Look at this: [Read me. Now](https://example.com/x) and tell me.",
    ],
)
def test_a_link_is_not_cut_in_two(text: str) -> None:
    """Rule: half a link cannot be recognised, and its address would be read out."""
    assert "example" not in " ".join(letter_by_letter(text))
    assert parts(text) == letter_by_letter(text)


def test_a_bracket_that_is_never_closed_holds_nothing_back_for_long() -> None:
    """Rule: what only looks like a link is spoken when its line ends."""
    assert ["He wrote [sic. And left.", "Then came rain."] == parts("He wrote [sic. And left.\nThen came rain.")


@settings(max_examples=200)
@given(text=st.text(st.sampled_from("abc   ....,!?\n1"), max_size=400))
def test_the_parts_do_not_depend_on_the_pieces(text: str) -> None:
    """Rule: a model that gives all at once is spoken like one that gives letter by letter, and as early."""
    assert parts(text) == letter_by_letter(text)


# Without round brackets: the address of a link is meant to be lost.
TEXT = st.text(st.sampled_from("ab c.,!?\n1[]*#-…。 "), max_size=120)


@settings(max_examples=300)
@given(text=TEXT, data=st.data())
def test_nothing_is_lost_and_nothing_is_said_twice(text: str, data: st.DataObject) -> None:
    """Rule: however the text comes in, its letters come out once and in order, and no part is empty."""
    cut = data.draw(st.integers(0, len(text)))
    given_out = parts(text[:cut], text[cut:])

    assert [letter for letter in text if letter in "abc1"] == [
        letter for letter in "".join(given_out) if letter in "abc1"
    ]
    assert all(part.strip() == part and part for part in given_out)
