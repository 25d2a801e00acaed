"""The form of an agent: every setting, and nothing that nobody has changed."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.doc_pages import rows, section
from tests.server.console.console_scene import Visitor, play_console, visitor
from tests.server.console.page_forms import fields_of
from tests.server.rest_scene import Scene
from vivavoce.agent_limits import CHOICES, LONGEST, RANGES
from vivavoce.agent_settings import AgentSettings, cleaned, with_defaults
from vivavoce.analytics.settings import AnalyticsSettings
from vivavoce.server.console.agent_form_fields import Field, Rows
from vivavoce.server.console.agent_form_sections import all_fields
from vivavoce.store import agents

EFFECTS_AT = "Every field, and whether it has an effect now"

# An agent with something in every list, and with fields that no form knows.
RICH: dict[str, Any] = {
    "name": "Ada",
    "description": "Two\nlines",
    "firstMessage": "Hello {{guest}}",
    "globalPrompt": "\nA short one, which begins with an empty line",
    "knowledge": "## Open?\r\n\r\nYes.",
    "singlePromptConfig": {
        "prompt": "You are Ada.  ",
        "mood": "kept",
        "tools": [
            {
                "type": "client_tool",
                "name": "add",
                "parameters": [
                    {"name": "what", "type": "string", "required": True, "unit": "kept"},
                    {"name": "size", "type": "enum", "values": ["s", "m"]},
                ],
                "timeout_ms": 4000,
                "fillerPhrases": ["One.", "Two."],
                "colour": "kept",
            },
            {"type": "client_tool", "name": "schema", "parameters": {"type": "object", "properties": {"a": {}}}},
            {"type": "knowledge_base_search", "name": "search", "enabled": False},
            {"type": "end_call"},
            {"type": "api_call", "name": "ask", "url": "https://shop.example", "headers": {"a": "b"}},
            {"type": "another", "name": "x"},
        ],
    },
    "synthesizer": {"speed": 1, "voiceConfig": {"voiceId": "en-gb", "accent": "kept"}, "enhancement": 2},
    "language": {"default": "de", "supported": ["de", "en"], "switching": {"weakSignalThreshold": 0.25}},
    "defaultVariables": {"guest": "dear guest", "count": 3, "vip": True, "list": [1], "none": None, "": "odd"},
    "pronunciationDicts": [{"word": "SQL", "pronunciation": "sequel", "kept": 1}],
    "postCallAnalyticsConfig": {
        "summaryPrompt": "In one sentence.",
        "dispositionMetrics": [
            {
                "identifier": "mood",
                "dispositionMetricPrompt": "Which mood?",
                "dispositionMetricType": "ENUM",
                "choices": ["good", "bad"],
            }
        ],
        "successMetrics": [{"identifier": "won", "successMetricPrompt": "Won?", "successMetricType": "PASS_FAIL"}],
        "kept": True,
    },
    "preCallAPI": {"url": "https://crm.example", "headers": {"kept": "yes"}},
    "timezone": {"label": "Home", "offset": 5.5},
    "interruptionBackoffTimer": 0.1,
    "widgetConfig": {"title": "Talk"},
    "globalKnowledgeBaseId": "kept",
}


def leaves(structure: type[msgspec.Struct], above: str = "") -> list[str]:
    """The paths of all fields of a structure."""
    found: list[str] = []
    for field in msgspec.structs.fields(structure):
        path = f"{above}{field.encode_name}"
        inner = field.type
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            found += leaves(inner, f"{path}.")
        else:
            found.append(path)
    return found


async def shown(admin: Visitor, agent_id: str) -> dict[str, list[str]]:
    """The form of an agent as a browser would send it."""
    page = await admin.get(f"/console/agents/{agent_id}")

    assert 200 == page.status_code
    return fields_of(page.text, f"/console/agents/{agent_id}")


async def stored(scene: Scene, agent_id: str) -> dict[str, Any]:
    agent = await agents.find(scene.database, agent_id)

    assert agent is not None
    return dict(agent.document)


# -- the table of fields ----------------------------------------------------------------------------------------


def test_every_setting_of_an_agent_is_in_the_form() -> None:
    """Rule: what the API takes, the form has, under its own path; the widget's are on a page of their own."""
    known = {field.path for field in all_fields()}
    analytics = {f"postCallAnalyticsConfig.{path}" for path in leaves(AnalyticsSettings)}
    wanted = {*leaves(AgentSettings), *analytics, *RANGES, *CHOICES, *LONGEST, "assistantAlias", "knowledge"}

    assert set() == wanted - known


