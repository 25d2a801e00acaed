"""``vivavoce keys``."""

import json
from pathlib import Path

import pytest

from vivavoce.cli import main


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIVAVOCE_DATA", str(tmp_path / "data"))


def test_a_key_is_printed_alone_and_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A script can write ``key=$(vivavoce keys create shop)``; the list shows no key."""
    created = main(["keys", "create", "shop"])
    secret = capsys.readouterr().out
    listed = main(["keys", "list", "--json"])
    out = capsys.readouterr().out
    (key,) = json.loads(out)

    assert (0, 0) == (created, listed)
    assert secret.startswith("sk_")
    assert 1 == len(secret.split())
    assert ("shop", None) == (key["name"], key["revokedAt"])
    assert secret.strip() not in out


def test_a_key_is_revoked_by_its_id(capsys: pytest.CaptureFixture[str]) -> None:
    """An id that no working key has is said to be wrong."""
    main(["keys", "create", "shop"])
    capsys.readouterr()
    main(["keys", "list", "--json"])
    key_id = json.loads(capsys.readouterr().out)[0]["id"]

    assert 0 == main(["keys", "revoke", key_id])
    assert 1 == main(["keys", "revoke", key_id])
    assert "there is no working key" in capsys.readouterr().err
    assert 0 == main(["keys", "list"])
    assert "shop" in capsys.readouterr().out
