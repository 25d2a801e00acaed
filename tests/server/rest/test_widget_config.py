"""How an agent's widget looks."""

from pathlib import Path

import pytest

from tests.server.rest_scene import Scene, play


async def made(scene: Scene, **document: object) -> str:
    """A new agent; its id."""
    return str((await scene.ask("POST", "/atoms/v1/agent", json=document)).json()["data"])


def test_a_widget_has_the_documented_defaults(tmp_path: Path) -> None:
    """Source: wire-spec 2.5; the form of the answer is the one of widgets."""

    async def scenario(scene: Scene) -> None:
        agent_id = await made(scene)
        answer = (await scene.ask("GET", f"/atoms/v1/agent/{agent_id}/widget-config")).json()

        assert {"success", "data"} == answer.keys()
        expected = {
            "assistantId": agent_id,
            "position": "bottom-right",
            "size": "full",
            "mode": "chat",
            "theme": "light",
            "baseColor": "#ffffff",
            "accentColor": "#2d9d9f",
            "ctaName": "Talk to Atoms",
            "endButtonText": "End",
            "consentRequired": False,
            "allowlist": [],
            "ctaTitle": None,
        }
        assert expected == {name: answer["data"][name] for name in expected}

    play(tmp_path, scenario)


def test_a_change_keeps_the_rest_and_stands_in_the_agent(tmp_path: Path) -> None:
    """Partial changes; null brings the default back; fields of newer clients stay in the document."""

    async def scenario(scene: Scene) -> None:
        agent_id = await made(scene, widgetConfig={"theme": "dark"})
        path = f"/atoms/v1/agent/{agent_id}/widget-config"
        first = {"widgetConfig": {"mode": "voice", "title": "Ask", "future": 1, "assistantId": "x"}}
        await scene.ask("PATCH", path, json=first)
        changed = await scene.ask("PATCH", path, json={"widgetConfig": {"title": None, "allowlist": ["example.org"]}})
        shown = (await scene.ask("GET", f"/atoms/v1/agent/{agent_id}")).json()["data"]["widgetConfig"]

        assert 200 == changed.status_code
        data = changed.json()["data"]
        assert ("dark", "voice", "Talk with AI", ["example.org"], agent_id) == (
            data["theme"],
            data["mode"],
            data["title"],
            data["allowlist"],
            data["assistantId"],
        )
        assert {"theme": "dark", "mode": "voice", "allowlist": ["example.org"], "future": 1} == shown
        assert data == (await scene.ask("GET", path)).json()["data"]

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "widgetConfig: Required"),
        ({"widgetConfig": []}, "widgetConfig: Expected object, received array"),
        ({"widgetConfig": {"mode": "shout"}}, "widgetConfig.mode: Invalid enum value 'shout'"),
        ({"widgetConfig": {"borderRadius": 51}}, "widgetConfig.borderRadius: "),
        ({"widgetConfig": {"title": "\0"}}, "a zero character"),
        (
            {"widgetConfig": {"avatarUrl": "javascript:alert(1)"}},
            "widgetConfig.avatarUrl: Expected an address that begins with https://, http:// or /",
        ),
    ],
)
def test_a_widget_that_cannot_be_is_refused(body: dict[str, object], text: str, tmp_path: Path) -> None:
    """And nothing of it is kept."""

    async def scenario(scene: Scene) -> None:
        agent_id = await made(scene)
        answer = await scene.ask("PATCH", f"/atoms/v1/agent/{agent_id}/widget-config", json=body)

        assert 400 == answer.status_code
        assert answer.json()["errors"][0].startswith(text), answer.json()
        assert "widgetConfig" not in (await scene.ask("GET", f"/atoms/v1/agent/{agent_id}")).json()["data"]

    play(tmp_path, scenario)


def test_our_own_settings_are_kept_and_shown(tmp_path: Path) -> None:
    """Talk and chat in one panel, the visitor's own scheme, and the colours of the button."""

    async def scenario(scene: Scene) -> None:
        path = f"/atoms/v1/agent/{await made(scene)}/widget-config"
        own = {"mode": "hybrid", "theme": "auto", "ctaButtonColor": "#0f766e", "hybridEmptyMessage": "Talk or write"}
        changed = (await scene.ask("PATCH", path, json={"widgetConfig": own})).json()["data"]

        assert own == {name: changed[name] for name in own}
        assert "#ffffff" == changed["ctaButtonTextColor"]

    play(tmp_path, scenario)


def test_what_does_not_fit_in_a_document_is_shown_as_its_default(tmp_path: Path) -> None:
    """Documents come from other tools too; a page must get something that it can show."""

    async def scenario(scene: Scene) -> None:
        for widget in ({"mode": "shout", "theme": "dark", "borderRadius": "round"}, "none", [1]):
            agent_id = await made(scene, widgetConfig=widget)
            shown = (await scene.ask("GET", f"/atoms/v1/agent/{agent_id}/widget-config")).json()["data"]

            assert ("chat", 16) == (shown["mode"], shown["borderRadius"])
            assert ("dark" if isinstance(widget, dict) else "light") == shown["theme"]

    play(tmp_path, scenario)


@pytest.mark.parametrize(("agent_id", "status"), [("nonsense", 400), ("0" * 24, 404)])
def test_an_unknown_agent_has_no_widget(agent_id: str, status: int, tmp_path: Path) -> None:
    """To be read or changed."""

    async def scenario(scene: Scene) -> None:
        path = f"/atoms/v1/agent/{agent_id}/widget-config"
        for answer in (await scene.ask("GET", path), await scene.ask("PATCH", path, json={"widgetConfig": {}})):
            assert status == answer.status_code

    play(tmp_path, scenario)
