"""The story of a call has the words of both sides at their moments in the recording."""

from vivavoce.speech import ToolCall, Word
from vivavoce.talk.facts import (
    AgentSaid,
    AgentStartedTalking,
    AgentStoppedTalking,
    CallEnded,
    CallStarted,
    Captioned,
    ClientLost,
    ClientReturned,
    EngineStumbled,
    Fact,
    Failed,
    Held,
    Interrupted,
    Released,
    ToolEnded,
    ToolStarted,
    TurnTimed,
    UserSaid,
    UserStartedSpeaking,
    UserStoppedSpeaking,
)
from vivavoce.views.call_entries import Absence, ToolUse, Trouble, Turn
from vivavoce.views.call_story import story

CAPTIONS = Captioned(
    1.0, 1, (Word("We", 0.0, 0.2), Word("open", 0.2, 0.6), Word("at", 0.8, 0.9), Word("nine", 0.9, 1.3))
)
STARTED = AgentStartedTalking(1.0, 1)


def turn(*facts: Fact) -> Turn:
    (only,) = story(facts)
    assert isinstance(only, Turn)
    return only


def starts(*facts: Fact) -> list[float]:
    return [round(word.start_s, 6) for word in turn(*facts).words]


def test_the_words_of_the_agent_stand_where_its_voice_has_them() -> None:
    """The reply is heard a tenth of a second after its first frame left, and recorded there."""
    assert [1.1, 1.3, 1.9, 2.0] == starts(
        STARTED,
        CAPTIONS,
        AgentSaid(1.3, 1, "We", False),
        AgentSaid(1.7, 1, "We open", False),
        AgentSaid(2.4, 1, "We open at nine", True),
        AgentStoppedTalking(2.4, 1),
    )


def test_a_page_that_plays_late_does_not_move_words_in_the_recording() -> None:
    """What was heard a moment later was recorded when it was sent."""
    late_s = 0.3

    assert [1.1, 1.3, 1.9, 2.0] == starts(
        STARTED,
        CAPTIONS,
        AgentSaid(1.3 + late_s, 1, "We", False),
        AgentSaid(1.7 + late_s, 1, "We open", False),
        AgentSaid(2.4 + late_s, 1, "We open at nine", True),
    )


def test_words_behind_a_gap_in_the_sound_stand_behind_it() -> None:
    """A voice that pauses to think leaves a hole in the recording."""
    assert [1.1, 1.3, 3.9, 4.0] == starts(
        STARTED,
        CAPTIONS,
        AgentSaid(1.3, 1, "We", False),
        AgentSaid(1.7, 1, "We open", False),
        AgentSaid(4.0, 1, "We open at", False),
        AgentSaid(4.4, 1, "We open at nine", True),
    )


def test_a_voice_without_word_times_is_timed_by_what_was_heard() -> None:
    """Each word began when the one before it had been heard."""
    assert [1.1, 1.4, 1.9] == starts(
        STARTED,
        AgentSaid(1.4, 1, "We", False),
        AgentSaid(1.9, 1, "We open", False),
        AgentSaid(2.5, 1, "We open now", False),
        AgentSaid(2.5, 1, "We open now", True),
    )


def test_an_interrupted_agent_has_said_what_was_heard_and_the_rest_is_marked() -> None:
    """Both are told: what reached the visitor, and what did not."""
    cut = turn(
        STARTED,
        CAPTIONS,
        AgentSaid(1.7, 1, "We open", False),
        Interrupted(1.9, 1, 0.8),
        AgentSaid(1.9, 1, "We open", True),
    )

    assert ("We open", "at nine", 1.9) == (cut.text, cut.unheard, cut.cut_at)
    assert 2 == len(cut.words)


def test_a_reply_that_was_cut_before_its_first_word_is_told_as_unheard() -> None:
    """Nothing was heard, but the agent had begun."""
    cut = turn(STARTED, CAPTIONS, Interrupted(1.1, 1, 0.0), AgentSaid(1.1, 1, "", True), AgentStoppedTalking(1.1, 1))

    assert ("", "We open at nine") == (cut.text, cut.unheard)


def test_a_reply_that_was_given_up_unheard_is_no_turn() -> None:
    """It was withdrawn before its first sound: the visitor spoke on."""
    assert [] == story([CAPTIONS])


def test_the_words_of_the_visitor_are_spread_over_his_speech_by_their_letters() -> None:
    """Nobody has measured them; the pause in the middle belongs to no word."""
    said = turn(
        UserStartedSpeaking(2.0),
        UserStoppedSpeaking(3.0),
        UserStartedSpeaking(4.0),
        UserStoppedSpeaking(5.0),
        UserSaid(5.5, "one  two six ten", True),
    )

    assert ["one", "two", "six", "ten"] == [word.text for word in said.words]
    assert [(2.0, 2.5), (2.5, 3.0), (4.0, 4.5), (4.5, 5.0)] == [(word.start_s, word.end_s) for word in said.words]
    assert (2.0, 5.0, "one two six ten") == (said.at, said.end, said.text)