def test_no_setting_is_in_the_form_twice() -> None:
    """Rule: two boxes for one value would contradict each other."""
    paths = [field.path for field in all_fields()]

    assert len(set(paths)) == len(paths)


def test_what_has_no_effect_is_said_to_have_none() -> None:
    """Rule: nobody looks for the effect of a switch that has none; the docs and the form agree."""
    effects = {row[0].strip("`"): row[1] for row in rows(section("agents.md", EFFECTS_AT))}
    inert = {field.path for field in all_fields() if field.inert and field.path in effects}

    assert {path for path, effect in effects.items() if effect == "not yet"} - {"name", "description"} == inert


def test_a_choice_offers_all_that_the_api_takes() -> None:
    """Rule: no value can be had over the API alone."""
    offered = {field.path: [value for value, _ in field.options] for field in all_fields() if isinstance(field, Field)}

    assert {path: [str(value) for value in values] for path, values in CHOICES.items()} == {
        path: offered[path] for path in CHOICES
    }


def test_labels_are_words_and_no_names_of_the_api() -> None:
    """Rule: who sets an agent up need not know its document."""
    labels = [field.label for field in all_fields()]
    labels += [inner.label for field in all_fields() if isinstance(field, Rows) for inner in field.kinds[0].fields]

    assert [] == [label for label in labels if not label[0].isupper() or re.search(r"[a-z][A-Z]|[_.]", label)]


# -- nothing typed, nothing changed -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document", [{}, {"name": "Ada"}, RICH, with_defaults(RICH)], ids="empty name rich whole".split()
)
def test_an_unchanged_form_changes_nothing(tmp_path: Path, document: dict[str, Any]) -> None:
    """Rule: what nobody set stays unset, and what the form does not know stays as it was."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(scene.database, cleaned(document))
        before = await stored(scene, agent.id)
        answer = await admin.post(f"/console/agents/{agent.id}", await shown(admin, agent.id))
        found = await agents.find(scene.database, agent.id)

        assert 303 == answer.status_code
        assert found is not None
        assert before == dict(found.document)
        assert agent.updated_at == found.updated_at

    play_console(tmp_path, scenario)


def test_only_what_was_typed_is_written(tmp_path: Path) -> None:
    """Rule: a change of one setting is a change of one setting, wherever it lies."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(scene.database, cleaned(RICH))
        before = await stored(scene, agent.id)
        fields = await shown(admin, agent.id)
        typed = {
            "synthesizer.speed": ["0,9"],
            "allowInterruptions": [],
            "singlePromptConfig.tools.0.parameters.0.description": ["The article"],
            "defaultVariables.1.value": ["4"],
            "postCallAnalyticsConfig.dispositionMetrics.0.choices": ["good\r\nbad\r\nmixed"],
        }
        answer = await admin.post(f"/console/agents/{agent.id}", {**fields, **typed})
        after = await stored(scene, agent.id)

        assert 303 == answer.status_code
        before["synthesizer"]["speed"] = 0.9
        before["allowInterruptions"] = False
        before["singlePromptConfig"]["tools"][0]["parameters"][0]["description"] = "The article"
        before["defaultVariables"]["count"] = 4
        before["postCallAnalyticsConfig"]["dispositionMetrics"][0]["choices"].append("mixed")
        assert before == after

    play_console(tmp_path, scenario)


