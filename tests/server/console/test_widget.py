"""The console's page of an agent's widget."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.server.console.console_scene import LOCAL, Visitor, play_console, visitor
from tests.server.rest_scene import Scene
from vivavoce.agent_sections import EmbedLimits
from vivavoce.agent_settings import cleaned
from vivavoce.config import Config
from vivavoce.server.console.forms import Form
from vivavoce.server.console.pages.widget import embed_lines, warnings_of
from vivavoce.server.console.widget_fields import GROUPS
from vivavoce.server.console.widget_form import changed, complaints, sent, shown
from vivavoce.server.rest.widget_config import WidgetConfig
from vivavoce.store import agents
from vivavoce.store.agents import Agent

FIELDS = [field for group in GROUPS for field in group.fields]


def as_form(fields: dict[str, Any]) -> dict[str, str]:
    """What a browser sends for fields as they are shown: a box that is not ticked is not sent."""
    long = {field.name for field in FIELDS if field.kind in ("long", "hosts")}
    return {
        name: "on" if value is True else "\r\n".join(str(value).splitlines()) if name in long else _in_a_line(value)
        for name, value in fields.items()
        if value is not False
    }


def _in_a_line(value: object) -> str:
    return "".join(str(value).splitlines())


async def made(scene: Scene, **document: object) -> Agent:
    """A new agent."""
    return await agents.create(scene.database, cleaned({"name": "Ada", **document}))


async def stored(scene: Scene, agent: Agent) -> dict[str, Any]:
    """Its document as it is now."""
    found = await agents.find(scene.database, agent.id)

    assert found is not None
    return dict(found.document)


def test_every_setting_of_the_widget_is_in_the_form() -> None:
    """Those of the API (wire-spec 2.5) and the limits of public pages, each once."""
    names = [info.encode_name for info in msgspec.structs.fields(WidgetConfig) if info.name != "assistant_id"]
    limits = [info.encode_name for info in msgspec.structs.fields(EmbedLimits)]

    assert sorted(names + limits) == sorted(field.name for field in FIELDS)


def test_every_choice_of_the_api_can_be_chosen() -> None:
    """And no other."""
    for info in msgspec.structs.fields(WidgetConfig):
        field = next((field for field in FIELDS if field.name == info.encode_name), None)
        choices = getattr(info.type, "__args__", ())
        if field is not None and field.kind == "choice":
            assert sorted(choices) == sorted(value for value, _ in field.options), field.name


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"widgetConfig": {"mode": "hybrid", "title": "Talk with AI", "allowlist": ["a.example", "*.b.example"]}},
        {"widgetConfig": {"voiceShowTranscript": False, "borderRadius": 0, "future": [1]}, "embedLimits": {}},
        {
            "widgetConfig": {
                "title": " Ask\nus ",
                "consentContent": "\n\nOne.\r\nTwo. ",
                "allowlist": [" a.example ", ""],
            }
        },
        {"widgetConfig": {"consentContent": "One.\n\nTwo."}, "embedLimits": {"minutesPerDay": 2.5, "callsAtOnce": 7}},
    ],
)
def test_a_form_that_nobody_has_touched_changes_nothing(document: dict[str, object]) -> None:
    """What stands in the document stays as its author wrote it, defaults and unknown fields too."""
    sending = as_form(shown(document))
    read = sent(Form({name: [value] for name, value in sending.items()}))

    assert (document, {}) == (changed(document, read), complaints(document, read))


def test_what_is_typed_is_kept_and_what_is_emptied_is_the_default_again() -> None:
    """Of both parts of the form."""
    before = {"widgetConfig": {"title": "Ask", "theme": "dark"}, "embedLimits": {"minutesPerDay": 60}}
    fields = shown(before) | {
        "title": "",
        "accentColor": "#0f766e",
        "borderRadius": "4",
        "consentRequired": True,
        "allowlist": " shop.example \n\n*.shop.example",
        "minutesPerDay": "",
        "callsAtOnce": "3",
    }

    expected = {
        "widgetConfig": {
            "theme": "dark",
            "accentColor": "#0f766e",
            "borderRadius": 4,
            "consentRequired": True,
            "allowlist": ["shop.example", "*.shop.example"],
        },
        "embedLimits": {"minutesPerDay": 0, "callsAtOnce": 3},
    }
    assert expected == changed(before, fields)


def test_every_complaint_stands_beside_its_field(tmp_path: Path) -> None:
    """In the API's words, all at once; nothing is saved, and what was typed is still there."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await made(scene)
        fields = shown({}) | {"borderRadius": "51", "avatarUrl": "javascript:1", "callsAtOnce": "many", "title": "Hm"}
        answer = await admin.post(f"/console/agents/{agent.id}/widget", as_form(fields))

        assert 422 == answer.status_code
        for name, text in (
            ("borderRadius", "Expected number"),
            ("avatarUrl", "Expected an address that begins with https://"),
            ("callsAtOnce", "Expected number, received string"),
        ):
            assert f'id="{name}-error">{text}' in answer.text, name
        assert 'value="Hm"' in answer.text
        assert "widgetConfig" not in await stored(scene, agent)

    play_console(tmp_path, scenario)


