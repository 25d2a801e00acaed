"""One turn of the agent: rounds of thought, and parts for the voice."""

import numpy as np
import pytest

from vivavoce.audio.pcm import Pcm
from vivavoce.speech import Message, Tool, ToolCall
from vivavoce.talk.commands import Say
from vivavoce.talk.mouth import Mouth
from vivavoce.talk.policy import Policy
from vivavoce.talk.reply import Clocking, Reply, Round

HZ = 1000
LOOK, SHOW = Tool("look", "Looks.", timeout_s=5.0), Tool("show", "Shows.", awaited=False)


def new_reply(policy: Policy | None = None, clocking: Clocking | None = None) -> Reply:
    """A reply about which the model thinks."""
    policy = policy or Policy()
    mouth = Mouth(reply=7, rate_hz=HZ, lead_s=1.0, policy=policy)
    reply = Reply(7, mouth=mouth, clocking=clocking, policy=policy)
    reply.begin_round(0.0)
    return reply


def sound(duration_s: float) -> Pcm:
    """So much sound."""
    return Pcm(np.ones(round(duration_s * HZ), np.int16), HZ)


def test_parts_are_spoken_one_after_the_other() -> None:
    """Rule: the next part is given to the voice when it has done with the one before."""
    reply = new_reply()
    reply.add_text(0.0, "One. Two. Three. ")

    assert [Say(7, 0, "One.")] == reply.due_parts(0.0)
    assert [] == reply.due_parts(0.1)
    reply.voiced(0.2, 0, sound(0.5), ())
    reply.voice_done(0)
    assert [Say(7, 1, "Two.")] == reply.due_parts(0.2)


def test_a_part_waits_while_there_is_sound_enough() -> None:
    """Rule: a long answer neither fills the memory nor is made for nothing."""
    reply = new_reply(Policy(voice_ahead_s=2.0))
    reply.add_text(0.0, "One. Two. ")
    reply.due_parts(0.0)
    reply.voiced(0.1, 0, sound(4.0), ())
    reply.voice_done(0)
    assert [] == reply.due_parts(0.1)
    # Of 4 s, 1 s leaves at once, and the rest as it is played.
    reply.mouth.due(0.1)
    assert [] == reply.due_parts(0.1)
    reply.mouth.due(0.8)
    reply.mouth.due(1.5)

    assert [Say(7, 1, "Two.")] == reply.due_parts(1.5)


def test_sound_of_a_part_that_nobody_speaks_is_ignored() -> None:
    """Rule: a late or repeated part changes nothing."""
    reply = new_reply()
    reply.add_text(0.0, "One. ")
    reply.due_parts(0.0)
    reply.voice_done(0)

    assert None is reply.voiced(0.2, 0, sound(1.0), ())
    assert None is reply.voiced(0.2, 5, sound(1.0), ())
    reply.voice_done(5)
    assert not reply.mouth.due(0.2)


def test_the_end_is_when_all_parts_have_their_sound() -> None:
    """Rule: the mouth is closed by the last of: the model's end, the last part's sound."""
    reply = new_reply()
    reply.add_text(0.0, "One. Two.")
    reply.end_round()
    reply.finish()
    for part in (0, 1):
        reply.due_parts(0.0)
        assert not reply.mouth.finished(99.0)
        reply.voice_done(part)

    assert reply.mouth.finished(99.0)


def test_the_rounds_are_one_text() -> None:
    """Rule: joined by a space, without white space at their ends."""
    reply = new_reply()
    reply.add_text(0.0, "Let me see. ")
    reply.rounds.append(Round())
    reply.add_text(1.0, "\nIt is five.\n")

    assert "Let me see. It is five." == reply.text


def test_a_reply_has_a_longest_text() -> None:
    """Rule: what comes beyond it is not taken in."""
    reply = new_reply(Policy(longest_reply_letters=10))
    reply.add_text(0.0, "123456. ")
    assert not reply.over_length
    reply.add_text(0.0, "789. ")
    assert reply.over_length
    reply.add_text(0.0, "Too much.")

    assert "123456. 789." == reply.text


