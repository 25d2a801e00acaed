"""Users are made with a link, given a role, and removed; one admin stays."""

import re
from pathlib import Path

import pytest

from tests.server.console.console_scene import LOCAL, Visitor, browser, play_console, visitor
from tests.server.rest_scene import Scene
from vivavoce.store import users


def link_in(page: str) -> str:
    """The path of the link that a page shows."""
    (link,) = re.findall(rf"{LOCAL}(/console/sign-in/[\w-]{{43}})", page)
    return str(link)


def test_a_new_user_signs_in_by_a_link_that_is_shown_once(tmp_path: Path) -> None:
    """He is what he was made."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        made = await admin.post("/console/users", {"name": "Bob", "role": "viewer"})
        link = link_in(made.text)
        bob = browser(scene)
        await bob.post(link, csrf="")
        page = (await bob.get("/console/account")).text

        assert 200 == made.status_code
        assert ">bob</b>" in page
        assert "viewer" in page
        assert "/console/sign-in/" not in (await admin.get("/console/users")).text

    play_console(tmp_path, scenario)


@pytest.mark.parametrize(("name", "said"), [("a b", "letters, digits"), ("", "letters, digits"), ("ADMIN", "already")])
def test_a_name_that_does_not_fit_is_told_beside_the_field(name: str, said: str, tmp_path: Path) -> None:
    """With what was chosen."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await admin.post("/console/users", {"name": name, "role": "admin"})

        assert 422 == answer.status_code
        assert said in answer.text
        assert '<option value="admin" selected>' in answer.text
        assert 1 == len(await users.list_all(scene.database))

    play_console(tmp_path, scenario)


def test_a_role_takes_effect_at_once(tmp_path: Path) -> None:
    """Also for whoever is signed in."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        bob = await visitor(scene, "viewer", "bob")
        assert bob.user is not None
        answer = await admin.post(f"/console/users/{bob.user.id}/role", {"role": "admin"})

        assert 303 == answer.status_code
        assert 200 == (await bob.post("/console/keys", {"name": "mine"})).status_code
        assert 400 == (await admin.post(f"/console/users/{bob.user.id}/role", {"role": "god"})).status_code

    play_console(tmp_path, scenario)


def test_the_last_admin_is_neither_demoted_nor_removed(tmp_path: Path) -> None:
    """Not even by himself; the page says what to do first."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        assert admin.user is not None
        for path, fields in (("role", {"role": "viewer"}), ("remove", {})):
            await admin.post(f"/console/users/{admin.user.id}/{path}", fields)
            assert "There has to be an admin" in (await admin.get("/console/users")).text

        assert [admin.user.name] == [user.name for user in await users.list_all(scene.database)]

    play_console(tmp_path, scenario)


def test_a_user_is_removed_after_a_question_and_signed_out(tmp_path: Path) -> None:
    """His session ends with him."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        bob = await visitor(scene, "viewer", "bob")
        assert bob.user is not None
        asked = await admin.get(f"/console/users/{bob.user.id}/remove")
        answer = await admin.post(f"/console/users/{bob.user.id}/remove")

        assert (200, 303) == (asked.status_code, answer.status_code)
        assert 303 == (await bob.get("/console/account")).status_code
        assert 404 == (await admin.post(f"/console/users/{bob.user.id}/remove")).status_code

    play_console(tmp_path, scenario)


def test_whoever_lost_his_password_gets_another_link(tmp_path: Path) -> None:
    """Shown once, to the admin who asked for it."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        bob = await visitor(scene, "viewer", "bob")
        assert bob.user is not None
        answer = await admin.post(f"/console/users/{bob.user.id}/link")

        assert "A link for bob" in answer.text
        assert 303 == (await browser(scene).post(link_in(answer.text), csrf="")).status_code

    play_console(tmp_path, scenario)
