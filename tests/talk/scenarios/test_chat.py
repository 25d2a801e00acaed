"""Chat mode: the same conversation without any audio."""

from collections.abc import Sequence

from vivavoce.speech import Message, Tool, ToolCall
from vivavoce.talk import commands as do
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.policy import Policy
from vivavoce.testing.stage import Failure, Pause, Stage

CHAT = Brief(mode="chat", greeting="Hello.")


def test_a_chat_has_no_audio_at_all() -> None:
    """Rule O6: no listening, no voice, no frames."""
    stage = Stage(CHAT)
    stage.at(1.0, events.Typed(0.0, "hi"))
    stage.play(10.0)

    assert [] == [
        command
        for _, command in stage.commands
        if isinstance(command, do.Listen | do.Feed | do.StopListening | do.Say | do.SendAudio)
    ]
    assert [("agent", "Hello."), ("user", "hi"), ("agent", "I hear you. You said: hi.")] == stage.transcript()


def test_a_chat_turn_has_one_final_text() -> None:
    """Rule O6: user, start, partial texts, one final text, stop; clients take the first as the reply."""
    stage = Stage(CHAT)
    stage.at(1.0, events.Typed(0.0, "hi"))
    stage.play(10.0)
    turn = [type(fact).__name__ for fact in stage.facts()[4:]]

    assert [
        *("UserSaid", "AgentStartedTalking", "TurnTimed"),
        *("AgentSaid", "AgentSaid", "AgentSaid", "AgentStoppedTalking"),
    ] == turn[-7:]
    assert ["hi"] == [fact.text for fact in stage.published(facts.UserSaid)]


def test_partial_texts_are_cumulative() -> None:
    """Rule: every partial text replaces the one before it."""
    stage = Stage(Brief(mode="chat"), model=lambda messages: ["One ", "two ", "three."])
    stage.at(1.0, events.Typed(0.0, "count"))
    stage.play(3.0)

    assert ["One", "One two", "One two three.", "One two three."] == [
        fact.text for fact in stage.published(facts.AgentSaid)
    ]


def test_the_rounds_of_a_turn_with_a_tool_are_one_text() -> None:
    """Rule: what is said before and after a tool is one reply, with a space between."""

    def model(messages: Sequence[Message]) -> Sequence[str | ToolCall]:
        if messages[-1].role == "tool":
            return ["It costs five."]
        return ["Let me look.", ToolCall("c1", "look", "{}")]

    stage = Stage(Brief(mode="chat"), model=model, page=lambda call: (1.0, "5"))
    stage.at(0.5, events.ToolsOffered(0.0, (Tool("look", "Looks."),)))
    stage.at(1.0, events.Typed(0.0, "price?"))
    stage.play(6.0)

    assert [("user", "price?"), ("agent", "Let me look. It costs five.")] == stage.transcript()


def test_typing_on_interrupts_the_answer() -> None:
    """Rule: all that was written has been read: it stays, and the next question is answered."""
    stage = Stage(Brief(mode="chat"), model=lambda messages: ["Well, ", Pause(5.0), "no."])
    stage.at(1.0, events.Typed(0.0, "yes?"))
    stage.at(3.0, events.Typed(0.0, "hello?"))
    stage.play(20.0)

    assert [("user", "yes?"), ("agent", "Well,"), ("user", "hello?"), ("agent", "Well, no.")] == stage.transcript()
    assert 1 == len(stage.published(facts.Interrupted))


def test_a_model_that_fails_is_apologised_for() -> None:
    """Rule: also in a chat every question gets an answer."""
    stage = Stage(Brief(mode="chat"), model=lambda messages: [Failure("no credit left")])
    stage.at(1.0, events.Typed(0.0, "hi"))
    stage.play(5.0)

    assert [("user", "hi"), ("agent", stage.brief.phrases.trouble)] == stage.transcript()


def test_a_chat_that_nobody_continues_ends() -> None:
    """Rule: idle nudges, then the end, as in a call."""
    policy = Policy()
    stage = Stage(Brief(mode="chat", policy=policy))
    stage.play(200.0)

    assert policy.most_nudges == len(stage.transcript())
    assert "timeout" == stage.published(facts.CallEnded)[0].reason
