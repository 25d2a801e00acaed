"""Every answer is JSON in an envelope, under both prefixes, with a request id."""

from pathlib import Path

import pytest

from tests.server.rest_scene import Scene, play
from vivavoce.server.app import API_PREFIXES


@pytest.mark.parametrize("prefix", ["/atoms/v1", "/api/v1"])
def test_both_prefixes_serve_the_same_routes(prefix: str, tmp_path: Path) -> None:
    """Old and new clients differ in the prefix only (wire-spec 0.4)."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("GET", f"{prefix}/agent")

        assert (200, True) == (answer.status_code, answer.json()["status"])

    play(tmp_path, scenario, prefixes=API_PREFIXES)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/atoms/v1/nothing", 404),
        ("GET", "/atoms/v1/agent/a/b/c", 404),
        ("POST", "/nothing", 404),
        ("GET", "/nothing.js", 404),
        ("DELETE", "/", 404),
        ("DELETE", "/atoms/v1/agent", 405),
        ("GET", "/atoms/v1/conversation/register-call", 405),
        ("POST", "/health", 405),
    ],
)
def test_what_is_not_there_is_said_in_an_envelope(method: str, path: str, status: int, tmp_path: Path) -> None:
    """Clients read JSON, never HTML."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask(method, path)

        assert status == answer.status_code
        assert False is answer.json()["status"]
        assert isinstance(answer.json()["errors"][0], str)
        assert 36 == len(answer.headers["x-request-id"])

    play(tmp_path, scenario)


def test_every_answer_has_its_own_request_id(tmp_path: Path) -> None:
    """Support can find one request among many."""

    async def scenario(scene: Scene) -> None:
        ids = {(await scene.ask("GET", "/health")).headers["x-request-id"] for _ in range(3)}

        assert 3 == len(ids)

    play(tmp_path, scenario)


def break_database(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    path.mkdir()


def test_a_store_that_is_away_is_answered_with_503(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The client may try again; the reason is in the log, not in the answer."""

    async def scenario(scene: Scene) -> None:
        await scene.database.close()
        break_database(Path(scene.config.database_url.removeprefix("sqlite:///")))
        answer = await scene.ask("GET", "/atoms/v1/agent")

        assert 503 == answer.status_code
        assert "1" == answer.headers["retry-after"]
        assert ["Service Unavailable: the store cannot be used"] == answer.json()["errors"]

    play(tmp_path, scenario)

    assert "unable to open database file" in caplog.text


def test_a_bug_is_answered_without_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The traceback is for the log."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the inside of the house")

    monkeypatch.setattr("vivavoce.server.rest.agents.agent_document", broken)

    async def scenario(scene: Scene) -> None:
        agent = (await scene.ask("POST", "/atoms/v1/agent", json={})).json()["data"]
        answer = await scene.ask("GET", f"/atoms/v1/agent/{agent}")

        assert (500, {"status": False, "errors": ["Internal Server Error"]}) == (answer.status_code, answer.json())

    play(tmp_path, scenario)

    assert "the inside of the house" in caplog.text


def test_a_body_has_a_largest_size(tmp_path: Path) -> None:
    """Nobody fills the memory through a request."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("POST", "/atoms/v1/agent", body=b"x" * 1_000_001)

        assert (413, False) == (answer.status_code, answer.json()["status"])

    play(tmp_path, scenario)


def test_health_tells_of_calls_and_draining(tmp_path: Path) -> None:
    """For load balancers; needs no key."""

    async def scenario(scene: Scene) -> None:
        assert {"status": "ok", "calls": 0} == (await scene.ask("GET", "/health", key="")).json()
        scene.draining = True
        assert "draining" == (await scene.ask("GET", "/health", key="")).json()["status"]

    play(tmp_path, scenario)
