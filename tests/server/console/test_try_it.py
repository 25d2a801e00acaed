"""The console's page for trying an agent."""

import re
from html import unescape
from pathlib import Path
from typing import Any

from tests.server.console.console_scene import LOCAL, Visitor, play_console, visitor
from tests.server.rest_scene import Scene
from vivavoce.agent_settings import cleaned
from vivavoce.store import agents, tokens
from vivavoce.store.agents import Agent

FIELD = re.compile(r'<(?:input|textarea) id="([^"]+)"[^>]*?(?:value="([^"]*)"[^>]*/>|>\n?([^<]*)</textarea>)')
MARKER = re.compile(r'name="shown" value="([^"]+)"')


async def made(scene: Scene, **document: object) -> Agent:
    """A new agent."""
    return await agents.create(scene.database, cleaned({"name": "Ada", **document}))


async def document_of(scene: Scene, agent: Agent) -> dict[str, Any]:
    """Its document as it is now."""
    found = await agents.find(scene.database, agent.id)

    assert found is not None
    return dict(found.document)


async def ask_token(person: Visitor, agent_id: str, mode: object, *, csrf: str | None = None) -> Any:
    """What the page's script asks for when a call begins."""
    return await person.client.post(
        f"/console/agents/{agent_id}/try/token",
        json={"mode": mode},
        headers={"origin": LOCAL, "x-csrf-token": await person.csrf() if csrf is None else csrf},
    )


def form_of(page: str) -> dict[str, Any]:
    """The settings beside the conversation as a browser would send them."""
    part = page.partition('id="settings"')[2]
    fields = {name: unescape(value or text) for name, value, text in FIELD.findall(part)}
    ticked = {name for name in fields if re.search(rf'id="{re.escape(name)}"[^>]* checked', part)}
    boxes = set(re.findall(r'<input id="([^"]+)"[^>]*type="checkbox"', part))
    return {
        "shown": [unescape(marker) for marker in MARKER.findall(part)],
        **{name: value for name, value in fields.items() if name not in boxes or name in ticked},
    }


def test_a_viewer_may_talk_to_an_agent(tmp_path: Path) -> None:
    """The token is for this agent, this kind of call, and pages of the console's origin."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        agent = await made(scene)
        for mode in ("webcall", "chat"):
            answer = await ask_token(await visitor(scene, name=mode), agent.id, mode)
            grant = await tokens.find(scene.database, answer.json()["access_token"])

            assert (201, 30) == (answer.status_code, answer.json()["expires_in"])
            assert grant is not None
            assert (agent.id, mode, LOCAL, "") == (grant.agent_id, grant.mode, grant.origin, grant.visitor)

    play_console(tmp_path, scenario)


def test_a_token_is_given_to_our_own_page_only(tmp_path: Path) -> None:
    """Not without the token of its forms, and not for a call of another kind."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await made(scene)

        assert 403 == (await ask_token(admin, agent.id, "webcall", csrf="")).status_code
        assert 400 == (await ask_token(admin, agent.id, "telephone")).status_code
        assert 404 == (await ask_token(admin, "0" * 24, "chat")).status_code

    play_console(tmp_path, scenario)


def test_an_archived_agent_is_not_tried(tmp_path: Path) -> None:
    """The page says what to do, and there is no token."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await made(scene)
        await agents.archive(scene.database, agent.id)
        page = await admin.get(f"/console/agents/{agent.id}/try")

        assert "This agent is archived" in page.text
        assert 'id="talk"' not in page.text
        assert 404 == (await ask_token(admin, agent.id, "chat")).status_code

    play_console(tmp_path, scenario)


def test_settings_are_saved_beside_the_conversation(tmp_path: Path) -> None:
    """Only the form is sent back, for the conversation goes on; what nobody has changed stays unset."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await made(scene, firstMessage="Hello")
        path = f"/console/agents/{agent.id}/try"
        page = await admin.get(path)
        changes = form_of(page.text) | {"firstMessage": "Good day", "voiceDetectionConfig.releaseTimeInSecs": "0.9"}
        answer = await admin.post(path, changes, hx_request="true")

        assert 200 == answer.status_code
        assert "<html" not in answer.text
        assert "Saved. The next call uses it." in answer.text
        expected = {
            "name": "Ada",
            "workflowType": "single_prompt",
            "firstMessage": "Good day",
            "voiceDetectionConfig": {"releaseTimeInSecs": 0.9},
        }
        assert expected == await document_of(scene, agent)

    play_console(tmp_path, scenario)


def test_a_setting_that_cannot_be_is_told_beside_it(tmp_path: Path) -> None:
    """In the API's words, and nothing is kept; without a script the whole page comes back."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await made(scene)
        path = f"/console/agents/{agent.id}/try"
        changes = form_of((await admin.get(path)).text) | {"firstMessage": "x" * 501}
        answer = await admin.post(path, changes)

        assert 422 == answer.status_code
        assert "<html" in answer.text
        assert 'id="firstMessage-error">At most 500 characters' in answer.text
        assert "firstMessage" not in await document_of(scene, agent)

    play_console(tmp_path, scenario)


def test_a_viewer_sees_the_settings_and_saves_none(tmp_path: Path) -> None:
    """They are shown, and cannot be typed into."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        agent = await made(scene, firstMessage="Hello")
        viewer = await visitor(scene)
        path = f"/console/agents/{agent.id}/try"
        page = await viewer.get(path)

        assert "<fieldset disabled>" in page.text
        assert "Hello</textarea>" in page.text
        assert 'id="talk"' in page.text
        assert 403 == (await viewer.post(path, {"firstMessage": "Bye"})).status_code

    play_console(tmp_path, scenario)
