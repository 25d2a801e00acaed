"""
Run the benchmarks: ``python -m bench``, ``python -m bench turns``, ``python -m bench density``,
``python -m bench events``, ``python -m bench rest``, ``python -m bench captions``,
``python -m bench frames``, ``python -m bench soak``.

Without a command the first two run with moderate times, in about six minutes.
Each result is printed as Markdown and kept in a file of the results folder.
"""

import argparse
import platform
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.captions import run_captions
from bench.density import run_density
from bench.events import run_events
from bench.frames import run_frames
from bench.machine import bench_cores
from bench.rest import run_rest
from bench.soak import run_soak
from bench.trial import SYSTEMS
from bench.turns import run_turns

__all__ = ["main"]

_RESULTS = Path(__file__).parent / "results"
_DENSITY_GOAL = 120
# The unit, the server in a silent room, and in a quiet one.
_TURNS_SYSTEMS = ["bare", "vivavoce", "noise"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and run what it asks for."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    bench_cores()
    # The commands know their own defaults; without a command these two run with them.
    for options in [asked] if asked.command else [parser.parse_args(["turns"]), parser.parse_args(["density"])]:
        if options.command == "turns":
            _turns(options, asked.results)
        elif options.command == "events":
            _events(options, asked.results)
        elif options.command == "rest":
            _rest(options, asked.results)
        elif options.command == "captions":
            _captions(asked.results)
        elif options.command == "frames":
            _frames(asked.results)
        elif options.command == "soak":
            _soak(options, asked.results)
        else:
            _density(options, asked.results)


def _turns(options: argparse.Namespace, folder: Path) -> None:
    result = run_turns(
        options.systems, calls=options.calls, window_s=options.seconds, rounds=options.rounds, retries=options.retries
    )
    _keep(folder, "turns", result.markdown(), [report for _title, report in result.trials])


def _events(options: argparse.Namespace, folder: Path) -> None:
    result = run_events(readers=options.readers, window_s=options.seconds, rounds=options.rounds)
    _keep(folder, "events", result.markdown(), result.windows)


def _density(options: argparse.Namespace, folder: Path) -> None:
    result = run_density(
        SYSTEMS[options.system],
        first=options.first,
        step=options.step,
        finest=options.finest,
        most=options.most,
        window_s=options.seconds,
        goal_calls=_DENSITY_GOAL,
    )
    _keep(folder, f"density-{options.system}", result.markdown(), result.reports)


def _rest(options: argparse.Namespace, folder: Path) -> None:
    result = run_rest(calls=options.calls, requests=options.requests)
    _keep(folder, "rest", result.markdown(), result.asked)


def _captions(folder: Path) -> None:
    result = run_captions()
    _keep(folder, "captions", result.markdown(), result.errors)


def _frames(folder: Path) -> None:
    result = run_frames()
    _keep(folder, "frames", result.markdown(), result.forms)


def _soak(options: argparse.Namespace, folder: Path) -> None:
    result = run_soak(calls=options.calls, cuts=options.cuts, seed=options.seed)
    _keep(folder, "soak", result.markdown(), result.calls)
    if not result.whole:
        raise SystemExit("Something was lost or came twice; the table above says what.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--results", type=Path, default=_RESULTS, help="folder of the results")
    commands = parser.add_subparsers(dest="command")
    turns = commands.add_parser("turns", help="cost and latency beside a bare socket")
    turns.add_argument("--calls", type=int, default=50, help="calls at the same time")
    turns.add_argument("--seconds", type=float, default=12.0, help="measured seconds of each trial")
    turns.add_argument("--rounds", type=int, default=2, help="how often each system has its turn")
    turns.add_argument("--retries", type=int, default=1, help="repeats of a trial that the machine disturbed")
    turns.add_argument("--systems", nargs="+", choices=SYSTEMS, default=_TURNS_SYSTEMS, help="in the order of a round")
    density = commands.add_parser("density", help="most calls on one core")
    density.add_argument("--system", choices=SYSTEMS, default="vivavoce", help="what to measure")
    density.add_argument("--first", type=int, default=90, help="calls to begin with")
    density.add_argument("--step", type=int, default=30, help="calls to add while they are held")
    density.add_argument("--finest", type=int, default=15, help="the precision of the result, in calls")
    density.add_argument("--most", type=int, default=240, help="never try more calls than this")
    density.add_argument("--seconds", type=float, default=10.0, help="measured seconds of each number of calls")
    events = commands.add_parser("events", help="what readers of a call's events cost, and how soon they know")
    events.add_argument("--readers", type=int, default=100, help="readers of one call")
    events.add_argument("--seconds", type=float, default=10.0, help="measured seconds of each window")
    events.add_argument("--rounds", type=int, default=4, help="windows without readers, and with them")
    rest = commands.add_parser("rest", help="lists of calls out of a large store")
    rest.add_argument("--calls", type=int, default=100_000, help="stored calls")
    rest.add_argument("--requests", type=int, default=200, help="how often each list is asked for")
    commands.add_parser("captions", help="how well the times of words are estimated")
    commands.add_parser("frames", help="what a frame costs in each form of the wire")
    soak = commands.add_parser("soak", help="calls whose connections are cut: what is lost, and what comes twice")
    soak.add_argument("--calls", type=int, default=10, help="calls at the same time")
    soak.add_argument("--cuts", type=int, default=20, help="cuts of each call")
    soak.add_argument("--seed", type=int, default=1, help="of all chance")
    return parser


def _keep(folder: Path, name: str, text: str, reports: Sequence[msgspec.Struct]) -> None:
    """Print a result and write it down: Markdown to read, JSON to calculate with."""
    machine = f"{platform.machine()}, Linux {platform.release().split('-')[0]}, Python {platform.python_version()}\n"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(f"{text}\n{machine}")
    (folder / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(reports)))
    print(f"\n{text}\n{machine}", flush=True)


if __name__ == "__main__":
    main()
