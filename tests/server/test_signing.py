"""Signed links hold for what they were made for, for a while."""

import stat
from pathlib import Path

import pytest

from vivavoce.errors import StoreError
from vivavoce.server.signing import load_secret, signature_holds, signed_query

SUBJECT = {"call": "CALL-1", "channels": "mono"}


def test_a_signature_holds_for_its_subject_and_its_server() -> None:
    """Another subject, another time or another server's secret makes it worthless."""
    query = signed_query(b"secret", SUBJECT)

    assert signature_holds(b"secret", SUBJECT, **query)
    assert not signature_holds(b"other", SUBJECT, **query)
    assert not signature_holds(b"secret", SUBJECT | {"channels": "dual"}, **query)
    assert not signature_holds(b"secret", SUBJECT, expires="9" + query["expires"], signature=query["signature"])
    assert not signature_holds(b"secret", SUBJECT, expires=query["expires"], signature="é")


def test_a_signature_expires() -> None:
    """An old link is worth nothing."""
    assert not signature_holds(b"secret", SUBJECT, **signed_query(b"secret", SUBJECT, lifetime_s=0))


def test_the_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    """Links survive a restart; other users of the machine cannot read the secret."""
    folder = tmp_path / "data"
    first = load_secret(folder)

    assert first == load_secret(folder)
    assert len(first) >= 32
    assert 0o600 == stat.S_IMODE((folder / "link-secret").stat().st_mode)
    assert load_secret(tmp_path / "other") != first


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    """A disk that was full once must not leave links that anybody can sign."""
    (tmp_path / "link-secret").touch()
    with pytest.raises(StoreError, match="is empty: delete it"):
        load_secret(tmp_path)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """The operator reads which file it is about."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="link-secret cannot be used"):
        load_secret(tmp_path / "file")
