"""``vivavoce models`` tries every engine that is installed."""

import json
from pathlib import Path

import pytest

from vivavoce.cli import main

pytestmark = pytest.mark.slow


def test_every_engine_is_listed_with_whether_it_opens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that does not open says what it needs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    code = main(["models", "--json"])
    found = {(entry["kind"], entry["name"]): entry for entry in json.loads(capsys.readouterr().out)}

    assert 0 == code
    assert found["llm", "scripted"]["opens"]
    assert found["vad", "silero"]["opens"]
    assert not found["llm", "openai"]["opens"]
    assert "OPENAI_API_KEY" in found["llm", "openai"]["reason"]
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_MODEL", "some-model")
    main(["models", "--json"])
    again = {(entry["kind"], entry["name"]): entry for entry in json.loads(capsys.readouterr().out)}
    assert again["llm", "openai"]["opens"]
