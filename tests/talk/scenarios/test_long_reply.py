"""Answers that last minutes."""

from collections.abc import Sequence

import pytest

from vivavoce.speech import Message
from vivavoce.talk import commands as do
from vivavoce.talk import facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.policy import Policy
from vivavoce.testing.stage import Pause, Speech, Stage

QUESTION = Speech(1.0, 2.0, "tell me everything")
SENTENCES = [f"This is sentence number {number} of the long answer. " for number in range(60)]


def everything(messages: Sequence[Message]) -> Sequence[str]:
    """All sentences at once, as a fast model gives them."""
    return SENTENCES


def test_a_long_answer_is_heard_to_its_end() -> None:
    """Rule: every word, in order, once."""
    stage = Stage(visitor=[QUESTION], model=everything)
    stage.play(150.0)

    assert ("agent", " ".join("".join(SENTENCES).split())) == stage.transcript()[1]
    assert stage.heard(1) == stage.transcript()[1][1]


def test_the_voice_works_only_a_little_ahead() -> None:
    """Rule: a part is given to the voice when less than ``voice_ahead_s`` of sound is left to send."""
    stage = Stage(visitor=[QUESTION], model=everything)
    stage.play(30.0)
    part_s = 9 * 0.25
    said, sent_s = len(stage.ordered(do.Say)), sum(frame.pcm.duration_s for frame in stage.ordered(do.SendAudio))

    assert said * part_s - sent_s <= Policy().voice_ahead_s + part_s


def test_the_client_gets_sound_only_as_far_ahead_as_it_can_take_back() -> None:
    """Rule: the lead belongs to the dialect; it is used, and never exceeded."""
    brief = Brief(lead_s=0.2)
    stage = Stage(brief, visitor=[QUESTION], model=everything)
    stage.play(20.0)
    ahead_s = [
        frame.play_at + frame.pcm.duration_s - at - brief.policy.client_delay_s
        for at, frame in stage.commands
        if isinstance(frame, do.SendAudio)
    ]

    assert max(ahead_s) <= brief.lead_s + 1e-6
    assert max(ahead_s) == pytest.approx(brief.lead_s, abs=0.01)


def test_a_steady_voice_is_played_without_a_gap() -> None:
    """Rule: parts join to the sample; the client's clock never runs dry."""
    stage = Stage(visitor=[QUESTION], model=everything)
    stage.play(30.0)
    frames = stage.ordered(do.SendAudio)
    first, last = frames[0], frames[-1]

    assert last.play_at - first.play_at == pytest.approx(last.start / last.pcm.rate_hz)


def test_a_reply_that_was_interrupted_is_not_synthesised_to_its_end() -> None:
    """Rule: what nobody will hear is not made."""
    stage = Stage(visitor=[QUESTION, Speech(6.0, 7.0, "enough")], model=everything)
    stage.play(6.3)

    assert len(stage.ordered(do.Say)) <= 7


def test_a_model_that_never_stops_is_stopped() -> None:
    """Rule: beyond ``longest_reply_letters`` nothing more is taken in."""
    policy = Policy(longest_reply_letters=200)
    stage = Stage(Brief(policy=policy), visitor=[QUESTION], model=everything)
    stage.play(30.0)
    said = stage.transcript()[1][1]

    assert 150 <= len(said) <= 200 + len(SENTENCES[0])


def test_a_slow_model_does_not_end_its_turn_between_two_sentences() -> None:
    """Rule: silence between two sentences is part of the turn."""
    stage = Stage(visitor=[QUESTION], model=lambda messages: ["One. ", Pause(4.0), "Two. ", Pause(4.0), "Three."])
    stage.play(30.0)

    assert ["One. Two. Three."] == [text for who, text in stage.transcript() if who == "agent"]
    assert 1 == len(stage.published(facts.AgentStartedTalking))


def test_without_word_times_the_words_are_paced_by_their_letters() -> None:
    """Rule: a voice that gives no times has its words told all the same, and all of them at the end."""
    stage = Stage(visitor=[QUESTION], model=lambda messages: ["It costs five or six."], word_times=False)
    stage.play(10.0)
    told = [fact.text for fact in stage.published(facts.AgentSaid)]

    assert ["It", "It costs", "It costs five", "It costs five or"] == told[:4]
    assert "It costs five or six." == told[-1]
