"""The visitor speaks, the agent answers."""

import pytest

from vivavoce.talk import commands as do
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.policy import WINDOW_S, Policy
from vivavoce.testing.stage import Delays, Speech, Stage

PRICE = Speech(1.0, 2.0, "what is the price")


def test_a_question_is_answered() -> None:
    """Rule O3: the user's final transcript comes with the agent's answer, once."""
    stage = Stage(visitor=[PRICE])
    stage.play(6.0)

    assert [("user", PRICE.text), ("agent", "I hear you. You said: what is the price.")] == stage.transcript()
    assert [PRICE.text] == [message.text for message in stage.asked[0]]


def test_the_facts_of_a_turn_come_in_order() -> None:
    """Rule O2, O3: user, then start, words, the final text and the end of the agent's turn."""
    stage = Stage(visitor=[PRICE])
    stage.play(6.0)
    kinds = [type(fact).__name__ for fact in stage.facts() if not isinstance(fact, facts.Captioned)]

    assert [
        *("CallStarted", "UserStartedSpeaking", "UserSaid", "UserStoppedSpeaking", "UserSaid"),
        *("AgentStartedTalking", "TurnTimed"),
        *["AgentSaid"] * 9,
        *("AgentSaid", "AgentStoppedTalking"),
    ] == kinds


def test_a_turn_is_over_after_the_silence_of_the_policy() -> None:
    """Rule: the turn's end is judged one silence after the speech, to a window."""
    policy = Policy(turn_silence_s=0.4)
    stage = Stage(Brief(policy=policy), visitor=[PRICE])
    stage.play(6.0)
    timed = stage.published(facts.TurnTimed)[0]

    assert timed.user_end_at == pytest.approx(PRICE.end_s, abs=WINDOW_S)
    assert timed.endpoint_s == pytest.approx(policy.turn_silence_s, abs=WINDOW_S)


def test_the_recogniser_works_behind_the_silence_that_ends_the_turn() -> None:
    """Rule: the final transcript is asked for at the first pause, so a fast recogniser costs no time."""
    stage = Stage(visitor=[PRICE], delays=Delays(transcript_s=0.3))
    stage.play(6.0)

    assert stage.published(facts.TurnTimed)[0].transcript_s == pytest.approx(0.0)


def test_the_stages_of_a_turn_add_up() -> None:
    """Rule: endpoint, transcript, text and voice are the whole way from the end of speech to the first sound."""
    delays = Delays(transcript_s=1.0, text_s=0.3, voice_s=0.2)
    stage = Stage(visitor=[PRICE], delays=delays)
    stage.play(8.0)
    timed = stage.published(facts.TurnTimed)[0]

    assert timed.transcript_s == pytest.approx(delays.transcript_s - 0.448, abs=WINDOW_S)
    assert timed.text_s == pytest.approx(delays.text_s)
    assert timed.voice_s == pytest.approx(delays.voice_s)
    assert timed.user_end_at + timed.total_s == pytest.approx(timed.at)


def test_the_first_frame_leaves_with_the_first_sound() -> None:
    """Rule: a short first frame is sent in the moment in which the voice gives its first sound."""
    stage = Stage(visitor=[PRICE])
    stage.play(6.0)
    voiced_at = next(event.at for event in stage.events if isinstance(event, events.Voiced))

    assert voiced_at == stage.done(do.SendAudio)[0]
    assert stage.ordered(do.SendAudio)[0].pcm.duration_s == pytest.approx(Policy().first_frame_s)


def test_the_recogniser_hears_what_was_before_the_onset() -> None:
    """Rule: the first consonant is not lost: an utterance begins with its pre-roll."""
    stage = Stage(visitor=[PRICE])
    stage.play(3.0)
    fed = [int(feed.pcm.samples[0]) for feed in stage.ordered(do.Feed) if feed.utterance == 1]
    onset_windows = fed.index(1)

    assert onset_windows == pytest.approx(Policy().pre_roll_s / WINDOW_S, abs=1.5)
    assert fed.count(1) == pytest.approx(1.0 / WINDOW_S, abs=1)


def test_speech_that_begins_with_the_agents_first_sound_keeps_its_first_word() -> None:
    """Rule: the sound before an onset is kept across the moment in which the turn before it becomes certain."""
    stage = Stage(visitor=[PRICE, Speech(2.70, 4.0, "and the size")])
    stage.play(8.0)
    first_sound_at = stage.done(do.SendAudio)[0]
    second = max(listen.utterance for listen in stage.ordered(do.Listen))
    fed = [int(feed.pcm.samples[0]) for feed in stage.ordered(do.Feed) if feed.utterance == second]

    assert 2.70 < first_sound_at < 2.90
    assert fed.count(2) == pytest.approx(1.3 / WINDOW_S, abs=1)


def test_partial_transcripts_are_told_as_they_grow() -> None:
    """Rule: user deltas are cumulative and follow the recogniser."""
    stage = Stage(visitor=[PRICE])
    stage.at(1.5, events.Transcribed(0.0, 1, "what is", False))
    stage.at(1.6, events.Transcribed(0.0, 1, "what is", False))
    stage.at(1.8, events.Transcribed(0.0, 1, "what is the", False))
    stage.play(6.0)
    partial = [fact.text for fact in stage.published(facts.UserSaid) if not fact.final]

    assert ["what is", "what is the", "what is the price"] == partial


def test_noise_alone_is_no_turn() -> None:
    """Rule: what cannot be read is not answered, and the model is not asked."""
    stage = Stage(visitor=[Speech(1.0, 2.0, "")])
    stage.play(6.0)

    assert [] == stage.asked
    assert [] == stage.transcript()
    assert 1 == len(stage.published(facts.UserStoppedSpeaking))


def test_a_click_is_not_even_an_onset() -> None:
    """Rule: sound shorter than the onset is nothing."""
    stage = Stage(visitor=[Speech(1.0, 1.15, "tick")])
    stage.play(4.0)

    assert [] == stage.ordered(do.Listen)


def test_two_questions_make_two_turns() -> None:
    """Rule: the model reads both, with what was said between them."""
    stage = Stage(visitor=[PRICE, Speech(7.0, 8.0, "and the size")])
    stage.play(12.0)

    assert ["user", "assistant", "user"] == [message.role for message in stage.asked[1]]
    assert 4 == len(stage.transcript())


def test_the_prompt_is_the_first_message() -> None:
    """Rule: the agent's prompt stands before everything else, in every question."""
    stage = Stage(Brief(prompt="Be short."), visitor=[PRICE, Speech(7.0, 8.0, "and the size")])
    stage.play(12.0)

    assert ["Be short.", "Be short."] == [messages[0].text for messages in stage.asked]
    assert {"system"} == {messages[0].role for messages in stage.asked}
