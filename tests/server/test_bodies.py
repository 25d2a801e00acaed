"""A body that cannot be read is refused with a sentence, however a handler takes it."""

from pathlib import Path

import pytest

from tests.server.rest_scene import Scene, play

# The first reads its body as an object of any fields, the second has it typed by Litestar.
ROUTES = ("/atoms/v1/agent", "/atoms/v1/webhook")


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "body",
    [b"{", b'{"name":"\xff"}', b"[" * 100_000, b'{"a":' * 50_000 + b"1" + b"}" * 50_000],
    ids=["a torso", "no UTF-8", "a nest of arrays", "a nest of objects"],
)
def test_what_is_no_json_is_refused(body: bytes, route: str, tmp_path: Path) -> None:
    """Rule: 400 in the envelope, and no failure of ours."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("POST", route, body=body)

        assert (400, False) == (answer.status_code, answer.json()["status"])
        assert answer.json()["errors"][0] in ("The body is not valid JSON", "The body must be a JSON object")

    play(tmp_path, scenario)


@pytest.mark.parametrize("body", [b"[]", b"7", b'"x"'])
@pytest.mark.parametrize("route", ROUTES)
def test_what_is_no_object_is_refused(route: str, body: bytes, tmp_path: Path) -> None:
    """Rule: the text says that an object is wanted."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("POST", route, body=body)

        assert 400 == answer.status_code
        assert "object" in answer.json()["errors"][0]

    play(tmp_path, scenario)