def test_tools_are_awaited_until_their_time_is_over() -> None:
    """Rule: a round is answered when every call has its output; each output is taken once."""
    reply = new_reply()
    call, other = ToolCall("a", "look", "{}"), ToolCall("b", "look", "{}")
    reply.add_text(1.0, "said")
    reply.ask_tool(1.0, call, LOOK)
    reply.ask_tool(2.0, other, LOOK)

    assert ("a",) == reply.late_tools(6.5)
    assert call == reply.answer_tool("a", "five")
    assert reply.answer_tool("a", "six") is None
    assert reply.answer_tool("zzz", "six") is None
    assert not reply.rounds[-1].answered
    assert other == reply.answer_tool("b", "seven")
    assert reply.rounds[-1].answered
    assert (
        Message("assistant", "said", calls=(call, other)),
        Message("tool", "five", call_id="a"),
        Message("tool", "seven", call_id="b"),
    ) == reply.rounds[-1].messages()


def test_a_tool_that_is_not_awaited_is_answered_at_once() -> None:
    """Rule: fire and forget; the model is told so."""
    reply = new_reply()
    reply.ask_tool(1.0, ToolCall("a", "show", "{}"), SHOW)

    assert reply.rounds[-1].answered
    assert () == reply.late_tools(999.0)


def test_a_silent_model_and_a_silent_voice_are_noticed() -> None:
    """Rule: each stage has its own patience, counted from when it last moved."""
    policy = Policy(text_wait_s=10.0, voice_wait_s=5.0)
    reply = new_reply(policy)
    reply.begin_round(1.0)
    assert reply.stuck(10.9) is None
    assert "llm" == reply.stuck(11.0)
    assert 11.0 == reply.deadline()
    reply.add_text(12.0, "One. ")
    reply.end_round()
    assert reply.stuck(99.0) is None
    reply.due_parts(20.0)
    assert reply.stuck(24.9) is None

    assert "tts" == reply.stuck(25.0)
    assert 25.0 == reply.deadline()


def test_each_stage_moves_by_itself() -> None:
    """Rule: text that goes on does not excuse a silent voice, nor sound a silent model."""
    reply = new_reply(Policy(text_wait_s=10.0, voice_wait_s=5.0))
    reply.add_text(1.0, "One. Two. ")
    reply.due_parts(1.0)
    reply.add_text(5.0, "Three. ")
    assert "tts" == reply.stuck(6.0)
    reply.voiced(6.0, 0, sound(0.5), ())
    assert reply.stuck(10.9) is None
    reply.voiced(10.9, 0, sound(0.5), ())

    assert "llm" == reply.stuck(15.0)


def test_a_reply_that_waits_for_nothing_has_no_deadline() -> None:
    """Rule: infinity, so that it can be compared."""
    reply = new_reply()
    reply.end_round()

    assert float("inf") == reply.deadline()


def test_unsaid_is_what_was_not_heard_and_not_voiced() -> None:
    """Rule: in the order in which it would have been said."""
    reply = new_reply()
    reply.add_text(0.0, "One two. Three four. Five six. ")
    reply.due_parts(0.0)
    reply.voiced(0.0, 0, sound(2.0), ())
    reply.voice_done(0)
    reply.due_parts(0.0)

    assert "One two. Three four. Five six." == reply.unsaid_text(0.0)


def test_the_clock_of_a_turn_stops_at_its_first_real_text() -> None:
    """Rule: white space is no answer; the stages follow each other without a gap."""
    reply = new_reply(clocking=Clocking(1.0, 1.6, 1.7))
    reply.add_text(1.8, "  \n")
    reply.add_text(2.0, "Yes.")
    reply.add_text(3.0, "No.")
    assert reply.clocking is not None
    timed = reply.clocking.timed(2.5, 7)

    assert (0.6, 0.1, 0.3, 0.5) == pytest.approx((timed.endpoint_s, timed.transcript_s, timed.text_s, timed.voice_s))
    assert timed.total_s == pytest.approx(1.5)
