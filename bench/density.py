"""The ``density`` benchmark: how many calls one core holds in real time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.goals import doubts, failures
from bench.report import Report
from bench.tables import density_table
from bench.trial import System, run_trial

__all__ = ["DensityResult", "next_calls", "run_density"]

# A number of calls is given up when it fails twice: a shared host may have been slow the first time.
_FAILURES = 2
# A failure in doubt is no failure of the server, but there must be an end.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class DensityResult:
    """Every number of calls that was tried."""

    title: str
    goal_calls: int
    # In the order in which they were tried.
    reports: list[Report] = field(default_factory=list)

    @property
    def most_calls(self) -> int:
        """The largest number of calls that was held; 0 where none was."""
        return max((report.calls for report in self.reports if not failures(report)), default=0)

    def markdown(self) -> str:
        """The whole result for a reader."""
        verdict = "pass" if self.most_calls >= self.goal_calls else "**fail**"
        parts = [
            f"## Density: {self.title} on one core\n",
            density_table(self.reports),
            f"Most calls held in real time: **{self.most_calls}** (goal: at least {self.goal_calls}: {verdict}).\n",
        ]
        beyond = [report for report in self.reports if report.calls > self.most_calls]
        if beyond and all(doubts(report) for report in beyond):
            parts.append(
                "Every failure beyond that is in doubt: the machine had other work. Repeat it on a quiet one.\n"
            )
        return "\n".join(parts)


def next_calls(held: Mapping[int, bool], *, first: int, step: int, finest: int, most: int) -> int | None:
    """
    The number of calls to try next.

    Upwards (or downwards) by ``step`` until one number is held and one is not, then by halves.

    Args:
        held: What is known: numbers of calls, and whether they were held.
        first: Where to begin.
        step: The first stride.
        finest: The result need not be known more precisely than this.
        most: Never try more.

    Returns:
        None when nothing more is to be learned.
    """
    good = max((calls for calls, fine in held.items() if fine), default=0)
    bad = min((calls for calls, fine in held.items() if not fine and calls > good), default=None)
    if not held:
        return min(first, most)
    if bad is None:
        return min(good + step, most) if good < most else None
    if not good:
        return bad - step if bad > step else None
    if bad - good <= finest:
        return None
    # Rounded to the grain, so that the figure reads well.
    return good + max(finest, (bad - good) // 2 // finest * finest)


def run_density(
    system: System, *, first: int, step: int, finest: int, most: int, window_s: float, goal_calls: int
) -> DensityResult:
    """Find the most calls that a system holds on one core."""
    result = DensityResult(system.title, goal_calls)
    held: dict[int, bool] = {}
    while (calls := next_calls(held, first=first, step=step, finest=finest, most=most)) is not None:
        failed = 0
        for _ in range(_TRIES):
            report = run_trial(system, calls, window_s=window_s)
            result.reports.append(report)
            unmet, doubted = failures(report), doubts(report)
            held[calls] = not unmet
            failed += not doubted
            print(f"{system.title}, {calls} calls: {unmet or 'held'}; {doubted or 'fine'}", flush=True)
            if held[calls] or failed == _FAILURES:
                break
    return result
