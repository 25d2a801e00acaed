"""The examples work, as the documentation says."""

import asyncio
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path

import pytest

from vivavoce.client import AgentAudio, AtomsClient, SessionEnded, TranscriptHeard
from vivavoce.errors import ConfigError, EngineError
from vivavoce.speech import Voice, VoiceStyle

EXAMPLES = Path(__file__).parents[1] / "examples"
VIVAVOCE = Path(sys.executable).parent / "vivavoce"
pytestmark = pytest.mark.slow


@contextmanager
def running(*command: str | Path, folder: Path, ready: str, **given: str) -> Iterator[str]:
    """A program, until the end of the block; yields what its first line says at the place of the group in ``ready``."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("VIVAVOCE_", "OPENAI_"))}
    with (
        (folder / "log").open("a") as log,
        subprocess.Popen(
            command, cwd=folder, env={**clean, **given}, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            said = re.search(ready, process.stdout.readline())
            assert said, (folder / "log").read_text()
            yield said[1]
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[str]:
    """A server with scripted engines, except for those in the settings; yields its address."""
    given = {"VIVAVOCE_LLM": "scripted", "VIVAVOCE_STT": "scripted", "VIVAVOCE_TTS": "scripted", **settings}
    with running(VIVAVOCE, "serve", "--port", "0", folder=folder, ready=r"open (\S+) and talk", **given) as url:
        yield url


def demo(folder: Path) -> tuple[str, str]:
    """The id of the demo agent, and its key."""
    agent_id, key = (folder / "data" / "demo").read_text().split()
    return agent_id, key


def fetched(url: str, *, method: str = "GET") -> str:
    """What a server answers."""
    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=10) as answer:
        text: str = answer.read().decode()
    return text


def test_the_page_gets_a_token_that_opens_a_call(tmp_path: Path) -> None:
    """The back end trades its key for a token; the page loads the SDK from the server and holds no key."""
    with serving(tmp_path) as url:
        agent_id, key = demo(tmp_path)
        given = {"VIVAVOCE_SERVER": url, "VIVAVOCE_KEY": key, "AGENT_ID": agent_id, "PORT": "0"}
        backend = EXAMPLES / "atoms-page" / "server.py"
        with running(sys.executable, backend, folder=tmp_path, ready=r"open (\S+)", **given) as page_url:
            html = fetched(page_url)
            script = re.findall(r'<script src="(.*?)"', html)
            handed_out = json.loads(fetched(f"{page_url}/token", method="POST"))

        assert [f"{url}/sdk/agent-sdk.browser.js"] == script
        assert key not in html
        assert agent_id == handed_out["agent_id"]
        assert ["client_requested"] == asyncio.run(_a_short_call(url, handed_out["access_token"]))


async def _a_short_call(url: str, token: str) -> list[str]:
    """Open a call with a token and end it; the reasons of its end."""
    async with await AtomsClient.connect(url, key=token) as call:
        await call.close()
        return [message.reason async for message in call if isinstance(message, SessionEnded)]


def test_the_page_is_told_why_there_is_no_token(tmp_path: Path) -> None:
    """A back end with a wrong key passes the server's own words on."""
    with serving(tmp_path) as url:
        given = {"VIVAVOCE_SERVER": url, "VIVAVOCE_KEY": "sk_wrong", "AGENT_ID": "0" * 24, "PORT": "0"}
        backend = EXAMPLES / "atoms-page" / "server.py"
        with running(sys.executable, backend, folder=tmp_path, ready=r"open (\S+)", **given) as page_url:
            with pytest.raises(urllib.error.HTTPError) as raised:
                fetched(f"{page_url}/token", method="POST")
            with raised.value as answer:
                text = answer.read().decode()

    assert 502 == raised.value.code
    assert "Unauthorized: invalid or expired token" in text


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the plug-in."""
    folder = tmp_path_factory.mktemp("plugins")
    command = ["-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run([sys.executable, *command, "--target", folder, EXAMPLES / "engine-plugin"], check=True)
    return folder


def test_the_plug_in_offers_its_engine_by_an_entry_point(installed: Path) -> None:
    """The installed package says so itself, in the group that the server looks into."""
    offered = [
        (entry.group, entry.name, entry.value)
        for package in distributions(path=[str(installed)])
        for entry in package.entry_points
    ]

    assert [("vivavoce.tts", "command", "command_voice:open_engine")] == offered


def test_the_plug_in_keeps_the_contract() -> None:
    """Its own test passes, run as its author would."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        os.devnull,
        "-p",
        "no:cacheprovider",
        "test_command_voice.py",
    ]
    done = subprocess.run(command, cwd=EXAMPLES / "engine-plugin", capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout


def test_the_server_speaks_with_the_plug_in(installed: Path, tmp_path: Path) -> None:
    """Chosen by its name and set by the environment, it is heard in a call: 22,050 Hz of it become 24,000."""
    given = {
        "PYTHONPATH": str(installed),
        "VIVAVOCE_TTS": "command",
        "VIVAVOCE_ENGINE_COMMAND_COMMAND": "espeak-ng --stdout -v en-gb",
    }
    with serving(tmp_path, **given) as url:
        agent_id, key = demo(tmp_path)
        heard, heard_s = asyncio.run(_asked(url, key, agent_id))

    assert "This is a scripted answer of twelve words and it never changes." == heard
    assert 2.0 < heard_s < 8.0


async def _asked(url: str, key: str, agent_id: str) -> tuple[str, float]:
    """What the agent answers, and how long its sound is."""
    asked, heard_s = False, 0.0
    async with await AtomsClient.connect(url, key=key, agent_id=agent_id) as call:
        await call.send_text("Hello")
        async for message in call:
            match message:
                case TranscriptHeard(speaker="user"):
                    asked = True
                case TranscriptHeard(speaker="agent", text=text, final=True) if asked:
                    return text, heard_s
                case AgentAudio(pcm=pcm) if asked:
                    heard_s += pcm.duration_s
                case _:
                    pass
    raise AssertionError("the call ended without an answer")


def test_the_plug_in_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is not there stops the start; one that fails, or writes no sound, fails the sentence."""
    monkeypatch.syspath_prepend(str(EXAMPLES / "engine-plugin"))
    from command_voice import open_engine  # type: ignore[import-not-found]  # not a package of ours

    async def said_by(command: str) -> list[Voice]:
        return [voice async for voice in open_engine({"command": command}).speak("Hello", VoiceStyle())]

    with pytest.raises(ConfigError, match="names no program: there-is-no-such-program"):
        open_engine({"command": "there-is-no-such-program"})
    with pytest.raises(EngineError, match="false ended with status 1"):
        asyncio.run(said_by("false"))
    with pytest.raises(EngineError, match="cat writes no WAV file"):
        asyncio.run(said_by("cat"))
