"""The script of one simulated visitor."""

from bench.caller import SILENCE, Caller, Habits

# Short numbers instead of 105 and 200 frames: the rules are the same.
_HABITS = Habits(speech_frames=3, lead_in_frames=2, silence_frames=10)


def _run(caller: Caller, slots: int, *, begins_at: float = 0.0) -> list[int]:
    """Let so many frames pass, 20 ms apart."""
    return [caller.slot(begins_at + number * 0.02) for number in range(slots)]


def _after_speech(habits: Habits = _HABITS) -> Caller:
    """A caller who has just finished the first clip, at 0.08 s."""
    caller = Caller(habits)
    _run(caller, 5)
    return caller


def _with_second_reply(at: float) -> Caller:
    """A caller who hears the first frame of the second reply at the given moment, while silent."""
    caller = _after_speech()
    caller.agent_started()
    caller.agent_sounded(0.1, 480)
    caller.agent_stopped()
    _run(caller, 13, begins_at=0.1)
    caller.agent_started()
    caller.agent_sounded(at, 480)
    return caller


def test_a_caller_listens_speaks_the_clip_and_falls_silent_in_a_loop() -> None:
    """Lead-in, clip, silence, clip."""
    found = _run(Caller(_HABITS), 2 + 3 + 10 + 3)

    assert [SILENCE] * 2 + [0, 1, 2] + [SILENCE] * 10 + [0, 1, 2] == found


def test_a_turn_is_dated_by_its_first_and_its_last_frame_of_speech() -> None:
    """The clocks of barge-in and of the reply start there."""
    turn = _after_speech().turns[0]

    assert (0.04, 0.08) == (turn.onset_at, turn.ended_at)


def test_the_first_agent_frame_after_the_clip_is_the_reply() -> None:
    """Not the announcement, and not any later frame."""
    caller = _after_speech()
    caller.agent_started()
    caller.agent_sounded(0.5, 480)
    caller.agent_sounded(0.6, 480)

    assert 0.5 == caller.turns[0].replied_at


def test_the_first_reply_is_heard_out() -> None:
    """Only every second one is interrupted: the silence keeps its full length."""
    caller = _after_speech()
    caller.agent_started()
    caller.agent_sounded(0.1, 480)

    assert [SILENCE] * 10 == _run(caller, 10, begins_at=1.0)


def test_the_second_reply_is_interrupted_half_a_second_after_its_first_frame() -> None:
    """The caller starts the clip again, although the silence is not over."""
    caller = _with_second_reply(at=1.0)

    assert [SILENCE, 0, 1, 2] == [caller.slot(at) for at in (1.49, 1.5, 1.52, 1.54)]


def test_an_interruption_is_told_from_an_ordinary_turn() -> None:
    """The turn knows the reply that it was meant to stop, and when the server said that it had."""
    caller = _with_second_reply(at=1.0)
    caller.slot(1.5)
    caller.agent_sounded(1.6, 480)
    caller.interrupted(1.7)
    turn = caller.turns[-1]

    assert (caller.utterances[1], 1.7, 1.6) == (turn.interrupts, turn.interrupted_at, turn.old_reply_ended_at)


def test_a_reply_that_ended_by_itself_cannot_be_interrupted() -> None:
    """The caller speaks as planned, but no interruption is expected."""
    caller = _with_second_reply(at=1.0)
    caller.agent_stopped()
    caller.slot(1.5)

    assert caller.turns[-1].interrupts is None


def test_audio_after_an_interruption_is_stray_until_the_agent_starts_anew() -> None:
    """After ``interruption`` no audio of the old turn may come (wire-spec O4)."""
    caller = _with_second_reply(at=1.0)
    caller.slot(1.5)
    caller.interrupted(1.7)
    caller.agent_sounded(1.8, 480)
    caller.agent_stopped()
    caller.agent_started()
    caller.agent_sounded(4.0, 480)

    assert (1, 1.8) == (caller.stray_frames, caller.turns[-1].old_reply_ended_at)


def test_a_reply_into_the_clip_is_early_and_answers_nothing() -> None:
    """The agent took the turn before the caller had finished: the turn stays without an answer."""
    caller = Caller(_HABITS)
    _run(caller, 3)
    caller.agent_started()
    caller.agent_sounded(0.06, 480)

    assert (1, None) == (caller.early_replies, caller.turns[0].replied_at)


def test_a_second_reply_to_the_same_words_is_unasked() -> None:
    """One question, one answer."""
    caller = _after_speech()
    for at in (0.2, 0.4):
        caller.agent_started()
        caller.agent_sounded(at, 480)

    assert (1, 0.2) == (caller.unasked_replies, caller.turns[0].replied_at)


def test_an_interruption_that_nobody_made_is_false() -> None:
    """The caller was silent when the server announced it."""
    caller = _after_speech()
    caller.agent_started()
    caller.agent_sounded(0.2, 480)
    caller.interrupted(0.3)

    assert 1 == caller.false_interruptions


def test_a_turn_is_over_when_the_next_one_begins() -> None:
    """From then on a missing answer is a missed one."""
    caller = _after_speech()
    before = caller.turns[0].over
    _run(caller, 11, begins_at=0.1)

    assert (False, True) == (before, caller.turns[0].over)


def test_a_caller_without_interruptions_hears_every_reply_out() -> None:
    """For servers that do not converse."""
    caller = _after_speech(Habits(speech_frames=3, lead_in_frames=2, silence_frames=10, interrupt_every=0))
    caller.agent_started()
    caller.agent_sounded(0.1, 480)

    assert [SILENCE] * 10 == _run(caller, 10, begins_at=5.0)
