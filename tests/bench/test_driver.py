"""The driver's clocks, held against an agent that does everything at known times."""

import asyncio
import os

import pytest

from bench.driver import drive
from bench.goals import failures
from bench.report import Plan, Report
from tests.bench.fake_agent import Truth, fake_agent

pytestmark = pytest.mark.slow

# Agent and driver share one event loop and a machine with other work: so much may each moment be off.
_SLACK_S = 0.015
_HELD_UP_S = 0.03
_TRIES = 3


def _measure(truth: Truth, *, calls: int = 4, window_s: float, openings: int = 0) -> Report:
    async def run() -> Report:
        async with fake_agent(truth) as url:
            return await drive(
                Plan(
                    url=url,
                    calls=calls,
                    server_pid=os.getpid(),
                    server_core=0,
                    driver_core=None,
                    solo_s=0.1,
                    ramp_s=1.0,
                    settle_s=0.0,
                    window_s=window_s,
                    openings=openings,
                )
            )

    # The machine may have other work: a run in which the driver itself was held up says nothing about its clocks.
    for _ in range(_TRIES):
        report = asyncio.run(run())
        if (report.driver_lateness.largest or 0.0) < _HELD_UP_S:
            break
    return report


@pytest.fixture(scope="module")
def punctual() -> Report:
    """An agent that answers after 250 ms, stops after 100 ms and says so after 200 ms."""
    return _measure(Truth(), window_s=11.0)


def test_a_reply_is_timed_from_the_last_frame_of_speech(punctual: Report) -> None:
    """The end-of-turn silence is still in it: who wants it out subtracts it."""
    assert pytest.approx(0.25, abs=_SLACK_S) == punctual.reply.p50


def test_an_interruption_is_timed_from_the_first_frame_of_speech(punctual: Report) -> None:
    """To the server's word for it."""
    assert pytest.approx(0.2, abs=_SLACK_S) == punctual.interruption.p50


def test_the_old_reply_is_timed_to_its_last_frame(punctual: Report) -> None:
    """Its frames come every 20 ms, so its end is known to 20 ms."""
    assert pytest.approx(0.09, abs=0.01 + _SLACK_S) == punctual.old_reply.p50


def test_the_set_up_of_a_call_ends_with_its_first_message(punctual: Report) -> None:
    """Connection, upgrade and ``session.created``."""
    assert pytest.approx(0.03, abs=_SLACK_S) == punctual.set_up.p50


def test_audio_at_real_time_is_on_time(punctual: Report) -> None:
    """Lateness about zero, nothing runs dry."""
    assert pytest.approx(0.0, abs=_SLACK_S) == punctual.lateness.p50
    assert 0 == punctual.gaps


def test_a_punctual_agent_holds_its_calls(punctual: Report) -> None:
    """Every question answered, every interruption noticed, nothing else said."""
    assert [] == failures(punctual)
    assert (0, 0, 0, 0) == (
        punctual.early_replies,
        punctual.unasked_replies,
        punctual.false_interruptions,
        punctual.replies_missed,
    )
    assert punctual.replies_expected >= 4
    assert punctual.interruptions_expected >= 2


def test_the_driver_keeps_its_own_schedule(punctual: Report) -> None:
    """Four callers send two hundred frames a second."""
    assert pytest.approx(4 * 50 * punctual.window_s, rel=0.02) == punctual.driver_lateness.count


def test_a_lead_is_negative_lateness() -> None:
    """Sent half a second ahead: the typical frame has half a second to spare."""
    report = _measure(Truth(lead_s=0.5), window_s=4.0)

    assert pytest.approx(-0.5, abs=_SLACK_S) == report.lateness.p50


def test_late_frames_and_gaps_are_found() -> None:
    """Of 100 frames the last five come 100 ms late, after one stall: one gap in each reply that is heard out."""
    late = dict.fromkeys(range(95, 100), 0.1)
    report = _measure(Truth(late_s=late), calls=1, window_s=4.0)

    assert pytest.approx(0.1, abs=_SLACK_S) == report.lateness.p99
    assert 1 == report.gaps
    assert any("lateness" in reason for reason in failures(report))


def test_questions_without_an_answer_are_missed() -> None:
    """Every caller gives up after four seconds and asks again."""
    report = _measure(Truth(ignores_every=1), calls=3, window_s=6.0)

    assert (3, 3) == (report.replies_missed, report.replies_expected)
    assert "replies missed: 3 of 3" in failures(report)


def test_errors_and_audio_after_an_interruption_are_counted() -> None:
    """One error with each of two replies, and two frames after the interruption of the second."""
    report = _measure(Truth(stray_frames=2, complains=True), calls=1, window_s=10.0)

    assert {"error message made_up": 2} == report.errors
    assert 2 == report.stray_frames
    assert {"error message made_up: 2", "audio frames after an interruption: 2"} <= set(failures(report))


def test_an_opening_that_holds_others_up_is_felt() -> None:
    """Each opening stalls all audio for 200 ms; in between it is on time."""
    report = _measure(Truth(opening_stall_s=0.2), calls=6, window_s=1.5, openings=5)

    assert pytest.approx(0.2, abs=0.06) == report.lateness_at_openings.p99
    assert report.disturbance_s is not None
    assert report.disturbance_s > 0.1


def test_a_server_that_is_not_there_is_said_so() -> None:
    """Without its first call the driver gives up, with the reason."""
    plan = Plan(
        url="ws://127.0.0.1:9/",
        calls=1,
        server_pid=os.getpid(),
        server_core=0,
        driver_core=None,
        solo_s=0.0,
        ramp_s=0.0,
        settle_s=0.0,
        window_s=0.1,
    )

    with pytest.raises(SystemExit, match="could not be opened"):
        asyncio.run(drive(plan))
