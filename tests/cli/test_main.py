"""The command line finds its verbs, and fails in sentences."""

import subprocess
import sys
from pathlib import Path

import pytest

from vivavoce.cli import main


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIVAVOCE_DATA", str(tmp_path / "data"))


def test_the_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    """Newcomers begin here."""
    code = main(["--help"])
    out = capsys.readouterr().out

    assert 0 == code
    assert [] == [
        verb
        for verb in ("serve", "call", "replay", "keys", "users", "agents", "models", "doctor")
        if f"    {verb} " not in out
    ]


@pytest.mark.parametrize("arguments", [[], ["levitate"], ["keys"], ["keys", "create"], ["agents", "create"]])
def test_a_wrong_command_is_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and stdout stays clean for scripts."""
    code = main(arguments)
    said = capsys.readouterr()

    assert (2, "") == (code, said.out)
    assert "usage: vivavoce" in said.err


def test_a_wrong_setting_is_one_sentence(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2 and no traceback."""
    monkeypatch.setenv("VIVAVOCE_PORT", "http")
    code = main(["keys", "list"])
    said = capsys.readouterr()

    assert (2, "") == (code, said.out)
    assert said.err.startswith("vivavoce: VIVAVOCE_PORT cannot be 'http'")
    assert 1 == said.err.count("\n")


def test_a_store_that_cannot_be_used_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1 and no traceback."""
    monkeypatch.setenv("VIVAVOCE_DATABASE", "postgresql://u:geheim@127.0.0.1:1/x")
    code = main(["agents", "list"])
    said = capsys.readouterr()

    assert (1, "") == (code, said.out)
    assert "cannot be used: connection failed" in said.err
    assert "geheim" not in said.err
    assert 1 == said.err.count("\n")


def test_asking_for_help_imports_nothing_heavy() -> None:
    """The command line answers at once."""
    program = (
        "import sys; from vivavoce.cli import main; main(['keys', '--help']); "
        "print([name for name in ('sqlalchemy', 'numpy', 'litestar', 'onnxruntime') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.splitlines()[-1]
