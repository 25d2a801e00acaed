"""Signing in with a password, a key or a link, and signing out."""

from http.cookies import SimpleCookie
from pathlib import Path

import pytest

from tests.server.console.console_scene import LOCAL, Visitor, browser, play_console, visitor
from tests.server.rest_scene import Scene
from vivavoce.config import Config
from vivavoce.server.console.attempts import MOST_BY_NAME
from vivavoce.server.console.passwords import Passwords
from vivavoce.server.console.person import COOKIE
from vivavoce.store import keys, sessions, sign_in_links, users

PASSWORD = "correct horse battery"


async def with_password(scene: Scene, name: str = "ada") -> users.User:
    """A viewer with a password."""
    user = await users.create(scene.database, name, "viewer", password=await Passwords().hashed(PASSWORD))

    assert user is not None
    return user


async def sign_in(who: Visitor, name: str = "ada", password: str = PASSWORD, **fields: str) -> int:
    """The status of an attempt."""
    answer = await who.post("/console/sign-in", {"name": name, "password": password, **fields}, csrf="")
    return answer.status_code


def test_name_and_password_begin_a_session(tmp_path: Path) -> None:
    """In whatever case the name is typed."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        await with_password(scene)
        ada = browser(scene)

        assert 303 == await sign_in(ada, " ADA ")
        page = await ada.get("/console/account")
        assert (200, True) == (page.status_code, ">ada</b>" in page.text)

    play_console(tmp_path, scenario)


def test_an_unknown_name_and_a_wrong_password_are_told_alike(tmp_path: Path) -> None:
    """Nobody learns which users there are; one without a password is none that can sign in with one."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        await with_password(scene)
        await users.create(scene.database, "bob", "viewer")
        told = []
        for name, password in (("ada", "wrong"), ("nobody", "wrong"), ("bob", ""), ("bob", "wrong")):
            answer = await browser(scene).post("/console/sign-in", {"name": name, "password": password}, csrf="")
            told.append((answer.status_code, answer.text.replace(name, "NAME"), "set-cookie" in answer.headers))

        assert 1 == len(set(told))
        assert (422, False) == (told[0][0], told[0][2])
        assert "Name and password do not fit" in told[0][1]

    play_console(tmp_path, scenario)


def test_guessing_is_slowed_down(tmp_path: Path) -> None:
    """Even the right password is refused then, and the page says for how long."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        await with_password(scene)
        guesses = [await sign_in(browser(scene, peer=f"10.0.0.{n}"), password="wrong") for n in range(MOST_BY_NAME)]
        answer = await browser(scene).post("/console/sign-in", {"name": "ada", "password": PASSWORD}, csrf="")

        assert [422] * MOST_BY_NAME == guesses
        assert 429 == answer.status_code
        assert 0 < int(answer.headers["retry-after"]) <= 300
        assert "try again in 5 min" in answer.text

    play_console(tmp_path, scenario)


def test_a_key_makes_an_admin_for_a_session(tmp_path: Path) -> None:
    """Until it is revoked."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        owner = browser(scene)
        wrong = await owner.post("/console/sign-in", {"key": "sk_wrong"}, csrf="")
        right = await owner.post("/console/sign-in", {"key": scene.key}, csrf="")
        made = await owner.post("/console/keys", {"name": "second"})
        key = (await keys.list_all(scene.database))[0]
        await keys.revoke(scene.database, key.id)

        assert (422, 303, 200) == (wrong.status_code, right.status_code, made.status_code)
        assert "This key does not work" in wrong.text
        assert 303 == (await owner.get("/console/keys")).status_code

    play_console(tmp_path, scenario)


