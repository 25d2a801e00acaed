"""Words that were misheard find the word that was meant."""

import pytest

from vivavoce.engines.misheard import compounds, joined, respelt

_WORDS = {"embed", "vivavoce", "website", "started", "stops", "recording", "synthflow", "ollama"}


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("vivavochi", "vivavoce"),
        ("vivavoche", "vivavoce"),
        ("vivavotche", "vivavoce"),
        ("imbed", "embed"),
        ("embedded", "embed"),
        ("sinthflow", "synthflow"),
        ("olama", "ollama"),
        ("shops", ""),
        ("webs", ""),
        ("giraffe", ""),
    ],
)
def test_a_misspelt_word_is_recognised(heard: str, meant: str) -> None:
    """A word that is spelt much alike is meant; a short one, or one with another consonant, is another word."""
    assert meant == respelt(heard, _WORDS)


@pytest.mark.parametrize(
    ("first", "second", "meant"),
    [
        ("viva", "vochay", "vivavoce"),
        ("viva", "vochi", "vivavoce"),
        ("viva", "voice", "vivavoce"),
        ("synth", "floe", "synthflow"),
        ("start", "car", ""),
        ("a", "b", ""),
    ],
)
def test_two_words_may_be_one_misheard(first: str, second: str, meant: str) -> None:
    """A name that the recogniser does not know comes in pieces; both pieces must fit."""
    assert meant == joined(first, second, _WORDS)


def test_compounds_are_written_as_the_vocabulary_has_them() -> None:
    """Two words are one where the vocabulary has them as one, and only there."""
    assert ["my", "website", "page"] == compounds(["my", "web", "site", "page"], _WORDS)
    assert [] == compounds([], _WORDS)
