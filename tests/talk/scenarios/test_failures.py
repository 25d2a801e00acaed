"""Engines fail, fall silent, or give nothing: the visitor always hears something, or the call ends with a reason."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest

from vivavoce.audio.pcm import Pcm
from vivavoce.speech import Message, Word
from vivavoce.talk import commands as do
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.policy import Policy
from vivavoce.testing.stage import Delays, Failure, Pause, Speech, Stage

QUESTION = Speech(1.0, 2.0, "what is the price")
STAGES = ("stt", "llm", "tts")
# Whatever breaks, this long after the end of his turn the visitor has heard something: the longest chain of waits is
# the transcript's, the text's and the voice's, then the apology's voice.
PATIENCE_S = Policy().transcript_wait_s + Policy().text_wait_s + 2 * Policy().voice_wait_s + 2.0


def answers(stage: Stage) -> list[str]:
    """The agent's final texts."""
    return [text for who, text in stage.transcript() if who == "agent"]


def heard_or_ended_at(stage: Stage, since: float) -> float:
    """When, after a moment, the agent began to talk, or when the call ended."""
    starts = [fact.at for fact in stage.published(facts.AgentStartedTalking) if fact.at > since]
    return min([*starts, *(fact.at for fact in stage.published(facts.CallEnded))], default=float("inf"))


BROKEN = [frozenset(stages) for count in (1, 2, 3) for stages in combinations(STAGES, count)]


@pytest.mark.parametrize("silent", [False, True], ids=["failing", "silent"])
@pytest.mark.parametrize("broken", BROKEN, ids=lambda stages: "+".join(sorted(stages)))
def test_whatever_is_broken_the_visitor_is_not_left_in_silence(broken: frozenset[str], silent: bool) -> None:
    """Rule (pain 24): every state has a deadline; then comes a sound, or the end of the call."""
    stage = Stage(Brief(greeting="Hello there, how can I help you today?"), visitor=[Speech(4.0, 5.0, "what is it")])
    (stage.silent_stages if silent else stage.failing_stages).update(broken)
    stage.play(5.0 + PATIENCE_S)

    assert heard_or_ended_at(stage, 5.0) <= 5.0 + PATIENCE_S


@pytest.mark.parametrize("moment", [1.5, 2.25, 2.7, 2.78, 3.2])
@pytest.mark.parametrize("silent", [False, True], ids=["failing", "silent"])
@pytest.mark.parametrize("broken", BROKEN, ids=lambda stages: "+".join(sorted(stages)))
def test_an_engine_may_break_at_any_moment(broken: frozenset[str], silent: bool, moment: float) -> None:
    """Rule: while he speaks, pauses, waits or listens: afterwards the next question is answered or the call ended."""
    visitor = [QUESTION, Speech(45.0, 46.0, "are you there")]
    stage = Stage(visitor=visitor, microphone=lambda at: at < 5.0 or at > 44.0)
    stage.play(moment)
    (stage.silent_stages if silent else stage.failing_stages).update(broken)
    stage.play(44.0)
    stage.silent_stages.clear()
    stage.failing_stages.clear()
    stage.play(52.0)
    starts, stops = stage.published(facts.AgentStartedTalking), stage.published(facts.AgentStoppedTalking)

    assert heard_or_ended_at(stage, 2.0) <= 2.0 + PATIENCE_S
    if not stage.ordered(do.HangUp):
        assert "I hear you. You said: are you there." in answers(stage)
    assert [fact.reply for fact in starts][: len(stops)] == [fact.reply for fact in stops]


def test_without_any_frame_a_broken_voice_is_apologised_for() -> None:
    """Rule: what follows from a failure does not wait for the microphone: a push-to-talk client sends nothing now."""
    stage = Stage(microphone=lambda at: False)
    stage.at(1.0, events.Typed(0.0, "hello"))
    stage.failing_stages.add("tts")
    stage.play(1.2)
    stage.failing_stages.clear()
    stage.play(6.0)

    assert [stage.brief.phrases.trouble] == answers(stage)


def test_a_recogniser_that_fails_in_mid_speech_is_admitted() -> None:
    """Rule: the visitor is asked to say it again; silence would look like indifference."""
    stage = Stage(visitor=[QUESTION])
    stage.at(1.5, events.EngineFailed(0.0, "stt", 1, "socket closed"))
    stage.play(6.0)

    assert [("agent", stage.brief.phrases.not_heard)] == stage.transcript()
    assert [("stt", "socket closed")] == [(fact.stage, fact.reason) for fact in stage.published(facts.EngineStumbled)]


