"""API keys: made and shown once, listed, revoked after a question."""

import re
from pathlib import Path

import pytest

from tests.server.console.console_scene import Visitor, play_console
from tests.server.rest_scene import Scene
from vivavoce.store import keys


def test_a_new_key_is_shown_once_and_works(tmp_path: Path) -> None:
    """The list has its first characters."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        made = await admin.post("/console/keys", {"name": " shop "})
        (secret,) = re.findall(r"sk_[0-9a-f]{48}", made.text)
        listed = (await admin.get("/console/keys")).text

        assert 200 == (await scene.ask("GET", "/atoms/v1/agent", key=secret)).status_code
        assert secret not in listed
        assert f"{secret[:9]}…" in listed
        assert ["test", "shop"] == [key.name for key in await keys.list_all(scene.database)]

    play_console(tmp_path, scenario)


@pytest.mark.parametrize("name", ["", " ", "x" * 101])
def test_a_key_has_a_name(name: str, tmp_path: Path) -> None:
    """The complaint stands beside the field, with what was typed."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await admin.post("/console/keys", {"name": name})

        assert (422, True) == (answer.status_code, 'id="name-error"' in answer.text)
        assert 1 == len(await keys.list_all(scene.database))

    play_console(tmp_path, scenario)


def test_a_key_is_revoked_after_a_question(tmp_path: Path) -> None:
    """And is said to be revoked from then on."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        (key,) = await keys.list_all(scene.database)
        asked = await admin.get(f"/console/keys/{key.id}/revoke")
        works = (await scene.ask("GET", "/atoms/v1/agent")).status_code
        answer = await admin.post(f"/console/keys/{key.id}/revoke")
        listed = (await admin.get("/console/keys")).text

        assert (200, 200, 303) == (asked.status_code, works, answer.status_code)
        assert 401 == (await scene.ask("GET", "/atoms/v1/agent")).status_code
        assert "The key “test” is revoked." in listed
        assert f"/console/keys/{key.id}/revoke" not in listed
        assert 404 == (await admin.post(f"/console/keys/{key.id}/revoke")).status_code

    play_console(tmp_path, scenario)
