"""Processor time and memory as the kernel counts them."""

import subprocess
import sys
import time

import pytest

from bench.machine import bench_cores, core_time, speed_probe_ms, tree_cpu_s, tree_rss_bytes

# Burns 0.3 s itself and 0.3 s in a child, says so, and waits to be released.
_BURNER = """
import subprocess, sys, time
burn = "import time\\nwhile time.process_time() < 0.3: pass\\n"
child = subprocess.Popen([sys.executable, "-c", burn + "print(1, flush=True); input()"],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
exec(burn)
child.stdout.readline()
print("burnt", flush=True)
input()
child.communicate(b"\\n")
print("waited", flush=True)
input()
"""
# Says so, then holds 40 MB more, and says so again.
_EATER = """
print("small", flush=True)
input()
held = bytearray(b"x") * 40_000_000
print("large", flush=True)
input()
"""


def _spawn(program: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _hear(process: "subprocess.Popen[bytes]") -> bytes:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _release(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.flush()


@pytest.mark.slow
def test_processor_time_covers_descendants_alive_and_ended() -> None:
    """A child's time is neither lost when it ends nor counted twice."""
    with _spawn(_BURNER) as process:
        _hear(process)
        alive_s = tree_cpu_s(process.pid)
        _release(process)
        _hear(process)
        ended_s = tree_cpu_s(process.pid)
        _release(process)

    # Starting two interpreters costs some hundredths on top.
    assert 0.6 == pytest.approx(alive_s, abs=0.2)
    assert alive_s == pytest.approx(ended_s, abs=0.08)


@pytest.mark.slow
def test_memory_grows_by_what_a_process_holds() -> None:
    """Forty megabytes written are forty megabytes resident."""
    with _spawn(_EATER) as process:
        _hear(process)
        small = tree_rss_bytes(process.pid)
        _release(process)
        _hear(process)
        large = tree_rss_bytes(process.pid)
        _release(process)

    assert 40_000_000 == pytest.approx(large - small, rel=0.05)


def test_a_core_is_never_busier_than_time_passes() -> None:
    """The counters are seconds and only grow."""
    core, _ = bench_cores()
    before, began_s = core_time(core), time.monotonic()
    speed_probe_ms()
    after, elapsed_s = core_time(core), time.monotonic() - began_s

    # The kernel counts in hundredths.
    assert 0 <= after.programs_s - before.programs_s <= elapsed_s + 0.03


def test_the_server_and_the_driver_get_different_cores() -> None:
    """Else the driver would measure itself."""
    server, driver = bench_cores()

    assert server != driver


def test_the_speed_probe_takes_a_moment() -> None:
    """Long enough to be measured, short enough not to disturb."""
    assert 0.01 < speed_probe_ms() < 50
