"""Pacing, and which words have been heard."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.audio.pcm import Pcm
from vivavoce.speech import Word
from vivavoce.talk.commands import SendAudio
from vivavoce.talk.mouth import Mouth
from vivavoce.talk.part import Caption
from vivavoce.talk.policy import Policy

HZ = 1000
POLICY = Policy()
DELAY_S = POLICY.client_delay_s


def new_mouth(*, lead_s: float = 1.0, policy: Policy = POLICY) -> Mouth:
    """A mouth at a rate that is easily counted."""
    return Mouth(reply=1, rate_hz=HZ, lead_s=lead_s, policy=policy)


def sound(duration_s: float) -> Pcm:
    """Sound whose samples count up, so that order shows."""
    return Pcm(np.arange(round(duration_s * HZ), dtype=np.int16), HZ)


def words(text: str, word_s: float = 0.5, start_s: float = 0.0) -> tuple[Word, ...]:
    """Words of equal length, one after the other."""
    return tuple(
        Word(word, start_s + number * word_s, start_s + (number + 1) * word_s)
        for number, word in enumerate(text.split())
    )


def say(mouth: Mouth, part: int, text: str, *, word_s: float = 0.5, timed: bool = True, done: bool = True) -> None:
    """Give the mouth a whole part."""
    mouth.expect(part, text)
    mouth.voiced(part, sound(len(text.split()) * word_s), words(text, word_s) if timed else ())
    if done:
        mouth.part_done(part)


def send(mouth: Mouth, until_s: float, *, since_s: float = 0.0) -> list[tuple[float, SendAudio]]:
    """Send everything as it becomes due, every 10 ms."""
    sent: list[tuple[float, SendAudio]] = []
    for step in range(round((until_s - since_s) * 100) + 1):
        at = since_s + step / 100
        sent += [(at, frame) for frame in mouth.due(at)]
    return sent


# -- pacing -------------------------------------------------------------------------------------------------


def test_the_first_frame_is_short_and_leaves_at_once() -> None:
    """Rule: the first sound is early; the frames after it are long, and fill the lead."""
    mouth = new_mouth(lead_s=0.5)
    say(mouth, 0, "one two three four")
    frames = mouth.due(3.0)

    assert [0.02, 0.1, 0.1, 0.1, 0.1] == [frame.pcm.duration_s for frame in frames]
    assert frames[0].play_at == pytest.approx(3.0 + DELAY_S)


def test_later_frames_leave_as_the_lead_allows() -> None:
    """Rule: the client never has more unplayed sound than the lead, and never runs dry."""
    mouth = new_mouth(lead_s=0.5)
    say(mouth, 0, "one two three four five six")
    sent = send(mouth, 4.0)
    ahead_s = [frame.play_at + frame.pcm.duration_s - DELAY_S - at for at, frame in sent]

    assert max(ahead_s) <= 0.5 + 1e-6
    assert min(ahead_s[5:]) > 0.4
    assert sum(frame.pcm.duration_s for _, frame in sent) == pytest.approx(3.0)


def test_the_deadline_is_when_the_next_frame_may_leave() -> None:
    """Rule: sent neither early nor late."""
    mouth = new_mouth(lead_s=0.5)
    mouth.expect(0, "")
    mouth.voiced(0, sound(3.0), ())
    mouth.due(0.0)
    due = mouth.deadline()
    assert due is not None

    assert [] == mouth.due(due - 0.001)
    assert 1 == len(mouth.due(due))


def test_parts_join_without_a_gap() -> None:
    """Rule: a frame may hold the end of one part and the beginning of the next; samples stay in order."""
    mouth = new_mouth()
    say(mouth, 0, "one", word_s=0.33)
    say(mouth, 1, "two", word_s=0.33)
    sent = [frame for _, frame in send(mouth, 2.0)]

    assert [*range(330), *range(330)] == [sample for frame in sent for sample in frame.pcm.samples.tolist()]
    assert [0, 20, 120, 220, 320, 420, 520, 620] == [frame.start for frame in sent]


def test_a_voice_that_runs_dry_makes_a_new_stretch() -> None:
    """Rule: sound that comes after the client has played all there was is played when it arrives."""
    mouth = new_mouth()
    mouth.expect(0, "one two")
    mouth.voiced(0, sound(0.5), words("one"))
    send(mouth, 1.0)
    mouth.voiced(0, sound(0.5), words("two", start_s=0.5))
    second = mouth.due(2.0)

    assert second[0].play_at == pytest.approx(2.0 + DELAY_S)
    assert second[0].start == 500
    assert mouth.heard_s(2.0) == pytest.approx(0.5)
    assert mouth.heard_s(2.0 + DELAY_S + 0.2) == pytest.approx(0.7)


def test_an_empty_piece_of_sound_is_no_frame() -> None:
    """Rule: a frame has at least one sample."""
    mouth = new_mouth()
    mouth.expect(0, "one")
    mouth.voiced(0, sound(0.0), ())

    assert [] == mouth.due(0.0)
    assert mouth.deadline() is None


PIECES = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 200)), min_size=1, max_size=8)


@settings(max_examples=50)
@given(pieces=PIECES, lead_s=st.sampled_from((0.2, 1.0)), rate_hz=st.sampled_from((8000, 11_025, 24_000)))
def test_whatever_the_voice_does_the_stream_is_whole(
    pieces: list[tuple[int, int]], lead_s: float, rate_hz: int
) -> None:
    """Rule: all samples, once, in order; within the lead; never two at one time; and the end is noticed."""
    mouth = Mouth(reply=1, rate_hz=rate_hz, lead_s=lead_s, policy=POLICY)
    mouth.expect(0, "")
    agenda, frames, moment = [], list[SendAudio](), 0
    for pause, length in pieces:
        moment += pause
        agenda.append((moment / 100, length * rate_hz // 100))
    now, made, closed_at = 0.0, 0, agenda[-1][0]
    while True:
        while agenda and agenda[0][0] <= now:
            count = agenda.pop(0)[1]
            mouth.voiced(0, Pcm((np.arange(made, made + count) % 30_000).astype(np.int16), rate_hz), ())
            made += count
        if now >= closed_at:
            mouth.close()
        for frame in mouth.due(now):
            frames.append(frame)

            assert frame.play_at + frame.pcm.duration_s - DELAY_S - now <= lead_s + 1e-5
        mouth.tell_words(now)
        if mouth.finished(now):
            break
        moments = [due for due in (mouth.deadline(), agenda[0][0] if agenda else None) if due is not None]

        assert moments
        assert min(moments) >= now - 1e-5

        now = max(now + 1e-7, min(moments))

    assert [sample % 30_000 for sample in range(made)] == [
        sample for frame in frames for sample in frame.pcm.samples.tolist()
    ]
    for earlier, later in pairwise(frames):
        assert later.play_at >= earlier.play_at + earlier.pcm.duration_s - 1e-6
        assert later.start == earlier.start + len(earlier.pcm.samples)
    assert mouth.heard_s(now) == pytest.approx(made / rate_hz, abs=1e-5)


# -- what has been heard ------------------------------------------------------------------------------------


def test_words_are_heard_when_they_have_been_played() -> None:
    """Rule: whole words only, as soon as their last sample has reached the ear."""
    mouth = new_mouth()
    say(mouth, 0, "one two three")
    send(mouth, 2.0)

    assert "" == mouth.heard_text(DELAY_S + 0.499)
    assert "one" == mouth.heard_text(DELAY_S + 0.5)
    assert "one two" == mouth.heard_text(DELAY_S + 1.2)
    assert "one two three" == mouth.heard_text(DELAY_S + 1.5)


def test_heard_and_unheard_are_all_the_words() -> None:
    """Rule: a word is one or the other at every moment."""
    mouth = new_mouth()
    say(mouth, 0, "one two three")
    say(mouth, 1, "four five")
    mouth.expect(2, "six seven")
    send(mouth, 3.0)
    for step in range(60):
        heard, unheard = mouth.heard_text(step / 20), mouth.unheard_text(step / 20)

        assert "one two three four five six seven" == f"{heard} {unheard}".strip()


def test_words_that_come_with_their_sound_are_not_lost() -> None:
    """Rule: of a part whose words come piece by piece, those that have not come yet are unheard."""
    mouth = new_mouth()
    mouth.expect(0, "one two three four")
    mouth.voiced(0, sound(1.0), words("one two"))
    send(mouth, 0.7)

    assert "one" == mouth.heard_text(0.7)
    assert "two three four" == mouth.unheard_text(0.7)


def test_words_of_later_parts_count_from_the_reply() -> None:
    """Rule: a voice counts from its part; captions count from the reply."""
    mouth = new_mouth()
    say(mouth, 0, "one two")
    mouth.expect(1, "three")
    caption = mouth.voiced(1, sound(0.5), words("three"))

    assert Caption(2, (Word("three", 1.0, 1.5),)) == caption


def test_words_are_told_as_they_are_heard_each_once() -> None:
    """Rule: the cumulative text, when it has grown."""
    mouth = new_mouth()
    say(mouth, 0, "one two three")
    send(mouth, 2.0)
    told = [mouth.tell_words(step / 100) for step in range(200)]

    assert ["one", "one two", "one two three"] == [text for text in told if text is not None]


def test_the_deadline_is_also_when_the_next_word_is_heard() -> None:
    """Rule: captions are paced by the sound that the user hears."""
    mouth = new_mouth()
    say(mouth, 0, "one")
    mouth.due(0.0)

    assert mouth.deadline() == pytest.approx(DELAY_S + 0.5)


def test_without_word_times_the_length_of_the_words_counts() -> None:
    """Rule: once a part is complete, its words share its length by what there is to say of each."""
    mouth = new_mouth()
    mouth.expect(0, "a bbb")
    mouth.voiced(0, sound(0.6), ())
    mouth.part_done(0)
    send(mouth, 1.0)

    assert "" == mouth.heard_text(DELAY_S + 0.05)
    assert "a" == mouth.heard_text(DELAY_S + 0.3)
    assert "a bbb" == mouth.heard_text(DELAY_S + 0.6)


def test_a_part_that_still_grows_is_estimated() -> None:
    """Rule: by the pace of a usual voice, until the length is known; never more than what was sent."""
    mouth = new_mouth()
    mouth.expect(0, "thirteen-long and the rest of it")
    mouth.voiced(0, sound(1.2), ())
    send(mouth, 3.0)

    assert "" == mouth.heard_text(DELAY_S + 0.5)
    assert "thirteen-long" == mouth.heard_text(DELAY_S + 0.9)
    assert mouth.heard_text(DELAY_S + 1.25) == mouth.heard_text(DELAY_S + 3.0)


def test_the_text_is_what_has_a_sound() -> None:
    """Rule: a part of which the voice made nothing is not part of what was said."""
    mouth = new_mouth()
    say(mouth, 0, "one")
    mouth.expect(1, "two")
    mouth.part_done(1)
    say(mouth, 2, "three")

    assert "one three" == mouth.text


def test_a_broken_part_is_the_words_whose_sound_is_there() -> None:
    """Rule: the voice has failed after two and a half words: two."""
    mouth = new_mouth()
    mouth.expect(0, "one two three four")
    mouth.voiced(0, sound(1.25), words("one two three four"))
    mouth.part_broken(0)
    mouth.part_done(0)

    assert "one two" == mouth.text
    assert "one two" == mouth.unheard_text(0.0)


def test_a_broken_part_without_word_times_is_estimated() -> None:
    """Rule: as many words as the letters' pace fits into the sound."""
    mouth = new_mouth()
    mouth.expect(0, "thirteen-long and the rest of it")
    mouth.voiced(0, sound(1.1), ())
    mouth.part_broken(0)
    mouth.part_done(0)

    assert "thirteen-long" == " ".join(mouth.text.split()[:1])
    assert "rest" not in mouth.text


