"""Pure: what is demanded of the server, and whether a report meets it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.figures import median_of
from bench.record import CUSHION_S
from bench.report import Report

__all__ = ["END_OF_TURN_S", "Verdict", "cost_ratios", "doubts", "failures", "less_silence", "turns_verdicts"]

# The silence after which the agent takes its turn: the user's choice, hence no latency of the server.
END_OF_TURN_S = 0.2

_MOST_MISSED_SHARE = 0.02
_MOST_COST_RATIO = 2.0
_MOST_REPLY_P50_S = 0.06
_MOST_REPLY_P95_S = 0.09
_MOST_INTERRUPTION_S = 0.245
_MOST_MEMORY_BYTES = 1_000_000
_MOST_DISTURBANCE_S = 0.01
# A server kept off its core handles frames in batches and looks cheaper than it is.
_MOST_OTHERS_SHARE = 0.13
# Beyond these the driver measures itself.
_MOST_DRIVER_LATENESS_S = 0.01
_MOST_DRIVER_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Verdict:
    """One goal, what was found, and whether that meets it."""

    goal: str
    limit: str
    found: str
    met: bool


def less_silence(reply_s: float | None) -> float | None:
    """What of the time to a reply is the server's; None where there was no reply."""
    return None if reply_s is None else reply_s - END_OF_TURN_S


def doubts(report: Report) -> list[str]:
    """Why a report should not be trusted; empty where it can be."""
    found = []
    if report.others_share > _MOST_OTHERS_SHARE:
        found.append(f"others took {report.others_share:.0%} of the server's core")
    late_s = report.driver_lateness.p99
    if late_s is None or late_s > _MOST_DRIVER_LATENESS_S:
        found.append(
            "the driver did not send" if late_s is None else f"the driver itself was {late_s * 1000:.0f} ms late"
        )
    if report.driver_share > _MOST_DRIVER_SHARE:
        found.append(f"the driver took {report.driver_share:.0%} of its core")
    return found


def failures(report: Report) -> list[str]:
    """Why a report does not show calls held in real time; empty where it does."""
    found = [f"{name}: {count}" for name, count in report.errors.items()]
    late_s = report.lateness.p99
    if late_s is None:
        found.append("no agent audio")
    elif late_s >= CUSHION_S:
        found.append(f"p99 lateness {late_s * 1000:.0f} ms")
    if report.gaps:
        found.append(f"gaps: {report.gaps}")
    for name, missed, expected in (
        ("replies", report.replies_missed, report.replies_expected),
        ("interruptions", report.interruptions_missed, report.interruptions_expected),
    ):
        if missed > expected * _MOST_MISSED_SHARE:
            found.append(f"{name} missed: {missed} of {expected}")
    if report.stray_frames:
        found.append(f"audio frames after an interruption: {report.stray_frames}")
    return found


def turns_verdicts(units: Sequence[Report], systems: Sequence[Report]) -> list[Verdict]:
    """
    Hold a server against the goals of the ``turns`` workload.

    Args:
        units: The bare socket, one report a round.
        systems: The server, one report a round, in the same order.
    """
    ratio = median_of(cost_ratios(units, systems))
    reply_p50 = less_silence(median_of([report.reply.p50 for report in systems]))
    reply_p95 = less_silence(median_of([report.reply.p95 for report in systems]))
    unheld = [reason for report in systems for reason in failures(report)]
    return [
        _at_most(
            "server CPU per call-second, as a multiple of the bare uvicorn socket", ratio, _MOST_COST_RATIO, 1, ""
        ),
        _at_most("reply less the end-of-turn silence, p50", reply_p50, _MOST_REPLY_P50_S, 1000, " ms"),
        _at_most("reply less the end-of-turn silence, p95", reply_p95, _MOST_REPLY_P95_S, 1000, " ms"),
        _at_most(
            "interruption after the onset of speech, p50",
            median_of([report.interruption.p50 for report in systems]),
            _MOST_INTERRUPTION_S,
            1000,
            " ms",
        ),
        _at_most(
            "memory of a call",
            median_of([report.memory_per_call_bytes for report in systems]),
            _MOST_MEMORY_BYTES,
            1e-6,
            " MB",
        ),
        _at_most(
            "p99 lateness added to others while a call opens",
            median_of([report.disturbance_s for report in systems]),
            _MOST_DISTURBANCE_S,
            1000,
            " ms",
        ),
        Verdict("calls held in real time", "every round", "; ".join(unheld) or "every round", not unheld),
    ]


def cost_ratios(units: Sequence[Report], systems: Sequence[Report]) -> list[float]:
    """
    The cost of a call-second in units, round by round: neighbours in time met the same host.

    Rounds in doubt are left out, unless there are no others.
    """
    rounds = list(zip(units, systems, strict=True))
    trusted = [pair for pair in rounds if not doubts(pair[0]) and not doubts(pair[1])]
    return [system.cpu_ms_per_call_s / unit.cpu_ms_per_call_s for unit, system in trusted or rounds]


def _at_most(goal: str, value: float | None, limit: float, scale: float, unit: str) -> Verdict:
    """A verdict on a figure that should be small; without a figure the goal is not met."""
    met = value is not None and value <= limit
    found = "nothing measured" if value is None else f"{value * scale:.3g}{unit}"
    return Verdict(goal, f"at most {limit * scale:.3g}{unit}", found, met)