def test_an_emptied_field_has_its_default_again(tmp_path: Path) -> None:
    """Rule: who takes out what he typed has never typed it."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(
            scene.database, {"name": "Ada", "synthesizer": {"speed": 1.5}, "firstMessage": "Hi"}
        )
        fields = await shown(admin, agent.id)
        await admin.post(f"/console/agents/{agent.id}", {**fields, "synthesizer.speed": [""], "firstMessage": [" "]})

        assert {"name": "Ada", "workflowType": "single_prompt"} == await stored(scene, agent.id)

    play_console(tmp_path, scenario)


# -- complaints -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("synthesizer.speed", "3", "Expected a number from 0 to 2"),
        ("synthesizer.speed", "fast", "Expected a number from 0 to 2"),
        ("llmIdleTimeoutConfig.maxRetries", "1.5", "Expected a whole number from 0 to 100 times"),
        ("interruptionBackoffTimer", "11", "Expected a number from 0 to 10 seconds"),
        ("firstMessage", "x" * 501, "At most 500 characters"),
        ("globalPrompt", "x" * 4001, "At most 4000 characters; a longer prompt may stand in “Prompt”"),
        ("language.default", "fr", "Expected one of “Languages that it speaks”"),
        ("assistantAlias", "no spaces", "Up to 100 letters, digits and the signs . _ - are accepted"),
        ("assistantAlias", "taken", "taken belongs to another agent (look among the archived too)"),
        ("pronunciationDicts.0.word", "", "Required"),
        ("singlePromptConfig.tools.0.name", "no spaces", "Expected a name of 1 to 64 of the characters"),
        ("singlePromptConfig.tools.1.parameters", "{", "This is no JSON: check quotes, commas and brackets"),
        ("postCallAnalyticsConfig.dispositionMetrics.0.identifier", "No!", "1 to 100 characters out of a to z"),
        ("postCallAnalyticsConfig.dispositionMetrics.0.choices", "", "An ENUM needs at least one choice"),
        ("defaultVariables.1.name", "guest", "There are two of the name guest"),
        ("timezone.offset", "east", "Expected a number"),
    ],
)
def test_a_complaint_stands_beside_its_field(tmp_path: Path, name: str, typed: str, said: str) -> None:
    """Rule: what the API refuses is not stored; the page says why where it was typed, and keeps what was typed."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        await agents.create(scene.database, {"name": "Other", "assistantAlias": "taken"})
        agent = await agents.create(scene.database, cleaned({**RICH, "name": "Ada"}))
        before = await stored(scene, agent.id)
        fields = await shown(admin, agent.id)
        answer = await admin.post(f"/console/agents/{agent.id}", {**fields, name: [typed], "description": ["New"]})
        again = fields_of(answer.text, f"/console/agents/{agent.id}")

        assert 422 == answer.status_code
        assert said in answer.text.partition(f'id="{name}-error">')[2].partition("</p>")[0].replace("&#34;", '"')
        assert (["New"], [typed]) == (again["description"], again[name])
        assert before == await stored(scene, agent.id)

    play_console(tmp_path, scenario)


def test_all_complaints_are_made_at_once(tmp_path: Path) -> None:
    """Rule: nobody mends a form one sentence at a time."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(scene.database, cleaned(RICH))
        fields = await shown(admin, agent.id)
        wrong = {"synthesizer.speed": ["3"], "timezone.offset": ["x"], "pronunciationDicts.0.word": [""]}
        answer = await admin.post(f"/console/agents/{agent.id}", {**fields, **wrong})

        assert [name for name in wrong if f'id="{name}-error"' in answer.text] == list(wrong)
        assert "3 settings need another look" in answer.text

    play_console(tmp_path, scenario)


# -- lists ------------------------------------------------------------------------------------------------------


def test_a_row_is_added_and_stored_when_it_is_filled_in(tmp_path: Path) -> None:
    """Rule: with and without a script the same: the button gives an empty row, saving keeps it."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(scene.database, {"name": "Ada"})
        path = f"/console/agents/{agent.id}"
        page = await admin.post(path, {**await shown(admin, agent.id), "add": "pronunciationDicts"})
        fields = fields_of(page.text, path)

        assert {"name": "Ada", "workflowType": "single_prompt"} == await stored(scene, agent.id)
        typed = {"pronunciationDicts.0.word": ["gif"], "pronunciationDicts.0.pronunciation": ["jiff"]}
        assert 303 == (await admin.post(path, {**fields, **typed})).status_code
        assert [{"word": "gif", "pronunciation": "jiff"}] == (await stored(scene, agent.id))["pronunciationDicts"]

    play_console(tmp_path, scenario)


