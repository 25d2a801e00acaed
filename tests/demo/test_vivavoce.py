"""
The demo's knowledge text, asked as people ask.

``asked.txt`` holds headings and questions that belong to them, ``off_topic.txt`` questions about other things:
as a speech recogniser writes them down, with fillers, false starts, misspelt names and unreliable punctuation.
"""

import asyncio
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from vivavoce.engines.knowledge import Knowledge
from vivavoce.engines.knowledge_index import KnowledgeIndex
from vivavoce.engines.knowledge_text import read
from vivavoce.speech import Message

_HERE = Path(__file__).parent
_TEXT = files("vivavoce.demo").joinpath("vivavoce.md").read_text("utf-8")
_ENTRIES = read(_TEXT).entries
_ANSWERS = {entry.question: entry.answer for entry in _ENTRIES}


def _asked() -> Iterator[tuple[str, str]]:
    heading = ""
    for line in (_HERE / "asked.txt").read_text("utf-8").splitlines():
        if line.startswith("# "):
            heading = line[2:]
        elif line:
            yield heading, line


_ASKED = list(_asked())
_OFF_TOPIC = (_HERE / "off_topic.txt").read_text("utf-8").splitlines()


def _replies(questions: list[str]) -> list[str]:
    """The first answer of a new call to each question."""

    async def ask() -> list[str]:
        engine = Knowledge()
        replies = []
        for question in questions:
            messages = [Message("system", f"You are the Vivavoce guide.\n\n{_TEXT}"), Message("user", question)]
            replies.append("".join([str(piece) async for piece in engine.reply(messages, ())]))
        await engine.close()
        return replies

    return asyncio.run(ask())


def test_the_questions_cover_the_text() -> None:
    """Nearly every entry is asked for, and there are enough questions for the rates to mean something."""
    headings = {heading for heading, _ in _ASKED}

    assert headings <= _ANSWERS.keys()
    assert len(headings) >= 0.9 * len(_ANSWERS)
    assert len(_ASKED) >= 60
    assert len(_OFF_TOPIC) >= 20


def test_most_questions_get_their_answer_at_once() -> None:
    """At least 90 in 100 questions are answered with the right entry, without asking back."""
    replies = _replies([question for _, question in _ASKED])
    missed = [
        f"{question!r} should give {heading!r}, gave {reply[:70]!r}"
        for (heading, question), reply in zip(_ASKED, replies, strict=True)
        if not reply.startswith(_ANSWERS[heading])
    ]
    rate = 1 - len(missed) / len(_ASKED)

    assert rate >= 0.9, "\n".join([f"{rate:.1%} of {len(_ASKED)} questions were answered:", *missed])


def test_hardly_ever_a_wrong_answer() -> None:
    """At most 2 in 100 questions get the answer to another one: asking back is better than being wrong."""
    replies = _replies([question for _, question in _ASKED])
    wrong = [
        f"{question!r} should give {heading!r}, gave {reply[:70]!r}"
        for (heading, question), reply in zip(_ASKED, replies, strict=True)
        if reply.startswith(tuple(_ANSWERS.values())) and not reply.startswith(_ANSWERS[heading])
    ]

    assert len(wrong) <= 0.02 * len(_ASKED), "\n".join(wrong)


def test_the_right_entry_ranks_first() -> None:
    """At least 95 in 100 questions put the right entry first, so that asking back offers the right one."""
    index = KnowledgeIndex(_ENTRIES)
    ranked = [(heading, question, index.rank(question)) for heading, question in _ASKED]
    index.close()
    missed = [
        f"{question!r}: {heading!r}" for heading, question, top in ranked if not top or top[0].entry.question != heading
    ]
    rate = 1 - len(missed) / len(_ASKED)

    assert rate >= 0.95, "\n".join([f"{rate:.1%} of {len(_ASKED)} questions rank right:", *missed])


def test_off_topic_questions_are_not_answered() -> None:
    """At least 90 in 100 questions about other things get "I do not know", neither an answer nor a guess."""
    answered = [
        f"{question!r} gave {reply[:90]!r}"
        for question, reply in zip(_OFF_TOPIC, _replies(_OFF_TOPIC), strict=True)
        if reply.startswith(tuple(_ANSWERS.values())) or " you mean: " in reply
    ]
    rate = 1 - len(answered) / len(_OFF_TOPIC)

    assert rate >= 0.9, "\n".join([f"{rate:.1%} of {len(_OFF_TOPIC)} questions were left alone:", *answered])


def test_answers_are_written_for_the_ear() -> None:
    """No answer is longer than a breath or two, and none holds a mark, an address or a piece of code."""
    too_long = [entry.question for entry in _ENTRIES if len(entry.answer.split()) > 50]
    marked = [entry.question for entry in _ENTRIES if set("`*_<>/{}[]()=#") & set(entry.answer)]

    assert [] == too_long
    assert [] == marked


def test_each_follow_up_leads_to_another_entry() -> None:
    """Saying yes to a follow-up question gives an answer, and not the same again."""
    index = KnowledgeIndex(_ENTRIES)
    led = {
        entry.question: [match.score for match in index.rank(entry.follow_up) if match.entry is not entry]
        for entry in _ENTRIES
        if entry.follow_up
    }
    index.close()

    assert len(led) >= 3
    assert [] == [question for question, scores in led.items() if not scores or scores[0] < 0.5]