def test_it_is_finished_when_the_last_sample_was_heard() -> None:
    """Rule: not before it is closed, not before all is sent, not before all is played."""
    mouth = new_mouth()
    say(mouth, 0, "one")
    send(mouth, 1.0)
    assert not mouth.finished(5.0)
    mouth.close()

    assert not mouth.finished(DELAY_S + 0.49)
    assert mouth.finished(DELAY_S + 0.5)


def test_without_any_sound_it_is_finished_when_it_is_closed() -> None:
    """Rule: nothing to wait for."""
    mouth = new_mouth()
    mouth.expect(0, "one")
    mouth.close()

    assert mouth.finished(0.0)
    assert "" == mouth.heard_text(9.0)


# -- reports ------------------------------------------------------------------------------------------------


def reported() -> Mouth:
    """Three words that have all been sent at 0."""
    mouth = new_mouth(lead_s=2.0)
    say(mouth, 0, "one two three")
    mouth.due(0.0)
    mouth.close()
    return mouth


def test_a_report_shifts_the_timeline() -> None:
    """Rule: a client that is 0.3 s late now will be 0.3 s late."""
    mouth = reported()
    mouth.played(0.6 + DELAY_S, 0.3)

    assert mouth.heard_s(0.6 + DELAY_S) == pytest.approx(0.3)
    assert mouth.heard_s(1.0 + DELAY_S) == pytest.approx(0.7)
    mouth.played(1.0 + DELAY_S, 0.7)
    assert not mouth.finished(1.79 + DELAY_S)
    assert mouth.finished(1.8 + DELAY_S)


