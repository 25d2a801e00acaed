"""Does the user speak, and has he finished? Numbers stand for a voice detector."""

from itertools import product

import pytest

from vivavoce.talk.ears import Ears, Sign
from vivavoce.talk.policy import WINDOW_S, Policy

VOICE, MURMUR, QUIET = 0.9, 0.42, 0.1


def listen(ears: Ears, probabilities: list[float], *, since_s: float = 0.0) -> list[tuple[int, Sign]]:
    """The signs, each with the number of its window."""
    signs = [(number, ears.hear(since_s + number * WINDOW_S, speech)) for number, speech in enumerate(probabilities, 1)]
    return [(number, sign) for number, sign in signs if sign is not None]


def speaking() -> Ears:
    """Ears that hear the visitor speak, since window 1; the last was window 6."""
    ears = Ears(Policy())
    listen(ears, [VOICE] * 6)
    return ears


def test_speech_of_the_onsets_length_is_an_onset() -> None:
    """Rule: 0.2 s are six windows of 32 ms; he has spoken since the first of them."""
    ears = Ears(Policy())

    assert [(6, Sign.ONSET)] == listen(ears, [VOICE] * 10)
    assert ears.speaking
    assert ears.began_at == pytest.approx(0.0)


def test_shorter_speech_is_nothing() -> None:
    """Rule: a click does not interrupt."""
    ears = Ears(Policy())

    assert [] == listen(ears, [VOICE] * 5 + [QUIET] * 30)
    assert not ears.speaking


def test_a_plosive_does_not_begin_an_onset_anew() -> None:
    """Rule: up to 96 ms of silence inside an onset are part of a word."""
    assert [(9, Sign.ONSET)] == listen(Ears(Policy()), [VOICE] * 3 + [QUIET] * 3 + [VOICE] * 3)


def test_a_longer_gap_begins_an_onset_anew() -> None:
    """Rule: two clicks are no word."""
    ears = Ears(Policy())

    assert [(13, Sign.ONSET)] == listen(ears, [VOICE] * 3 + [QUIET] * 4 + [VOICE] * 6)
    assert ears.began_at == pytest.approx(7 * WINDOW_S)


def test_murmur_does_not_stretch_an_onset() -> None:
    """Rule: between the two thresholds is no speech yet: clicks in a murmuring room never add up to an onset."""
    ears = Ears(Policy())

    assert [] == listen(ears, ([VOICE] + [MURMUR] * 20) * 20)
    assert [(6, Sign.ONSET)] == listen(ears, [VOICE] * 6, since_s=100.0)
    assert ears.began_at == pytest.approx(100.0)


def test_silence_is_first_a_pause_and_then_the_end() -> None:
    """Rule: a pause after 0.192 s, the end after 0.64 s; the speech itself ended when the silence began."""
    ears = speaking()

    assert [(6, Sign.PAUSE), (20, Sign.END)] == listen(ears, [QUIET] * 40, since_s=6 * WINDOW_S)
    assert not ears.speaking
    assert ears.ended_at == pytest.approx(6 * WINDOW_S)


def test_who_goes_on_after_a_pause_resumes() -> None:
    """Rule: every pause is told, and every going on."""
    ears = speaking()
    signs = listen(ears, ([QUIET] * 10 + [VOICE] * 2) * 2, since_s=1.0)

    assert [Sign.PAUSE, Sign.RESUME, Sign.PAUSE, Sign.RESUME] == [sign for _, sign in signs]


def test_a_breath_is_no_pause() -> None:
    """Rule: silence shorter than a pause is not told."""
    assert [] == listen(speaking(), [QUIET] * 5 + [VOICE])


def test_murmur_keeps_a_silence_but_begins_none() -> None:
    """Rule: hysteresis as in Silero's own iterator: a low voice does not end a turn, and does not prolong it either."""
    assert [] == listen(speaking(), [MURMUR] * 100)
    assert [Sign.PAUSE, Sign.END] == [sign for _, sign in listen(speaking(), [QUIET] + [MURMUR] * 100)]


def test_a_turn_may_be_ended_sooner_than_a_pause_is_long() -> None:
    """Rule: with a turn silence below the pause there is an end and no pause after it."""
    ears = Ears(Policy(turn_silence_s=0.1, pause_s=0.2))
    listen(ears, [VOICE] * 6)

    assert [Sign.END] == [sign for _, sign in listen(ears, [QUIET] * 30, since_s=1.0)]


def test_after_an_end_everything_begins_anew() -> None:
    """Rule: the next turn needs its whole onset."""
    ears = speaking()
    listen(ears, [QUIET] * 20, since_s=1.0)

    assert [(6, Sign.ONSET)] == listen(ears, [VOICE] * 6, since_s=2.0)


