"""The client is away, or its output is suspended: the agent waits, and goes on where it was."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.talk.scenarios.client_scene import QUESTION, STORY, captions, heard_whole, stretches, tell_story
from vivavoce.speech import Message, Tool, ToolCall
from vivavoce.talk import commands as do
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.policy import Policy
from vivavoce.testing.player import Client
from vivavoce.testing.stage import Speech, Stage

RATE_HZ = Brief().voice_rate_hz
HOLDS = Brief(holds=True)


def story(client: Client, *visitor: Speech, brief: Brief = HOLDS, word_times: bool = True) -> Stage:
    """A stage on which the agent is asked for its story."""
    return Stage(brief, visitor=[QUESTION, *visitor], model=tell_story, client=client, word_times=word_times)


def agent_said(stage: Stage) -> list[str]:
    """The agent's turns as the world was told of them."""
    return [text for who, text in stage.transcript() if who == "agent"]


# -- in the middle of the agent's sentence ------------------------------------------------------------------


def test_the_agent_is_silent_while_its_client_is_away() -> None:
    """Rule: nothing is sent, nothing is told as heard beyond what the client had; it goes on when it is back."""
    stage = story(Client(away=((5.0, 9.0),)))
    stage.play(20.0)
    last_before = max(at for at in stage.done(do.SendAudio) if at < 9.0)
    told = [fact for fact in stage.published(facts.AgentSaid) if 5.0 < fact.at < 9.0]

    assert last_before <= 5.0
    assert all(len(fact.text.split()) <= len(stage.heard(1, fact.at).split()) for fact in told)
    assert heard_whole(stage, 1)
    assert [STORY] == agent_said(stage)[:1]


def test_the_world_knows_that_a_client_was_away() -> None:
    """Rule: when it was lost, and for how long."""
    stage = story(Client(away=((5.0, 9.0),)))
    stage.play(20.0)

    assert [5.0] == [fact.at for fact in stage.published(facts.ClientLost)]
    assert [(9.0, 4.0)] == [(fact.at, fact.away_s) for fact in stage.published(facts.ClientReturned)]


@settings(max_examples=150)
@given(
    cuts=st.lists(st.tuples(st.floats(0.05, 3.0), st.floats(0.05, 8.0)), min_size=1, max_size=4),
    noticed_s=st.sampled_from((0.0, 0.4, 3.0, 9.0)),
    delay_s=st.sampled_from((0.005, 0.05, 0.15)),
    cushion_s=st.sampled_from((0.0, 0.1, 0.4)),
    word_times=st.booleans(),
)
def test_cuts_at_any_moment_lose_and_repeat_no_word(
    cuts: list[tuple[float, float]], noticed_s: float, delay_s: float, cushion_s: float, word_times: bool
) -> None:
    """Rule: whenever the socket is lost, once or often, noticed or not: one turn, heard whole, told whole."""
    away, moment = [], 2.0
    for pause_s, away_s in cuts:
        moment += pause_s
        away.append((moment, moment + away_s))
        moment += away_s
    client = Client(delay_s=delay_s, cushion_s=cushion_s, away=tuple(away), noticed_s=noticed_s)
    stage = story(client, word_times=word_times)
    stage.play(45.0)
    turn = stretches(stage, 1)[0].turn

    assert heard_whole(stage, turn)
    assert STORY == agent_said(stage)[0]
    assert [word.text for word in captions(stage, 1)] == STORY.split()
    assert 1 == len([part for part in stage.ordered(do.Say) if part.text.startswith("Once")])
    # He has said it once, and is asked nothing else than whether he is still there.
    assert 1 == len(stage.asked)


def test_what_came_before_the_loss_is_played_out() -> None:
    """Rule: a client that has lost its socket plays what it has; that counts as heard, and is not said again."""
    stage = story(Client(away=((5.0, 500.0),)))
    stage.play(100.0)

    assert len(stage.heard(1, 5.0).split()) < len(stage.heard(1).split())
    assert len(agent_said(stage)[0].split()) == pytest.approx(len(stage.heard(1).split()), abs=1)


def test_a_client_that_stays_away_ends_the_call() -> None:
    """Rule: after ``away_s`` the call ends as one whose socket is closed."""
    stage = story(Client(away=((5.0, 500.0),)), brief=Brief(holds=True, policy=Policy(away_s=20.0)))
    stage.play(100.0)
    ended = stage.published(facts.CallEnded)[0]

    assert "websocket_closed" == ended.reason
    assert ended.at == pytest.approx(25.0)
    assert [do.HangUp("websocket_closed")] == stage.ordered(do.HangUp)


