"""The routes of agents."""

from pathlib import Path

import pytest

from tests.server.rest_scene import Scene, play


def test_an_agent_is_made_shown_and_changed(tmp_path: Path) -> None:
    """The answer of a change is the id; what was not sent stays; unknown fields stay."""

    async def scenario(scene: Scene) -> None:
        made = await scene.ask("POST", "/atoms/v1/agent", json={"firstMessage": "Hello", "future": {"x": [1]}})
        agent_id = made.json()["data"]

        assert (201, 24) == (made.status_code, len(agent_id))
        changed = await scene.ask(
            "PATCH", f"/atoms/v1/agent/{agent_id}", json={"name": "Ada", "allowInterruptions": False}
        )
        assert (200, {"status": True, "data": agent_id}) == (changed.status_code, changed.json())
        shown = (await scene.ask("GET", f"/atoms/v1/agent/{agent_id}")).json()["data"]
        assert (agent_id, "Ada", "Hello", False, {"x": [1]}, 0.7) == (
            shown["_id"],
            shown["name"],
            shown["firstMessage"],
            shown["allowInterruptions"],
            shown["future"],
            shown["voiceDetectionConfig"]["confidence"],
        )
        assert False is shown["_resolvedConfig"]["allowInterruptions"]

    play(tmp_path, scenario)


def test_an_agent_without_a_name_or_a_body_is_a_new_agent(tmp_path: Path) -> None:
    """Some clients leave the name out (wire-spec 2.2)."""

    async def scenario(scene: Scene) -> None:
        agent_id = (await scene.ask("POST", "/atoms/v1/agent")).json()["data"]
        shown = (await scene.ask("GET", f"/atoms/v1/agent/{agent_id}")).json()["data"]

        assert ("New agent", "single_prompt") == (shown["name"], shown["workflowType"])

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("method", "path", "text"),
    [
        ("GET", "/agent/nonsense", "Invalid agent id"),
        ("GET", f"/agent/{'A' * 24}", "Invalid agent id"),
        ("GET", f"/agent/{'0' * 24}", "No agent found"),
        ("PATCH", f"/agent/{'0' * 24}", "No agent found"),
        ("PATCH", "/agent/%00", "Invalid agent id"),
    ],
)
def test_an_unknown_agent_is_a_bad_request(method: str, path: str, text: str, tmp_path: Path) -> None:
    """As the original answers (decision C13)."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask(method, f"/atoms/v1{path}")

        assert (400, [text]) == (answer.status_code, answer.json()["errors"])

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"[]", "The body must be a JSON object"),
        (b"{", "The body is not valid JSON"),
        (b"\xff", "The body is not valid JSON"),
        (b'{"a":' * 5000, "The body is not valid JSON"),
        (b'{"timezone":"UTC"}', "timezone: Expected object, received string"),
        (b'{"name":"a\\u0000"}', "a zero character (\\u0000) cannot be stored: remove it from the text"),
    ],
)
def test_a_body_that_cannot_be_used_is_refused(body: bytes, text: str, tmp_path: Path) -> None:
    """The text says what is wrong."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("POST", "/atoms/v1/agent", body=body)

        assert (400, [text]) == (answer.status_code, answer.json()["errors"])

    play(tmp_path, scenario)


def test_the_voice_socket_asked_without_an_upgrade_is_an_invalid_agent(tmp_path: Path) -> None:
    """A test program looks for this very answer, with or without a key (wire-spec 1.1)."""

    async def scenario(scene: Scene) -> None:
        for key in ("", scene.key):
            answer = await scene.ask("GET", "/atoms/v1/agent/connect", key=key)

            assert (400, {"status": False, "errors": ["Invalid agent id"]}) == (answer.status_code, answer.json())

    play(tmp_path, scenario)


def test_a_list_comes_in_pages_with_every_name_of_the_total(tmp_path: Path) -> None:
    """``offset`` is the size of a page, ``limit`` its other name; the newest agents come first (C14, C15)."""

    async def scenario(scene: Scene) -> None:
        for name in ("one", "two", "three"):
            await scene.ask("POST", "/atoms/v1/agent", json={"name": name})

        async def listed(query: str) -> dict[str, object]:
            data: dict[str, object] = (await scene.ask("GET", f"/atoms/v1/agent{query}")).json()["data"]
            return data | {"agents": [agent["name"] for agent in data["agents"]]}  # type: ignore[attr-defined]

        assert {
            "agents": ["three", "two"],
            "total": 3,
            "totalCount": 3,
            "totalPages": 2,
            "hasMore": True,
            "isSearchResults": False,
        } == await listed("?page=1&offset=2")
        assert ["one"] == (await listed("?page=2&limit=2"))["agents"]
        assert ["three", "two"] == (await listed("?search=T&sortField=nonsense"))["agents"]
        assert ["one", "three", "two"] == (await listed("?sortField=name&sortOrder=asc"))["agents"]
        assert [] == (await listed("?archived=true"))["agents"]

    play(tmp_path, scenario)


@pytest.mark.parametrize("query", ["page=0", "page=x", "offset=-1", "page=99999999999999999999"])
def test_a_page_that_cannot_be_is_refused(query: str, tmp_path: Path) -> None:
    """The text names the parameter."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("GET", f"/atoms/v1/agent?{query}")

        assert 400 == answer.status_code
        assert query.split("=")[0] in answer.json()["errors"][0]

    play(tmp_path, scenario)
