"""The benchmark of caption times: what it compares, and what it says of that."""

import numpy as np
import pytest

from bench.captions import CaptionsResult, Error, Spoken, by_letters, demo_texts, errors
from vivavoce.audio.pcm import Pcm
from vivavoce.speech import Word

SPOKEN = Spoken("One, two", Pcm(np.full(16000, 5000, np.int16), 8000), (Word("One,", 0.0, 0.5), Word("two", 0.5, 2.0)))


def test_letters_alone_take_equally_long() -> None:
    """And so do the spaces behind the words."""
    assert (Word("ab", 0.0, 3.0), Word("c", 3.0, 5.0)) == by_letters("ab  c", 1.0)


def test_the_first_word_of_a_part_does_not_count() -> None:
    """It is right by itself, and would make every method look better."""
    assert {1} == {len(found) for found in errors([SPOKEN]).values()}


def test_an_error_is_the_distance_between_starts() -> None:
    """In seconds: of nine letters and spaces in two seconds, five come before the second word."""
    assert pytest.approx([2.0 * 5 / 9 - 0.5]) == errors([SPOKEN])["shared letters"]


def test_the_texts_of_the_demo_are_answers() -> None:
    """Neither headings nor other ways to ask."""
    texts = demo_texts()

    assert len(texts) > 40
    assert not [text for text in texts if text.startswith(("#", "Also asked as", "Follow-up"))]


@pytest.mark.parametrize(("p50_ms", "verdict"), [(99.0, "is met"), (101.0, "**is not met**")])
def test_the_goal_is_for_the_median_of_aligned_words(p50_ms: float, verdict: str) -> None:
    """In every language; how far off the letters are does not matter."""
    result = CaptionsResult(
        2, [Error("en", "letters", 5, 400.0, 500.0, 600.0), Error("en", "aligned", 5, p50_ms, 150.0, 300.0)]
    )

    assert result.markdown().endswith(f"once aligned, {verdict}.")
    assert f"| en | aligned with the sound | 5 | {p50_ms:.0f} | 150 | 300 |" in result.markdown()
