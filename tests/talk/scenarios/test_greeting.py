"""How a call begins."""

import pytest

from vivavoce.talk import commands as do
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.policy import Policy
from vivavoce.testing.stage import Delays, Speech, Stage

GREETING = "Hello, how can I help you?"


def test_the_greeting_starts_by_itself() -> None:
    """Rule O5: an agent with a greeting begins, as soon as the client is ready."""
    stage = Stage(Brief(greeting=GREETING))
    stage.play(5.0)

    assert [("agent", GREETING)] == stage.transcript()
    assert [facts.CallStarted(0.0, "webcall")] == stage.facts()[:1]
    assert stage.published(facts.AgentStartedTalking)[0].at == pytest.approx(0.05)


def test_the_greeting_is_spoken_without_the_language_model() -> None:
    """Rule: what the agent says by itself costs no thought."""
    stage = Stage(Brief(greeting=GREETING))
    stage.play(5.0)

    assert [] == stage.asked
    assert [GREETING] == [say.text for say in stage.ordered(do.Say)]


def test_the_greeting_waits_for_the_client() -> None:
    """Rule: nothing is spoken before the client can hear it (the first words would be lost)."""
    stage = Stage(Brief(greeting=GREETING), ready_s=2.0)
    stage.play(5.0)

    assert stage.done(do.Say) == [2.0]


def test_a_client_that_is_never_ready_is_greeted_all_the_same() -> None:
    """Rule: waiting for the client has a limit."""
    policy = Policy()
    stage = Stage(Brief(greeting=GREETING, policy=policy), ready_s=None)
    stage.play(10.0)

    assert [policy.ready_wait_s] == stage.done(do.Say)
    assert [("agent", GREETING)] == stage.transcript()


def test_an_agent_that_waits_for_the_user_is_silent_until_he_has_spoken() -> None:
    """Rule (waitForUserToSpeakFirst): no greeting; the first turn is the visitor's."""
    stage = Stage(Brief(greeting=GREETING, waits_for_user=True), visitor=[Speech(6.0, 7.0, "hello")])
    stage.play(12.0)

    assert [("user", "hello"), ("agent", "I hear you. You said: hello.")] == stage.transcript()


def test_a_muted_user_is_not_heard_until_the_greeting_has_ended() -> None:
    """Rule (muteUserUntilFirstBotResponse): speech before that is no turn and no interruption."""
    brief = Brief(greeting=GREETING, policy=Policy(deaf_until_first_reply=True))
    stage = Stage(brief, visitor=[Speech(0.3, 1.2, "hey listen"), Speech(3.0, 4.0, "what is the price")])
    stage.play(8.0)

    assert [] == stage.published(facts.Interrupted)
    assert [("agent", GREETING), ("user", "what is the price")] == stage.transcript()[:2]


def test_typing_interrupts_the_greeting() -> None:
    """Rule: typed text interrupts the agent, the greeting too; what was heard of it is remembered."""
    stage = Stage(Brief(greeting=GREETING))
    stage.at(0.75, events.Typed(0.0, "I know"))
    stage.play(6.0)

    assert [("agent", "Hello, how"), ("user", "I know")] == stage.transcript()[:2]
    assert ["Hello, how", "I know"] == [message.text for message in stage.asked[0]]


def test_typing_before_the_client_is_ready_starts_the_call() -> None:
    """Rule: who types can read; the greeting is not said into the answer."""
    stage = Stage(Brief(greeting=GREETING), ready_s=None)
    stage.at(1.0, events.Typed(0.0, "hi"))
    stage.play(20.0)

    assert [("user", "hi"), ("agent", "I hear you. You said: hi.")] == stage.transcript()


def test_a_cough_before_the_first_sound_does_not_swallow_the_greeting() -> None:
    """Rule: noise while the voice is still at work changes nothing for good: the greeting is said after it."""
    stage = Stage(Brief(greeting=GREETING), visitor=[Speech(0.0, 0.5, "")], delays=Delays(voice_s=0.4))
    stage.play(6.0)

    assert [("agent", GREETING)] == stage.transcript()


def test_an_early_turn_does_not_meet_the_late_greeting() -> None:
    """Rule: a greeting that comes late, after the visitor was taken for idle, does not start two turns at once."""
    brief = Brief(greeting=GREETING, policy=Policy(idle_s=3.0))
    stage = Stage(brief, visitor=[Speech(0.5, 1.5, "")], ready_s=None)
    stage.play(7.5)

    assert [("agent", GREETING)] == stage.transcript()
    assert 1 == len(stage.published(facts.AgentStartedTalking))