def test_a_recogniser_that_fails_in_mid_speech_leaves_what_it_has_written() -> None:
    """Rule: a partial text is better than none."""
    stage = Stage(visitor=[QUESTION])
    stage.at(1.5, events.Transcribed(0.0, 1, "what is the", False))
    stage.at(1.6, events.EngineFailed(0.0, "stt", 1, "socket closed"))
    stage.play(6.0)

    assert ("user", "what is the") == stage.transcript()[0]


def test_a_recogniser_that_fails_is_tried_again_after_a_pause() -> None:
    """Rule: if the visitor goes on after a pause, the whole turn is written down anew."""
    stage = Stage(visitor=[QUESTION, Speech(2.4, 3.0, "of tea")])
    stage.at(1.5, events.EngineFailed(0.0, "stt", 1, "socket closed"))
    stage.play(8.0)

    assert ("user", "what is the price of tea") == stage.transcript()[0]


def test_a_transcript_that_does_not_come_is_given_up() -> None:
    """Rule: after ``transcript_wait_s`` the visitor is asked to say it again."""
    stage = Stage(visitor=[QUESTION])
    stage.silent_stages.add("stt")
    stage.play(12.0)

    assert [("agent", stage.brief.phrases.not_heard)] == stage.transcript()
    assert 1 == len(stage.published(facts.EngineStumbled))


def test_a_model_that_fails_before_its_first_word_is_apologised_for() -> None:
    """Rule: the apology is spoken at once."""
    stage = Stage(visitor=[QUESTION], model=lambda messages: [Failure("no credit left")])
    stage.play(6.0)

    assert [("user", QUESTION.text), ("agent", stage.brief.phrases.trouble)] == stage.transcript()
    assert ["no credit left"] == [fact.reason for fact in stage.published(facts.EngineStumbled)]


def test_a_model_that_fails_in_mid_text_is_heard_as_far_as_it_came() -> None:
    """Rule: what there is, is said; no apology, no second turn."""
    stage = Stage(visitor=[QUESTION], model=lambda messages: ["It costs five. ", "And with", Failure("socket closed")])
    stage.play(8.0)

    assert ["It costs five. And with"] == answers(stage)


def test_a_model_that_falls_silent_in_mid_text_is_heard_as_far_as_it_came() -> None:
    """Rule: after ``text_wait_s`` the reply ends with what there is."""
    stage = Stage(visitor=[QUESTION], model=lambda messages: ["It costs five. ", "And with", Failure()])
    stage.play(20.0)

    assert ["It costs five. And with"] == answers(stage)


def test_text_after_the_model_was_given_up_is_not_said() -> None:
    """Rule: a round that has ended has ended: late text and late tools change nothing."""
    stage = Stage(visitor=[QUESTION], model=lambda messages: ["It costs five. ", Pause(13.0), "Or six.", Pause(1.0)])
    stage.play(25.0)

    assert ["It costs five."] == answers(stage)


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "***"])
def test_a_model_with_nothing_to_say_is_apologised_for(text: str) -> None:
    """Rule: an empty answer, or one of nothing but space and marks, is a failure."""
    stage = Stage(visitor=[QUESTION], model=lambda messages: [text])
    stage.play(8.0)

    assert [("user", QUESTION.text), ("agent", stage.brief.phrases.trouble)] == stage.transcript()


def test_a_voice_that_fails_for_one_sentence_loses_one_sentence() -> None:
    """Rule: the others are said, and the transcript has only what was heard."""
    stage = Stage(visitor=[QUESTION], model=lambda messages: ["It costs five. ", Pause(0.1), "Not six."])
    stage.play(2.8)
    stage.failing_stages.add("tts")
    stage.play(2.85)
    stage.failing_stages.clear()
    stage.play(8.0)

    assert ["It costs five."] == answers(stage)
    assert stage.heard(1) == "It costs five."


def test_a_voice_that_fails_within_a_sentence_is_believed_for_what_it_said() -> None:
    """Rule: memory is what was heard, also when the voice broke off in mid-sentence."""
    stage = Stage(visitor=[QUESTION, Speech(7.0, 8.0, "go on")], model=lambda messages: ["It costs five or six."])
    stage.silent_stages.add("tts")
    sound = Pcm(np.ones(12_000, np.int16), 24_000)
    stage.at(3.0, events.Voiced(0.0, 1, 0, sound, (Word("It", 0.0, 0.25), Word("costs", 0.25, 0.5))))
    stage.at(3.1, events.EngineFailed(0.0, "tts", 1, "broken pipe"))
    stage.at(3.1, events.VoiceDone(0.0, 1, 0))
    stage.play(10.0)

    assert ["It costs"] == answers(stage)
    assert "It costs" == stage.asked[1][1].text


