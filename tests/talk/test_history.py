"""The messages, as the language model reads them."""

import pytest

from vivavoce.speech import Message, ToolCall
from vivavoce.talk.history import History

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
