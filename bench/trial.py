"""One trial: a fresh server, one run of the driver against it, one report."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.machine import bench_cores
from bench.report import Plan, Report
from bench.systems import Server, bare, vivavoce

__all__ = ["SYSTEMS", "System", "run_trial"]

_PROJECT = Path(__file__).parents[1]
# About one round of the callers' script, so that their turns are spread evenly.
_RAMP_S = 6.0
_SETTLE_S = 2.0
_OVERTIME_S = 90.0


@dataclass(frozen=True, slots=True)
class System:
    """Something to measure."""

    title: str
    # Takes the core and gives the server for as long as it is needed.
    serve: Callable[[int], AbstractContextManager[Server]]
    # A bare socket does not converse: no answers are expected of it, and memory is not asked for.
    converses: bool
    noise_dbfs: float | None = None


def _vivavoce(core: int) -> AbstractContextManager[Server]:
    return vivavoce(core=core)


SYSTEMS = {
    "bare": System("bare uvicorn", lambda core: bare("uvicorn", core=core), converses=False),
    "picows": System("bare picows", lambda core: bare("picows", core=core), converses=False),
    "vivavoce": System("Vivavoce", _vivavoce, converses=True),
    "noise": System("Vivavoce, room at -50 dBFS", _vivavoce, converses=True, noise_dbfs=-50.0),
    "unrecorded": System("Vivavoce, no recording", lambda core: vivavoce(core=core, recording=False), converses=True),
}


def run_trial(system: System, calls: int, *, window_s: float, solo_s: float = 0.0, openings: int = 0) -> Report:
    """
    Start the system, load it, measure it, stop it.

    Args:
        system: What to measure.
        calls: Calls at the same time.
        window_s: Seconds that are measured.
        solo_s: How long the first call is alone, for the memory of the process without the others.
        openings: Calls to be opened one by one after the window, to see whom that disturbs.

    Raises:
        SystemExit: The server did not start, or the driver failed; the reason is printed.
    """
    server_core, driver_core = bench_cores()
    with system.serve(server_core) as server:
        plan = Plan(
            url=server.url,
            calls=calls,
            server_pid=server.pid,
            server_core=server_core,
            driver_core=driver_core,
            solo_s=solo_s,
            ramp_s=_RAMP_S,
            settle_s=_SETTLE_S,
            window_s=window_s,
            openings=openings,
            noise_dbfs=system.noise_dbfs,
            converses=system.converses,
        )
        return _drive(plan)


def _drive(plan: Plan) -> Report:
    """Run the driver as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.driver"],
        check=False,
        input=msgspec.json.encode(plan),
        stdout=subprocess.PIPE,
        cwd=_PROJECT,
        # numpy would start a thread per core, which has no work here.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        timeout=plan.solo_s + plan.ramp_s + plan.settle_s + plan.window_s + plan.openings + _OVERTIME_S,
    )
    if done.returncode:
        raise SystemExit(f"The load driver failed with status {done.returncode}; its output is above.")
    return msgspec.json.decode(done.stdout, type=Report)
