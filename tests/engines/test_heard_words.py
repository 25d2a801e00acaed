"""What a recogniser wrote is made comparable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.engines.heard_words import content_words, plain, without_fillers


@pytest.mark.parametrize(
    ("heard", "words"),
    [
        ("What's  THIS, then?", "what is this then"),
        ("I can't and won't; don't you?", "i can not and will not do not you"),
        ("The agent’s voice isn’t here.", "the agent voice is not here"),
        ("an A.P.I. key", "an api key"),
        ("chat G P T", "chat gpt"),
        ("push-to-talk", "push to talk"),
        ("Is it a good one", "is it a good one"),
        ("Größe naïve", "grösse naïve"),
        ("?!", ""),
    ],
)
def test_one_way_of_writing(heard: str, words: str) -> None:
    """Case, punctuation, contractions and letters that were spelled out make no difference."""
    assert words == plain(heard)


def test_fillers_are_taken_out() -> None:
    """Sounds and words that people make while they think say nothing, and may be all there is."""
    assert "how do i start" == without_fillers(plain("Um, well, okay, so how do I, uh, actually start please?"))
    assert "" == without_fillers(plain("Uhm, err... hmm."))


def test_only_words_of_a_topic_are_left() -> None:
    """Grammar and politeness go; each word comes once, in one spelling and one form of its family."""
    assert ["color", "website", "recognize"] == content_words(
        plain("Could you tell me about the colour of my site, the homepage, and recognition?")
    )
    assert content_words(plain("Which licence?")) == content_words(plain("which license"))
    assert content_words(plain("organising")) == content_words(plain("organizing"))


@given(st.text(max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    """Nothing that a visitor types or a recogniser writes breaks it, and doing it twice changes nothing."""
    once = plain(text)

    assert once == plain(once)
    assert all(word.strip() == word and word for word in content_words(once))
