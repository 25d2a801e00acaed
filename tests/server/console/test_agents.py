"""Agents in the console: listed, made, copied, archived."""

import re
from pathlib import Path

import pytest

from tests.server.console.console_scene import Visitor, play_console, visitor
from tests.server.rest_scene import Scene
from vivavoce.server.agent_templates import templates
from vivavoce.store import agents, knowledge
from vivavoce.store.agents import Agent


async def named(scene: Scene, name: str) -> Agent:
    """The only agent of this name."""
    (agent,) = (await agents.list_page(scene.database, search=name)).agents
    return agent


def names_in(page: str) -> list[str]:
    """The agents of a list, in its order."""
    return re.findall(r'class="row-link" href="[^"]+">([^<]*)</a>', page)


def test_the_list_is_searched_ordered_and_paged(tmp_path: Path) -> None:
    """Rule: what the address says is what is shown, so that it can be sent to somebody."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        for number in range(25):
            await agents.create(scene.database, {"name": f"Agent {number:02}"})
        await agents.create(scene.database, {"name": "100% other"})
        first, second = [
            names_in((await admin.get(f"/console/agents?sort=name&page={page}&q=agent")).text) for page in (1, 2)
        ]

        assert [f"Agent {number:02}" for number in range(25)] == first + second
        assert 20 == len(first)
        assert ["100% other"] == names_in((await admin.part("/console/agents?q=0%25")).text)
        assert "No agent of that name" in (await admin.get("/console/agents?q=nobody")).text
        assert "100% other" == names_in((await admin.get("/console/agents")).text)[0]

    play_console(tmp_path, scenario)


@pytest.mark.parametrize("query", ["page=0", "page=99999999999999", "sort=nonsense", "show=%00", "q=%00"])
def test_an_odd_address_is_a_list_all_the_same(tmp_path: Path, query: str) -> None:
    """Rule: nobody is shown an error for an address that somebody cut."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        assert 200 == (await admin.get(f"/console/agents?{query}")).status_code

    play_console(tmp_path, scenario)


def test_an_agent_is_made_from_nothing(tmp_path: Path) -> None:
    """Rule: it has its name, and everything else as usual."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await admin.post("/console/agents", {"name": " Ada ", "template": "scratch", "kind": "agent"})
        agent = await named(scene, "Ada")

        assert f"/console/agents/{agent.id}" == answer.headers["location"]
        assert {"name": "Ada", "workflowType": "single_prompt"} == dict(agent.document)

    play_console(tmp_path, scenario)


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.id)
def test_an_agent_is_made_from_every_template(tmp_path: Path, template: object) -> None:
    """Rule: the same agent that the API makes."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        chosen = str(template.id)  # type: ignore[attr-defined]  # a Template
        await admin.post("/console/agents", {"name": "Ada", "template": chosen, "kind": "agent"})
        order = {"agentName": "Bo", "templateId": chosen}
        await scene.ask("POST", "/atoms/v1/agent/from-template", json=order)
        ours, theirs = await named(scene, "Ada"), await named(scene, "Bo")

        assert {**theirs.document, "name": "Ada"} == dict(ours.document)

    play_console(tmp_path, scenario)


@pytest.mark.parametrize("typed", ["", "6f1c2a52-6f0e-4a53-8f6c-0d4a0c7b8a11"])
def test_a_synthflow_widget_has_a_uuid_and_its_line(tmp_path: Path, typed: str) -> None:
    """Rule: the one that is written into the pages, or a new one; the line to copy opens a session."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        await admin.post("/console/agents", {"name": "Ada", "template": "scratch", "kind": "widget", "alias": typed})
        agent = await named(scene, "Ada")
        alias = str(agent.document["assistantAlias"])
        page = (await admin.get(f"/console/agents/{agent.id}")).text

        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", alias)
        assert typed in ("", alias)
        assert f"http://localhost:8600/websocket/token/{alias}" in page
        assert 200 == (await scene.ask("GET", f"/websocket/token/{alias}")).status_code

    play_console(tmp_path, scenario)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "Give it a name of at most 200 characters"),
        ({"name": "x" * 201}, "Give it a name of at most 200 characters"),
        ({"name": "Ada", "kind": "widget", "alias": "no spaces"}, "up to 100 letters, digits"),
        ({"name": "Ada", "kind": "widget", "alias": "taken"}, "taken belongs to another agent"),
    ],
)
def test_what_is_wrong_with_a_new_agent_is_said(tmp_path: Path, fields: dict[str, str], said: str) -> None:
    """Rule: nothing is made, and what was typed stands there still."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        await agents.create(scene.database, {"name": "Other", "assistantAlias": "taken"})
        answer = await admin.post("/console/agents", {"template": "scratch", **fields})

        assert 422 == answer.status_code
        assert said in answer.text
        assert 1 == (await agents.list_page(scene.database)).total

    play_console(tmp_path, scenario)


def test_a_copy_has_the_settings_and_the_knowledge(tmp_path: Path) -> None:
    """Rule: all but the name by which pages know the original; over the API the same."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(
            scene.database, {"name": "Ada", "firstMessage": "Hi", "assistantAlias": "ada", "unknown": 1}
        )
        await knowledge.add(scene.database, agent.id, [("answer", "Open?", "Yes.")])
        await admin.post(f"/console/agents/{agent.id}/duplicate")
        await scene.ask("POST", f"/atoms/v1/agent/{agent.id}/duplicate")
        copies = [found for found in (await agents.list_page(scene.database)).agents if found.id != agent.id]

        assert 2 == len(copies)
        for copy in copies:
            assert {"name": "Ada (copy)", "firstMessage": "Hi", "unknown": 1, "workflowType": "single_prompt"} == dict(
                copy.document
            )
            assert ["Open?"] == [piece.title for piece in await knowledge.read_all(scene.database, copy.id)]

    play_console(tmp_path, scenario)


def test_an_agent_is_archived_and_brought_back(tmp_path: Path) -> None:
    """Rule: it is asked first; then it stands among the archived, until it is brought back."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(scene.database, {"name": "Ada"})
        path = f"/console/agents/{agent.id}"

        assert "Archive Ada?" in (await admin.get(f"{path}/archive")).text
        assert ["Ada"] == names_in((await admin.get("/console/agents")).text)
        await admin.post(f"{path}/archive")
        assert [] == names_in((await admin.get("/console/agents")).text)
        assert ["Ada"] == names_in((await admin.get("/console/agents?show=archived")).text)
        await admin.post(f"{path}/restore")
        assert ["Ada"] == names_in((await admin.get("/console/agents")).text)

    play_console(tmp_path, scenario)


def test_a_viewer_makes_copies_and_archives_nothing(tmp_path: Path) -> None:
    """Rule: he sees the list without its buttons, and the routes refuse him."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(scene.database, {"name": "Ada"})
        viewer = await visitor(scene)
        page = (await viewer.get("/console/agents")).text
        path = f"/console/agents/{agent.id}"
        places = ["/console/agents", f"{path}/duplicate", f"{path}/archive", f"{path}/restore"]

        assert ["Ada"] == names_in(page)
        assert "New agent" not in page
        assert "Duplicate" not in page
        assert [403] * 4 == [(await viewer.post(place, {"name": "x"})).status_code for place in places]

    play_console(tmp_path, scenario)