def test_a_client_that_is_early_is_believed() -> None:
    """Rule: the delay of the policy is a guess; the report is not."""
    mouth = reported()
    mouth.played(0.5, 0.5)

    assert "one" == mouth.heard_text(0.5)
    assert mouth.finished(1.5)


def test_a_client_that_does_not_play_has_heard_nothing() -> None:
    """Rule: a suspended page reports the same position again and again."""
    mouth = reported()
    for step in range(1, 30):
        mouth.played(step / 10, 0.0)

    assert "" == mouth.heard_text(2.9)
    assert mouth.heard_s(2.9) == pytest.approx(0.0)


def test_a_report_before_the_first_sound_says_nothing() -> None:
    """Rule: "nothing played" before anything could be played is no delay."""
    mouth = new_mouth()
    mouth.played(0.0, 0.0)
    say(mouth, 0, "one")
    send(mouth, 3.0, since_s=2.0)
    mouth.played(2.05, 0.0)

    assert mouth.heard_s(2.0 + DELAY_S) == pytest.approx(0.0)
    assert mouth.heard_s(2.0 + DELAY_S + 0.25) == pytest.approx(0.25)


def test_a_report_in_a_gap_says_nothing() -> None:
    """Rule: who has played all there was waits for the voice, and is not late."""
    mouth = new_mouth()
    mouth.expect(0, "one two")
    mouth.voiced(0, sound(0.5), words("one"))
    send(mouth, 0.6)
    mouth.played(3.0, 0.5)
    mouth.voiced(0, sound(0.5), words("two", start_s=0.5))
    mouth.due(5.0)
    mouth.played(5.05, 0.5)

    assert mouth.heard_s(5.0 + DELAY_S + 0.3) == pytest.approx(0.8)


