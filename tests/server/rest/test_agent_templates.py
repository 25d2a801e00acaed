"""Templates of agents, and the routes of what a model would write."""

import re
from pathlib import Path

import pytest

from tests.server.rest_scene import Scene, play
from vivavoce.agent_settings import cleaned
from vivavoce.server.agent_templates import document_of, templates
from vivavoce.server.app import API_PREFIXES
from vivavoce.wire.variables import RESERVED

FIELDS = {
    "_id",
    "id",
    "name",
    "description",
    "avatarUrl",
    "referenceUrl",
    "industry",
    "useCase",
    "callType",
    "workflowType",
    "region",
    "trending",
    "defaultLanguage",
    "singlePromptConfig",
}


def test_templates_have_the_documented_fields(tmp_path: Path) -> None:
    """Source: wire-spec 2.4; ids are 24 hex digits and the same each time."""

    async def scenario(scene: Scene) -> None:
        listed = (await scene.ask("GET", "/atoms/v1/agent/template")).json()["data"]
        again = (await scene.ask("GET", "/api/v1/agent/template")).json()["data"]

        assert len(listed) >= 3
        assert listed == again
        for template in listed:
            assert FIELDS <= template.keys()
            assert re.fullmatch("[0-9a-f]{24}", template["_id"])
            assert {"_id", "prompt", "tools"} == template["singlePromptConfig"].keys()
            assert {"type", "name", "description", "input_schema"} == template["singlePromptConfig"]["tools"][0].keys()

    play(tmp_path, scenario, prefixes=API_PREFIXES)


def test_templates_are_listed_by_region(tmp_path: Path) -> None:
    """``us`` and ``in``; together they are all, and another region is refused."""

    async def scenario(scene: Scene) -> None:
        async def listed(query: str) -> list[str]:
            data = (await scene.ask("GET", f"/atoms/v1/agent/template{query}")).json()["data"]
            return [template["id"] for template in data]

        assert sorted(await listed("")) == sorted(await listed("?region=us") + await listed("?region=in"))
        assert ["clinic-reminders-india"] == await listed("?region=in")
        refused = await scene.ask("GET", "/atoms/v1/agent/template?region=moon")
        assert 400 == refused.status_code
        assert "region" in refused.json()["errors"][0]

    play(tmp_path, scenario)


@pytest.mark.parametrize("by", ["id", "_id"])
def test_an_agent_is_made_from_a_template(by: str, tmp_path: Path) -> None:
    """By either id; name and description are the caller's, everything else is the template's."""

    async def scenario(scene: Scene) -> None:
        template = (await scene.ask("GET", "/atoms/v1/agent/template")).json()["data"][0]
        order = {"agentName": "Ada", "templateId": template[by]}
        made = await scene.ask("POST", "/atoms/v1/agent/from-template", json=order)
        agent = (await scene.ask("GET", f"/atoms/v1/agent/{made.json()['data']}")).json()["data"]

        assert 200 == made.status_code
        assert ("Ada", template["description"], template["firstMessage"], template["singlePromptConfig"]["prompt"]) == (
            agent["name"],
            agent["description"],
            agent["firstMessage"],
            agent["_resolvedConfig"]["prompt"],
        )

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("order", "status", "text"),
    [
        ({}, 400, "agentName: Required"),
        ({"agentName": "a"}, 400, "templateId: Required"),
        ({"agentName": " ", "templateId": "x"}, 400, "agentName: Required"),
        ({"agentName": 1, "templateId": "x"}, 400, "agentName: Expected string, received number"),
        ({"agentName": "a", "templateId": "x"}, 404, "Template not found: see GET /agent/template"),
        (
            {"agentName": "a\0", "templateId": "appointments"},
            400,
            "a zero character (\\u0000) cannot be stored: remove it from the text",
        ),
    ],
)
def test_an_order_that_cannot_be_filled_is_refused(
    order: dict[str, object], status: int, text: str, tmp_path: Path
) -> None:
    """The sentence says what to change."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("POST", "/atoms/v1/agent/from-template", json=order)

        assert (status, [text]) == (answer.status_code, answer.json()["errors"])

    play(tmp_path, scenario)


def test_no_model_writes_agents_and_the_api_says_so(tmp_path: Path) -> None:
    """An honest refusal instead of an empty agent; and no configuration of a model."""

    async def scenario(scene: Scene) -> None:
        asked = await scene.ask("POST", "/atoms/v1/agent/with-ai", json={"prompt": "a pirate"})
        config = await scene.ask("GET", "/atoms/v1/agent/prompt-config")

        assert 400 == asked.status_code
        assert "POST /agent/from-template" in asked.json()["errors"][0]
        assert (200, {"data": {}, "success": True}) == (config.status_code, config.json())

    play(tmp_path, scenario)


@pytest.mark.parametrize("template", templates(), ids=lambda template: str(template.id))
def test_every_template_makes_an_agent_that_can_talk(template: object) -> None:
    """Its document is accepted, every placeholder has a value, and the built-in brain has something to say."""
    known = next(found for found in templates() if found is template)
    document = document_of(known, name="Ada", description="")
    placeholders = set(re.findall(r"\{\{(\w+)\}\}", str(document)))

    assert cleaned(document)
    assert placeholders <= RESERVED | known.default_variables.keys()
    assert "## " in known.knowledge
    assert len({found.id for found in templates()}) == len(templates())
