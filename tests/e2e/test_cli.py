"""The command line beside a running server, on the same data folder."""

import asyncio
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.e2e.running import SCRIPTED, Server, run_cli
from tests.e2e.speech import OpenMicrophone, command, steady
from vivavoce.client import AtomsClient
from vivavoce.client.sound import save
from vivavoce.engines.scripted import TWELVE_WORDS

pytestmark = pytest.mark.slow

ANSWERED, FAILED, USAGE, REFUSED, NOT_CONNECTED, NOT_ANSWERED = 0, 1, 2, 3, 4, 5


def call(server: Server, agent_id: str, *arguments: str, key: str | None = None) -> subprocess.CompletedProcess[str]:
    return run_cli(
        server.data, "call", agent_id, "--url", server.url, "--key", server.key if key is None else key, *arguments
    )


# -- call -------------------------------------------------------------------------------------------------------


def test_a_typed_call_prints_the_conversation(server: Server) -> None:
    """Who said what, how long each answer took, and how it ended."""
    agent_id = server.agent(firstMessage="Hello!")
    done = call(server, agent_id, "--text", "What is the price?", "--mode", "chat")
    lines = done.stdout.splitlines()

    assert (ANSWERED, "") == (done.returncode, done.stderr)
    assert ["agent  Hello!", "you    What is the price?"] == lines[1:3]
    assert lines[3].startswith(f"agent  {TWELVE_WORDS}  [")
    assert lines[3].endswith(" ms]")
    assert "end    client_requested" == lines[4]
    assert "completed" == server.record(lines[0].split()[1])["status"]


def test_a_spoken_call_saves_the_agents_voice(server: Server, agent_id: str, tmp_path: Path) -> None:
    """``--wav`` says a file, ``--save`` writes what was heard, ``--json`` tells it to programs."""
    save(tmp_path / "in.wav", command().speech)
    out = tmp_path / "out.wav"
    done = call(server, agent_id, "--wav", str(tmp_path / "in.wav"), "--save", str(out), "--json")
    report = json.loads(done.stdout)
    (turn,) = report["turns"]

    assert (ANSWERED, "") == (done.returncode, done.stderr)
    assert ("in.wav", "words of the utterance", TWELVE_WORDS, True) == tuple(
        turn[name] for name in ("said", "understood", "answer", "answered")
    )
    # The silence that ends a turn, and not much more.
    assert 0.0 < turn["latency_s"] < 2.0
    samples, rate_hz = soundfile.read(out, dtype="int16")

    assert (24000, pytest.approx(1.2, abs=0.01)) == (rate_hz, len(samples) / rate_hz)
    assert np.abs(samples).max() > 1000
    assert ["words of the utterance", TWELVE_WORDS] == [
        entry["content"] for entry in server.record(report["call_id"])["transcript"]
    ]


def test_a_refused_call_prints_the_reason(server: Server, agent_id: str) -> None:
    """The server's own sentence, on stderr."""
    wrong_key = call(server, agent_id, "--text", "Hi", key="sk_wrong")
    wrong_agent = call(server, "0" * 24, "--text", "Hi")

    assert (REFUSED, "") == (wrong_key.returncode, wrong_key.stdout)
    assert (
        "vivavoce call: the server refused the call: 401: Unauthorized: invalid or expired token\n" == wrong_key.stderr
    )
    assert (REFUSED, "vivavoce call: the server refused the call: 401: Agent not found\n") == (
        wrong_agent.returncode,
        wrong_agent.stderr,
    )


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["--wav", "no-such-file.wav"], USAGE, "no-such-file.wav"),
        (["--wav", "x.wav", "--mode", "chat"], USAGE, "a chat has no audio"),
        ([], USAGE, "one of the arguments --wav --text is required"),
        (["--text", "Hi", "--url", "ftp://elsewhere"], USAGE, "is no address of a server"),
        (["--text", "Hi", "--url", "http://127.0.0.1:9"], NOT_CONNECTED, "no call with http://127.0.0.1:9"),
    ],
)
def test_a_call_that_cannot_be_made_says_why(
    arguments: list[str], code: int, reason: str, server: Server, agent_id: str
) -> None:
    """Exit codes for scripts, a sentence for people."""
    done = call(server, agent_id, *arguments)

    assert (code, "") == (done.returncode, done.stdout)
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_a_line_that_is_not_answered_is_a_failure(server: Server) -> None:
    """The agent hangs up before the second line is said: a smoke test must notice."""
    done = call(server, server.agent(), "--mode", "chat", "--text", "Goodbye.", "Are you there?")

    assert NOT_ANSWERED == done.returncode
    assert "a line was not answered (the call ended: ended)" in done.stderr


