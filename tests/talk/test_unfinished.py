"""Does a transcript look as if its speaker has more to say?"""

import pytest

from vivavoce.talk.unfinished import looks_unfinished


@pytest.mark.parametrize(
    "text",
    [
        "I would like to book a table for",
        "I want two apples and",
        "I want two apples, and.",
        "Can you tell me the.",
        "well, um...",
        "My number is four, two,",
        "What is the price",
        "my name is –",
        "the blue one, because",
        "I would like…",
        "he said “I want a",
    ],
)
def test_what_breaks_off_is_unfinished(text: str) -> None:
    """No final mark where the recogniser writes some, a hanging one, or a word that wants another behind it."""
    assert looks_unfinished(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "What is the price?",
        "That is what I am looking for.",
        "Is the light on?",
        "what is the price",
        "yes",
        "I think so.",
        "He said “no.”",
        "मुझे मदद चाहिए।",
        "了解です。",
        "Unless!",
        "42.",
    ],
)
def test_what_stands_by_itself_is_finished(text: str) -> None:
    """A final mark, or, from a recogniser that writes none, a last word that may well be the last."""
    assert not looks_unfinished(text)
