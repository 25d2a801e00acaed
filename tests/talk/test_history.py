"""The messages, as the language model reads them."""

import pytest

from vivavoce.speech import Message, ToolCall
from vivavoce.talk.history import History
from vivavoce.talk.reply import Round

CALL, OTHER = ToolCall("c1", "look", "{}"), ToolCall("c2", "look", "{}")


def test_the_prompt_is_always_first() -> None:
    """Rule: system, then what was said, then what is not certain yet."""
    history = History("Be kind.")
    history.user("hello")
    history.agent("Hi.")

    assert (
        Message("system", "Be kind."),
        Message("user", "hello"),
        Message("assistant", "Hi."),
        Message("user", "perhaps"),
    ) == history.messages(Message("user", "perhaps"))
    assert 3 == len(history.messages())


def test_without_a_prompt_there_is_no_system_message() -> None:
    """Rule: an empty message helps no model."""
    assert () == History("").messages()


def test_nothing_heard_is_nothing_remembered() -> None:
    """Rule: a reply of which no word was heard leaves no message."""
    history = History("")
    history.agent("")

    assert () == history.messages()


def test_tools_stand_behind_the_message_that_asked_for_them() -> None:
    """Rule: question and answers together, in the order of the calls."""
    history = History("")
    history.tools((CALL, OTHER), ("five", "six"))

    assert (
        Message("assistant", "", calls=(CALL, OTHER)),
        Message("tool", "five", call_id="c1"),
        Message("tool", "six", call_id="c2"),
    ) == history.messages()


def test_a_call_without_an_answer_is_a_bug() -> None:
    """Rule: most models refuse such a history; it is never made."""
    with pytest.raises(ValueError, match="zip"):
        History("").tools((CALL, OTHER), ("five",))


def test_it_knows_who_had_the_last_word() -> None:
    """Rule: a visitor or a tool waits for an answer; an agent does not."""
    history = History("Be kind.")
    assert not history.unanswered
    history.user("hello")
    assert history.unanswered
    history.agent("Hi.")
    assert not history.unanswered
    history.tools((CALL,), ("five",))

    assert history.unanswered


def test_the_oldest_messages_are_forgotten() -> None:
    """Rule: memory is bounded, and never begins with an answer whose question is gone."""
    history = History("Be kind.")
    for number in range(300):
        history.tools((CALL, OTHER), (str(number), str(number)))
    messages = history.messages()

    assert "system" == messages[0].role
    assert "assistant" == messages[1].role
    assert 380 < len(messages) <= 401
    assert "299" == messages[-1].text


def test_what_was_heard_before_the_tool_answered_is_no_answer() -> None:
    """Rule: it stands in front of the tool, so that the last word is the tool's; an answer stands behind it."""
    asked = Round("Let me see.", {"c1": CALL, "c2": OTHER}, {"c1": "five"})
    roles = []
    for is_answer in (False, True):
        history = History("")
        history.reply([asked], "Let me see.", is_answer=is_answer)
        roles.append([message.role for message in history.messages()])

        assert is_answer != history.unanswered

    assert [["assistant", "assistant", "tool"], ["assistant", "tool", "assistant"]] == roles


def test_calls_that_have_not_answered_are_not_remembered() -> None:
    """Rule: a question without an answer would be refused by most models."""
    history = History("")
    history.reply([Round("", {"c1": CALL, "c2": OTHER}, {"c2": "six"})])

    assert (Message("assistant", "", calls=(OTHER,)), Message("tool", "six", call_id="c2")) == history.messages()