def test_time_away_is_counted_anew_each_time() -> None:
    """Rule: it is the length of one absence that ends a call, not the sum of many."""
    away = tuple((5.0 + 16.0 * number, 20.0 + 16.0 * number) for number in range(4))
    stage = story(Client(away=away), brief=Brief(holds=True, policy=Policy(away_s=20.0)))
    stage.play(75.0)

    assert [] == stage.published(facts.CallEnded)
    assert heard_whole(stage, 1)


def test_typed_text_after_an_absence_leaves_what_was_heard() -> None:
    """Rule (pain 19): memory ends at the word that was heard, also where an absence lies in between."""
    stage = story(Client(away=((4.0, 7.0),)))
    stage.at(8.2, events.Typed(0.0, "stop"))
    stage.play(14.0)
    remembered = stage.asked[1][1].text.split()

    assert STORY.split()[: len(remembered)] == remembered
    assert 0 < len(remembered) < len(STORY.split())
    assert len(remembered) == pytest.approx(len(stage.heard(1).split()), abs=1)


# -- in the middle of the visitor's sentence ----------------------------------------------------------------


@pytest.mark.parametrize("away", [(1.2, 4.0), (1.5, 2.1), (1.05, 9.0), (1.9, 5.0), (2.2, 6.0), (2.45, 3.0)])
@pytest.mark.parametrize("noticed_s", [0.0, 0.15])
def test_a_turn_is_not_ended_by_a_lost_socket(away: tuple[float, float], noticed_s: float) -> None:
    """Rule: that nothing comes is no silence; what the client has kept is heard, and answered as one turn."""
    stage = Stage(
        HOLDS, visitor=[Speech(1.0, 3.0, "tell me a story")], client=Client(away=(away,), noticed_s=noticed_s)
    )
    for step in range(30):
        # Clocks may ring for any reason.
        stage.at(1.0 + step * 0.3, events.TimePassed(0.0))
    stage.play(14.0)
    sound = [int(feed.pcm.samples[0]) for feed in stage.ordered(do.Feed)]

    assert [("user", "tell me a story"), ("agent", "I hear you. You said: tell me a story.")] == stage.transcript()[:2]
    assert 1 == len(stage.published(facts.UserStoppedSpeaking))
    # Each of his windows once: none is lost, none is heard twice.
    assert len(
        [event for event in stage.events if isinstance(event, events.Heard) and event.speech > 0.5]
    ) == sound.count(1)
    assert heard_whole(stage, 1)


def test_a_whole_turn_that_was_kept_is_answered() -> None:
    """Rule: what is said while the client is away is no less said."""
    stage = Stage(HOLDS, visitor=[Speech(2.0, 3.5, "are you there")], client=Client(away=((1.5, 6.0),)))
    stage.play(14.0)

    assert ("user", "are you there") == stage.transcript()[0]
    assert stage.published(facts.AgentStartedTalking)[0].at >= 6.0


def test_what_was_said_into_the_agents_words_while_away_interrupts() -> None:
    """Rule: he spoke over the last words that he heard; they end there, and he is answered."""
    stage = story(Client(away=((5.0, 9.0),)), Speech(6.0, 7.5, "wait a moment"))
    stage.play(18.0)

    assert [("user", "wait a moment"), ("agent", "As you like.")] == stage.transcript()[2:4]
    assert len(agent_said(stage)[0].split()) == pytest.approx(len(stage.heard(1).split()), abs=1)


def test_a_turn_ends_if_the_client_brings_nothing_back() -> None:
    """Rule: every state has a deadline: from the return on, a silent socket is silence again."""
    stage = Stage(
        HOLDS,
        visitor=[Speech(1.0, 3.0, "tell me a story")],
        client=Client(away=((2.0, 4.0),)),
        microphone=lambda at: at < 2.0,
    )
    stage.play(12.0)
    stopped = [
        at for at, command in stage.commands if command == do.Publish(stage.published(facts.UserStoppedSpeaking)[0])
    ]

    assert 4.0 < stopped[0] <= 4.0 + Policy().turn_silence_s + Policy().socket_grace_s + 0.05
    assert ("user", "tell me a story") == stage.transcript()[0]


# -- suspended ----------------------------------------------------------------------------------------------


def test_the_greeting_waits_for_the_output() -> None:
    """Rule: its first word is heard, however long a gesture is waited for."""
    stage = Stage(Brief(greeting=STORY, holds=True), client=Client(suspended=((0.0, 30.0),)))
    stage.play(40.0)

    assert stretches(stage, 1)[0].at >= 30.0
    assert heard_whole(stage, 1)
    assert stage.published(facts.AgentStartedTalking)[0].at >= 30.0
    assert [STORY] == agent_said(stage)


def test_a_suspended_output_holds_the_words() -> None:
    """Rule: a phone call in the middle of a sentence: nothing is told as heard meanwhile, and nothing is lost."""
    stage = story(Client(suspended=((4.0, 9.0),)))
    stage.play(20.0)
    before, after = stretches(stage, 1)

    assert heard_whole(stage, 1)
    assert before.last == after.first
    assert after.at == pytest.approx(9.0)
    for fact in stage.published(facts.AgentSaid):
        assert len(fact.text.split()) <= len(stage.heard(1, fact.at).split())


