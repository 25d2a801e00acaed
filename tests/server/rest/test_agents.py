"""The routes of agents."""

from pathlib import Path

import pytest

from tests.server.rest_scene import Scene, play, start_call
from vivavoce.server.briefing import style_of
from vivavoce.store import agents
from vivavoce.views.agent import HOUSE_ID


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
        assert (agent_id, "Ada", "Hello", False, {"x": [1]}, 0.5) == (
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
        (b'{"interruptionBackoffTimer":-1}', "interruptionBackoffTimer: Expected a number from 0 to 10 seconds"),
        (
            b'{"voiceDetectionConfig":{"confidence":1.5}}',
            "voiceDetectionConfig.confidence: Expected a number from 0 to 1",
        ),
        (b'{"pronunciationDicts":"x"}', "pronunciationDicts: Expected array, received string"),
        (b'{"future":' + b"[" * 100 + b"]" * 100 + b"}", "The document is nested too deeply"),
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


def test_an_agent_that_was_read_can_be_written_back_whole(tmp_path: Path) -> None:
    """What is shown is what is served: writing it back changes no call."""

    async def scenario(scene: Scene) -> None:
        agent_id = (await scene.ask("POST", "/atoms/v1/agent", json={"name": "Ada"})).json()["data"]
        before = (await scene.ask("GET", f"/atoms/v1/agent/{agent_id}")).json()["data"]
        written = await scene.ask("PATCH", f"/atoms/v1/agent/{agent_id}", json=before)
        after = (await scene.ask("GET", f"/atoms/v1/agent/{agent_id}")).json()["data"]
        stored = await agents.find(scene.database, agent_id)

        assert 200 == written.status_code
        assert before | {"updatedAt": after["updatedAt"]} == after
        assert stored is not None
        assert style_of({}) == style_of(stored.document)

    play(tmp_path, scenario)


def test_an_agent_is_archived_and_brought_back(tmp_path: Path) -> None:
    """Once each; lists show it only where it is asked for, and no call can be made meanwhile (C13, C17)."""

    async def scenario(scene: Scene) -> None:
        agent_id = (await scene.ask("POST", "/atoms/v1/agent", json={})).json()["data"]
        path = f"/atoms/v1/agent/{agent_id}/archive"

        async def archive(query: str) -> tuple[int, object]:
            answer = await scene.ask("DELETE", f"{path}{query}")
            return answer.status_code, answer.json().get("data", answer.json().get("errors"))

        assert (409, ["Agent is already active"]) == await archive("?on=false")
        assert (200, {"message": "Agent archived"}) == await archive("")
        assert (409, ["Agent is already archived"]) == await archive("?on=true")
        refused = await scene.ask("POST", "/atoms/v1/conversation/register-call", json={"agent_id": agent_id})
        assert 404 == refused.status_code
        listed = (await scene.ask("GET", "/atoms/v1/agent?archived=true")).json()["data"]["agents"]
        assert [(agent_id, True)] == [(agent["_id"], agent["archived"]) for agent in listed]
        assert (200, {"message": "Agent unarchived"}) == await archive("?on=false")
        assert 400 == (await archive("?on=perhaps"))[0]

    play(tmp_path, scenario)


def test_an_agent_is_copied_with_all_its_settings(tmp_path: Path) -> None:
    """Unknown fields too; the alias, of which there can be one, stays with the original."""

    async def scenario(scene: Scene) -> None:
        document = {"name": "Ada", "firstMessage": "Hello", "future": {"x": 1}, "assistantAlias": "front-desk"}
        agent_id = (await scene.ask("POST", "/atoms/v1/agent", json=document)).json()["data"]
        path = f"/atoms/v1/agent/{agent_id}/duplicate"
        made = await scene.ask("POST", path, json={"targetOrganizationId": HOUSE_ID})
        copy_id = made.json()["data"]["_id"]
        copy = (await scene.ask("GET", f"/atoms/v1/agent/{copy_id}")).json()["data"]

        assert 201 == made.status_code
        assert copy_id != agent_id
        assert ("Ada (copy)", "Hello", {"x": 1}, False) == (
            copy["name"],
            copy["firstMessage"],
            copy["future"],
            "assistantAlias" in copy,
        )
        # Without a body it stays in the organization, of which there is one.
        assert 201 == (await scene.ask("POST", path)).status_code

    play(tmp_path, scenario)


def test_a_copy_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """Of whom, where to, and in which state."""

    async def scenario(scene: Scene) -> None:
        async def copied(agent_id: str, **order: object) -> tuple[int, str]:
            answer = await scene.ask("POST", f"/atoms/v1/agent/{agent_id}/duplicate", json=order)
            return answer.status_code, answer.json()["errors"][0]

        agent_id = (await scene.ask("POST", "/atoms/v1/agent", json={})).json()["data"]
        graph = (await scene.ask("POST", "/atoms/v1/agent", json={"workflowType": "workflow_graph"})).json()["data"]
        gone = (await scene.ask("POST", "/atoms/v1/agent", json={})).json()["data"]
        await scene.ask("DELETE", f"/atoms/v1/agent/{gone}/archive")

        assert (404, "Agent not found") == await copied("0" * 24)
        assert (400, "Invalid agent id") == await copied("nonsense")
        assert (400, "targetOrganizationId: Expected 24 hex digits") == await copied(agent_id, targetOrganizationId="x")
        assert 403 == (await copied(agent_id, targetOrganizationId="f" * 24))[0]
        assert (400, "An archived agent cannot be copied: bring it back first") == await copied(gone)
        assert (400, "Only an agent of workflowType single_prompt can be copied") == await copied(graph)

    play(tmp_path, scenario)


def test_an_alias_belongs_to_one_agent(tmp_path: Path) -> None:
    """A clash is 409 with a text that names it; an alias that was given up is free again."""

    async def scenario(scene: Scene) -> None:
        first = (await scene.ask("POST", "/atoms/v1/agent", json={"assistantAlias": "desk"})).json()["data"]
        second = (await scene.ask("POST", "/atoms/v1/agent", json={})).json()["data"]
        taken = "assistantAlias: desk belongs to another agent (look among the archived too)"

        made = await scene.ask("POST", "/atoms/v1/agent", json={"assistantAlias": "desk"})
        changed = await scene.ask("PATCH", f"/atoms/v1/agent/{second}", json={"assistantAlias": "desk"})
        assert [(409, [taken])] * 2 == [(answer.status_code, answer.json()["errors"]) for answer in (made, changed)]
        await scene.ask("PATCH", f"/atoms/v1/agent/{first}", json={"assistantAlias": None})
        again = await scene.ask("PATCH", f"/atoms/v1/agent/{second}", json={"assistantAlias": "desk"})
        assert 200 == again.status_code
        assert "desk" == (await scene.ask("GET", f"/atoms/v1/agent/{second}")).json()["data"]["assistantAlias"]

    play(tmp_path, scenario)


def test_a_list_knows_the_calls_of_its_agents(tmp_path: Path) -> None:
    """``totalCalls`` is shown and sorted by."""

    async def scenario(scene: Scene) -> None:
        await scene.ask("POST", "/atoms/v1/agent", json={"name": "quiet"})
        busy = await start_call(scene)
        listed = (await scene.ask("GET", "/atoms/v1/agent?sortField=totalCalls")).json()["data"]["agents"]
        shown = (await scene.ask("GET", f"/atoms/v1/agent/{busy}")).json()["data"]

        assert [("Ada", 1), ("quiet", 0)] == [(agent["name"], agent["totalCalls"]) for agent in listed]
        assert 1 == shown["totalCalls"]

    play(tmp_path, scenario)
