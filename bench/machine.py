"""
Processor time and memory as the Linux kernel counts them, and which core a process may use.

Source: proc(5), the files ``stat`` and ``status`` of a process and ``/proc/stat``.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CoreTime", "bench_cores", "core_time", "pin", "speed_probe_ms", "tree_cpu_s", "tree_rss_bytes"]

_PROC = Path("/proc")
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PROBE_STEPS = 4_000


@dataclass(frozen=True, slots=True)
class CoreTime:
    """How long a core has been at work since the machine started, in seconds."""

    # In programs and in the kernel on their behalf, stolen time included.
    programs_s: float
    # In interrupts; on the loopback interface that is the traffic itself.
    interrupts_s: float


def bench_cores() -> tuple[int, int]:
    """
    The core of the server and the core of the driver.

    Raises:
        SystemExit: The machine has no second core, or is not Linux.
    """
    if not hasattr(os, "sched_getaffinity"):
        raise SystemExit("The benchmark needs Linux: it pins processes to cores and reads /proc.")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SystemExit("The benchmark needs two cores: one for the server, one for its callers.")
    return cores[0], cores[1]


def pin(core: int) -> None:
    """Keep this process, and all that it starts, on one core."""
    os.sched_setaffinity(0, {core})


def _stat_fields(pid: int) -> list[str]:
    """The fields of ``/proc/PID/stat`` after the program's name, which may itself hold spaces."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                parent = int(_stat_fields(int(entry.name))[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    tree = [pid]
    for member in tree:
        tree.extend(children.get(member, ()))
    return tree


def tree_cpu_s(pid: int) -> float:
    """
    Processor time of a process and its descendants so far, user and system, in seconds.

    Descendants that have ended are counted with the parent that waited for them.
    """
    ticks = 0
    for member in _tree(pid):
        try:
            # utime, stime, cutime, cstime.
            ticks += sum(int(field) for field in _stat_fields(member)[11:15])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return ticks * _TICK_S


def tree_rss_bytes(pid: int) -> int:
    """Resident memory of a process and its descendants, in bytes; pages that they share count for each."""
    pages = 0
    for member in _tree(pid):
        try:
            pages += int(_stat_fields(member)[21])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return pages * os.sysconf("SC_PAGE_SIZE")


def core_time(core: int) -> CoreTime:
    """What one core has been doing since the machine started."""
    for line in (_PROC / "stat").read_text().splitlines():
        name, *fields = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _waiting, irq, softirq, steal = (int(field) * _TICK_S for field in fields[:8])
            return CoreTime(user + nice + system + steal, irq + softirq)
    raise SystemExit(f"/proc/stat knows no core {core}.")


def speed_probe_ms() -> float:
    """
    How long a fixed piece of arithmetic takes just now, in milliseconds of processor time.

    Shared hosts change their speed within seconds; two figures compare only where their probes agree.
    """
    began_s = time.thread_time()
    total = 0
    for step in range(_PROBE_STEPS):
        total += step & 3
    return (time.thread_time() - began_s) * 1000
