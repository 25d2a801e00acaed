"""What goes wrong in the console is told there, in its looks; elsewhere in those of the API."""

import logging
from pathlib import Path

import pytest

from tests.server.console.console_scene import Visitor, browser, play_console
from tests.server.rest_scene import Scene
from vivavoce.errors import StoreError
from vivavoce.store import keys, sign_in_links


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/console/no-such-page", 404, "There is no such page"),
        ("/console/keys/none/revoke", 404, "There is no such page"),
        ("/console/keys/a/b/c", 404, "There is no such page"),
        ("/console/sign-out", 405, "There is no such page"),
    ],
)
def test_an_error_is_a_page(path: str, status: int, title: str, tmp_path: Path) -> None:
    """With a way back."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await admin.get(path)

        assert (status, "text/html; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
        assert f"<h1>{title}</h1>" in answer.text
        assert 'href="/console"' in answer.text

    play_console(tmp_path, scenario)


def test_for_htmx_it_is_the_sentence(tmp_path: Path) -> None:
    """Which the page shows above what it has."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await admin.part("/console/keys/none/revoke")

        assert 404 == answer.status_code
        assert "<p>There is no working key of this id" in answer.text
        assert "<html" not in answer.text

    play_console(tmp_path, scenario)


def test_elsewhere_errors_are_json(tmp_path: Path) -> None:
    """Also where a path only begins alike."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        for path in ("/consoles", "/no-such-page", "/atoms/v1/agent"):
            assert False is (await browser(scene).get(path)).json()["status"]

    play_console(tmp_path, scenario)


def test_too_much_is_a_page_as_well(tmp_path: Path) -> None:
    """A form of more than a megabyte is none of ours."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await admin.post("/console/keys", {"name": "x" * 1_100_000})

        assert (413, True) == (answer.status_code, "larger than this page takes" in answer.text)

    play_console(tmp_path, scenario)


def test_too_many_fields_are_refused(tmp_path: Path) -> None:
    """Parsing them would cost more than they say."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        fields = {f"field{number}": "" for number in range(10_100)}

        assert 400 == (await admin.post("/console/keys", fields)).status_code

    play_console(tmp_path, scenario)


def test_a_store_that_fails_is_told_and_logged_without_the_secret_of_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A link in a log would sign in whoever reads it."""

    async def failing(*_: object) -> None:
        raise StoreError("the database is gone")

    async def scenario(scene: Scene, admin: Visitor) -> None:
        monkeypatch.setattr(sign_in_links, "find", failing)
        monkeypatch.setattr(keys, "list_all", failing)
        with caplog.at_level(logging.ERROR):
            link = await browser(scene).get("/console/sign-in/secret-of-a-link")
            page = await admin.get("/console/keys")

        assert [503, 503] == [answer.status_code for answer in (link, page)]
        assert "1" == page.headers["retry-after"]
        assert "secret-of-a-link" not in caplog.text
        assert "GET /console/keys failed: the database is gone" in caplog.text

    play_console(tmp_path, scenario)


def test_a_bug_is_told_without_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Which the log has."""

    async def failing(*_: object) -> None:
        raise KeyError("a broken shelf")

    async def scenario(scene: Scene, admin: Visitor) -> None:
        monkeypatch.setattr(keys, "list_all", failing)
        with caplog.at_level(logging.ERROR):
            answer = await admin.get("/console/keys")

        assert (500, False) == (answer.status_code, "shelf" in answer.text)
        assert "KeyError" in caplog.text

    play_console(tmp_path, scenario)
