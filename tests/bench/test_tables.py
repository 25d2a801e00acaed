"""Reports as Markdown."""

from bench.density import DensityResult
from bench.goals import Verdict
from bench.tables import table, verdicts_table
from bench.turns import TurnsResult
from tests.bench.made_report import GOOD, but


def test_a_table_has_a_head_a_rule_and_its_rows() -> None:
    """Text to the left, figures to the right."""
    assert "| a | b |\n| --- | ---: |\n| x | 1 |\n" == table(["a", "b"], [["x", "1"]])


def test_a_goal_that_is_not_met_stands_out() -> None:
    """A reader finds it at once."""
    found = verdicts_table([Verdict("memory", "at most 1 MB", "2 MB", met=False)])

    assert "| memory | at most 1 MB | 2 MB | **fail** |" in found


def test_turns_shows_medians_ratios_goals_and_every_trial() -> None:
    """Two rounds of the unit and of the server, whose cost is twice the unit's in the middle."""
    units = [but(server_cpu_s=1.25), but(server_cpu_s=1.25)]
    systems = [but(server_cpu_s=2.25), but(server_cpu_s=2.75)]
    trials = [("1: bare uvicorn", units[0]), ("1: Vivavoce", systems[0])]
    found = TurnsResult(50, 10.0, {"bare": units, "vivavoce": systems}, trials).markdown()

    assert "| server CPU, ms per call-second | 2.50 | 5.00 |" in found
    assert "| reply less end-of-turn silence p50, ms | – | 50 |" in found
    assert "- Vivavoce: 2.00 bare uvicorn sockets" in found
    assert "| 1: Vivavoce | 50 | 4.50 |" in found


def test_turns_says_that_a_counted_trial_is_in_doubt() -> None:
    """A median of disturbed trials must not look like one of quiet ones."""
    disturbed = but(others_share=0.5)
    found = TurnsResult(50, 10.0, {"bare": [GOOD], "vivavoce": [disturbed]}, []).markdown()

    assert "1 of 2 trials that count are in doubt" in found


def test_density_names_the_most_calls_that_were_held() -> None:
    """Not the most that were tried."""
    reports = [but(calls=90), but(calls=120), but(calls=150, gaps=4)]
    found = DensityResult("Vivavoce", 120, reports).markdown()

    assert "Most calls held in real time: **120** (goal: at least 120: pass)." in found


def test_density_does_not_blame_the_server_for_a_busy_machine() -> None:
    """Failures while others had the core are told from failures of the server."""
    found = DensityResult("Vivavoce", 120, [but(calls=90), but(calls=120, gaps=4, others_share=0.6)]).markdown()

    assert "Every failure beyond that is in doubt" in found
