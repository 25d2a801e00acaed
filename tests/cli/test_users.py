"""``vivavoce users``."""

import json
import re
from pathlib import Path

import pytest

from vivavoce.cli import main


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIVAVOCE_DATA", str(tmp_path / "data"))


def test_a_link_is_printed_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """For ``admin``, whom the first link makes; under the address of this server."""
    code = main(["users", "link"])
    out = capsys.readouterr().out
    main(["users", "list", "--json"])
    (user,) = json.loads(capsys.readouterr().out)

    assert 0 == code
    assert re.fullmatch(r"http://localhost:8600/console/sign-in/[\w-]{43}\n", out)
    assert ("admin", "admin", False) == (user["name"], user["role"], user["hasPassword"])


@pytest.mark.parametrize(
    ("settings", "begins"),
    [
        ({"PUBLIC_URL": "https://voice.example/"}, "https://voice.example/console/"),
        ({"HOST": "0.0.0.0", "PORT": "9000"}, "http://localhost:9000/console/"),
        ({"HOST": "192.168.1.7"}, "http://192.168.1.7:8600/console/"),
    ],
)
def test_a_link_leads_to_the_server_as_it_is_set_up(
    settings: dict[str, str], begins: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where people reach it, if the operator has said so."""
    for name, value in settings.items():
        monkeypatch.setenv(f"VIVAVOCE_{name}", value)
    main(["users", "link", "--json"])

    assert json.loads(capsys.readouterr().out)["url"].startswith(begins)


def test_a_user_is_made_with_a_link(capsys: pytest.CaptureFixture[str]) -> None:
    """A viewer, unless he is to be an admin; each name once."""
    assert 0 == main(["users", "create", "Bob", "--json"])
    assert "bob" == json.loads(capsys.readouterr().out)["name"]
    assert 0 == main(["users", "create", "ada", "--role", "admin"])
    assert "/console/sign-in/" in capsys.readouterr().out
    assert 1 == main(["users", "create", "BOB"])
    assert "there is a user bob already" in capsys.readouterr().err
    assert 1 == main(["users", "create", "a b"])
    assert "A name has" in capsys.readouterr().err
    main(["users", "list"])
    assert [["ada", "admin"], ["bob", "viewer"]] == [
        line.split()[:2] for line in capsys.readouterr().out.splitlines()[1:]
    ]


def test_there_is_no_link_for_whom_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence says what to do."""
    assert 1 == main(["users", "link", "eve"])
    said = capsys.readouterr()
    assert "" == said.out
    assert "there is no user eve" in said.err