def test_a_row_that_stays_empty_is_none(tmp_path: Path) -> None:
    """Rule: who adds a row and changes his mind is not complained at."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(scene.database, {"name": "Ada"})
        path = f"/console/agents/{agent.id}"
        page = await admin.post(
            path, {**await shown(admin, agent.id), "add": "postCallAnalyticsConfig.dispositionMetrics"}
        )
        answer = await admin.post(path, fields_of(page.text, path))

        assert 303 == answer.status_code
        assert {"name": "Ada", "workflowType": "single_prompt"} == await stored(scene, agent.id)

    play_console(tmp_path, scenario)


@pytest.mark.parametrize(
    ("kind", "typed", "tool"),
    [
        ("end_call", {}, {"type": "end_call", "name": "end_call"}),
        ("knowledge_base_search", {}, {"type": "knowledge_base_search", "name": "knowledge_base_search"}),
        (
            "client_tool",
            {"name": ["go"], "description": ["Goes."]},
            {"type": "client_tool", "name": "go", "description": "Goes."},
        ),
    ],
)
def test_a_tool_is_added_by_its_kind(
    tmp_path: Path, kind: str, typed: dict[str, list[str]], tool: dict[str, str]
) -> None:
    """Rule: each kind has its own fields, and what its author leaves alone is not written."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(scene.database, {"name": "Ada"})
        path, tools = f"/console/agents/{agent.id}", "singlePromptConfig.tools"
        page = await admin.post(path, {**await shown(admin, agent.id), "add": tools, f"{tools}.kind": [kind]})
        fields = {**fields_of(page.text, path), **{f"{tools}.0.{name}": value for name, value in typed.items()}}
        await admin.post(path, fields)

        assert [tool] == (await stored(scene, agent.id))["singlePromptConfig"]["tools"]

    play_console(tmp_path, scenario)


def test_a_new_tool_of_the_page_needs_its_name(tmp_path: Path) -> None:
    """Rule: a tool that calls would pass over is not taken without a word."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(scene.database, {"name": "Ada"})
        path, tools = f"/console/agents/{agent.id}", "singlePromptConfig.tools"
        page = await admin.post(path, {**await shown(admin, agent.id), "add": tools})
        answer = await admin.post(path, fields_of(page.text, path))

        assert 422 == answer.status_code
        assert "Required" in answer.text.partition(f'id="{tools}.0.name-error">')[2][:20]

    play_console(tmp_path, scenario)


def test_a_row_within_a_row_is_added(tmp_path: Path) -> None:
    """Rule: a tool's parameters are a list like any other."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(scene.database, cleaned(RICH))
        path, inner = f"/console/agents/{agent.id}", "singlePromptConfig.tools.0.parameters"
        page = await admin.post(path, {**await shown(admin, agent.id), "add": inner})
        await admin.post(path, {**fields_of(page.text, path), f"{inner}.2.name": ["colour"]})
        tools = (await stored(scene, agent.id))["singlePromptConfig"]["tools"]

        assert [*RICH["singlePromptConfig"]["tools"][0]["parameters"], {"type": "text", "name": "colour"}] == tools[0][
            "parameters"
        ]
        assert RICH["singlePromptConfig"]["tools"][1:] == tools[1:]

    play_console(tmp_path, scenario)


def test_a_removed_row_takes_nothing_with_it(tmp_path: Path) -> None:
    """Rule: what stands behind it keeps what the form does not know of it."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(scene.database, cleaned(RICH))
        path = f"/console/agents/{agent.id}"
        page = await admin.post(path, {**await shown(admin, agent.id), "remove": "singlePromptConfig.tools.1"})
        await admin.post(path, fields_of(page.text, path))
        tools = RICH["singlePromptConfig"]["tools"]

        assert [tools[0], *tools[2:]] == (await stored(scene, agent.id))["singlePromptConfig"]["tools"]

    play_console(tmp_path, scenario)


def test_the_last_row_can_be_removed(tmp_path: Path) -> None:
    """Rule: an empty list is a list."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(scene.database, cleaned(RICH))
        path = f"/console/agents/{agent.id}"
        page = await admin.post(path, {**await shown(admin, agent.id), "remove": "pronunciationDicts.0"})
        await admin.post(path, fields_of(page.text, path))

        assert [] == (await stored(scene, agent.id))["pronunciationDicts"]

    play_console(tmp_path, scenario)