def test_a_voice_that_falls_silent_in_mid_reply_ends_its_turn() -> None:
    """Rule: the turn that had begun is told to its end before the apology begins the next."""
    stage = Stage(visitor=[QUESTION], model=lambda messages: ["It costs five. ", Pause(0.1), "Or six."])
    stage.play(2.8)
    stage.silent_stages.add("tts")
    stage.play(4.0)
    stage.silent_stages.clear()
    stage.play(25.0)
    turns = [
        (type(fact).__name__, fact.reply)
        for fact in stage.facts()
        if isinstance(fact, facts.AgentStartedTalking | facts.AgentStoppedTalking)
    ]

    assert ["It costs five.", stage.brief.phrases.trouble] == answers(stage)
    assert [
        ("AgentStartedTalking", 1),
        ("AgentStoppedTalking", 1),
        ("AgentStartedTalking", 2),
        ("AgentStoppedTalking", 2),
    ] == turns


def test_a_model_that_writes_on_does_not_hide_a_dead_voice() -> None:
    """Rule (pain 24): however long the model writes, a voice without sound is noticed after ``voice_wait_s``."""
    sentences = [piece for number in range(30) for piece in (f"This is sentence {number}. ", Pause(2.0))]
    stage = Stage(visitor=[QUESTION], model=lambda messages: sentences)
    stage.silent_stages.add("tts")
    stage.play(15.0)
    said_at = stage.done(do.Say)[0]

    assert "tts" == stage.published(facts.EngineStumbled)[0].stage
    assert stage.published(facts.EngineStumbled)[0].at == pytest.approx(said_at + Policy().voice_wait_s)


def test_a_model_that_fails_after_it_was_given_up_is_nobodys_trouble() -> None:
    """Rule: one stumble for one failure, though its connection breaks only later."""
    stage = Stage(
        visitor=[QUESTION],
        model=lambda messages: ["It costs five. ", Pause(12.5), Failure("socket closed")],
        delays=Delays(word_s=5.0),
    )
    stage.play(30.0)

    assert ["no further text came in time"] == [fact.reason for fact in stage.published(facts.EngineStumbled)]


def test_a_call_in_which_nothing_works_is_ended() -> None:
    """Rule: after ``most_failures`` failures in a row the client gets ``internal_error`` and the call ends."""
    stage = Stage(visitor=[QUESTION])
    stage.failing_stages.update(STAGES)
    stage.play(60.0)

    assert ["internal_error"] == [fact.code for fact in stage.published(facts.Failed)]
    assert "server_error" == stage.published(facts.CallEnded)[0].reason


def test_a_model_that_never_works_ends_the_call_although_it_can_apologise() -> None:
    """Rule: an apology is no answer: three questions in a row without one, and the call ends."""
    visitor = [Speech(at, at + 1.0, "hello?") for at in (1.0, 9.0, 17.0, 25.0)]
    stage = Stage(visitor=visitor, model=lambda messages: [Failure("no credit left")])
    stage.play(40.0)

    assert 2 == len(answers(stage))
    assert "server_error" == stage.published(facts.CallEnded)[0].reason


def test_an_answer_that_is_heard_makes_up_for_failures() -> None:
    """Rule: only failures in a row count."""

    def every_other(messages: Sequence[Message]) -> Sequence[str | Failure]:
        odd = sum(message.role == "user" for message in messages) % 2
        return [Failure("busy")] if odd else ["Yes."]

    visitor = [Speech(at, at + 1.0, "hello?") for at in range(1, 64, 8)]
    stage = Stage(visitor=visitor, model=every_other)
    stage.play(65.0)

    assert [stage.brief.phrases.trouble, "Yes."] * 4 == answers(stage)


def test_a_failure_of_the_past_is_nobodys_trouble() -> None:
    """Rule: a given-up reply or utterance that fails is not apologised for."""
    stage = Stage(visitor=[QUESTION])
    stage.at(6.5, events.EngineFailed(0.0, "llm", 1, "late"))
    stage.at(6.5, events.EngineFailed(0.0, "tts", 1, "late"))
    stage.at(6.5, events.EngineFailed(0.0, "stt", 1, "late"))
    stage.play(10.0)

    assert 2 == len(stage.transcript())
    assert [] == stage.published(facts.EngineStumbled)
