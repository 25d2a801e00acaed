"""The ``turns`` benchmark: what a conversation costs beside a bare socket, and how fast it answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.figures import median_of
from bench.goals import cost_ratios, doubts, turns_verdicts
from bench.report import Report
from bench.tables import trials_table, turns_table, verdicts_table
from bench.trial import SYSTEMS, run_trial

__all__ = ["TurnsResult", "least_doubtful", "run_turns"]

# The unit, and the system that is held against the goals.
_UNIT = "bare"
_MEASURED = "vivavoce"
# The first call alone, for one turn with its answer: what a call needs by itself is then in memory.
_SOLO_S = 5.0
# Calls opened one a second after each window, to see whom that disturbs.
_OPENINGS = 6


@dataclass(frozen=True, slots=True)
class TurnsResult:
    """Every trial of one benchmark."""

    calls: int
    window_s: float
    # Trials to rely on, by system, one a round.
    rounds: dict[str, list[Report]] = field(default_factory=dict)
    # Title and report of every trial in order, those that were dropped included.
    trials: list[tuple[str, Report]] = field(default_factory=list)

    def markdown(self) -> str:
        """The whole result for a reader."""
        units = self.rounds.get(_UNIT, [])
        ratios = [
            f"- {SYSTEMS[name].title}: {median_of(cost_ratios(units, reports)):.2f} bare uvicorn sockets\n"
            for name, reports in self.rounds.items()
            if name != _UNIT and len(reports) == len(units)
        ]
        parts = [
            f"## Turns: {self.calls} calls, {self.window_s:.0f} s, median of the rounds\n",
            turns_table(
                {SYSTEMS[name].title: reports for name, reports in self.rounds.items()},
                silent=[system.title for system in SYSTEMS.values() if not system.converses],
            ),
        ]
        counted = [report for reports in self.rounds.values() for report in reports]
        if doubtful := sum(bool(doubts(report)) for report in counted):
            parts.append(f"{doubtful} of {len(counted)} trials that count are in doubt; the last table says why.\n")
        if ratios:
            parts.append("### Server CPU of one call, median of the ratios of each round\n")
            parts.append("".join(ratios))
        if units and _MEASURED in self.rounds:
            parts.append("### Goals\n")
            parts.append(verdicts_table(turns_verdicts(units, self.rounds[_MEASURED])))
        parts.append("### Every trial in order\n")
        parts.append(trials_table(self.trials))
        return "\n".join(parts)


def run_turns(names: Sequence[str], *, calls: int, window_s: float, rounds: int, retries: int) -> TurnsResult:
    """
    Measure the systems in turn, round after round, so that neighbours in time meet the same host.

    Args:
        names: Keys of ``SYSTEMS``.
        calls: Calls at the same time.
        window_s: Measured seconds of each trial.
        rounds: How often each system has its turn.
        retries: How often a trial that is in doubt is repeated at once; one try counts in any case.
    """
    result = TurnsResult(calls, window_s)
    for number in range(rounds):
        for name in names:
            system, tries = SYSTEMS[name], list[Report]()
            while len(tries) <= retries and all(doubts(report) for report in tries):
                report = run_trial(
                    system,
                    calls,
                    window_s=window_s,
                    solo_s=_SOLO_S if system.converses else 0.0,
                    openings=_OPENINGS if system.converses else 0,
                )
                tries.append(report)
                result.trials.append((f"{number + 1}: {system.title}", report))
                doubted = "; ".join(doubts(report)) or "fine"
                print(f"{system.title}: {report.cpu_ms_per_call_s:.2f} ms per call-second; {doubted}", flush=True)
            result.rounds.setdefault(name, []).append(least_doubtful(tries))
    return result


def least_doubtful(tries: Sequence[Report]) -> Report:
    """The try without a doubt; where there is none, the one whose core others took least."""
    return min(tries, key=lambda report: (bool(doubts(report)), report.others_share))
