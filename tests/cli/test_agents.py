"""``vivavoce agents``."""

import io
import json
from pathlib import Path

import pytest

from vivavoce.cli import main


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIVAVOCE_DATA", str(tmp_path / "data"))


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command prints that must succeed."""
    code = main(arguments)
    said = capsys.readouterr()

    assert (0, "") == (code, said.err)
    return said.out


def test_an_agent_is_made_from_a_name_or_a_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The id is printed alone; ``-`` reads from stdin."""
    named = printed(capsys, "agents", "create", "Ada").strip()
    (tmp_path / "agent.json").write_text('{"name": "Bob", "firstMessage": "Grüße"}', "utf-8")
    from_file = printed(capsys, "agents", "create", "--json", "agent.json").strip()
    monkeypatch.setattr("sys.stdin", io.StringIO('{"name": "Cyd"}'))
    from_stdin = printed(capsys, "agents", "create", "--json", "-").strip()
    listed = json.loads(printed(capsys, "agents", "list", "--json"))

    assert [(named, "Ada"), (from_file, "Bob"), (from_stdin, "Cyd")] == [(a["_id"], a["name"]) for a in listed]
    assert "Grüße" == json.loads(printed(capsys, "agents", "show", from_file, "--json"))["firstMessage"]


def test_an_agent_is_changed_and_archived(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not in the changes stays."""
    agent_id = printed(capsys, "agents", "create", "Ada").strip()
    (tmp_path / "changes.json").write_text('{"globalPrompt": "Be kind."}')

    assert agent_id == printed(capsys, "agents", "update", agent_id, "--json", "changes.json").strip()
    shown = json.loads(printed(capsys, "agents", "show", agent_id))
    assert ("Ada", "Be kind.") == (shown["name"], shown["globalPrompt"])
    assert "" == printed(capsys, "agents", "archive", agent_id)
    assert [] == json.loads(printed(capsys, "agents", "list", "--json"))
    assert [agent_id] == [a["_id"] for a in json.loads(printed(capsys, "agents", "list", "--archived", "--json"))]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "agent.json is not valid JSON"),
        ("[]", "agent.json must hold a JSON object"),
        ('{"timezone": "UTC"}', "the agent's document cannot be accepted: timezone: Expected object, received string"),
    ],
)
def test_a_document_that_cannot_be_used_is_a_mistake_of_the_user(
    text: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, one sentence, nothing stored."""
    (tmp_path / "agent.json").write_text(text)
    code = main(["agents", "create", "--json", "agent.json"])
    said = capsys.readouterr()

    assert (2, "") == (code, said.out)
    assert sentence in said.err
    assert [] == json.loads(printed(capsys, "agents", "list", "--json"))


@pytest.mark.parametrize("action", [("show", "0" * 24), ("archive", "0" * 24)])
def test_an_agent_that_is_not_there_is_a_failure(action: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1."""
    code = main(["agents", *action])

    assert 1 == code
    assert "0" * 24 in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2."""
    code = main(["agents", "create", "--json", "none.json"])

    assert 2 == code
    assert "none.json cannot be read" in capsys.readouterr().err


def test_an_alias_that_is_taken_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By making an agent and by changing one."""
    (tmp_path / "agent.json").write_text('{"assistantAlias": "desk"}')
    printed(capsys, "agents", "create", "--json", "agent.json")
    other = printed(capsys, "agents", "create", "Ada").strip()

    for arguments in (("create", "--json", "agent.json"), ("update", other, "--json", "agent.json")):
        assert 2 == main(("agents", *arguments))
        assert "assistantAlias: desk belongs to another agent" in capsys.readouterr().err
