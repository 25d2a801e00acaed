"""The entry that answers a question is found, and how sure that is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.engines.knowledge_index import KnowledgeIndex
from vivavoce.engines.knowledge_text import Entry, read

_ENTRIES = read(
    """
## When are you open?
Also asked as: opening hours; are you open on Sunday

We are open from nine to six.

## Where is your shop?
Also asked as: the address; how do I find you

At the old mill, opposite the station.

## What is this?

A bakery.

We deliver bread by bicycle.
"""
).entries
_BARE = (*_ENTRIES, Entry("", (), "Our flour comes from Yorkshire."))


def _best(question: str, entries: tuple[Entry, ...] = _BARE) -> tuple[str, float]:
    index = KnowledgeIndex(entries)
    try:
        matches = index.rank(question)
        return (matches[0].entry.question or matches[0].entry.answer, matches[0].score) if matches else ("", 0.0)
    finally:
        index.close()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When are you open", "When are you open?"),
        ("uh what are your opening hours please", "When are you open?"),
        ("are you opened on sundays", "When are you open?"),
        ("tell me the adress", "Where is your shop?"),
        ("What is this?", "What is this?"),
        ("flour from yorkshire", "Our flour comes from Yorkshire."),
    ],
)
def test_the_right_entry_comes_first(question: str, answer: str) -> None:
    """Stems, other wordings, misspelling, questions of small words and bare paragraphs all lead to their entry."""
    assert answer == _best(question)[0]


def test_the_score_tells_how_sure_it_is() -> None:
    """The author's words are certain, a paraphrase is likely, and a question about other things is neither."""
    _, exact = _best("Um, when are you open?")
    _, paraphrase = _best("on which days are you open, Sunday too?")
    _, other = _best("do you repair broken windows")

    assert 1.0 == exact
    assert 0.5 < paraphrase < 1.0
    assert 0.5 > other


def test_nothing_in_common_is_no_match() -> None:
    """There is no nearest entry when nothing is near."""
    index, empty = KnowledgeIndex(_ENTRIES), KnowledgeIndex(())
    found = [index.rank("quantum chromodynamics"), index.rank(""), empty.rank("anything")]
    index.close()
    empty.close()

    assert [[], [], []] == found


def test_the_author_s_order_decides_between_equals() -> None:
    """The same question always gets the same answer."""
    twins = (Entry("One bread?", ("One bread?",), "Yes."), Entry("Bread one?", ("Bread one?",), "No."))

    assert "One bread?" == _best("is there bread", twins)[0]


@given(st.text(max_size=60))
def test_any_question_can_be_asked(question: str) -> None:
    """No character means anything to the search engine; scores stay between 0 and 1."""
    index = KnowledgeIndex(_BARE)
    scores = [match.score for match in index.rank(question)]
    index.close()

    assert all(0 <= score <= 1 for score in scores)
    assert sorted(scores, reverse=True) == scores