def test_saving_shows_the_page_anew_and_says_so(tmp_path: Path) -> None:
    """Post, redirect, get."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await made(scene)
        path = f"/console/agents/{agent.id}/widget"
        answer = await admin.post(path, as_form(shown({}) | {"mode": "voice"}))
        page = await admin.get(path)

        assert (303, path) == (answer.status_code, answer.headers["location"])
        assert "Saved." in page.text
        assert {"mode": "voice"} == (await stored(scene, agent))["widgetConfig"]

    play_console(tmp_path, scenario)


def test_a_viewer_sees_the_widget_and_changes_nothing(tmp_path: Path) -> None:
    """The fields are there to be read, without a button."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        agent = await made(scene)
        viewer = await visitor(scene)
        path = f"/console/agents/{agent.id}/widget"
        page = await viewer.get(path)
        answer = await viewer.post(path, as_form(shown({}) | {"mode": "voice"}))

        assert 200 == page.status_code
        assert page.text.count("<fieldset") == page.text.count(" disabled aria-labelledby")
        assert "Save</span>" not in page.text
        assert 403 == answer.status_code
        assert "widgetConfig" not in await stored(scene, agent)

    play_console(tmp_path, scenario)


def test_the_lines_name_the_address_by_which_the_world_reaches_the_server(tmp_path: Path) -> None:
    """``public_url`` where it is set, else the address of the request."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await made(scene)
        page = (await admin.get(f"/console/agents/{agent.id}/widget")).text

        server = scene.config.public_url or LOCAL
        assert f"&lt;script src=&#34;{server}/sdk/widget.js&#34; async&gt;&lt;/script&gt;" in page
        assert f"&lt;vivavoce-widget assistant-id=&#34;{agent.id}&#34;&gt;&lt;/vivavoce-widget&gt;" in page

    play_console(tmp_path, scenario)
    public = Config(data=tmp_path / "public", public_url="https://voice.example.com")
    play_console(tmp_path, scenario, config=public)


@pytest.mark.parametrize(
    ("server", "document", "said"),
    [
        ("http://localhost:8600", {}, ["known on this machine only", "Every page in the world"]),
        ("http://127.0.0.1:8600", {"widgetConfig": {"allowlist": ["a.example"]}}, ["known on this machine only"]),
        ("http://voice.example", {"widgetConfig": {"allowlist": ["a.example"]}}, ["plain http"]),
        ("https://voice.example", {"widgetConfig": {"allowlist": [" "]}}, ["Every page in the world"]),
        ("https://voice.example", {"widgetConfig": {"allowlist": ["a.example"]}}, []),
    ],
)
def test_what_keeps_the_lines_from_working_is_told(
    server: str, document: dict[str, object], said: list[str], tmp_path: Path
) -> None:
    """Each with what to do about it."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        found = warnings_of(await made(scene, **document), server)

        assert len(said) == len(found)
        assert all(part in text for part, text in zip(said, found, strict=True)), found

    play_console(tmp_path, scenario)


def test_only_our_own_pages_may_frame_the_preview(tmp_path: Path) -> None:
    """And the page around it may be framed by nobody; a stranger sees neither."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await made(scene)
        path = f"/console/agents/{agent.id}/widget"
        page, preview = await admin.get(path), await admin.get(f"{path}/preview")
        admin.client.cookies.clear()
        strange = await admin.get(f"{path}/preview")

        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert "frame-ancestors 'self'" in preview.headers["content-security-policy"]
        assert f'<vivavoce-widget assistant-id="{agent.id}">' in preview.text
        assert 303 == strange.status_code

    play_console(tmp_path, scenario)


def test_the_lines_are_two() -> None:
    """A script that no page waits for, and the element."""
    expected = (
        '<script src="https://voice.example/sdk/widget.js" async></script>\n'
        '<vivavoce-widget assistant-id="0123456789abcdef01234567"></vivavoce-widget>'
    )

    assert expected == embed_lines("https://voice.example", "0123456789abcdef01234567")
