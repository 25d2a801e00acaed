"""Clients that send sound only while a button is held."""

from collections.abc import Callable

import pytest

from vivavoce.talk import commands as do
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.policy import WINDOW_S, Policy
from vivavoce.testing.stage import Speech, Stage

WORDS = Speech(1.0, 2.0, "what is the price")


def while_held(from_s: float, to_s: float) -> Callable[[float], bool]:
    """A microphone that sends only while the button is held."""
    return lambda at: from_s <= at < to_s


def test_a_socket_that_falls_silent_ends_the_turn() -> None:
    """Rule: a silent socket is silence: the turn ends as late as with silence, plus the grace for late frames."""
    policy = Policy()
    stage = Stage(Brief(policy=policy), visitor=[WORDS], microphone=while_held(0.9, 2.0))
    stage.play(6.0)
    ended_at = stage.done(do.StopListening)[0]

    assert ended_at == pytest.approx(2.0 + policy.turn_silence_s + policy.socket_grace_s, abs=2 * WINDOW_S)
    assert ("user", WORDS.text) == stage.transcript()[0]


def test_releasing_the_button_ends_the_turn_at_once() -> None:
    """Rule (wire-spec 1.6.2): a commit ends the user's turn now."""
    stage = Stage(visitor=[WORDS], microphone=while_held(0.9, 2.0))
    stage.at(2.0, events.Committed(0.0))
    stage.play(6.0)

    assert [2.0] == stage.done(do.StopListening)
    assert ("user", WORDS.text) == stage.transcript()[0]
    assert stage.published(facts.TurnTimed)[0].endpoint_s == pytest.approx(0.0, abs=2 * WINDOW_S)


def test_a_word_too_short_for_an_onset_counts_if_it_is_committed() -> None:
    """Rule: the button meant it."""
    stage = Stage(visitor=[Speech(1.0, 1.12, "yes")], microphone=while_held(0.9, 1.13))
    stage.at(1.13, events.Committed(0.0))
    stage.play(5.0)

    assert ("user", "yes") == stage.transcript()[0]


def test_a_short_word_counts_also_when_the_button_is_released_a_little_later() -> None:
    """Rule: nobody lets go within a tenth of a second; what is still in the pre-roll counts."""
    stage = Stage(visitor=[Speech(1.0, 1.12, "yes")], microphone=while_held(0.9, 1.4))
    stage.at(1.4, events.Committed(0.0))
    stage.play(5.0)

    assert ("user", "yes") == stage.transcript()[0]


def test_a_click_long_ago_is_no_word() -> None:
    """Rule: a commit does not dig out sound that is no longer there."""
    stage = Stage(visitor=[Speech(1.0, 1.12, "tick")])
    stage.at(2.5, events.Committed(0.0))
    stage.play(5.0)

    assert [] == stage.ordered(do.Listen)


def test_a_commit_without_any_speech_means_nothing() -> None:
    """Rule (wire-spec 1.6.2): never an error, never a turn."""
    stage = Stage(microphone=while_held(0.9, 2.0))
    stage.at(2.0, events.Committed(0.0))
    stage.play(5.0)

    assert [facts.CallStarted(0.0, "webcall")] == stage.facts()


def test_a_commit_while_the_agent_answers_means_nothing() -> None:
    """Rule (wire-spec 1.6.2): only if no turn is being answered."""
    stage = Stage(visitor=[WORDS])
    stage.at(3.2, events.Committed(0.0))
    stage.play(8.0)

    assert 2 == len(stage.transcript())
    assert [] == stage.published(facts.Interrupted)


def test_the_next_press_is_the_next_turn() -> None:
    """Rule: a long time without any frame between two presses does no harm."""
    stage = Stage(
        visitor=[WORDS, Speech(10.0, 11.0, "and the size")],
        microphone=lambda at: 0.9 <= at < 2.0 or 9.9 <= at < 11.0,
    )
    stage.play(15.0)

    assert ["what is the price", "and the size"] == [text for who, text in stage.transcript() if who == "user"]


def test_without_any_frame_the_call_still_ends() -> None:
    """Rule: time passes without a microphone as well."""
    stage = Stage(Brief(greeting="Hello."), microphone=lambda at: False)
    stage.play(200.0)

    assert "timeout" == stage.published(facts.CallEnded)[0].reason