@pytest.mark.parametrize("secure", [False, True])
def test_the_cookie_is_for_the_browser_alone(secure: bool, tmp_path: Path) -> None:
    """Not for scripts, not for other pages, and with TLS not for connections without."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        answer = await browser(scene).post("/console/sign-in", {"key": scene.key}, csrf="")
        cookie = SimpleCookie(answer.headers["set-cookie"])[COOKIE]

        assert (True, "lax", "/", secure) == (
            cookie["httponly"],
            cookie["samesite"].lower(),
            cookie["path"],
            bool(cookie["secure"]),
        )

    config = Config(data=tmp_path / "data", public_url="https://voice.example" if secure else "")
    play_console(tmp_path, scenario, config=config)


def test_the_form_of_another_page_signs_nobody_in(tmp_path: Path) -> None:
    """Or it could sign a visitor in as somebody else, who then reads what he writes."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        answer = await browser(scene).post(
            "/console/sign-in", {"key": scene.key}, csrf="", origin="https://evil.example"
        )

        assert (403, None) == (answer.status_code, answer.headers.get("set-cookie"))

    play_console(tmp_path, scenario)


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        ("/console/keys?page=2", "/console/keys?page=2"),
        ("", "/console"),
        ("/consoles", "/console"),
        ("/", "/console"),
        ("//evil.example/console", "/console"),
        ("https://evil.example/console", "/console"),
        ("/\\evil.example", "/console"),
        ("/console\\..\\..//evil.example", "/console"),
        ("javascript:alert(1)", "/console"),
        ("/console/\r\nset-cookie: a=b", "/console"),
        ("/console/sign-in", "/console"),
        ("/console/sign-out", "/console"),
    ],
)
def test_nobody_is_led_elsewhere(wanted: str, target: str, tmp_path: Path) -> None:
    """``next`` is a page of the console, or nothing."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await browser(scene).post("/console/sign-in", {"key": scene.key, "next": wanted}, csrf="")
        already = await admin.client.get("/console/sign-in", params={"next": wanted})

        assert (303, target) == (answer.status_code, answer.headers["location"])
        assert (303, target) == (already.status_code, already.headers["location"])

    play_console(tmp_path, scenario)


def test_a_link_is_spent_by_its_button_alone(tmp_path: Path) -> None:
    """Mail scanners and previews open every address; they press no buttons."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        assert admin.user is not None
        path = f"/console/sign-in/{await sign_in_links.create(scene.database, admin.user.id)}"
        looked = [await browser(scene).get(path) for _ in range(2)]
        guest, late = browser(scene), browser(scene)
        used = await guest.post(path, csrf="")
        again = await late.post(path, csrf="")

        assert [200, 200] == [answer.status_code for answer in looked]
        assert all("set-cookie" not in answer.headers for answer in looked)
        assert 303 == used.status_code
        assert used.headers["location"].startswith("/console/account/new-password?")
        assert 200 == (await guest.get("/console")).status_code
        assert (410, True) == (again.status_code, "used up" in again.text)
        assert 410 == (await late.get(path)).status_code

    play_console(tmp_path, scenario)


def test_a_new_sign_in_ends_the_session_before_it(tmp_path: Path) -> None:
    """A browser is one person at a time."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        before = admin.client.cookies[COOKIE]
        await admin.post("/console/sign-in", {"key": scene.key}, csrf="")

        assert None is await sessions.find(scene.database, before)

    play_console(tmp_path, scenario)


def test_signing_out_ends_the_session(tmp_path: Path) -> None:
    """Not only in the browser."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        viewer = await visitor(scene, "viewer")
        secret = viewer.client.cookies[COOKIE]
        answer = await viewer.post("/console/sign-out")
        page = await viewer.get("/console/sign-in")

        assert (303, "/console/sign-in") == (answer.status_code, answer.headers["location"])
        assert None is await sessions.find(scene.database, secret)
        assert "You are signed out." in page.text
        assert "You are signed out." not in (await viewer.get("/console/sign-in")).text

    play_console(tmp_path, scenario)


def test_the_session_cookie_of_a_page_is_worth_nothing_to_change_calls(tmp_path: Path) -> None:
    """The API takes keys; a session opens only what is read."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await admin.client.post("/atoms/v1/agent", json={"name": "Ada"}, headers={"origin": LOCAL})

        assert 401 == answer.status_code

    play_console(tmp_path, scenario)
