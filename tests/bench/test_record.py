"""The figures of one window, read from callers' records."""

import numpy as np
import pytest

from bench.caller import Caller, Habits, Turn, Utterance
from bench.record import Window, around, interruptions, replies, sound

_WINDOW = Window(10.0, 20.0)


def _caller(*turns: Turn, utterances: tuple[Utterance, ...] = ()) -> Caller:
    caller = Caller(Habits(speech_frames=3))
    caller.turns.extend(turns)
    caller.utterances.extend(utterances)
    return caller


def test_a_window_excludes_its_end() -> None:
    """So that two windows side by side count nothing twice."""
    assert [False, True, True, False, False] == [_WINDOW.holds(at) for at in (9.99, 10.0, 19.99, 20.0, None)]


def test_a_reply_counts_from_the_last_frame_of_speech() -> None:
    """And belongs to the window in which that frame was sent."""
    inside = Turn(onset_at=9.0, ended_at=11.0, replied_at=11.25)
    outside = Turn(onset_at=19.0, ended_at=21.0, replied_at=21.9)

    assert [0.25] == replies([_caller(inside, outside)], _WINDOW, now=30.0).latencies_s


@pytest.mark.parametrize(
    ("over", "now", "missed"), [(True, 12.0, 1), (False, 12.0, 0), (False, 15.0, 1)], ids=["gone on", "young", "old"]
)
def test_a_question_without_an_answer_is_missed_once_it_is_old_or_the_caller_went_on(
    over: bool, now: float, missed: int
) -> None:
    """A question that was asked just before the record ended is neither answered nor missed."""
    turn = Turn(onset_at=9.0, ended_at=11.0, over=over)

    assert missed == replies([_caller(turn)], _WINDOW, now=now).missed


def test_an_interruption_counts_from_the_first_frame_of_speech() -> None:
    """Both to the server's word for it and to the last frame of the old reply."""
    turn = Turn(onset_at=11.0, interrupts=Utterance(), interrupted_at=11.25, old_reply_ended_at=11.125)
    found = interruptions([_caller(turn)], _WINDOW, now=30.0)

    assert ([0.25], [0.125], 0) == (found.latencies_s, found.old_replies_s, found.missed)


def test_a_reply_sent_ahead_ended_before_the_onset() -> None:
    """Its last frame came before the caller spoke: nothing more came afterwards, which is 0 and not negative."""
    turn = Turn(onset_at=11.0, interrupts=Utterance(), interrupted_at=11.24, old_reply_ended_at=10.5)

    assert [0.0] == interruptions([_caller(turn)], _WINDOW, now=30.0).old_replies_s


def test_an_interruption_that_the_server_never_noticed_is_missed() -> None:
    """An ordinary turn beside it is none."""
    unnoticed = Turn(onset_at=11.0, interrupts=Utterance(), over=True)
    ordinary = Turn(onset_at=14.0, over=True)

    assert 1 == interruptions([_caller(unnoticed, ordinary)], _WINDOW, now=30.0).missed


def test_lateness_is_that_of_utterances_begun_within_the_window() -> None:
    """To their end, even where that lies outside, and of no other."""
    inside = Utterance([19.9, 19.95, 20.0], [480, 480, 480])
    outside = Utterance([21.0, 21.5], [480, 480])
    found = sound([_caller(utterances=(inside, outside))], _WINDOW, rate_hz=24_000)

    np.testing.assert_allclose([0.03, 0.06], found.lateness_s, atol=1e-9)
    assert 1 == found.gaps


def test_audio_is_counted_by_when_it_came() -> None:
    """Frames before and after the window are not within it, whatever utterance they belong to."""
    before = Utterance([9.98, 10.0], [480, 240])
    after = Utterance([19.98, 20.0], [480, 480])
    found = sound([_caller(utterances=(before, after))], _WINDOW, rate_hz=24_000)

    assert (2, 720) == (found.frames, found.samples)


def test_what_came_near_an_opening_is_told_from_the_rest() -> None:
    """Near is from the opening until 0.35 s later."""
    near, between = around([1.0, 2.1, 2.3, 2.5], [0.001, 0.002, 0.003, 0.004], [2.0])

    assert ([0.002, 0.003], [0.001, 0.004]) == (near.tolist(), between.tolist())
