"""What cannot be done says so, and what to do instead."""

from pathlib import Path

import pytest

from tests.server.rest_scene import CALL_ID, Scene, play, start_call

PATH = "/atoms/v1/conversation"


@pytest.mark.parametrize("kind", ["webcall", "chat"])
def test_there_are_no_rooms(kind: str, tmp_path: Path) -> None:
    """The sentence names the routes that take their place; a missing agent is told first."""

    async def scenario(scene: Scene) -> None:
        refused = await scene.ask("POST", f"{PATH}/{kind}", json={"agentId": "a" * 24})
        missing = await scene.ask("POST", f"{PATH}/{kind}", json={})

        assert (501, False) == (refused.status_code, refused.json()["status"])
        assert "POST /conversation/register-call" in refused.json()["errors"][0]
        assert (400, ["agentId: Required"]) == (missing.status_code, missing.json()["errors"])

    play(tmp_path, scenario)


def test_there_are_no_telephone_calls(tmp_path: Path) -> None:
    """Whatever the body."""

    async def scenario(scene: Scene) -> None:
        refused = await scene.ask("POST", f"{PATH}/outbound", json={"agentId": "x", "phoneNumber": "+1"})

        assert 400 == refused.status_code
        assert "no telephone calls" in refused.json()["errors"][0]

    play(tmp_path, scenario)


def test_no_call_is_tried_again(tmp_path: Path) -> None:
    """The list is there and empty."""

    async def scenario(scene: Scene) -> None:
        assert 404 == (await scene.ask("GET", f"{PATH}/{CALL_ID}/retries")).status_code
        await start_call(scene)

        assert {"status": True, "data": {"retries": []}} == (await scene.ask("GET", f"{PATH}/{CALL_ID}/retries")).json()
        assert 400 == (await scene.ask("GET", f"{PATH}/nonsense/retries")).status_code

    play(tmp_path, scenario)
