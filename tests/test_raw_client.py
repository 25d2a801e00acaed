"""The reference client of the raw-protocol guide holds calls with a real server, and knows nothing of our package."""

import ast
import os
import re
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doc_pages import ROOT
from tests.e2e.running import SCRIPTED, Server, running
from tests.e2e.speech import command
from vivavoce.client.sound import save
from vivavoce.engines.scripted import TWELVE_WORDS

CLIENT = ROOT / "examples" / "raw_client.py"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("raw"), SCRIPTED) as started:
        yield started


def ran(server: Server, folder: Path, *options: str, **given: str) -> subprocess.CompletedProcess[str]:
    """The client as its reader runs it, with a fresh agent that greets."""
    agent_id = server.agent(firstMessage="Good day to you.")
    environment = {"VIVAVOCE_SERVER": server.url, "VIVAVOCE_KEY": server.key, "AGENT_ID": agent_id, **given}
    command = [sys.executable, str(CLIENT), *options]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("VIVAVOCE_")}
    return subprocess.run(
        command, cwd=folder, env=inherited | environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_it_imports_the_standard_library_and_one_package() -> None:
    """Rule: whoever reads it needs nothing of ours."""
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(CLIENT.read_text("utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert {"websockets"} == imported - sys.stdlib_module_names


@pytest.mark.slow
def test_it_asks_by_text_and_saves_what_it_heard(server: Server, tmp_path: Path) -> None:
    """Rule: the answer is printed, its sound is as long as it was spoken, and the call is recorded as it was held."""
    done = ran(server, tmp_path, "--text", "What is the price?", "--save", "answer.wav")
    with wave.open(str(tmp_path / "answer.wav")) as file:
        heard_s = file.getnframes() / file.getframerate()
        rate_hz = file.getframerate()

    assert (0, "") == (done.returncode, done.stderr)
    assert ["user: What is the price?", f"assistant: {TWELVE_WORDS}", "the call ended: client_requested"] == (
        done.stdout.splitlines()[-3:]
    )
    assert 24000 == rate_hz
    # Twelve words of a tenth of a second each, and what was heard of the greeting.
    assert 1.0 < heard_s < 3.0
    call_id = re.findall(r"call (CALL-\S+)", done.stdout)[0]
    assert "user_hangup" == server.record(call_id)["disconnectionReason"]


@pytest.mark.slow
def test_it_asks_by_voice(server: Server, tmp_path: Path) -> None:
    """Rule: a WAV file of any rate that the server takes is heard, and its end is noticed without being told."""
    save(tmp_path / "question.wav", command().speech)
    done = ran(server, tmp_path, "--wav", "question.wav")

    assert (0, "") == (done.returncode, done.stderr)
    # Some speech begins so early that it interrupts the greeting.
    assert f"assistant: {TWELVE_WORDS}" in done.stdout


@pytest.mark.slow
def test_it_runs_a_tool(server: Server, tmp_path: Path) -> None:
    """Rule: the agent learns what the client's tool answers."""
    done = ran(server, tmp_path, "--text", "call tool what_time_is_it {}")

    assert 0 == done.returncode, done.stderr
    assert re.search(r"assistant: The tool says: \d\d:\d\d", done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"VIVAVOCE_KEY": "sk_wrong"}, "no token: Unauthorized: invalid or expired token"),
        ({"AGENT_ID": "0" * 24}, "no token: Agent not found"),
    ],
)
def test_it_says_why_there_is_no_call(given: dict[str, str], said: str, server: Server, tmp_path: Path) -> None:
    """Rule: the server's own words reach whoever started it."""
    done = ran(server, tmp_path, "--text", "Hello", **given)

    assert (1, said) == (done.returncode, done.stderr.strip())
