"""What a client does with the sound of one reply, as far as it can be known."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.talk.playout import Playout

HZ = 1000
DELAY_S = 0.1
INFINITY = float("inf")
PROFILE = settings(max_examples=300)

# One thing after the other: the pause before it in seconds, what it is, and a number of samples.
STEPS = st.lists(
    st.tuples(
        st.sampled_from((0.0, 0.02, 0.1, 0.25, 0.6, 1.1, 7.0, 31.5)),
        st.sampled_from(("send", "send", "send", "plays", "plays", "stands", "hold", "lose", "resume")),
        st.integers(0, 1500),
    ),
    max_size=30,
)


def sent(samples: int = 1000, *, reports: bool = False) -> Playout:
    """A reply of which so much was sent at 0."""
    playout = Playout(HZ, DELAY_S, reports=reports)
    playout.send(0.0, samples)
    return playout


def do(playout: Playout, at: float, kind: str, number: int) -> None:
    """One thing happens."""
    match kind:
        case "send":
            playout.send(at, number)
        case "plays":
            playout.report(at, number / HZ, plays=True)
        case "stands":
            playout.report(at, number / HZ, plays=False)
        case "hold":
            playout.pause(at, plays_out=False)
        case "lose":
            playout.pause(at, plays_out=True)
        case "resume":
            playout.resume(at)


# -- whatever happens ---------------------------------------------------------------------------------------


@PROFILE
@given(steps=STEPS, reports=st.booleans())
def test_heard_is_between_nothing_and_what_was_sent(steps: list[tuple[float, str, int]], reports: bool) -> None:
    """Rule: whatever a client says, and whatever time it is."""
    playout, now = Playout(HZ, DELAY_S, reports=reports), 0.0
    for pause_s, kind, number in steps:
        now += pause_s
        do(playout, now, kind, number)
        for moment in (now, now + 0.05, now + 1.5, now + 40.0):
            assert 0 <= playout.heard_samples(moment) <= playout.sent_samples


@PROFILE
@given(steps=STEPS, reports=st.booleans())
def test_only_a_report_takes_back_what_was_heard(steps: list[tuple[float, str, int]], reports: bool) -> None:
    """Rule: with time, and with all else that happens, what was heard only grows; a report says how much it is."""
    playout, now = Playout(HZ, DELAY_S, reports=reports), 0.0
    for pause_s, kind, number in steps:
        before = playout.heard_samples(now)
        for step in range(1, 11):
            after = playout.heard_samples(now + pause_s * step / 10)

            assert after >= before - 1e-6

            before = after
        now += pause_s
        do(playout, now, kind, number)
        # Half a sample is rounded away where it goes on.
        floor = min(before, number) if kind in ("plays", "stands") else before
        assert playout.heard_samples(now) >= floor - 0.51


@PROFILE
@given(steps=STEPS, reports=st.booleans(), share=st.floats(0.0, 1.0))
def test_when_a_sample_is_heard_is_how_many_are_heard_then(
    steps: list[tuple[float, str, int]], reports: bool, share: float
) -> None:
    """Rule: ``heard_at`` is the inverse of ``heard_samples``: by then it is heard, and not before."""
    playout, now = sent(reports=reports), 0.0
    for pause_s, kind, number in steps:
        now += pause_s
        do(playout, now, kind, number)
    sample = round(share * playout.sent_samples)
    moment = playout.heard_at(sample)
    if moment == INFINITY:
        assert playout.heard_samples(now + 1e6) < sample
    else:
        assert playout.heard_samples(max(moment, now) + 1e-6) >= sample - 1e-3
        assert sample <= playout.heard_samples(now) or playout.heard_samples(moment - 0.002) < sample


@PROFILE
@given(steps=STEPS, reports=st.booleans(), lead_s=st.sampled_from((0.1, 0.2, 1.0)))
def test_there_is_room_when_so_much_is_heard(steps: list[tuple[float, str, int]], reports: bool, lead_s: float) -> None:
    """Rule: what is sent at ``room_at`` never makes more than the lead unheard, but for what is on its way."""
    playout, now = Playout(HZ, DELAY_S, reports=reports), 0.0
    for pause_s, kind, number in steps:
        now += pause_s
        do(playout, now, kind, number)
        room_at = playout.room_at(lead_s)
        if room_at < INFINITY:
            unheard = playout.sent_samples - playout.heard_samples(max(room_at, now) + DELAY_S + 1e-6)

            assert unheard <= lead_s * HZ + 1e-2


# -- a client that tells nothing ----------------------------------------------------------------------------


def test_what_was_sent_is_heard_after_its_delay() -> None:
    """Rule: in real time, and no further than to its end."""
    playout = sent()

    assert [0, 0, 500, 1000, 1000] == [round(playout.heard_samples(at)) for at in (0.0, 0.1, 0.6, 1.1, 99.0)]
    assert 1.1 == pytest.approx(playout.heard_at(1000))


def test_frames_that_come_in_time_join() -> None:
    """Rule: sound that arrives before the sound ahead of it has ended is played right behind it."""
    playout = sent()

    assert 1.1 == pytest.approx(playout.send(0.9, 500))
    assert 1.35 == pytest.approx(playout.heard_at(1250))


def test_frames_that_come_too_late_leave_a_gap() -> None:
    """Rule: they are played when they arrive; within the gap nothing is heard."""
    playout = sent()

    assert 2.1 == pytest.approx(playout.send(2.0, 500))
    assert [1000, 1000, 1200] == [round(playout.heard_samples(at)) for at in (1.5, 2.1, 2.3)]


def test_nothing_was_begun_before_something_was_sent() -> None:
    """Rule: there is room at once, and no report means anything yet."""
    playout = Playout(HZ, DELAY_S)
    playout.report(0.0, 0.5, plays=True)

    assert not playout.begun
    assert float("-inf") == playout.room_at(1.0)
    assert 0 == playout.heard_samples(9.0)
    assert sent().begun


# -- a client that reports ----------------------------------------------------------------------------------


@pytest.mark.parametrize("late_s", [-0.08, 0.0, 0.3, 2.0])
def test_a_report_says_how_late_a_client_is(late_s: float) -> None:
    """Rule: as late, or as early, as its last report says, so is it with all that follows."""
    playout = sent(1000)
    playout.report(0.6 + late_s, 0.5, plays=True)

    assert 500 == pytest.approx(playout.heard_samples(0.6 + late_s))
    assert 700 == pytest.approx(playout.heard_samples(0.8 + late_s))
    assert 1.1 + late_s == pytest.approx(playout.heard_at(1000))


def test_a_late_client_gets_its_sound_later() -> None:
    """Rule: the lead is kept: one that is half a second late has room half a second later."""
    on_time, late = sent(1000), sent(1000)
    late.report(0.8, 0.2, plays=True)

    assert 0.5 == pytest.approx(late.room_at(0.5) - on_time.room_at(0.5))


def test_a_client_that_is_known_to_report_begins_when_it_says_so() -> None:
    """Rule: until then nothing is heard, however long it takes; but not for ever."""
    playout = sent(reports=True)

    assert 0 == playout.heard_samples(20.0)
    assert 0.1 + 30.0 == pytest.approx(playout.heard_at(500))

    playout.report(2.0, 0.0, plays=True)

    assert 300 == pytest.approx(playout.heard_samples(2.3))
    assert 2.5 == pytest.approx(playout.heard_at(500))


def test_after_a_gap_it_begins_when_it_says_so() -> None:
    """Rule: the same for what comes after all has been played."""
    playout = sent(reports=True)
    playout.report(0.1, 0.0, plays=True)
    playout.report(1.1, 1.0, plays=False)
    playout.send(3.0, 500)

    assert 1000 == playout.heard_samples(3.9)

    playout.report(3.4, 1.0, plays=True)

    assert 1200 == pytest.approx(playout.heard_samples(3.6))


def test_a_client_that_falls_silent_stands() -> None:
    """Rule: a second after its last report it is taken to have stopped, until it reports again."""
    playout = sent(5000)
    playout.report(0.5, 0.4, plays=True)

    assert 1300 == pytest.approx(playout.heard_samples(1.4))
    assert 1400 == pytest.approx(playout.heard_samples(1.6))
    assert 1400 == pytest.approx(playout.heard_samples(31.4))

    playout.report(20.0, 1.1, plays=True)
    assert 1600 == pytest.approx(playout.heard_samples(20.5))


def test_a_client_that_stands_is_believed_to_have_played_after_half_a_minute() -> None:
    """Rule: a broken client must not silence a call for ever."""
    playout = sent(5000)
    playout.report(0.5, 0.4, plays=False)

    assert 400 == pytest.approx(playout.heard_samples(31.4))
    assert 5000 == pytest.approx(playout.heard_samples(31.6))
    assert 31.5 == pytest.approx(playout.heard_at(2000))


def test_what_is_sent_to_a_broken_client_takes_nothing_back() -> None:
    """Rule: what it was believed to have played, it has played; only what is new waits for its word."""
    playout = sent(1000)
    playout.report(0.5, 0.4, plays=False)
    playout.send(40.0, 500)

    assert 1000 == playout.heard_samples(40.2)


def test_a_client_that_says_that_it_stands_is_believed_at_once() -> None:
    """Rule: an underrun: it goes on when it says so, from where it says."""
    playout = sent(5000)
    playout.report(1.0, 0.9, plays=True)
    playout.report(1.2, 1.05, plays=False)

    assert 1050 == pytest.approx(playout.heard_samples(2.0))

    playout.report(2.0, 1.05, plays=True)
    assert 1350 == pytest.approx(playout.heard_samples(2.3))


def test_a_report_of_the_end_ends_it() -> None:
    """Rule: who has played all is no later than now, and has nothing to stand for."""
    playout = sent(1000)
    playout.report(0.9, 1.0, plays=False)

    assert 1000 == playout.heard_samples(0.9)
    assert 0.9 == pytest.approx(playout.heard_at(1000))


@pytest.mark.parametrize("samples", range(1, 400, 7))
def test_a_report_of_whole_samples_says_no_more_than_that(samples: int) -> None:
    """Rule: seconds that are no round numbers must not make a client the sample ahead that begins the next stretch."""
    playout = Playout(24_000, DELAY_S)
    playout.send(0.0, samples)
    playout.send(5.0, 2400)
    playout.report(5.02, samples / 24_000, plays=True)

    assert samples == round(playout.heard_samples(5.09))


# -- told to stand ------------------------------------------------------------------------------------------


@PROFILE
@given(
    held_at=st.floats(0.0, 3.0),
    held_s=st.floats(0.0, 60.0),
    times=st.integers(1, 4),
    reports=st.booleans(),
)
def test_holding_and_going_on_loses_and_repeats_nothing(
    held_at: float, held_s: float, times: int, reports: bool
) -> None:
    """Rule: it stands to the sample, for as long as it is told, and goes on from there."""
    playout, now, whole = sent(3000), 0.1, 0.0
    for _ in range(times):
        now += held_at
        if reports:
            playout.report(now, playout.heard_samples(now) / HZ, plays=True)
        playout.pause(now, plays_out=False)
        whole = playout.heard_samples(now)

        assert whole == playout.heard_samples(now + held_s)
        assert INFINITY == playout.room_at(0.2)

        now += held_s
        playout.resume(now)

        assert playout.heard_samples(now) == pytest.approx(whole, abs=0.5)
    # One that reports says when it goes on; the other does so when it has been told to.
    if reports:
        assert playout.heard_samples(now + 0.5) == pytest.approx(whole, abs=0.5)

        playout.report(now, round(whole) / HZ, plays=True)
    delay_s = 0.0 if reports else DELAY_S
    assert playout.heard_samples(now + delay_s + 0.2) == pytest.approx(min(whole + 200, 3000), abs=1)


def test_a_held_client_that_reports_stands_where_it_says() -> None:
    """Rule: the hold reached it a little later than it was given."""
    playout = sent(3000)
    playout.pause(1.1, plays_out=False)
    playout.report(1.3, 1.15, plays=False)

    assert 1150 == playout.heard_samples(1.3)
    assert 1150 == playout.heard_samples(50.0)

    playout.resume(50.0)
    assert 1150 == pytest.approx(playout.heard_samples(50.0))


def test_a_client_that_cannot_hold_goes_on_and_says_so() -> None:
    """Rule: it is heard a little further, as it reports."""
    playout = sent(3000)
    playout.pause(1.1, plays_out=False)
    for step in range(1, 4):
        playout.report(1.1 + step / 4, 1.0 + step / 4, plays=True)

        assert 1000 + step * 250 == playout.heard_samples(1.1 + step / 4)


def test_a_lost_client_plays_out_what_it_has() -> None:
    """Rule: its sound goes on without its socket, and nothing more is sent."""
    playout = sent(800)
    playout.pause(0.5, plays_out=True)

    assert 800 == playout.heard_samples(0.9)
    assert INFINITY == playout.room_at(1.0)


def test_a_lost_client_that_reported_is_believed_for_a_second() -> None:
    """Rule: how much it had is not known; when it is back, it says."""
    playout = sent(5000)
    playout.report(0.4, 0.3, plays=True)
    playout.pause(0.5, plays_out=True)

    assert 1300 == pytest.approx(playout.heard_samples(60.0))
    assert INFINITY == playout.heard_at(2000)

    playout.resume(60.0)
    playout.report(60.1, 0.7, plays=True)
    assert 900 == pytest.approx(playout.heard_samples(60.3))


def test_what_waits_from_the_start_begins_with_its_end() -> None:
    """Rule: a reply that begins while the output is suspended is sent when it runs."""
    playout = Playout(HZ, DELAY_S, reports=True)
    playout.pause(0.0, plays_out=False)

    assert INFINITY == playout.room_at(1.0)

    playout.resume(30.0)
    assert 30.1 == pytest.approx(playout.send(30.0, 500))
    playout.report(30.1, 0.0, plays=True)
    assert 200 == pytest.approx(playout.heard_samples(30.3))
