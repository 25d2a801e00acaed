"""How a call ends."""

from collections.abc import Sequence

import pytest

from vivavoce.speech import Message, ToolCall
from vivavoce.talk import commands as do
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief, Phrases
from vivavoce.talk.policy import Policy
from vivavoce.testing.stage import Delays, Speech, Stage

BYE = Speech(1.0, 1.6, "goodbye")
HANG_UP = ToolCall("c1", "end_call", "{}")


def goodbye(messages: Sequence[Message]) -> Sequence[str | ToolCall]:
    """Says goodbye and hangs up."""
    return ["Goodbye, have a nice day.", HANG_UP]


def check_ended(stage: Stage, reason: str) -> None:
    """The last fact is the end, the last command hangs up."""
    ended = stage.published(facts.CallEnded)

    assert [reason] == [fact.reason for fact in ended]
    assert ended[0] is stage.facts()[-1]
    assert do.HangUp(reason) == stage.commands[-1][1]
    assert stage.conversation.deadline() is None


def test_the_goodbye_is_heard_before_the_agent_hangs_up() -> None:
    """Rule (pain 26): the call ends when the last word has been heard, not when it has been sent."""
    stage = Stage(visitor=[BYE], model=goodbye)
    stage.play(20.0)
    said = stage.published(facts.AgentSaid)[-1]

    check_ended(stage, "ended")
    assert ("agent", "Goodbye, have a nice day.") == stage.transcript()[-1]
    assert said.text == stage.heard(1, said.at + 1e-6)


def test_the_agent_hangs_up_only_if_it_may() -> None:
    """Rule: without ``hang_up`` the tool is not offered, and a model that calls it all the same is told so."""
    stage = Stage(
        Brief(hang_up=()),
        visitor=[BYE],
        model=lambda messages: ["Stay."] if messages[-1].role == "tool" else ["Bye. ", HANG_UP],
    )
    stage.play(8.0)

    assert () == stage.ordered(do.Think)[0].tools
    assert [] == stage.ordered(do.HangUp)
    assert ("agent", "Bye. Stay.") == stage.transcript()[-1]


def test_hanging_up_without_a_word_ends_the_call() -> None:
    """Rule: a model that hangs up without a goodbye has hung up."""
    stage = Stage(visitor=[BYE], model=lambda messages: [HANG_UP])
    stage.play(8.0)

    check_ended(stage, "ended")
    assert [("user", "goodbye")] == stage.transcript()


def test_hanging_up_works_also_when_the_voice_does_not() -> None:
    """Rule: a goodbye that cannot be spoken does not keep the line open."""
    stage = Stage(visitor=[BYE], model=goodbye)
    stage.failing_stages.add("tts")
    stage.play(8.0)

    check_ended(stage, "ended")


def test_who_interrupts_the_goodbye_goes_on_talking() -> None:
    """Rule: "wait!" stops the agent from hanging up."""
    stage = Stage(
        visitor=[BYE, Speech(3.2, 4.0, "wait")],
        model=lambda messages: goodbye(messages) if len(messages) < 2 else ["Yes?"],
    )
    stage.play(9.0)

    assert ("agent", "Yes?") == stage.transcript()[-1]
    assert [] == stage.ordered(do.HangUp)


def test_noise_in_the_goodbye_does_not_keep_the_line_open() -> None:
    """Rule: the rest of the goodbye is said, and the idle agent ends the call at last."""
    stage = Stage(visitor=[BYE, Speech(3.2, 3.5, "")], model=goodbye)
    stage.play(200.0)

    assert "Goodbye, have a nice day." == " ".join(text for who, text in stage.transcript()[1:3])
    assert 1 == len(stage.published(facts.CallEnded))


def test_an_idle_visitor_is_asked_and_then_hung_up_on() -> None:
    """Rule (wire-spec 1.12): a nudge after each idle time, then the end, with reason ``timeout``."""
    policy = Policy(idle_s=10.0, most_nudges=2)
    stage = Stage(Brief(greeting="Hello.", policy=policy, phrases=Phrases(nudge="Still there?")))
    stage.play(100.0)
    starts = [fact.at for fact in stage.published(facts.AgentStartedTalking)]

    check_ended(stage, "timeout")
    assert ["Hello.", "Still there?", "Still there?"] == [text for _, text in stage.transcript()]
    assert starts[1] - stage.published(facts.AgentStoppedTalking)[0].at == pytest.approx(10.0 + Delays().voice_s)


def test_who_speaks_is_not_idle() -> None:
    """Rule: after an answer the count of nudges begins anew."""
    policy = Policy(idle_s=5.0, most_nudges=1)
    stage = Stage(Brief(policy=policy), visitor=[Speech(7.0, 8.0, "yes")])
    stage.play(100.0)
    nudges = [text for who, text in stage.transcript() if text == stage.brief.phrases.nudge]

    check_ended(stage, "timeout")
    assert 2 == len(nudges)


def test_a_call_has_its_longest_time() -> None:
    """Rule (sessionTimeoutConfig): then it ends, whatever is going on; what was heard of the reply is told."""
    policy = Policy(longest_call_s=4.0)
    stage = Stage(Brief(policy=policy), visitor=[Speech(1.0, 2.0, "hello")])
    stage.play(10.0)

    check_ended(stage, "timeout")
    assert 4.0 == stage.published(facts.CallEnded)[0].at
    assert ("agent", stage.heard(1)) == stage.transcript()[-1]


@pytest.mark.parametrize(
    ("state", "moment", "told"),
    [
        ("before anything", 0.0, []),
        ("idle", 0.5, []),
        ("the visitor speaks, nothing written", 1.5, []),
        ("the visitor pauses, all is written", 2.4, [("user", "hello")]),
        ("the turn is closing", 2.65, [("user", "hello")]),
        ("the model thinks", 2.7, [("user", "hello")]),
        ("the voice is made", 2.76, [("user", "hello")]),
        ("the agent talks", 3.5, [("user", "hello"), ("agent", "I hear")]),
        ("the agent was heard", 6.0, [("user", "hello"), ("agent", "I hear you. You said: hello.")]),
    ],
)
@pytest.mark.parametrize("reason", ["client_requested", "websocket_closed", "server_error"])
def test_a_client_leaves_in_any_state(state: str, moment: float, told: list[tuple[str, str]], reason: str) -> None:
    """Rule: all turns are settled as far as they were heard, then the end is told with its reason."""
    stage = Stage(visitor=[Speech(1.0, 2.0, "hello")])
    stage.at(moment, events.ClientLeft(0.0, reason))
    stage.play(8.0)

    check_ended(stage, reason)
    assert told == stage.transcript(), state
    assert len(stage.published(facts.AgentStartedTalking)) == len(stage.published(facts.AgentStoppedTalking))
    assert len(stage.published(facts.UserStartedSpeaking)) == len(stage.published(facts.UserStoppedSpeaking))


def test_after_the_end_nothing_happens() -> None:
    """Rule: a conversation that has ended gives no command, whatever it is told."""
    stage = Stage(visitor=[Speech(1.0, 2.0, "hello"), Speech(4.0, 5.0, "hello?")])
    stage.at(3.0, events.ClientLeft(0.0, "client_requested"))
    stage.at(5.5, events.Typed(0.0, "hello?"))
    stage.at(5.6, events.ClientLeft(0.0, "websocket_closed"))
    stage.play(20.0)

    check_ended(stage, "client_requested")
    assert 3.0 == stage.commands[-1][0]
