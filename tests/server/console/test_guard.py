"""Who may come in, who may change something, and whether it was he who asked."""

from pathlib import Path

import pytest

from tests.server.console.console_scene import LOCAL, Visitor, browser, play_console, visitor
from tests.server.rest_scene import Scene
from vivavoce.config import Config
from vivavoce.store import keys

PAGES = ("/console", "/console/keys", "/console/users", "/console/account", "/console/no-such-page")


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_sent_to_sign_in(path: str, tmp_path: Path) -> None:
    """And comes back to where he wanted to go."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        answer = await browser(scene).get(path)
        expected = "/console/sign-in" + ("" if path == "/console" else f"?next={path.replace('/', '%2F')}")

        assert (303, expected) == (answer.status_code, answer.headers["location"])

    play_console(tmp_path, scenario)


def test_a_stranger_changes_nothing(tmp_path: Path) -> None:
    """A form without a session does nothing, whatever token it has."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await browser(scene).post("/console/keys", {"name": "mine"}, csrf=await admin.csrf())

        assert (303, "/console/sign-in") == (answer.status_code, answer.headers["location"])
        assert ["test"] == [key.name for key in await keys.list_all(scene.database)]

    play_console(tmp_path, scenario)


def test_htmx_is_sent_to_sign_in_as_a_whole(tmp_path: Path) -> None:
    """A session that ended does not put the sign-in page into a corner of another."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        answer = await browser(scene).part("/console/keys")

        assert (401, "/console/sign-in?next=%2Fconsole%2Fkeys") == (answer.status_code, answer.headers["hx-redirect"])

    play_console(tmp_path, scenario)


@pytest.mark.parametrize("token", ["", "wrong", "0" * 64])
def test_a_form_without_its_token_is_refused(token: str, tmp_path: Path) -> None:
    """The page says what to do."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await admin.post("/console/keys", {"name": "mine"}, csrf=token)

        assert 403 == answer.status_code
        assert "reload the page" in answer.text
        assert ["test"] == [key.name for key in await keys.list_all(scene.database)]

    play_console(tmp_path, scenario)


def test_the_token_of_another_session_is_wrong(tmp_path: Path) -> None:
    """Whoever has an account cannot use his token in somebody else's browser."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        other = await visitor(scene, "admin", "eve")

        assert 403 == (await admin.post("/console/keys", {"name": "x"}, csrf=await other.csrf())).status_code

    play_console(tmp_path, scenario)


def test_the_token_may_come_in_a_header(tmp_path: Path) -> None:
    """As htmx sends it."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        token = await admin.csrf()
        answer = await admin.post("/console/keys", {"name": "mine"}, csrf="", x_csrf_token=token)

        assert 200 == answer.status_code

    play_console(tmp_path, scenario)


def test_a_form_with_files_carries_the_token_as_well(tmp_path: Path) -> None:
    """Forms come in two encodings."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        file = {"file": ("a.txt", b"text", "text/plain")}
        good, bad = [
            await admin.client.post("/console/keys", data={"name": "mine", "csrf": token}, files=file)
            for token in (await admin.csrf(), "wrong")
        ]

        assert (200, 403) == (good.status_code, bad.status_code)

    play_console(tmp_path, scenario)


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec_fetch_site": "cross-site"}],
    ids=str,
)
def test_the_form_of_another_page_is_refused(headers: dict[str, str], tmp_path: Path) -> None:
    """Even with the right token."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await admin.post("/console/keys", {"name": "mine"}, **headers)

        assert 403 == answer.status_code
        assert "Another page sent this form" in answer.text

    play_console(tmp_path, scenario)


def test_a_viewer_reads_and_changes_nothing(tmp_path: Path) -> None:
    """By default: a route must say if it is for viewers, too."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        viewer = await visitor(scene, "viewer")
        (key,) = await keys.list_all(scene.database)

        assert admin.user is not None
        assert [200, 200, 200, 200] == [(await viewer.get(path)).status_code for path in PAGES[:4]]
        assert [403] * 5 == [
            (await viewer.post(path, {"name": "x", "role": "admin"})).status_code
            for path in (
                "/console/keys",
                f"/console/keys/{key.id}/revoke",
                "/console/users",
                f"/console/users/{admin.user.id}/link",
                f"/console/users/{admin.user.id}/role",
            )
        ]
        assert key == (await keys.list_all(scene.database))[0]

    play_console(tmp_path, scenario)


def test_a_viewer_sees_no_forms_that_he_may_not_send(tmp_path: Path) -> None:
    """Only that for signing out."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        viewer = await visitor(scene, "viewer")
        for path in ("/console/keys", "/console/users"):
            page = (await viewer.get(path)).text

            assert {"/console/sign-out"} == {part.partition('"')[0] for part in page.split('action="')[1:]}
            assert "/revoke" not in page

    play_console(tmp_path, scenario)


@pytest.mark.parametrize(("host", "status"), [("localhost:1", 200), ("127.0.0.1:8600", 200), ("evil.example", 403)])
def test_a_name_that_was_pointed_at_this_machine_is_refused(host: str, status: int, tmp_path: Path) -> None:
    """A foreign page must not read a console that listens on loopback (DNS rebinding)."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await browser(scene).get("/console/sign-in", host=host)

        assert status == answer.status_code
        assert (status == 200) or "VIVAVOCE_PUBLIC_URL" in answer.text

    play_console(tmp_path, scenario)


def test_a_server_for_others_has_whatever_name_they_know(tmp_path: Path) -> None:
    """Only a server on loopback knows its names."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        assert 200 == (await browser(scene).get("/console/sign-in", host="voice.example")).status_code

    play_console(tmp_path, scenario, config=Config(data=tmp_path / "data", host="0.0.0.0"))


def test_behind_a_proxy_the_public_name_is_ours(tmp_path: Path) -> None:
    """Its pages may send forms."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        token = await admin.csrf()
        answer = await admin.post("/console/keys", {"name": "x"}, csrf=token, origin="https://voice.example")

        assert 200 == answer.status_code
        assert LOCAL != scene.config.public_url

    play_console(tmp_path, scenario, config=Config(data=tmp_path / "data", public_url="https://voice.example"))


def test_a_console_that_is_switched_off_is_not_there(tmp_path: Path) -> None:
    """Nor do its sessions open anything."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answers = [await admin.get(path) for path in ("/console", "/console/sign-in")]

        assert [404, 404] == [answer.status_code for answer in answers]
        assert {"status": False, "errors": ["Not found"]} == answers[0].json()
        assert 401 == (await admin.get("/atoms/v1/events?callId=CALL-1776756378884-6a553c")).status_code

    play_console(tmp_path, scenario, config=Config(data=tmp_path / "data", console=False))
