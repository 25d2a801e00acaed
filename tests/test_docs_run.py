"""What the documentation shows for running runs as it stands, against a real server."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.doc_pages import PAGES, ROOT, Code, codes, page, sections
from tests.e2e.running import Server, start
from vivavoce.audio.pcm import Pcm, joined
from vivavoce.client.sound import save
from vivavoce.engines.espeak import open_engine
from vivavoce.speech import VoiceStyle

pytestmark = pytest.mark.slow

VIVAVOCE = Path(sys.executable).parent / "vivavoce"
# What of the pages is not run as it stands, and what stands in for it.
STAND_INS = r"""
make() { :; }                       # It made what runs here.
pip() {                             # As above; but the example's package is new.
  [[ $* != "install examples/engine-plugin" ]] ||
    "$PYTHON" -m pip install -q --no-deps --no-build-isolation --disable-pip-version-check \
      --target "$PYTHONPATH" "$ROOT/examples/engine-plugin"
}
python3() {                         # A server that runs for ever: see test_examples.py.
  [[ ${1-} == examples/atoms-page/server.py ]] || "$PYTHON" "$@"
}
curl() {                            # An answer that is no success fails the snippet.
  case " $* " in *" --fail "*) command curl "$@" ;; *) command curl --fail-with-body "$@" ;; esac
}
vivavoce() {                        # There is a server, on a port of its own: of "serve" only the settings are tried.
  case $1 in
    serve) "$PYTHON" "$TRY_SETTINGS" ;;
    call) command vivavoce "$@" --url "$SERVER" ;;
    *) command vivavoce "$@" ;;
  esac
}
"""
# The settings are read, and the engines that they choose are opened.
TRY_SETTINGS = """
import asyncio, os
from vivavoce.config import load_config
from vivavoce.lineup import Choice, open_lineup

config = load_config(os.environ)
quick = {kind: "scripted" if getattr(config, kind) == "auto" else getattr(config, kind) for kind in ("stt", "tts")}
choice = Choice(vad=config.vad, llm=config.llm, settings=config.engines, **quick)

async def opened():
    lineup = await open_lineup(choice, os.environ, local_ports=())
    await lineup.close()
    print(*lineup.notes)

