"""``vivavoce doctor`` says what is wrong, in sentences."""

import socket
from pathlib import Path

import pytest

from vivavoce.cli import main

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIVAVOCE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VIVAVOCE_PORT", "0")
    for kind in ("STT", "LLM", "TTS"):
        monkeypatch.setenv(f"VIVAVOCE_{kind}", "scripted")


def pages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages as a build leaves them."""
    (folder / "sdk").mkdir(parents=True)
    (folder / "index.html").touch()
    (folder / "sdk" / "agent-sdk.browser.js").touch()
    (folder / "console").mkdir()
    (folder / "console" / "console.js").touch()
    monkeypatch.setattr("vivavoce.server.services.STATIC", folder)


def test_a_healthy_machine_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line for each check, all of them ok."""
    pages(tmp_path / "static", monkeypatch)
    code = main(["doctor"])
    lines = capsys.readouterr().out.splitlines()

    assert (0, 5, []) == (code, len(lines), [line for line in lines if not line.startswith("ok ")])


def test_everything_that_is_wrong_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One failure does not hide the next."""
    monkeypatch.setattr("vivavoce.server.services.STATIC", tmp_path / "none")
    (tmp_path / "data").write_text("a file")
    monkeypatch.setenv("VIVAVOCE_TTS", "nightingale")
    with socket.create_server(("127.0.0.1", 0)) as holder:
        monkeypatch.setenv("VIVAVOCE_PORT", str(holder.getsockname()[1]))
        code = main(["doctor"])
    out = capsys.readouterr().out

    assert (1, 5) == (code, out.count("fail "))
    assert [] == [
        text
        for text in (
            "cannot be written",
            "cannot be made",
            'no tts named "nightingale"',
            "have not been built",
            "stop the program that holds the port",
        )
        if text not in out
    ]
