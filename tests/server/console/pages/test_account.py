"""One's own password, with the old one or after a link, and one's other sessions."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.server.console.console_scene import Visitor, browser, play_console, visitor
from tests.server.rest_scene import Scene
from vivavoce import ids
from vivavoce.server.console.passwords import Passwords
from vivavoce.server.console.person import COOKIE
from vivavoce.store import sessions, sign_in_links, users

OLD, NEW = "correct horse battery", "another horse battery"


async def with_password(scene: Scene) -> Visitor:
    """A viewer with a password."""
    bob = await visitor(scene, "viewer", "bob")
    assert bob.user is not None
    digest = ids.digest(bob.client.cookies[COOKIE])
    await users.set_password(scene.database, bob.user.id, await Passwords().hashed(OLD), keep_session=digest)
    return bob


async def password_of(scene: Scene, name: str) -> str:
    """The stored hash."""
    user = await users.find_named(scene.database, name)

    assert user is not None
    return user.password


async def by_link(scene: Scene, user: users.User) -> tuple[Visitor, dict[str, str]]:
    """Somebody who came by a link, and what allows him to set a password."""
    guest = browser(scene)
    answer = await guest.post(f"/console/sign-in/{await sign_in_links.create(scene.database, user.id)}", csrf="")
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return guest, {name: values[0] for name, values in query.items()}


def test_whoever_knows_his_password_changes_it(tmp_path: Path) -> None:
    """A viewer as well; he is signed out everywhere else."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        bob = await with_password(scene)
        assert bob.user is not None
        elsewhere = await sessions.begin(scene.database, user_id=bob.user.id)
        answer = await bob.post("/console/account/password", {"current": OLD, "password": NEW, "again": NEW})
        page = await bob.get("/console/account")

        assert 303 == answer.status_code
        assert await Passwords().matches(await password_of(scene, "bob"), NEW)
        assert (200, True) == (page.status_code, "Your password is changed" in page.text)
        assert None is await sessions.find(scene.database, elsewhere)

    play_console(tmp_path, scenario)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"current": "wrong", "password": NEW, "again": NEW}, "current"),
        ({"current": OLD, "password": "short", "again": "short"}, "password"),
        ({"current": OLD, "password": NEW, "again": "different"}, "again"),
        ({}, "password"),
    ],
)
def test_what_does_not_fit_is_told_beside_its_field(fields: dict[str, str], wrong: str, tmp_path: Path) -> None:
    """And nothing changes; what was typed is not sent back."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        bob = await with_password(scene)
        before = await password_of(scene, "bob")
        answer = await bob.post("/console/account/password", fields)

        assert (422, True) == (answer.status_code, f'id="{wrong}-error"' in answer.text)
        assert before == await password_of(scene, "bob")
        assert not [typed for typed in fields.values() if f'value="{typed}"' in answer.text]

    play_console(tmp_path, scenario)


def test_whoever_has_no_password_cannot_change_it(tmp_path: Path) -> None:
    """An open browser is not enough to take an account over: it needs a link."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await admin.post("/console/account/password", {"current": "", "password": NEW, "again": NEW})

        assert 422 == answer.status_code
        assert "" == await password_of(scene, "admin")

    play_console(tmp_path, scenario)


def test_whoever_comes_by_a_link_sets_a_password_once(tmp_path: Path) -> None:
    """Then the address that allowed it is worth nothing any more."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        assert admin.user is not None
        guest, permission = await by_link(scene, admin.user)
        page = await guest.client.get("/console/account/new-password", params=permission)
        short = await guest.post("/console/account/new-password", {**permission, "password": "x", "again": "x"})
        done = await guest.post("/console/account/new-password", {**permission, "password": NEW, "again": NEW})
        hashed = await password_of(scene, "admin")
        again = await guest.post("/console/account/new-password", {**permission, "password": OLD, "again": OLD})

        assert (200, 422, 303, 303) == (page.status_code, short.status_code, done.status_code, again.status_code)
        assert "/console" == done.headers["location"]
        assert await Passwords().matches(hashed, NEW)
        assert hashed == await password_of(scene, "admin")

    play_console(tmp_path, scenario)


def test_the_permission_of_another_is_none(tmp_path: Path) -> None:
    """It is signed for one user."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        bob = await with_password(scene)
        assert admin.user is not None
        _, permission = await by_link(scene, admin.user)
        before = await password_of(scene, "bob")
        for given in (permission, {"expires": "9" * 12, "signature": ""}, {}):
            await bob.post("/console/account/new-password", {**given, "password": NEW, "again": NEW})

        assert before == await password_of(scene, "bob")

    play_console(tmp_path, scenario)


def test_other_browsers_are_signed_out(tmp_path: Path) -> None:
    """This one stays."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        assert admin.user is not None
        elsewhere = await sessions.begin(scene.database, user_id=admin.user.id)
        before = (await admin.get("/console/account")).text
        await admin.post("/console/account/sessions/end")

        assert "1 other browser is signed in as you" in before
        assert None is await sessions.find(scene.database, elsewhere)
        assert "One other browser is signed out." in (await admin.get("/console/account")).text

    play_console(tmp_path, scenario)


def test_whoever_came_with_a_key_has_no_password(tmp_path: Path) -> None:
    """The page says who he is."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        owner = browser(scene)
        await owner.post("/console/sign-in", {"key": scene.key}, csrf="")
        page = await owner.get("/console/account")
        answer = await owner.post("/console/account/password", {"current": "", "password": NEW, "again": NEW})

        assert (200, 403) == (page.status_code, answer.status_code)
        assert "the API key “test”" in page.text

    play_console(tmp_path, scenario)
