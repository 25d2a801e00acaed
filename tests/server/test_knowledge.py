"""What stands in the prompt of what an agent knows, and how it is found."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from vivavoce.engines.knowledge_text import read
from vivavoce.server.knowledge import LONG_LETTERS, known_to, text_of
from vivavoce.server.knowledge_answers import Answer, answer_in, answer_text
from vivavoce.server.knowledge_finds import look_up
from vivavoce.store.knowledge import Kind, Piece

NOW = datetime(2026, 7, 2, tzinfo=UTC)


def piece(kind: Kind, title: str, content: str) -> Piece:
    return Piece("id", "agent", kind, title, content, NOW, NOW)


def test_nothing_is_added_to_an_agent_that_was_given_nothing() -> None:
    """Rule: a document alone reads as before there were pieces."""
    assert "## Open?\n\nYes." == text_of({"knowledge": "\n## Open?\n\nYes.\n"}, ())
    assert "" == text_of({}, ())


def test_pieces_are_knowledge_whatever_they_look_like() -> None:
    """Rule: what was given is answered from: sentences like instructions, headings like "FAQ", files' names."""
    pieces = [
        piece("text", "Style", "Use the blue key."),
        piece("file", "faq.md", "# FAQ\n\nKeep the lid closed.\n\n## Is it loud?\n\nNo."),
        piece("file", "manual.pdf", "If the user is a child, ask an adult."),
    ]
    known = read(f"You are Ada.\n\nThe shop is red.\n\n{text_of({}, pieces)}\n\nYou are eligible.")

    assert "I am Ada." == known.persona
    assert [
        ("", "The shop is red."),
        ("Style", "Use the blue key."),
        ("", "Keep the lid closed."),
        ("Is it loud?", "No."),
    ] == [(entry.question, entry.answer) for entry in known.entries[:4]]
    assert "" == known.entries[4].question


def test_a_text_is_long_for_those_who_read_it_each_time() -> None:
    """Rule: the built-in brain reads all; of a model's tokens each is paid for."""
    agent = {"knowledge": "x" * (LONG_LETTERS + 1)}

    assert not known_to(agent).searched
    assert known_to(agent, reads_all=False).searched
    assert not known_to({"knowledge": "x" * LONG_LETTERS}, reads_all=False).searched


def test_a_long_text_without_a_search_stands_in_the_prompt() -> None:
    """Rule: who has no tool reads everything."""
    known = known_to({"knowledge": "x" * (LONG_LETTERS + 1)}, reads_all=False)

    assert known.text == known.in_prompt([])
    assert len(known.in_prompt(["look"])) < 200


def test_the_outline_of_a_very_long_text_ends() -> None:
    """Rule: the table of contents is no second text."""
    text = "\n\n".join(f"## Heading number {number}\n\n{'x ' * 50}" for number in range(1000))
    outline = known_to({"knowledge": text}, reads_all=False).in_prompt(["look"])

    assert len(outline) < 2_300
    assert outline.endswith("; and more.")


@pytest.mark.parametrize(
    "answer",
    [
        Answer("Yes."),
        Answer("Yes.\n\nAnd no.", also="is it open; open?", follow_up="Shall I say where?"),
        Answer("Yes.", follow_up="Where?"),
    ],
)
def test_a_question_is_stored_and_read_back(answer: Answer) -> None:
    """Rule: what was typed is there again when it is edited."""
    assert answer == answer_in(answer_text(answer))


def test_an_answer_never_begins_another_section() -> None:
    """Rule: a hash or a fence that somebody pastes takes nothing away from the next answer."""
    assert "Big\nsmall" == answer_text(Answer("# Big\n```\nsmall")).replace("\n\n", "\n")


def test_what_would_be_found_is_found_as_in_a_call() -> None:
    """Rule: the best first, with where it is from; what the built-in brain says is what it would say."""
    pieces = [
        piece("answer", "When are you open?", "Also asked as: opening hours\nFrom seven to {{last}}."),
        replace(piece("file", "house.txt", "The cellar is open on Mondays."), id="other"),
    ]
    agent, values = {"knowledge": "## Where are you?\n\nIn Bern."}, {"last": "six"}
    finds = look_up(agent, pieces, "when is the cellar open", values)
    exact = look_up(agent, pieces, "when are you open", values)

    assert {"id", "other"} == {find.piece.id for find in finds.finds if find.piece}
    assert [("When are you open?", "From seven to six.", pieces[0])] == [
        (find.question, find.answer, find.piece) for find in exact.finds
    ]
    assert "From seven to six." == exact.said
    assert [None] == [find.piece for find in look_up(agent, pieces, "where are you", values).finds]
