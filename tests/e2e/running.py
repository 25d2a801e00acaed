"""A server in a process of its own, on a fresh data folder: started, asked over REST, stopped or killed."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

__all__ = ["API", "SCRIPTED", "Server", "environment", "run_cli", "running", "start"]

API = "/atoms/v1"
# Engines that follow a script; a word sounds for a tenth of a second, so the usual answer lasts 1.2 s.
SCRIPTED: Mapping[str, str] = {
    "VIVAVOCE_STT": "scripted",
    "VIVAVOCE_LLM": "scripted",
    "VIVAVOCE_TTS": "scripted",
    "VIVAVOCE_ENGINE_SCRIPTED_TTS_WORD_S": "0.1",
}
_PROGRAM = Path(sys.executable).with_name("vivavoce")
# No wait takes this long on a machine that does nothing else; a slow one may need half of it.
_LIMIT_S = 20.0
_POLL_S = 0.02


def environment(data: Path, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a program: ours, without any setting of Vivavoce but these."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("VIVAVOCE_", "OPENAI_"))}
    return {**inherited, "VIVAVOCE_DATA": str(data), "VIVAVOCE_PORT": "0", **(settings or {})}


def run_cli(data: Path, *arguments: str, settings: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``vivavoce`` to its end."""
    return subprocess.run(
        [_PROGRAM, *arguments],
        env=environment(data, settings),
        cwd=data.parent,
        capture_output=True,
        text=True,
        timeout=3 * _LIMIT_S,
        check=False,
    )


@dataclass
class Server:
    """A running server. ``key`` and ``demo_agent`` are those that it printed."""

    process: subprocess.Popen[bytes]
    folder: Path
    url: str
    key: str
    demo_agent: str
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=_LIMIT_S))

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def printed(self) -> str:
        """What it has said to its operator."""
        return (self.folder / "out.txt").read_text()

    @property
    def log(self) -> str:
        return (self.folder / "err.txt").read_text()

    def complaints(self) -> list[str]:
        """Lines of the log that are more than the life of the server; that a machine has no libopus is none."""
        usual = re.compile(r"[-\d]+ [:,\d]+ ((INFO|DEBUG) |WARNING vivavoce\.audio\.opus: opus is off)")
        return [line for line in self.log.splitlines() if not usual.match(line)]

    def ask(self, method: str, path: str, body: object = None, *, key: str | None = None) -> httpx.Response:
        """A request to the API with the key; ``path`` without the prefix."""
        headers = {"authorization": f"Bearer {self.key if key is None else key}"}
        return self.client.request(method, f"{self.url}{API}{path}", json=body, headers=headers)

    def agent(self, **document: object) -> str:
        """Make an agent; without a greeting unless the document has one."""
        answer = self.ask("POST", "/agent", {"name": "Ada"} | document)

        assert 201 == answer.status_code, answer.text
        return str(answer.json()["data"])

    def token(self, agent_id: str, **body: object) -> str:
        """Register a call; returns its token."""
        answer = self.ask("POST", "/conversation/register-call", {"agent_id": agent_id} | body)

        assert 201 == answer.status_code, answer.text
        return str(answer.json()["data"]["access_token"])

    def health(self) -> dict[str, Any]:
        return dict(self.client.get(f"{self.url}/health").json())

    def conversation(self, call_id: str) -> dict[str, Any]:
        """The call as the API shows it now."""
        answer = self.ask("GET", f"/conversation/{call_id}")

        assert 200 == answer.status_code, answer.text
        return dict(answer.json()["data"])

    def record(self, call_id: str) -> dict[str, Any]:
        """
        The call as the API shows it once everything is written, checked for being complete.

        Facts are numbered without a gap from ``CallStarted`` to ``CallEnded``, and a spoken call has its recording.
        """
        self.until(lambda: self._row(call_id) != ("active", "recording") and self._row(call_id)[0] != "active")
        self.until(lambda: self._row(call_id)[1] != "recording" and "CallEnded" in self.kinds(call_id))
        numbers, kinds = self.numbers(call_id), self.kinds(call_id)
        shown = self.conversation(call_id)

        assert list(range(1, len(numbers) + 1)) == numbers
        assert ("CallStarted", "CallEnded") == (kinds[0], kinds[-1])
        assert ("call_start", "call_end") == tuple(shown["events"][at]["event_type"] for at in (0, -1))
        return shown

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database itself."""
        database = sqlite3.connect(f"file:{self.data / 'vivavoce.sqlite3'}?mode=ro", uri=True)
        try:
            return database.execute(query, values).fetchall()
        finally:
            database.close()

    def numbers(self, call_id: str) -> list[int]:
        """The numbers of the stored facts of a call."""
        return [n for (n,) in self.rows("select n from facts where call_id = ? order by n", call_id)]

    def kinds(self, call_id: str) -> list[str]:
        """Their kinds."""
        return [kind for (kind,) in self.rows("select kind from facts where call_id = ? order by n", call_id)]

    def rss_bytes(self) -> int:
        """The memory of the server's process."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def until(self, happened: Callable[[], bool], limit_s: float = _LIMIT_S) -> None:
        """Wait until something can be seen, at most so long."""
        ends_at = time.monotonic() + limit_s
        while not happened():
            assert time.monotonic() < ends_at, f"it did not happen within {limit_s} s; the log:\n{self.log}"
            time.sleep(_POLL_S)

    def stop(self) -> int:
        """Ask the process to stop, as an operator does; returns its exit code."""
        self.process.terminate()
        return self.process.wait(_LIMIT_S)

    def kill(self) -> None:
        """End the process as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(_LIMIT_S)

    def _row(self, call_id: str) -> tuple[str, str]:
        ((status, recording),) = self.rows("select status, recording from calls where id = ?", call_id)
        return status, recording


def start(folder: Path, settings: Mapping[str, str] = SCRIPTED) -> Server:
    """
    Start a server and wait until it is ready; the caller ends it.

    Args:
        folder: Its data lie below; a second start on the same folder finds them again.
        settings: Environment variables.
    """
    with (folder / "out.txt").open("wb") as out, (folder / "err.txt").open("wb") as err:
        process = subprocess.Popen(
            [_PROGRAM, "serve"], env=environment(folder / "data", settings), cwd=folder, stdout=out, stderr=err
        )
    server = Server(process, folder, url="", key="", demo_agent="")
    try:
        server.until(lambda: " ready on " in server.log or process.poll() is not None)

        assert process.poll() is None, server.log
        server.until(lambda: " is ready: " in server.printed)
        printed = server.printed
        server.url = re.findall(r"open (http://\S+) and talk", printed)[0]
        server.key = "".join(re.findall(r"demo key: +(\S+)", printed))
        server.demo_agent = "".join(re.findall(r"demo agent: +(\S+)", printed))
    except BaseException:
        process.kill()
        process.wait()
        server.client.close()
        raise
    return server


@contextmanager
def running(folder: Path, settings: Mapping[str, str] = SCRIPTED) -> Iterator[Server]:
    """A server for a while; at the end it is stopped, and must not have complained."""
    server = start(folder, settings)
    try:
        yield server
        if server.process.poll() is None:
            assert 0 == server.stop()
        assert [] == server.complaints()
    finally:
        server.client.close()
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