# -- two people -------------------------------------------------------------------------------------------------


def test_two_people_lose_nothing_where_they_change_different_things(tmp_path: Path) -> None:
    """Rule: the second save keeps the first, and says so."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(scene.database, {"name": "Ada"})
        path = f"/console/agents/{agent.id}"
        first, second = await shown(admin, agent.id), await shown(admin, agent.id)
        await admin.post(path, {**first, "firstMessage": ["Hello"]})
        answer = await admin.post(path, {**second, "description": ["Guide"]})
        page = await admin.get(path)

        assert 303 == answer.status_code
        assert {"firstMessage": "Hello", "description": "Guide"}.items() <= (await stored(scene, agent.id)).items()
        assert "Somebody else has changed “Greeting” meanwhile" in page.text

    play_console(tmp_path, scenario)


def test_the_second_to_change_the_same_is_shown_both(tmp_path: Path) -> None:
    """Rule: nothing is stored before he has seen what the first has written; then his own counts."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(scene.database, {"name": "Ada"})
        path = f"/console/agents/{agent.id}"
        first, second = await shown(admin, agent.id), await shown(admin, agent.id)
        await admin.post(path, {**first, "firstMessage": ["Theirs"]})
        told = await admin.post(path, {**second, "firstMessage": ["Mine"], "description": ["Guide"]})

        assert 409 == told.status_code
        assert '<pre tabindex="0">Theirs</pre>' in told.text
        assert "Theirs" == (await stored(scene, agent.id))["firstMessage"]
        again = fields_of(told.text, path)
        assert (["Mine"], ["Guide"]) == (again["firstMessage"], again["description"])
        assert 303 == (await admin.post(path, again)).status_code
        assert {"firstMessage": "Mine", "description": "Guide"}.items() <= (await stored(scene, agent.id)).items()

    play_console(tmp_path, scenario)


def test_a_change_of_the_api_meanwhile_is_kept_in_lists_too(tmp_path: Path) -> None:
    """Rule: a list that one has not touched is not written back."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(scene.database, cleaned(RICH))
        path = f"/console/agents/{agent.id}"
        fields = await shown(admin, agent.id)
        words = [{"word": "gif", "pronunciation": "jiff"}]
        await scene.ask("PATCH", f"/atoms/v1/agent/{agent.id}", json={"pronunciationDicts": words})
        await admin.post(path, {**fields, "description": ["New"]})

        assert words == (await stored(scene, agent.id))["pronunciationDicts"]

    play_console(tmp_path, scenario)


# -- who may ----------------------------------------------------------------------------------------------------


def test_a_viewer_sees_and_changes_nothing(tmp_path: Path) -> None:
    """Rule: the form is there to be read; sending it is refused."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await agents.create(scene.database, {"name": "Ada"})
        viewer = await visitor(scene)
        page = await viewer.get(f"/console/agents/{agent.id}")
        answer = await viewer.post(f"/console/agents/{agent.id}", fields_of(page.text, f"/console/agents/{agent.id}"))

        assert "Save changes" not in page.text
        assert "<fieldset disabled" in page.text
        assert 403 == answer.status_code

    play_console(tmp_path, scenario)


@pytest.mark.parametrize("agent_id", ["0" * 24, "nonsense", "%00"])
def test_an_agent_that_is_not_there_is_a_page(tmp_path: Path, agent_id: str) -> None:
    """Rule: a slip of the pen leads to a page that says so."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await admin.get(f"/console/agents/{agent_id}")

        assert 404 == answer.status_code
        assert "There is no such agent" in answer.text

    play_console(tmp_path, scenario)
