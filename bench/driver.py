"""
The load driver: all callers in one process, on one core, and the measurement of one window.

It reads a ``Plan`` as JSON from standard input and writes a ``Report`` as JSON to standard output.
The order of a run: the first call alone (what the process needs by itself), then the others one by one,
a while to settle, the measured window, then further calls opened one at a time to see whom that disturbs.
"""

import asyncio
import gc
import sys
import time
from dataclasses import dataclass
from statistics import median

import msgspec
import numpy as np
import uvloop
from numpy.typing import NDArray

from bench import machine
from bench.call import Call
from bench.crowd import Crowd
from bench.figures import spread
from bench.metronome import Metronome
from bench.record import Window, around, interruptions, replies, sound
from bench.report import Plan, Report
from bench.wire import RATE_HZ

__all__ = ["drive", "main"]

# After the last measured moment, so that pending answers can still come.
_TAIL_S = 1.5
_PROBE_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class _Meters:
    """The counters of the operating system at one moment."""

    at: float
    server_cpu_s: float
    driver_cpu_s: float
    core: machine.CoreTime
    server_rss_bytes: int


def _read_meters(plan: Plan) -> _Meters:
    return _Meters(
        at=time.monotonic(),
        server_cpu_s=machine.tree_cpu_s(plan.server_pid),
        driver_cpu_s=time.process_time(),
        core=machine.core_time(plan.server_core),
        server_rss_bytes=machine.tree_rss_bytes(plan.server_pid),
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """What was there to be read when the calls had ended."""

    crowd: Crowd
    # Calls that were open throughout the window.
    established: list[Call]
    # With the first call alone, and at both ends of the window.
    solo: _Meters
    before: _Meters
    after: _Meters
    # Processor time of the same arithmetic, again and again within the window.
    probes_ms: list[float]
    # When the records end.
    ended_at: float


async def drive(plan: Plan) -> Report:
    """
    Run the plan against a server that is up.

    Raises:
        SystemExit: Not even the first call could be opened.
    """
    crowd = Crowd(plan)
    crowd.metronome.start()
    await crowd.open_one()
    if not crowd.calls:
        raise SystemExit(f"The first call could not be opened: {', '.join(crowd.errors)}.")
    await asyncio.sleep(plan.solo_s)
    solo = _read_meters(plan)
    await crowd.open_over(plan.calls - 1, every_s=plan.ramp_s / plan.calls)
    await asyncio.sleep(plan.settle_s)

    established = list(crowd.calls)
    before = _read_meters(plan)
    probes_ms = await _probe_speed(plan.window_s)
    after = _read_meters(plan)

    await crowd.open_over(plan.openings, every_s=plan.opening_every_s)
    await asyncio.sleep(_TAIL_S)
    ended_at = time.monotonic()
    crowd.metronome.stop()
    await crowd.close()
    return _report(plan, _Run(crowd, established, solo, before, after, probes_ms, ended_at))


async def _probe_speed(duration_s: float) -> list[float]:
    """Let the calls go on for so long, and measure the host's speed now and then."""
    probes_ms, ends_at = [], time.monotonic() + duration_s
    while (left_s := ends_at - time.monotonic()) > 0:
        probes_ms.append(machine.speed_probe_ms())
        await asyncio.sleep(min(left_s, _PROBE_EVERY_S))
    return probes_ms


def _report(plan: Plan, run: _Run) -> Report:
    """All figures of a run."""
    crowd, before, after = run.crowd, run.before, run.after
    callers = [call.caller for call in run.established]
    window, later = Window(before.at, after.at), Window(after.at, run.ended_at)
    answered = replies(callers, window, now=run.ended_at)
    stopped = interruptions(callers, window, now=run.ended_at)
    heard = sound(callers, window, rate_hz=RATE_HZ)

    openings_at = [call.opened_at for call in crowd.calls[len(run.established) :]]
    heard_later, answered_later = sound(callers, later, rate_hz=RATE_HZ), replies(callers, later, now=run.ended_at)
    late_near, late_between = around(heard_later.at_s, heard_later.lateness_s, openings_at)
    reply_near, reply_between = around(answered_later.at_s, answered_later.latencies_s, openings_at)

    elapsed_s = after.at - before.at
    server_cpu_s = after.server_cpu_s - before.server_cpu_s
    return Report(
        calls=plan.calls,
        window_s=elapsed_s,
        errors=dict(crowd.errors),
        server_cpu_s=server_cpu_s,
        others_share=max(0.0, (after.core.programs_s - before.core.programs_s - server_cpu_s) / elapsed_s),
        interrupts_share=(after.core.interrupts_s - before.core.interrupts_s) / elapsed_s,
        driver_share=(after.driver_cpu_s - before.driver_cpu_s) / elapsed_s,
        driver_lateness=spread(_within(crowd.metronome, window)),
        speed_probe_ms=median(run.probes_ms),
        first_rss_bytes=run.solo.server_rss_bytes,
        all_rss_bytes=after.server_rss_bytes,
        first_set_up_s=crowd.calls[0].set_up_s,
        set_up=spread([call.set_up_s for call in crowd.calls[1:]]),
        reply=spread(answered.latencies_s),
        replies_expected=len(answered.latencies_s) + answered.missed,
        replies_missed=answered.missed,
        interruption=spread(stopped.latencies_s),
        old_reply=spread(stopped.old_replies_s),
        interruptions_expected=len(stopped.latencies_s) + stopped.missed,
        interruptions_missed=stopped.missed,
        early_replies=sum(caller.early_replies for caller in callers),
        unasked_replies=sum(caller.unasked_replies for caller in callers),
        false_interruptions=sum(caller.false_interruptions for caller in callers),
        stray_frames=sum(caller.stray_frames for caller in callers),
        lateness=spread(heard.lateness_s),
        gaps=heard.gaps,
        agent_frames=heard.frames,
        agent_audio_s=heard.samples / RATE_HZ,
        lateness_at_openings=spread(late_near),
        lateness_between_openings=spread(late_between),
        reply_at_openings=spread(reply_near),
        reply_between_openings=spread(reply_between),
    )


def _within(metronome: Metronome, window: Window) -> NDArray[np.float64]:
    """How late the driver's own frames left within the window."""
    at, lateness_s = np.asarray(metronome.sent_at_s), np.asarray(metronome.lateness_s)
    return lateness_s[(at >= window.begins_at) & (at < window.ends_at)]


def main() -> None:
    """Run one plan from standard input."""
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    if plan.driver_core is not None:
        machine.pin(plan.driver_core)
    # The collector would stop all callers for some milliseconds, and a short run leaves little to collect.
    gc.disable()
    report = uvloop.run(drive(plan))
    sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")


if __name__ == "__main__":
    main()