def test_an_output_that_stays_suspended_ends_the_call() -> None:
    """Rule: after the limit the call ends with ``timeout``, and remembers what was heard."""
    brief = Brief(holds=True, policy=Policy(suspended_s=20.0))
    stage = story(Client(suspended=((5.0, 500.0),)), brief=brief)
    stage.play(100.0)
    ended = stage.published(facts.CallEnded)[0]

    assert "timeout" == ended.reason
    assert ended.at == pytest.approx(25.03)
    assert stage.heard(1) == agent_said(stage)[0]


def test_a_greeting_that_is_never_heard_ends_the_call() -> None:
    """Rule: a page that never gets its gesture does not hold a call for ever."""
    stage = Stage(Brief(greeting=STORY, holds=True), client=Client(suspended=((0.0, 5000.0),)))
    stage.play(200.0)
    ended = stage.published(facts.CallEnded)[0]

    assert "timeout" == ended.reason
    assert ended.at == pytest.approx(60.0, abs=0.1)
    assert [] == stretches(stage, 1)
    assert [] == stage.ordered(do.SendAudio)


def test_a_suspended_client_may_be_lost_too() -> None:
    """Rule: the voice goes on when both are over, in whichever order."""
    for away, suspended in (((5.0, 8.0), (4.0, 7.0)), ((4.0, 7.0), (5.0, 8.0)), ((4.0, 9.0), (5.0, 8.0))):
        stage = story(Client(away=(away,), suspended=(suspended,)))
        stage.play(20.0)

        assert heard_whole(stage, 1)
        assert STORY == agent_said(stage)[0]


def test_a_visitor_who_speaks_while_the_output_stands_is_answered() -> None:
    """Rule: he cannot hear, but he can be heard; the answer waits."""
    stage = story(Client(suspended=((4.0, 12.0),)), Speech(6.0, 7.5, "are you there"))
    stage.play(20.0)

    assert [("user", "are you there"), ("agent", "As you like.")] == stage.transcript()[2:4]
    assert stretches(stage, 2)[0].at >= 12.0
    assert heard_whole(stage, 2)


# -- nobody is there to be asked ----------------------------------------------------------------------------


@pytest.mark.parametrize("client", [Client(away=((10.0, 65.0),)), Client(suspended=((10.0, 65.0),))])
def test_nobody_is_asked_whether_he_is_there_while_he_cannot_hear(client: Client) -> None:
    """Rule: the silence of an absence is none of the visitor's; it is counted from the return on."""
    stage = story(client)
    stage.at(60.0, events.TimePassed(0.0))
    stage.play(64.0)

    assert [STORY] == agent_said(stage)

    stage.play(65.0 + Policy().idle_s - 1.0)
    assert [STORY] == agent_said(stage)

    stage.play(65.0 + Policy().idle_s + 4.0)
    assert [STORY, Brief().phrases.nudge] == agent_said(stage)


def test_a_client_that_comes_and_goes_is_no_busy_loop() -> None:
    """Rule: a deadline that has passed changes something, away, back, held or suspended: the stage would say so."""
    away = tuple((3.0 + number * 0.7, 3.2 + number * 0.7) for number in range(10))
    suspended = tuple((3.1 + number * 0.9, 3.4 + number * 0.9) for number in range(8))
    stage = story(Client(away=away, suspended=suspended), Speech(5.0, 5.26, ""), Speech(7.0, 7.26, ""))
    stage.play(40.0)
    wakings = [event.at for event in stage.events if isinstance(event, events.TimePassed)]

    assert heard_whole(stage, 1)
    assert all(wakings.count(at) <= 3 for at in wakings)
    assert all(before <= after for before, after in pairwise(wakings))


def test_a_tool_that_answers_while_the_client_is_away_is_spoken_of_later() -> None:
    """Rule: the call goes on behind the scenes: what it has to say waits for somebody who hears it."""

    def with_tool(messages: Sequence[Message]) -> list[str | ToolCall]:
        return ["It is ten euros."] if messages[-1].role == "tool" else [ToolCall("c1", "price", "{}")]

    brief = Brief(holds=True, tools=(Tool("price", "Looks the price up.", timeout_s=30.0),))
    stage = Stage(
        brief,
        visitor=[QUESTION],
        model=with_tool,
        page=lambda call: (3.0, "10"),
        client=Client(away=((3.0, 9.0),)),
    )
    stage.play(16.0)

    assert "It is ten euros." in agent_said(stage)[-1]
    assert all(stretch.at < 3.0 or stretch.at >= 9.0 for stretch in stretches(stage, 1))