def test_a_socket_that_falls_silent_ends_the_turn() -> None:
    """Rule: what is missing of the silence, and the grace for late frames, after the last window."""
    policy = Policy()
    ears = Ears(policy)
    listen(ears, [VOICE] * 6)
    due = ears.deadline()
    assert due is not None

    assert due == pytest.approx(6 * WINDOW_S + policy.turn_silence_s + policy.socket_grace_s, abs=WINDOW_S)
    assert ears.lapse(due - 0.001) is None
    assert Sign.END is ears.lapse(due)
    assert ears.deadline() is None


def test_silence_that_was_heard_is_not_waited_for_again() -> None:
    """Rule: a socket that stops within the silence ends the turn by so much sooner."""
    ears = speaking()
    before = ears.deadline()
    listen(ears, [QUIET] * 10, since_s=6 * WINDOW_S)

    assert before is not None
    assert ears.deadline() == pytest.approx(before, abs=1e-9)


@pytest.mark.parametrize("burst", [1, 3, 10, 1000])
def test_bursts_give_the_same_signs(burst: int) -> None:
    """Rule: durations are counted in sound, not by the clock."""
    probabilities = [VOICE] * 20 + [QUIET] * 8 + [VOICE] * 20 + [QUIET] * 30
    ears = Ears(Policy())
    signs = [ears.hear(-(-number // burst) * burst * WINDOW_S, speech) for number, speech in enumerate(probabilities)]

    assert listen(Ears(Policy()), probabilities) == [
        (number, sign) for number, sign in enumerate(signs, 1) if sign is not None
    ]


def test_a_commit_ends_a_turn_that_is_open() -> None:
    """Rule: the client knows better than the silence."""
    ears = speaking()

    assert (Sign.END,) == ears.commit(1.0)
    assert not ears.speaking


@pytest.mark.parametrize("silence", [0, 3, 8, 12])
def test_a_commit_counts_a_word_that_was_too_short(silence: int) -> None:
    """Rule: the button meant it, also if it is released half a second after the word."""
    ears = Ears(Policy())
    listen(ears, [QUIET] * 10 + [VOICE] * 3 + [QUIET] * silence)

    assert (Sign.ONSET, Sign.END) == ears.commit((13 + silence) * WINDOW_S)
    assert ears.began_at == pytest.approx(10 * WINDOW_S)
    assert ears.ended_at == pytest.approx(13 * WINDOW_S)


def test_a_commit_after_a_longer_silence_means_nothing() -> None:
    """Rule: sound that is not kept any more cannot be written down."""
    ears = Ears(Policy())
    listen(ears, [VOICE] * 3 + [QUIET] * 20)

    assert () == ears.commit(1.0)


def test_a_commit_without_sound_means_nothing() -> None:
    """Rule: never a turn out of nothing, and never two out of one."""
    ears = speaking()
    ears.commit(1.0)

    assert () == ears.commit(1.1)


def test_every_turn_has_one_onset_and_one_end() -> None:
    """Rule: over all short sequences of three kinds of sound, the signs alternate as the picture says."""
    after = {
        Sign.END: {Sign.ONSET},
        Sign.ONSET: {Sign.PAUSE, Sign.END},
        Sign.PAUSE: {Sign.RESUME, Sign.END},
        Sign.RESUME: {Sign.PAUSE, Sign.END},
    }
    for kinds in product((VOICE, MURMUR, QUIET), repeat=6):
        ears, last = Ears(Policy()), Sign.END
        for _, sign in listen(ears, [kind for kind in kinds for _ in range(7)]):
            assert sign in after[last]

            last = sign
        assert ears.speaking == (last is not Sign.END)


def test_patience_may_change_within_a_silence() -> None:
    """Rule: the silence that counts is the one of the moment; it may grow, and shrink below what has passed."""
    patient, hasty = speaking(), speaking()
    patient.be_patient(1.0)
    listen(hasty, [QUIET] * 15)
    hasty.be_patient(0.3)

    assert [(6, Sign.PAUSE), (31, Sign.END)] == listen(patient, [QUIET] * 40)
    assert [(1, Sign.END)] == listen(hasty, [QUIET] * 3)


def test_where_the_text_decides_the_pause_comes_before_the_end() -> None:
    """Rule: a turn must not end before its text was asked for, however short the silence that ends it."""
    usual, judged = Ears(Policy(turn_silence_s=0.1)), Ears(Policy(turn_silence_s=0.1, unfinished_silence_s=2.0))
    for ears in (usual, judged):
        listen(ears, [VOICE] * 6)

    assert [(3, Sign.END)] == listen(usual, [QUIET] * 5)
    assert [(3, Sign.PAUSE), (4, Sign.END)] == listen(judged, [QUIET] * 5)
    assert not judged.paused
