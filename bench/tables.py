"""Pure: reports as Markdown."""

from collections.abc import Callable, Mapping, Sequence

from bench.figures import median_of
from bench.goals import Verdict, doubts, failures, less_silence
from bench.report import Report

__all__ = ["density_table", "table", "trials_table", "turns_table", "verdicts_table"]

_Figure = Callable[[Report], float | None]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are figures and stand to the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, rule, *rows))


def _show(value: float | None, *, scale: float = 1.0, digits: int = 1) -> str:
    return "–" if value is None else f"{value * scale:.{digits}f}"


# Name of a row, figure of one report, factor to the unit in the name, digits.
_TURNS_ROWS: tuple[tuple[str, _Figure, float, int], ...] = (
    ("server CPU, ms per call-second", lambda r: r.cpu_ms_per_call_s, 1, 2),
    ("server CPU, % of its core", lambda r: r.server_cpu_s / r.window_s, 100, 0),
    ("agent audio, s per call-second", lambda r: r.agent_audio_s / r.call_s, 1, 2),
    ("agent frames per call-second", lambda r: r.agent_frames / r.call_s, 1, 1),
    ("lateness of agent audio p50, ms", lambda r: r.lateness.p50, 1000, 1),
    ("lateness of agent audio p99, ms", lambda r: r.lateness.p99, 1000, 1),
    ("gaps", lambda r: r.gaps, 1, 0),
    ("reply less end-of-turn silence p50, ms", lambda r: less_silence(r.reply.p50), 1000, 0),
    ("reply less end-of-turn silence p95, ms", lambda r: less_silence(r.reply.p95), 1000, 0),
    ("replies", lambda r: r.replies_expected, 1, 0),
    ("replies missed", lambda r: r.replies_missed, 1, 0),
    ("interruption p50, ms", lambda r: r.interruption.p50, 1000, 0),
    ("interruption p95, ms", lambda r: r.interruption.p95, 1000, 0),
    ("last frame of the old reply p95, ms", lambda r: r.old_reply.p95, 1000, 0),
    ("interruptions missed", lambda r: r.interruptions_missed, 1, 0),
    ("replies that nobody waited for", lambda r: r.early_replies + r.unasked_replies, 1, 0),
    ("interruptions by nobody", lambda r: r.false_interruptions, 1, 0),
    ("set-up of the first call, ms", lambda r: r.first_set_up_s, 1000, 1),
    ("set-up of the other calls p50, ms", lambda r: r.set_up.p50, 1000, 1),
    ("set-up of the other calls p99, ms", lambda r: r.set_up.p99, 1000, 1),
    ("p99 lateness of others at openings, ms", lambda r: r.lateness_at_openings.p99, 1000, 1),
    ("p99 lateness of others in between, ms", lambda r: r.lateness_between_openings.p99, 1000, 1),
    ("reply p95 of others at openings, ms", lambda r: less_silence(r.reply_at_openings.p95), 1000, 0),
    ("reply p95 of others in between, ms", lambda r: less_silence(r.reply_between_openings.p95), 1000, 0),
    ("process with one call, MB", lambda r: r.first_rss_bytes, 1e-6, 0),
    ("memory of each further call, MB", lambda r: r.memory_per_call_bytes, 1e-6, 2),
)
# What a bare socket has no answer to.
_CONVERSATION = ("repl", "interruption", "last frame", "p99 lateness of others", "process", "memory")


def turns_table(columns: Mapping[str, Sequence[Report]], *, silent: Sequence[str] = ()) -> str:
    """
    Systems side by side, each figure the median of its rounds.

    Args:
        columns: Title of each system and its reports.
        silent: Titles of those that do not converse.
    """
    rows = []
    for name, figure, scale, digits in _TURNS_ROWS:
        row = [name]
        for title, reports in columns.items():
            said = not (title in silent and name.startswith(_CONVERSATION))
            row.append(
                _show(median_of([figure(report) for report in reports]) if said else None, scale=scale, digits=digits)
            )
        rows.append(row)
    return table(["", *columns], rows)


def verdicts_table(verdicts: Sequence[Verdict]) -> str:
    """Each goal and whether it was met."""
    rows = [[v.goal, v.limit, v.found, "pass" if v.met else "**fail**"] for v in verdicts]
    return table(["goal", "limit", "found", "verdict"], rows)


def trials_table(trials: Sequence[tuple[str, Report]]) -> str:
    """Every trial in the order in which it ran, so that a reader can judge the machine."""
    rows = [
        [
            title,
            str(report.calls),
            _show(report.cpu_ms_per_call_s, digits=2),
            _show(report.others_share, scale=100, digits=0),
            _show(report.interrupts_share, scale=100, digits=0),
            _show(report.speed_probe_ms, digits=3),
            _show(report.driver_share, scale=100, digits=0),
            _show(report.driver_lateness.p99, scale=1000),
            "; ".join(doubts(report)) or "–",
        ]
        for title, report in trials
    ]
    head = [
        "trial",
        "calls",
        "CPU ms per call-second",
        "core taken by others %",
        "core in interrupts %",
        "host speed probe ms",
        "driver % of its core",
        "driver's own lateness p99 ms",
        "doubts",
    ]
    return table(head, rows)


def density_table(reports: Sequence[Report]) -> str:
    """Every number of calls that was tried."""
    rows = [
        [
            str(report.calls),
            _show(report.cpu_ms_per_call_s, digits=2),
            _show(report.server_cpu_s / report.window_s, scale=100, digits=0),
            _show(report.lateness.p50, scale=1000),
            _show(report.lateness.p99, scale=1000),
            str(report.gaps),
            _show(less_silence(report.reply.p50), scale=1000, digits=0),
            _show(less_silence(report.reply.p95), scale=1000, digits=0),
            f"{report.replies_missed} of {report.replies_expected}",
            _show(report.interruption.p95, scale=1000, digits=0),
            "; ".join(failures(report)) or "yes",
            "; ".join(doubts(report)) or "–",
        ]
        for report in reports
    ]
    head = [
        "calls",
        "CPU ms per call-second",
        "% of the core",
        "lateness p50 ms",
        "lateness p99 ms",
        "gaps",
        "reply p50 ms",
        "reply p95 ms",
        "replies missed",
        "interruption p95 ms",
        "held in real time",
        "doubts",
    ]
    return table(head, rows)
