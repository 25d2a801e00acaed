"""The servers that are measured: each a process of its own on one core, doing all that it does in production."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from bench.goals import END_OF_TURN_S

__all__ = ["Server", "bare", "stored", "vivavoce"]

# So much speech interrupts the agent.
_ONSET_S = 0.2
_START_LIMIT_S = 60.0
_STOP_LIMIT_S = 10.0
_PROJECT = Path(__file__).parents[1]
_VIVAVOCE = str(Path(sys.executable).with_name("vivavoce"))

_Process = subprocess.Popen[bytes]

# No greeting, and nudges so rare that none falls into a run: every word of the agent is an answer.
_AGENT = {
    "name": "bench",
    "firstMessage": "",
    "voiceDetectionConfig": {"triggerTimeInSecs": _ONSET_S, "releaseTimeInSecs": END_OF_TURN_S},
    "llmIdleTimeoutConfig": {"webcallTimeoutTimeInSecs": 300},
}


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is up."""

    # The connect URL of the Atoms wire, credentials included; of ``stored`` the server's own.
    url: str
    # The process whose costs, with those of its descendants, are the server's.
    pid: int


@contextmanager
def bare(stack: str, *, core: int) -> Iterator[Server]:
    """
    The unit of ``bench.bare``.

    Args:
        stack: One of ``bench.bare.STACKS``.
        core: The core that it gets.
    """
    port = _free_port()
    command = [sys.executable, "-m", "bench.bare", stack, str(port)]
    with _running(command, core=core, folder=_PROJECT, environment=os.environ) as process:
        _wait_until(lambda: _listens(port), process, what=f"bare {stack}")
        yield Server(f"ws://127.0.0.1:{port}/", process.pid)


@contextmanager
def vivavoce(*, core: int, recording: bool = True) -> Iterator[Server]:
    """
    Vivavoce with scripted engines and the real voice detector; store, feed and recording as in production.

    Args:
        core: The core that it gets.
        recording: Whether both voices of each call are recorded.
    """
    with tempfile.TemporaryDirectory(prefix="vivavoce-bench-") as scratch:
        folder, port = Path(scratch), _free_port()
        environment = _environment(folder / "data", port, recording=recording)
        agent = _ask(["agents", "create", "--json", "-"], folder, environment, text=json.dumps(_AGENT))
        key = _ask(["keys", "create", "bench"], folder, environment)
        with _running([_VIVAVOCE, "serve"], core=core, folder=folder, environment=environment) as process:
            _wait_until(lambda: _healthy(port), process, what="vivavoce serve")
            query = urlencode({"token": key, "agent_id": agent, "mode": "webcall", "sample_rate": 24000})
            yield Server(f"ws://127.0.0.1:{port}/atoms/v1/agent/connect?{query}", process.pid)


@contextmanager
def stored(data: Path, *, core: int) -> Iterator[Server]:
    """
    Vivavoce on a data folder that is there already, for its REST API: the URL is that of the server.

    Args:
        data: The folder.
        core: The core that the server gets.
    """
    port = _free_port()
    environment = _environment(data, port, recording=False)
    with _running([_VIVAVOCE, "serve"], core=core, folder=data, environment=environment) as process:
        _wait_until(lambda: _healthy(port), process, what="vivavoce serve")
        yield Server(f"http://127.0.0.1:{port}", process.pid)


def _environment(data: Path, port: int, *, recording: bool) -> dict[str, str]:
    """The settings of the measured server: the real voice detector, the other engines scripted."""
    return {name: value for name, value in os.environ.items() if not name.startswith("VIVAVOCE_")} | {
        "VIVAVOCE_DATA": str(data),
        "VIVAVOCE_PORT": str(port),
        "VIVAVOCE_VAD": "silero",
        "VIVAVOCE_STT": "scripted",
        "VIVAVOCE_LLM": "scripted",
        "VIVAVOCE_TTS": "scripted",
        "VIVAVOCE_MOST_CALLS": "1000",
        "VIVAVOCE_RECORD": "on" if recording else "off",
    }


def _ask(arguments: Sequence[str], folder: Path, environment: Mapping[str, str], *, text: str = "") -> str:
    """Run one command of Vivavoce and return the one line it prints."""
    if not Path(_VIVAVOCE).exists():
        raise SystemExit("The command vivavoce is not installed beside this Python; run the benchmark by `make bench`.")
    done = subprocess.run(
        [_VIVAVOCE, *arguments],
        check=False,
        capture_output=True,
        text=True,
        input=text,
        cwd=folder,
        env=dict(environment),
        timeout=_START_LIMIT_S,
    )
    if done.returncode or not done.stdout.strip():
        raise SystemExit(f"`vivavoce {' '.join(arguments)}` failed:\n{done.stderr.strip()[-2000:]}")
    return done.stdout.strip()


@contextmanager
def _running(command: Sequence[str], *, core: int, folder: Path, environment: Mapping[str, str]) -> Iterator[_Process]:
    """A process on its core, ended when the block ends; what it prints is shown if it fails."""
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(
            ["taskset", "--cpu-list", str(core), *command],
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(environment),
        )
        try:
            yield process
        except SystemExit:
            printed.seek(0)
            sys.stderr.write(printed.read().decode(errors="replace")[-4000:])
            raise
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until(ready: Callable[[], bool], process: _Process, *, what: str) -> None:
    """
    Wait for a server to be up.

    Raises:
        SystemExit: It ended by itself, or was not up in time.
    """
    gives_up_at = time.monotonic() + _START_LIMIT_S
    while not ready():
        if process.poll() is not None:
            raise SystemExit(f"{what} ended before it was ready; its output is above.")
        if time.monotonic() > gives_up_at:
            raise SystemExit(f"{what} was not ready within {_START_LIMIT_S:.0f} s; its output is above.")
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2.0) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