def test_a_cough_does_not_begin_the_next_turn() -> None:
    """Sound without words, and much later a sentence: the sentence is the turn."""
    said = turn(
        UserStartedSpeaking(2.0),
        UserStoppedSpeaking(2.3),
        UserStartedSpeaking(9.0),
        UserStoppedSpeaking(10.0),
        UserSaid(10.4, "hello", True),
    )

    assert 9.0 == said.at


def test_typed_words_have_no_times() -> None:
    """There is no sound of them."""
    typed = turn(UserSaid(4.0, "hello there", True))

    assert ((), 4.0, 4.0) == (typed.words, typed.at, typed.end)


def test_a_chat_has_no_word_times() -> None:
    """Its agent is read, not heard."""
    assert () == turn(CallStarted(0.0, "chat"), STARTED, AgentSaid(1.0, 1, "We open", True)).words


def test_a_turn_that_goes_on_is_not_final() -> None:
    """The page of a live call writes on in it."""
    said = turn(UserStartedSpeaking(1.0), UserSaid(1.4, "I would", False))

    assert (False, "I would", None) == (said.final, said.text, said.end)


def test_a_turn_that_the_end_of_the_call_cut_off_ends_with_the_call() -> None:
    """A killed server writes no end of a turn."""
    entries = story([STARTED, AgentSaid(1.3, 1, "We", False), CallEnded(5.0, "server_error")])

    assert [5.0] == [entry.end for entry in entries if isinstance(entry, Turn)]


def test_a_lost_connection_stands_where_it_was_lost_with_how_long_it_was_away() -> None:
    """One that the end of the call found still away has no length."""
    entries = story(
        [
            STARTED,
            CAPTIONS,
            AgentSaid(1.3, 1, "We", False),
            ClientLost(1.4),
            ClientReturned(4.6, 3.2),
            AgentSaid(5.0, 1, "We open", True),
            ClientLost(6.0),
            CallEnded(66.0, "websocket_closed"),
        ]
    )

    assert [Turn, Absence, Absence] == [type(entry) for entry in entries]
    assert [Absence(1.4, 3.2), Absence(6.0)] == entries[1:]


def test_a_voice_that_was_held_and_went_on_is_one_turn_that_nobody_interrupted() -> None:
    """A cough is neither an interruption nor a turn of the visitor."""
    said = turn(
        STARTED,
        CAPTIONS,
        UserStartedSpeaking(1.5),
        Held(1.5, 1),
        Released(1.8, 1),
        UserStoppedSpeaking(1.6),
        AgentSaid(2.7, 1, "We open at nine", True),
    )

    assert ("We open at nine", "", None) == (said.text, said.unheard, said.cut_at)


def test_tools_are_told_with_their_answers_or_errors() -> None:
    """One that did not answer before the call ended has taken no time that is known."""
    assert [
        ToolUse(at=1.0, call_id="a", name="look", arguments='{"x": 1}', output="yes", took_s=0.5),
        ToolUse(at=2.0, call_id="b", name="ring", arguments="{}", error="tool_timeout", took_s=1.0),
        ToolUse(at=4.0, call_id="c", name="wait", arguments="{}"),
    ] == story(
        [
            ToolStarted(1.0, ToolCall("a", "look", '{"x": 1}')),
            ToolEnded(1.5, "a", "look", "yes"),
            ToolStarted(2.0, ToolCall("b", "ring", "{}")),
            ToolEnded(3.0, "b", "ring", "", "tool_timeout"),
            ToolStarted(4.0, ToolCall("c", "wait", "{}")),
        ]
    )


def test_everything_stands_in_the_order_in_which_it_began() -> None:
    """Errors too; facts come in the order in which they became certain."""
    entries = story(
        [
            UserStartedSpeaking(1.0),
            EngineStumbled(1.5, "stt", "no answer"),
            Failed(1.7, "llm_failed", "The model failed"),
            UserStoppedSpeaking(2.0),
            UserSaid(2.5, "hello", True),
        ]
    )

    assert [Turn, Trouble, Trouble] == [type(entry) for entry in entries]


def test_an_answer_knows_how_long_it_took() -> None:
    """From the fact that timed it."""
    timed = TurnTimed(1.0, 1, 0.2, 0.5, 0.1, 0.25, 0.05)

    assert timed == turn(STARTED, timed, AgentSaid(1.3, 1, "We", True)).timing