# -- keys and agents --------------------------------------------------------------------------------------------


def test_keys_work_and_stop_working_at_once(server: Server, agent_id: str) -> None:
    """Made and revoked beside the running server."""
    key = run_cli(server.data, "keys", "create", "shop").stdout.strip()
    (row,) = [
        entry for entry in json.loads(run_cli(server.data, "keys", "list", "--json").stdout) if entry["name"] == "shop"
    ]

    assert ANSWERED == call(server, agent_id, "--mode", "chat", "--text", "Hi", key=key).returncode
    assert 200 == server.ask("GET", "/agent", key=key).status_code
    assert 0 == run_cli(server.data, "keys", "revoke", row["id"]).returncode
    assert REFUSED == call(server, agent_id, "--mode", "chat", "--text", "Hi", key=key).returncode
    assert 401 == server.ask("GET", "/agent", key=key).status_code


def test_agents_are_made_and_archived_beside_the_server(server: Server, tmp_path: Path) -> None:
    """A new one takes calls at once, an archived one none."""
    (tmp_path / "agent.json").write_text('{"name": "Cli", "firstMessage": "Made by hand."}')
    made = run_cli(server.data, "agents", "create", "--json", str(tmp_path / "agent.json"))
    agent_id = made.stdout.strip()
    called = call(server, agent_id, "--mode", "chat", "--text", "Hi")

    assert (0, ANSWERED) == (made.returncode, called.returncode)
    assert "agent  Made by hand." in called.stdout.splitlines()
    assert 0 == run_cli(server.data, "agents", "archive", agent_id).returncode
    assert REFUSED == call(server, agent_id, "--mode", "chat", "--text", "Hi").returncode


# -- serve ------------------------------------------------------------------------------------------------------


def test_a_port_that_is_taken_is_one_sentence(server: Server, tmp_path: Path) -> None:
    """Exit code 2; the sentence says what to do."""
    done = run_cli(tmp_path / "data", "serve", "--port", str(server.port), settings=SCRIPTED)
    complaint = done.stderr.splitlines()[-1]

    assert (2, "") == (done.returncode, done.stdout)
    assert complaint.startswith(f"vivavoce: cannot listen on 127.0.0.1 port {server.port}: Address already in use; ")
    assert "VIVAVOCE_PORT" in complaint
    assert "Traceback" not in done.stderr


def test_a_second_server_on_the_same_data_hurts_nobody(server: Server, agent_id: str) -> None:
    """Started by mistake, it finds the port taken; a call that the first one holds goes on, and so does its record."""

    async def scenario() -> tuple[str, int]:
        async with await AtomsClient.connect(server.url, key=server.key, agent_id=agent_id) as client:
            microphone = OpenMicrophone(client)
            sending = asyncio.create_task(microphone.run())
            saying = asyncio.create_task(microphone.say(steady(command().speech, duration_s=1.5)))
            tracks = server.data / "recordings" / client.session.call_id / "visitor.s16"
            await asyncio.to_thread(server.until, tracks.exists)
            again = ("serve", "--port", str(server.port))
            done = await asyncio.to_thread(run_cli, server.data, *again, settings=SCRIPTED)
            await saying
            sending.cancel()
            await client.close()
            return client.session.call_id, done.returncode

    call_id, code = asyncio.run(scenario())
    shown = server.record(call_id)
    sound, rate_hz = soundfile.read(server.data / "recordings" / call_id / "dual.flac", dtype="int16")

    assert (2, "completed", "user_hangup") == (code, shown["status"], shown["disconnectionReason"])
    assert pytest.approx(shown["duration"], abs=0.3) == len(sound) / rate_hz
    # From the first words on: what had been recorded before the second start is still there.
    assert np.abs(sound[: round(0.5 * rate_hz), 0]).max() > 1000


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"VIVAVOCE_LLM": "oracle"}, "oracle"),
        ({"VIVAVOCE_PROT": "8600"}, "there is no setting VIVAVOCE_PROT; did you mean VIVAVOCE_PORT?"),
        ({"VIVAVOCE_WS_AUTH_FAILURE": "teapot"}, "VIVAVOCE_WS_AUTH_FAILURE cannot be 'teapot'"),
    ],
)
def test_a_wrong_setting_is_one_sentence(settings: dict[str, str], complaint: str, tmp_path: Path) -> None:
    """Exit code 2, no traceback."""
    done = run_cli(tmp_path / "data", "serve", settings={**SCRIPTED, **settings})

    assert (2, "") == (done.returncode, done.stdout)
    assert complaint in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
