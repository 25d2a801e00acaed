"""``vivavoce call``: its output, its files and its exit codes."""

import argparse
import asyncio
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.client.stub_extension import StubCall, serving_call
from tests.client.stub_server import VOICE, StubAgent, answered_by, serving
from vivavoce.audio.pcm import Pcm
from vivavoce.cli import call
from vivavoce.client.sound import load, save
from vivavoce.errors import Refused
from vivavoce.server.admission import refusal

AGENT_ID = "0123456789abcdef01234567"


@contextmanager
def running(served: Any) -> Iterator[str]:
    """Hold a server open in a thread of its own, for the verb runs its own loop. Yields its address."""
    loop = asyncio.new_event_loop()
    address: list[str] = []
    ready, enough = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with served as url:
            address.append(url)
            ready.set()
            await enough.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(5)
        yield address[0]
    finally:
        loop.call_soon_threadsafe(enough.set)
        thread.join(5)
        loop.close()


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    call.add(parser.add_subparsers())
    args = parser.parse_args(["call", AGENT_ID, *words])
    code: int = args.run(args)
    return code


@pytest.mark.slow
def test_a_typed_call_prints_the_conversation(capsys: pytest.CaptureFixture[str]) -> None:
    """Who said what, and after how many milliseconds the agent answered."""
    with running(serving([], greeting="Welcome.")) as url:
        code = run("--text", "Hi", "--url", url, "--key", "sk_1")

    lines = capsys.readouterr().out.splitlines()

    assert 0 == code
    assert ["call   CALL-1776756378884-6a553c", "agent  Welcome.", "you    Hi"] == lines[:3]
    assert lines[3].startswith("agent  You typed Hi.  [")
    assert lines[3].endswith(" ms]")
    assert "end    client_requested" == lines[4]


@pytest.mark.slow
def test_a_spoken_call_saves_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And prints one JSON object where it is asked to."""
    agents: list[StubAgent] = []
    save(tmp_path / "hello.wav", Pcm(np.full(4410, 5000, np.int16), 44100))
    with running(serving(agents, greeting="Welcome.")) as url:
        wav, out = str(tmp_path / "hello.wav"), str(tmp_path / "out.wav")
        code = run("--wav", wav, "--url", url, "--key", "wct_1", "--save", out, "--json")

    report = json.loads(capsys.readouterr().out)

    asked = {"mode": "webcall", "token": "wct_1", "agent_id": AGENT_ID, "ext": "1", "frames": "binary"}

    assert (0, asked) == (code, agents[0].query)
    assert ("hello.wav", "words", "I heard you.") == tuple(
        report["turns"][0][name] for name in ("said", "understood", "answer")
    )
    assert Pcm(np.concatenate([VOICE, np.zeros(7200, np.int16), VOICE]), 24000) == load(tmp_path / "out.wav")


@pytest.mark.slow
def test_a_connection_that_was_taken_up_again_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The call is complete all the same."""
    with running(serving_call(StubCall(fragile=True))) as url:
        code = run("--text", "Hi", "--url", url, "--key", "wct_1")

    lines = capsys.readouterr().out.splitlines()

    assert 0 == code
    assert lines[2].startswith("agent  You typed Hi.")
    assert re.fullmatch(r"again  the connection was lost and taken up after 0\.\d\d s", lines[3])
    assert "end    client_requested" == lines[4]


@pytest.mark.slow
def test_a_plain_call_asks_for_no_extension(capsys: pytest.CaptureFixture[str]) -> None:
    """For servers that would stumble over it, and to see what they tell others."""
    agents: list[StubAgent] = []
    with running(serving(agents)) as url:
        run("--text", "Hi", "--url", url, "--key", "wct_1", "--plain")

    assert {"mode": "webcall", "token": "wct_1", "agent_id": AGENT_ID} == agents[0].query


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--text", "Hi", "--key", ""], "no API key: give --key or set VIVAVOCE_KEY"),
        (["--wav", "a.wav", "--mode", "chat", "--key", "sk_1"], "a chat has no audio"),
        (["--wav", "nothing.wav", "--key", "sk_1"], "nothing.wav"),
        (["--text", "Hi", "--url", "ftp://x", "--key", "sk_1"], "ftp://x is no address of a server"),
    ],
)
def test_wrong_usage_is_2(words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence on stderr, nothing on stdout."""
    assert 2 == run(*words)
    printed = capsys.readouterr()

    assert "" == printed.out
    assert complaint in printed.err


def test_a_refusal_is_3_and_prints_the_servers_reason(capsys: pytest.CaptureFixture[str]) -> None:
    """The reason phrase of the response."""
    with running(answered_by(refusal(Refused(401, "Unauthorized: invalid or expired token")))) as url:
        code = run("--text", "Hi", "--url", url, "--key", "sk_1")

    assert 3 == code
    assert "401: Unauthorized: invalid or expired token" in capsys.readouterr().err


def test_no_connection_is_4(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody listens on that port any more."""
    with running(answered_by(b"")) as url:
        pass

    assert 4 == run("--text", "Hi", "--url", url, "--key", "sk_1")
    assert f"no call with {url}" in capsys.readouterr().err


@pytest.mark.slow
def test_no_answer_is_5(capsys: pytest.CaptureFixture[str]) -> None:
    """Here the agent hangs up instead of answering."""

    with running(serving([], on_text=lambda agent, _: agent.hang_up("ended"))) as url:
        code = run("--text", "Hi", "--url", url, "--key", "sk_1")

    printed = capsys.readouterr()

    assert 5 == code
    assert "agent  (no answer)" in printed.out
    assert "a line was not answered (the call ended: ended)" in printed.err
