"""Turns with pauses in them, long turns, and turns that were not over."""

import pytest

from vivavoce.talk import commands as do
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.policy import WINDOW_S, Policy
from vivavoce.testing.stage import Delays, Speech, Stage


def test_a_turn_with_a_pause_is_one_turn() -> None:
    """Rule: a pause shorter than the silence that ends a turn is part of it: one transcript, one answer."""
    stage = Stage(visitor=[Speech(1.0, 2.0, "I would like"), Speech(2.4, 3.4, "a cup of tea")])
    stage.play(8.0)

    assert ("user", "I would like a cup of tea") == stage.transcript()[0]
    assert 1 == len(stage.asked)


def test_after_a_pause_the_turn_is_written_down_anew_as_a_whole() -> None:
    """Rule: the recogniser that sees the whole turn reads it better than its pieces."""
    stage = Stage(visitor=[Speech(1.0, 2.0, "I would like"), Speech(2.4, 3.4, "a cup of tea")])
    stage.play(8.0)
    second = [int(feed.pcm.samples[0]) for feed in stage.ordered(do.Feed) if feed.utterance == 2]

    assert [1, 2] == [listen.utterance for listen in stage.ordered(do.Listen)]
    assert do.StopListening(1, keep=False) in stage.ordered(do.StopListening)
    assert {0, 1, 2} == set(second)
    # Nothing of the pause is missing.
    assert second.count(0) >= 0.4 / WINDOW_S - 1


def test_a_late_transcript_of_the_superseded_utterance_is_ignored() -> None:
    """Rule: an old utterance's text does not come twice."""
    visitor = [Speech(1.0, 2.0, "I would like"), Speech(2.4, 3.4, "a cup of tea")]
    stage = Stage(visitor=visitor, delays=Delays(transcript_s=1.0))
    stage.play(10.0)

    assert ("user", "I would like a cup of tea") == stage.transcript()[0]
    assert all(fact.text.count("I would like") == 1 for fact in stage.published(facts.UserSaid))


def test_a_long_turn_is_continued_instead_of_written_anew() -> None:
    """Rule: beyond ``rewrite_up_to_s`` only what is new is written, so that the cost stays bounded."""
    visitor = [Speech(1.0, 11.0, "a long story"), Speech(11.4, 13.0, "and its end")]
    stage = Stage(visitor=visitor)
    stage.play(18.0)
    second = [int(feed.pcm.samples[0]) for feed in stage.ordered(do.Feed) if feed.utterance == 2]

    assert ("user", "a long story and its end") == stage.transcript()[0]
    assert 1 not in second
    assert 1 == len(stage.asked)


def test_an_utterance_is_never_longer_than_the_networks_can_read() -> None:
    """Rule: a turn without any pause is cut into utterances of ``longest_utterance_s``, and loses nothing."""
    policy = Policy(longest_utterance_s=5.0)
    stage = Stage(Brief(policy=policy), visitor=[Speech(1.0, 13.0, "on and on")])
    stage.play(14.5)
    fed = [feed.utterance for feed in stage.ordered(do.Feed)]
    speech = [feed for feed in stage.ordered(do.Feed) if int(feed.pcm.samples[0])]

    assert {1, 2, 3} == set(fed)
    assert all(fed.count(utterance) * WINDOW_S <= policy.longest_utterance_s + WINDOW_S for utterance in fed)
    assert len(speech) == pytest.approx(12.0 / WINDOW_S, abs=1)


def test_a_turn_reopens_before_the_first_sound() -> None:
    """Rule: if he speaks on while the answer is being thought, the answer is given up unheard: one turn, one reply."""
    stage = Stage(
        visitor=[Speech(1.0, 2.0, "I would like"), Speech(2.8, 3.6, "no wait, tea")], delays=Delays(text_s=1.0)
    )
    stage.play(10.0)

    assert [("user", "I would like no wait, tea"), ("agent", "I hear you. You said: I would like no wait, tea.")] == (
        stage.transcript()
    )
    assert [] == stage.published(facts.Interrupted)
    assert 1 == len(stage.published(facts.AgentStartedTalking))
    assert 2 == len(stage.asked)
    assert 1 == len(stage.ordered(do.Cut))


def test_a_turn_reopens_while_its_transcript_is_awaited() -> None:
    """Rule: the same before the model was even asked."""
    stage = Stage(visitor=[Speech(1.0, 2.0, "I would like"), Speech(2.8, 3.6, "tea")], delays=Delays(transcript_s=1.2))
    stage.play(10.0)

    assert ("user", "I would like tea") == stage.transcript()[0]
    assert 1 == len(stage.asked)


def test_noise_after_the_question_only_delays_the_answer() -> None:
    """Rule: a cough while the answer is being thought does not swallow the question."""
    stage = Stage(visitor=[Speech(1.0, 2.0, "what is the price"), Speech(2.8, 3.2, "")], delays=Delays(text_s=1.0))
    stage.play(10.0)

    assert [("user", "what is the price"), ("agent", "I hear you. You said: what is the price.")] == stage.transcript()


def test_noise_after_a_typed_question_only_delays_the_answer() -> None:
    """Rule: the same for a question that is certain already."""
    stage = Stage(visitor=[Speech(1.2, 1.6, "")], delays=Delays(text_s=1.0))
    stage.at(1.0, events.Typed(0.0, "what is the price"))
    stage.play(10.0)

    assert [("user", "what is the price"), ("agent", "I hear you. You said: what is the price.")] == stage.transcript()


def test_endless_speech_is_answered_at_last() -> None:
    """Rule: a radio in the room never pauses; its turn is ended by its length, and the agent answers in full."""
    policy = Policy(longest_turn_s=10.0)
    stage = Stage(Brief(policy=policy), visitor=[Speech(1.0, 100.0, "news")], delays=Delays(transcript_s=0.5))
    stage.play(20.0)

    assert [("user", "news"), ("agent", "I hear you. You said: news.")] == stage.transcript()[:2]


def test_endless_speech_is_answered_again_and_again() -> None:
    """Rule: what follows the longest turn is the next turn."""
    policy = Policy(longest_turn_s=10.0)
    stage = Stage(Brief(policy=policy), visitor=[Speech(1.0, 100.0, "news")])
    stage.play(60.0)

    assert 4 <= len([who for who, _ in stage.transcript() if who == "agent"]) <= 5
