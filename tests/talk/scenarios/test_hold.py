"""A sound while the agent talks only holds its voice, until it is clear what the sound was."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.talk.scenarios.client_scene import QUESTION, STORY, heard_whole, stretches, tell_story
from vivavoce.speech import Message
from vivavoce.talk import commands as do
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.policy import WINDOW_S, Policy
from vivavoce.testing.player import Client
from vivavoce.testing.stage import Delays, Failure, Pause, Speech, Stage

HOLDS = Brief(holds=True)
COUGH = Speech(5.0, 5.26, "")
CLIENTS = st.builds(
    Client,
    delay_s=st.sampled_from((0.005, 0.03, 0.15)),
    cushion_s=st.sampled_from((0.0, 0.1, 0.4)),
    holds=st.booleans(),
)


def held(*visitor: Speech, client: Client | None = None, delays: Delays | None = None) -> Stage:
    """A stage on which the agent tells its story, and the visitor makes sounds."""
    return Stage(HOLDS, visitor=[QUESTION, *visitor], model=tell_story, client=client or Client(), delays=delays)


def holds_of(stage: Stage) -> list[str]:
    """What became of each hold, in order."""
    kinds = (facts.Held, facts.Released, facts.Interrupted)
    return [type(fact).__name__ for fact in stage.facts() if isinstance(fact, kinds)]


# -- it was nothing -----------------------------------------------------------------------------------------


def test_a_cough_does_not_end_a_sentence() -> None:
    """Rule: the voice goes on from the very sample: one turn, one transcript, nothing made or said anew."""
    stage = held(COUGH)
    stage.play(15.0)
    first, second = stretches(stage, 1)

    assert ["Held", "Released"] == holds_of(stage)
    assert heard_whole(stage, 1)
    assert first.last == second.first
    assert [("user", QUESTION.text), ("agent", STORY)] == stage.transcript()[:2]
    assert 1 == len(stage.asked)
    assert STORY == " ".join(part.text for part in stage.ordered(do.Say) if part.reply == 1)
    assert [] == stage.ordered(do.Cut)


def test_a_cough_is_heard_at_once_and_forgiven_soon() -> None:
    """Rule: held within the onset and one window, released as soon as a pause shows that nothing was said."""
    stage = held(COUGH)
    stage.play(15.0)
    hold, release = stage.published(facts.Held)[0], stage.published(facts.Released)[0]

    assert hold.at - COUGH.start_s <= Policy().onset_s + WINDOW_S
    assert release.at - COUGH.end_s <= Policy().pause_s + Delays().transcript_s + 2 * WINDOW_S


@settings(max_examples=100)
@given(
    coughs=st.lists(st.tuples(st.floats(0.5, 2.0), st.floats(0.2, 0.3)), min_size=1, max_size=4),
    client=CLIENTS,
    word_times=st.booleans(),
)
def test_coughs_at_any_moment_lose_and_repeat_nothing(
    coughs: list[tuple[float, float]], client: Client, word_times: bool
) -> None:
    """Rule: however often the voice is held, by clients that can and clients that cannot, the reply is heard whole."""
    visitor, moment = [QUESTION], 2.2
    for pause_s, duration_s in coughs:
        moment += pause_s
        visitor.append(Speech(moment, moment + duration_s, ""))
        moment += duration_s
    stage = Stage(HOLDS, visitor=visitor, model=tell_story, client=client, word_times=word_times)
    stage.play(22.0)
    told = [fact for fact in stage.published(facts.AgentSaid) if fact.reply == stretches(stage, 1)[0].turn]

    assert [] == stage.published(facts.Interrupted)
    assert heard_whole(stage, 1)
    assert STORY == told[-1].text
    # Of a cough before the first sound the answer may be thought anew; of later ones never.
    assert len(stage.published(facts.AgentStartedTalking)) == 1


def test_noise_while_the_model_still_writes_loses_nothing() -> None:
    """Rule: what the model writes while the voice is held, and after, belongs to the same reply."""

    def slow(messages: Sequence[Message]) -> Sequence[str | Pause]:
        return ["Once there was a king. He had three ", Pause(4.0), "daughters. The first was clever."]

    stage = Stage(HOLDS, visitor=[QUESTION, Speech(4.0, 4.3, "")], model=slow, client=Client())
    stage.play(25.0)

    assert ["Once there was a king. He had three daughters. The first was clever."] == [
        text for who, text in stage.transcript() if who == "agent"
    ][:1]
    assert heard_whole(stage, 1)
    assert 1 == len(stage.asked)


def test_a_failure_of_the_recogniser_counts_as_words() -> None:
    """Rule: what could not be written may have been something: the agent asks for it again."""
    stage = held(COUGH)
    stage.play(4.9)
    stage.failing_stages.add("stt")
    stage.play(15.0)

    assert ["Held", "Interrupted"] == holds_of(stage)
    assert ("agent", Brief().phrases.not_heard) in stage.transcript()


def test_a_model_that_fails_while_the_voice_is_held_is_heard_as_far_as_it_came() -> None:
    """Rule: a hold keeps nothing alive that is over: the turn ends, and the next one is heard."""

    def failing(messages: Sequence[Message]) -> Sequence[str | Pause | Failure]:
        return ["Once there was a king. He had three ", Pause(2.6), Failure("broken")]

    stage = Stage(HOLDS, visitor=[QUESTION, COUGH], model=failing, client=Client())
    stage.at(9.0, events.Typed(0.0, "and then"))
    stage.play(20.0)

    assert heard_whole(stage, 1)
    assert heard_whole(stage, 2)


@pytest.mark.parametrize("delay_s", [0.01, 0.03, 0.1])
def test_a_hold_that_comes_too_late_holds_nothing_else(delay_s: float) -> None:
    """Rule: a client that has played all there was by the time it is told to hold plays the next turn as ever."""
    for step in range(30):
        cough = Speech(7.3 + step * 0.02, 7.56 + step * 0.02, "")
        stage = held(cough, client=Client(delay_s=delay_s))
        stage.at(10.0, events.Typed(0.0, "and then"))
        stage.play(14.0)
        last = stage.published(facts.AgentStoppedTalking)[-1].reply

        assert holds_of(stage) in ([], ["Held", "Released"])
        assert heard_whole(stage, 1)
        assert ("agent", "As you like.") == stage.transcript()[-1]
        assert heard_whole(stage, last)


def test_a_hold_of_the_last_words_does_not_delay_what_is_asked_next() -> None:
    """Rule: who begins to speak as the agent ends is answered, although his first sound was a hold."""
    for step in range(30):
        begin = 7.3 + step * 0.02
        stage = held(Speech(begin, begin + 1.0, "what then"), client=Client(delay_s=0.1))
        stage.play(14.0)
        last = stage.published(facts.AgentStoppedTalking)[-1].reply

        assert holds_of(stage) in ([], ["Held", "Released"], ["Held", "Interrupted"])
        assert [("user", "what then"), ("agent", "As you like.")] == stage.transcript()[-2:]
        assert heard_whole(stage, last)


# -- it was something ---------------------------------------------------------------------------------------


def test_words_interrupt() -> None:
    """Rule: however short: as soon as there is text, the agent is cut and the visitor is answered."""
    stage = held(Speech(5.0, 5.26, "no"))
    stage.play(15.0)

    assert ["Held", "Interrupted"] == holds_of(stage)
    assert [("user", "no"), ("agent", "As you like.")] == stage.transcript()[2:4]
    assert stage.heard(1) == stage.transcript()[1][1]


def test_more_sound_than_a_cough_has_interrupts() -> None:
    """Rule: 0.35 s of speech cut, before anybody knows what is said."""
    stage = held(Speech(5.0, 6.2, "please stop it"))
    stage.play(15.0)
    cut = stage.published(facts.Interrupted)[0]

    assert cut.at - 5.0 == pytest.approx(Policy().barge_in_s, abs=WINDOW_S)
    assert [("user", "please stop it"), ("agent", "As you like.")] == stage.transcript()[2:4]


def test_long_noise_is_a_false_alarm_as_before() -> None:
    """Rule (pain 20): it cuts; if nothing was said, the words that were not heard are spoken again."""
    stage = held(Speech(5.0, 5.8, ""))
    stage.play(20.0)

    assert ["Held", "Interrupted"] == holds_of(stage)
    assert STORY == " ".join(text for who, text in stage.transcript() if who == "agent")


def test_a_cough_that_becomes_words_is_answered_once() -> None:
    """Rule: a cough, a breath, then the words: one turn with all of them."""
    stage = held(Speech(5.0, 5.22, ""), Speech(5.36, 6.0, "what was that"))
    stage.play(15.0)

    assert ["Held", "Interrupted"] == holds_of(stage)
    assert [("user", "what was that"), ("agent", "As you like.")] == stage.transcript()[2:4]


def test_words_after_a_released_cough_interrupt_anew() -> None:
    """Rule: a release forgets the cough: what follows is weighed by itself."""
    stage = held(COUGH, Speech(6.2, 7.0, "what was that"))
    stage.play(15.0)

    assert ["Held", "Released", "Held", "Interrupted"] == holds_of(stage)
    assert [("user", "what was that"), ("agent", "As you like.")] == stage.transcript()[2:4]
    assert stage.heard(1) == stage.transcript()[1][1]


def test_typed_text_ends_a_hold() -> None:
    """Rule: it interrupts at once, whatever the sound was."""
    stage = held(Speech(5.0, 5.3, ""))
    stage.at(5.25, events.Typed(0.0, "stop"))
    stage.play(12.0)

    assert ["Held", "Interrupted"] == holds_of(stage)
    assert 5.25 == stage.published(facts.Interrupted)[0].at
    assert [("user", "stop"), ("agent", "As you like.")] == stage.transcript()[2:4]
    assert heard_whole(stage, 2)


def test_a_partial_text_ends_a_hold() -> None:
    """Rule: words that are written while they are said need no pause."""
    stage = held(Speech(5.0, 5.32, "no"))
    stage.at(5.22, events.Transcribed(0.0, 2, "no", False))
    stage.play(12.0)

    assert 5.22 == stage.published(facts.Interrupted)[0].at


# -- the client goes away meanwhile -------------------------------------------------------------------------


@pytest.mark.parametrize("away_at", [5.05, 5.19, 5.21, 5.3, 5.45, 5.5, 5.55])
@pytest.mark.parametrize("noticed_s", [0.0, 0.5, 9.0])
def test_a_client_that_is_lost_in_a_hold_goes_on_when_it_is_back(away_at: float, noticed_s: float) -> None:
    """Rule: the cough is weighed when all of it has come; then the voice goes on, without a word lost or repeated."""
    stage = held(COUGH, client=Client(away=((away_at, 8.0),), noticed_s=noticed_s))
    stage.play(20.0)

    assert holds_of(stage)[-1] == "Released"
    assert [] == stage.published(facts.Interrupted)
    assert heard_whole(stage, 1)
    assert ("agent", STORY) == stage.transcript()[1]


def test_a_hold_does_not_outlast_its_client() -> None:
    """Rule: no state waits for ever: a client that never comes back ends the call."""
    stage = held(COUGH, client=Client(away=((5.22, 500.0),)))
    stage.play(100.0)

    assert "websocket_closed" == stage.published(facts.CallEnded)[0].reason
    assert stage.heard(1) == stage.transcript()[1][1]
