"""Only a key that works opens the API."""

from pathlib import Path

import pytest

from tests.server.rest_scene import Scene, play
from vivavoce.store import keys


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({}, "Unauthorized: missing token"),
        ({"authorization": "Bearer"}, "Unauthorized: missing token"),
        ({"authorization": "Basic abc"}, "Unauthorized: missing token"),
        ({"authorization": "Bearer sk_wrong"}, "Unauthorized: invalid or expired token"),
    ],
)
def test_a_missing_or_wrong_key_is_refused(headers: dict[str, str], text: str, tmp_path: Path) -> None:
    """The words of wire-spec 1.4.3."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.client.get("/atoms/v1/agent", headers=headers)

        assert (401, {"status": False, "errors": [text]}) == (answer.status_code, answer.json())
        assert "Bearer" == answer.headers["www-authenticate"]

    play(tmp_path, scenario)


def test_the_scheme_may_be_written_in_any_case(tmp_path: Path) -> None:
    """RFC 9110: authentication schemes ignore case."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.client.get("/atoms/v1/agent", headers={"authorization": f"bearer {scene.key}"})

        assert 200 == answer.status_code

    play(tmp_path, scenario)


def test_a_revoked_key_stops_working_at_once(tmp_path: Path) -> None:
    """Nothing remembers a key beyond the store."""

    async def scenario(scene: Scene) -> None:
        assert 200 == (await scene.ask("GET", "/atoms/v1/agent")).status_code
        (key,) = await keys.list_all(scene.database)
        await keys.revoke(scene.database, key.id)
        assert 401 == (await scene.ask("GET", "/atoms/v1/agent")).status_code

    play(tmp_path, scenario)