asyncio.run(opened())
"""


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs in a folder of its own, and an agent and a key to use it with."""

    server: Server
    folder: Path
    environment: dict[str, str]

    @property
    def url(self) -> str:
        return self.server.url

    def run(self, *command: str, **more: str) -> str:
        """What a command writes; it must succeed."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

        assert 0 == done.returncode, f"{command[-1]}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def finished_call(self) -> str:
        """The id of a new call that is over and recorded."""
        words = (str(VIVAVOCE), "call", self.environment["AGENT_ID"], "--text", "Hello", "--url", self.url, "--json")
        call_id = str(json.loads(self.run(*words))["call_id"])
        self.server.until((self.folder / "data" / "recordings" / call_id / "dual.flac").exists)
        return call_id


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "examples").symlink_to(ROOT / "examples")
    (folder / "try_settings.py").write_text(TRY_SETTINGS)
    (folder / "plugins").mkdir()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("VIVAVOCE_", "OPENAI_"))}
    environment = {
        **clean,
        "PATH": f"{VIVAVOCE.parent}:{clean['PATH']}",
        "PYTHON": sys.executable,
        "PYTHONPATH": str(folder / "plugins"),
        "ROOT": str(ROOT),
        "TRY_SETTINGS": "try_settings.py",
    }
    server = start(folder, {"VIVAVOCE_LLM": "knowledge"})
    try:
        yield _furnished(Served(server, folder, environment))
    finally:
        server.client.close()
        server.stop()


def _furnished(bare: Served) -> Served:
    """The server with an agent, a key, and a question as a sound file."""
    agent = {"name": "Test", "firstMessage": "Hello.", "knowledge": "## Hello?\n\nGood day."}
    (bare.folder / "test.json").write_text(json.dumps(agent))
    agent_id = bare.run(str(VIVAVOCE), "agents", "create", "--json", "test.json")
    key = bare.run(str(VIVAVOCE), "keys", "create", "test")
    asyncio.run(_speak("What is Vivavoce?", bare.folder / "question.wav"))
    given = {"AGENT_ID": agent_id, "VIVAVOCE_KEY": key, "SERVER": bare.url}
    return Served(bare.server, bare.folder, {**bare.environment, **given})


async def _speak(text: str, file: Path) -> None:
    """A sound file in which somebody says the text."""
    engine = open_engine({})
    pieces = [voice.pcm async for voice in engine.speak(text, VoiceStyle())]
    await engine.close()
    save(file, Pcm(joined([pcm.samples for pcm in pieces]), pieces[0].rate_hz))


def script_of(path: Path, url: str) -> str:
    """All shell commands of a page, in order, for a server at ``url``."""
    snippets = [code.text for code in codes(path, kind="bash") if "no-run" not in code.info]
    script = "\n".join(snippets).replace("http://localhost:8600", url)
    if path.name == "README.md":
        # Its commands name what a reader has to fill in.
        script = re.sub(r"(?<![$\w])(AGENT_ID|CALL_ID)(?![\w=])", r"$\1", script)
    return f"set -euo pipefail\n{STAND_INS}\n{script}"


@pytest.mark.parametrize("path", [path for path in PAGES if codes(path, kind="bash")], ids=lambda path: path.name)
def test_the_commands_of_a_page_run(path: Path, served: Served) -> None:
    """From top to bottom, in one shell, with nothing set but a key, an agent and a call."""
    served.run("bash", "-c", script_of(path, served.url), CALL_ID=served.finished_call())


def test_what_is_not_run_is_known() -> None:
    """Only what changes the machine, or tells of this machine alone, may be left out."""
    snippets = [code for path in PAGES for code in codes(path, kind="bash") if "no-run" in code.info]
    left_out = {line for code in snippets for line in code.text.splitlines()}

    known = {"vivavoce doctor", "vivavoce models", "make bench", "apt-get install libopus0", "pip install '.[opus]'"}

    assert known == left_out


@pytest.mark.parametrize(
    "code", [code for path in PAGES for code in codes(path, kind="python")], ids=lambda code: code.place
)
def test_the_python_of_a_page_runs(code: Code, served: Served) -> None:
    """Each piece by itself, with the example's engine at hand."""
    served.run(sys.executable, "-c", code.text, PYTHONPATH=str(ROOT / "examples" / "engine-plugin"))


@pytest.mark.parametrize(
    "code", [code for path in PAGES for code in codes(path, kind="js")], ids=lambda code: code.place
)
def test_the_javascript_of_a_page_is_javascript(code: Code, tmp_path: Path) -> None:
    """It needs a browser to run, but its grammar does not."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on this machine")
    (tmp_path / "code.mjs").write_text(code.text)
    done = subprocess.run([node, "--check", "code.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "" == done.stderr


def test_every_route_is_told(served: Served) -> None:
    """The pages have a heading for each route that the server describes, and for nothing else."""
    described = served.server.client.get(f"{served.url}/docs/openapi.json").json()["paths"]
    routes = {
        f"{method.upper()} {path.removeprefix('/atoms/v1')}"
        for path, methods in described.items()
        for method in methods
        if method not in ("head", "servers") and not path.endswith("/agent/connect")
    }
    pages = page("protocol.md") + page("coming-from-synthflow.md") + page("embedding.md")
    told = {heading for heading in sections(pages) if re.match(r"[A-Z]+ /", heading)}

    assert {re.sub(r"\{\w+\}", "{}", route) for route in routes} == {re.sub(r"\{\w+\}", "{}", route) for route in told}


def test_the_log_keeps_its_silence(served: Served) -> None:
    """What was said and typed in all the calls above, and every key, is not in the log."""
    served.finished_call()
    words = ("Good day", "Hello", "When are you", "seven to six", served.environment["VIVAVOCE_KEY"], served.server.key)

    assert " begins" in served.server.log
    assert [] == [said for said in words if said in served.server.log]