@pytest.mark.parametrize("played_s", [-5.0, 99.0])
def test_a_report_that_cannot_be_is_bounded(played_s: float) -> None:
    """Rule: heard is between nothing and what was sent, whatever a client says."""
    mouth = reported()
    mouth.played(0.6, played_s)

    assert 0.0 <= mouth.heard_s(0.6) <= 1.5
    assert mouth.heard_s(100.0) == pytest.approx(1.5)
    assert mouth.finished(100.0)


def test_it_is_quiet_from_the_last_heard_sound_on() -> None:
    """Rule: that is known once everything has been sent; a mouth that never spoke was always quiet."""
    mouth = new_mouth()
    assert float("-inf") == mouth.quiet_from()
    say(mouth, 0, "one two three four five six")
    assert mouth.quiet_from() is None
    send(mouth, 3.0)
    quiet_from = mouth.quiet_from()

    assert pytest.approx(DELAY_S + 3.0) == quiet_from
    assert not mouth.finished(9.0)


def test_parts_may_be_left_out_of_what_was_not_heard() -> None:
    """Rule: what is not worth being said later."""
    mouth = new_mouth()
    say(mouth, 0, "one two")
    say(mouth, 1, "three four")
    mouth.expect(2, "five")
    send(mouth, 0.7)

    assert "two three four five" == mouth.unheard_text(0.7)
    assert "two five" == mouth.unheard_text(0.7, without={1})
