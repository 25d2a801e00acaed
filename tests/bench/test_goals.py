"""What is demanded, and whether a report meets it."""

import pytest

from bench.figures import Spread
from bench.goals import cost_ratios, doubts, failures, turns_verdicts
from tests.bench.made_report import GOOD, but, same


def test_cost_is_processor_time_for_one_second_of_one_call() -> None:
    """2.5 s for 500 call-seconds are 5 ms."""
    assert 5.0 == GOOD.cpu_ms_per_call_s


def test_memory_of_a_call_is_growth_shared_by_the_calls_after_the_first() -> None:
    """24.5 MB for 49 calls."""
    assert 500_000 == GOOD.memory_per_call_bytes


def test_a_single_call_says_nothing_about_memory() -> None:
    """There is no call after the first."""
    assert but(calls=1).memory_per_call_bytes is None


def test_good_reports_are_held_and_not_doubted() -> None:
    """Nothing to complain about on either side."""
    assert ([], []) == (failures(GOOD), doubts(GOOD))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"lateness": same(0.04)}, "p99 lateness 40 ms"),
        ({"lateness": same(None, 0)}, "no agent audio"),
        ({"gaps": 1}, "gaps: 1"),
        ({"errors": {"call not opened": 2}}, "call not opened: 2"),
        ({"replies_missed": 3}, "replies missed: 3 of 100"),
        ({"interruptions_missed": 2}, "interruptions missed: 2 of 50"),
        ({"stray_frames": 1}, "audio frames after an interruption: 1"),
    ],
)
def test_real_time_is_not_held_when_anything_goes_wrong(changes: dict[str, object], reason: str) -> None:
    """Late audio, gaps, errors, or more than 2 % of the replies missed."""
    assert [reason] == failures(but(**changes))


def test_two_replies_missed_in_a_hundred_are_tolerated() -> None:
    """The goal says at most 2 %."""
    assert [] == failures(but(replies_missed=2))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"others_share": 0.14}, "others took 14% of the server's core"),
        ({"driver_lateness": same(0.02)}, "the driver itself was 20 ms late"),
        ({"driver_lateness": same(None, 0)}, "the driver did not send"),
        ({"driver_share": 0.95}, "the driver took 95% of its core"),
    ],
)
def test_a_disturbed_run_is_doubted(changes: dict[str, object], reason: str) -> None:
    """A server kept off its core looks cheaper, and a late driver makes it look later than it is."""
    assert [reason] == doubts(but(**changes))


def test_costs_are_compared_round_by_round() -> None:
    """A host that slows down by half between the rounds changes no ratio."""
    units = [but(server_cpu_s=1.25), but(server_cpu_s=2.5)]
    systems = [but(server_cpu_s=2.5), but(server_cpu_s=5.0)]

    assert [2.0, 2.0] == cost_ratios(units, systems)


def test_a_round_in_doubt_counts_only_where_there_is_no_other() -> None:
    """A unit that shared its core looks cheap and would make the server look dear."""
    fine, disturbed = but(server_cpu_s=1.25), but(server_cpu_s=0.5, others_share=0.7)

    assert [2.0] == cost_ratios([fine, disturbed], [GOOD, GOOD])
    assert [5.0] == cost_ratios([disturbed], [GOOD])


def test_a_good_server_meets_every_goal() -> None:
    """Cost, latency, memory, disturbance, real time."""
    verdicts = turns_verdicts([but(server_cpu_s=1.5)], [GOOD])

    assert [True] * 7 == [verdict.met for verdict in verdicts]


@pytest.mark.parametrize(
    ("changes", "goal"),
    [
        ({"server_cpu_s": 3.1}, "server CPU"),
        ({"reply": Spread(100, 0.261, 0.28, 0.3, 0.3)}, "reply less the end-of-turn silence, p50"),
        ({"reply": Spread(100, 0.25, 0.291, 0.3, 0.3)}, "reply less the end-of-turn silence, p95"),
        ({"reply": same(None, 0)}, "reply less the end-of-turn silence, p50"),
        ({"interruption": same(0.246)}, "interruption after the onset"),
        ({"all_rss_bytes": 150_000_000}, "memory of a call"),
        ({"lateness_at_openings": same(-0.189)}, "p99 lateness added"),
        ({"gaps": 3}, "calls held"),
    ],
)
def test_a_server_beyond_a_limit_fails_that_goal(changes: dict[str, object], goal: str) -> None:
    """Each goal on its own; what was not measured is not met."""
    missed = [verdict.goal for verdict in turns_verdicts([but(server_cpu_s=1.5)], [but(**changes)]) if not verdict.met]

    assert missed
    assert missed[0].startswith(goal)
