"""The routes' description: whole, true to the handlers and their types, and to what was published."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from tests.doc_names import SOURCE, calls_of
from tests.server.descriptions.published import published
from tests.server.rest_scene import CALL_ID, Scene, play, start_call
from vivavoce.agent_settings import AgentSettings
from vivavoce.server.app import API_PREFIXES
from vivavoce.server.descriptions.openapi import completed
from vivavoce.server.descriptions.route_notes import NOTES

Json = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete", "head")


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Json:
    """As a server hands it out."""
    found: Json = {}

    async def scenario(scene: Scene) -> None:
        found.update((await scene.ask("GET", "/docs/openapi.json", key="")).json())

    play(tmp_path_factory.mktemp("document"), scenario, prefixes=API_PREFIXES)
    return found


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    """Every route, such as ``GET /agent``, with its description."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def references(value: object) -> Iterator[str]:
    """All references below a value."""
    match value:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for entry in value.values():
                yield from references(entry)
        case list():
            for entry in value:
                yield from references(entry)


def faults(document: Json, schema: Json, value: object) -> list[str]:
    """What of a value does not fit a schema of the document."""
    validator = jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})
    return [f"{fault.message} at {fault.instance_path}" for fault in validator.iter_errors(value)]


def answer_of(document: Json, route: str, status: int) -> Json:
    """The schema of an answer's body."""
    (operation,) = [operation for name, operation in operations(document) if name == route]
    return dict(operation["responses"][str(status)]["content"]["application/json"]["schema"])


# -- the document itself ------------------------------------------------------------------------------------------


def test_it_is_whole(document: Json) -> None:
    """Rule: every reference leads somewhere, and every operation has an id of its own, a summary and a description."""
    for reference in references(document):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
    ids = [operation["operationId"] for _, operation in operations(document)]

    assert document["openapi"].startswith("3.1")
    assert len(ids) == len(set(ids)) > 30
    for name, operation in operations(document):
        assert operation["summary"], name
        assert operation["description"], name
        # A docstring's own marks are for readers of Python.
        assert not re.search(r"``|Args:|Raises:", operation["description"]), name


def test_ids_are_made_of_the_route(document: Json) -> None:
    """Rule: they stay what they are when a function of ours gets another name."""
    ids = {name: operation["operationId"] for name, operation in operations(document)}

    assert "getAgent" == ids["GET /agent"]
    assert "patchAgentByAgentId" == ids["PATCH /agent/{agent_id}"]
    assert "postConversationRegisterCall" == ids["POST /conversation/register-call"]


def test_both_prefixes_are_servers(document: Json) -> None:
    """Rule: a path of the API stands there once, without its prefix; what has none says so."""
    assert list(API_PREFIXES) == [server["url"] for server in document["servers"]]
    assert not [path for path in document["paths"] if path.startswith(API_PREFIXES)]
    assert [{"url": "/"}] == document["paths"]["/health"]["servers"]
    assert "servers" not in document["paths"]["/agent"]


def test_every_refusal_has_an_envelope_and_every_answer_a_request_id(document: Json) -> None:
    """Rule: whatever status comes, what stands in its body is described."""
    for name, operation in operations(document):
        responses = operation["responses"]

        assert {"500", "503", "default"} <= responses.keys(), name
        assert "requestBody" not in operation or {"400", "413"} <= responses.keys(), name
        assert "parameters" not in operation or "400" in responses, name
        assert not operation.get("security") or "401" in responses, name
        for status, response in responses.items():
            assert "x-request-id" in response["headers"], (name, status)
            assert response["description"], (name, status)
            assert status < "400" or response["content"]["application/json"]["schema"], (name, status)


def described_routes(module: Any) -> set[str]:
    """The routes of a module's handlers, such as ``GET /agent/{agent_id}``."""
    return {
        f"{method} {re.sub(r':[a-z]+}', '}', path)}"
        for handler in module.HANDLERS
        for path in handler.paths
        for method in handler.http_methods
    }


ROUTES = sorted(file.stem for file in (SOURCE / "server" / "rest").glob("*.py") if "HANDLERS" in file.read_text())


@pytest.mark.parametrize("name", ROUTES)
def test_every_status_of_a_module_is_described(name: str, document: Json) -> None:
    """Rule: a status that a module refuses with stands at one of its routes; which one, random requests find out."""
    routes = described_routes(import_module(f"vivavoce.server.rest.{name}"))
    described = {status for route, one in operations(document) if route in routes for status in one["responses"]}
    refused = {
        str(call.args[0].value)
        for called, call in calls_of(SOURCE / "server" / "rest" / f"{name}.py")
        if called == "Refused" and call.args and isinstance(call.args[0], ast.Constant)
    }

    assert described
    # Of what is no socket, and no part of the API.
    assert refused - {"426"} <= described


def test_routes_that_need_a_key_say_so(document: Json) -> None:
    """Rule: all of the API but the socket's address and what public pages ask; a link and a stream have other ways."""
    open_to_all = {name for name, operation in operations(document) if not operation.get("security")}
    security = {name: operation.get("security") for name, operation in operations(document)}

    assert {
        "GET /agent/connect",
        "GET /embed/config/{assistant_id}",
        "POST /embed/token",
        "GET /health",
        "GET /page/agents",
        "POST /page/token",
        "GET /widget/{assistant_id}/config",
    } == open_to_all
    assert {"type": "http", "scheme": "bearer"}.items() <= document["components"]["securitySchemes"]["bearer"].items()
    assert [{"bearer": []}, {}] == security["GET /conversation/{call_id}/recording"]
    assert [{"bearer": []}, {"token": []}] == security["GET /events"]


def test_a_note_is_about_a_route_that_is_there(document: Json) -> None:
    """Rule: a route that was renamed takes its note along."""
    assert NOTES.keys() <= {name for name, _ in operations(document)}


def test_the_agent_document_is_that_of_the_settings(document: Json) -> None:
    """Rule: every field of ``AgentSettings`` by its name on the wire, in what is sent and in what is answered."""
    sent = document["paths"]["/agent"]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    fields = {field.encode_name for field in msgspec.structs.fields(AgentSettings)}

    assert "#/components/schemas/AgentSettings" == sent
    assert fields == document["components"]["schemas"]["AgentSettings"]["properties"].keys()
    assert fields < document["components"]["schemas"]["AgentShown"]["properties"].keys()


def test_a_choice_of_number_types_takes_both() -> None:
    """Rule: an integer is a number too, so a schema that wants exactly one of the two would refuse it."""
    number = {"oneOf": [{"type": "integer"}, {"type": "number"}]}
    item = {"get": {"responses": {"200": {"content": {"application/json": {"schema": number}}}}}}
    document = completed({"paths": {"/a": item}, "components": {"schemas": {}}}, prefixes=("/x", "/y"))
    schema = document["paths"]["/a"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]

    assert {"anyOf": number["oneOf"]} == schema


# -- what was published -------------------------------------------------------------------------------------------


def test_it_takes_the_published_registrations(document: Json) -> None:
    """Rule: every body that register-call must accept fits; fields and choices are those of the contract."""
    contract = published()["register_call"]
    schema = {"$ref": "#/components/schemas/CallRegistration"}
    body = document["components"]["schemas"]["CallRegistration"]
    tried = 0
    for case in contract["cases"]:
        if case["http"] == 201:
            tried += 1

            assert [] == faults(document, schema, {"agent_id": "0" * 24, **case["body"]})

    assert tried > 10
    assert faults(document, schema, {})
    assert faults(document, schema, {"agent_id": "0" * 24, "sample_rate": 48000})
    assert {*contract["request"]["required"], *contract["request"]["optional"]} == body["properties"].keys()
    assert set(contract["request"]["allowed"]["mode"]) == set(body["properties"]["mode"]["enum"])
    answer = document["components"]["schemas"]["CallToken"]
    assert set(contract["response_201_data"]["required"]) == set(answer["required"])


def test_it_has_the_published_envelopes(document: Json) -> None:
    """
    Rule: ``status`` with ``data`` or ``errors``, ``success`` with ``data``, and the one bare object.

    A refusal of a public page has a ``code`` besides.
    """
    envelopes = published()["rest_envelopes"]
    user, concurrency = answer_of(document, "GET /user", 200), answer_of(document, "GET /concurrency", 200)
    details = document["components"]["schemas"]["AccountDetails"]["properties"]
    refusal = document["components"]["schemas"]["RefusalBody"]["properties"]

    assert envelopes["ok"]["required"].keys() == user["properties"].keys()
    assert envelopes["error"]["required"].keys() == refusal.keys() - {"code"}
    assert envelopes["ok_success_form"]["required"].keys() == concurrency["properties"].keys()
    assert envelopes["account_details"]["required"].keys() <= details.keys()


# -- what the server answers --------------------------------------------------------------------------------------

TOUR: tuple[tuple[str, str, Mapping[str, object] | None, int], ...] = (
    ("POST /agent", "", {"name": "Ada", "knowledge": "## Open?\n\nYes.", "newer": [1]}, 201),
    ("POST /agent", "", {"name": 1}, 400),
    ("GET /agent", "?page=1&limit=2", None, 200),
    ("GET /agent", "?page=x", None, 400),
    ("GET /agent/{agent_id}", "", None, 200),
    ("PATCH /agent/{agent_id}", "", {"firstMessage": "Good day."}, 200),
    ("POST /agent/{agent_id}/duplicate", "", {}, 201),
    ("GET /agent/{agent_id}/widget-config", "", None, 200),
    ("PATCH /agent/{agent_id}/widget-config", "", {"widgetConfig": {"title": "Talk"}}, 200),
    ("GET /agent/{agent_id}/call-logs", "", None, 200),
    ("GET /agent/{agent_id}/workflow", "", None, 200),
    ("GET /agent/template", "", None, 200),
    ("GET /conversation", "", None, 200),
    ("GET /conversation/{call_id}", "", None, 200),
    ("GET /conversation/{call_id}/recording", "", None, 404),
    ("POST /conversation/register-call", "", {"agent_id": "{agent_id}"}, 201),
    ("POST /conversation/register-call", "", {"agent_id": "0" * 24}, 404),
    ("GET /analytics/call-counts-log", "", None, 200),
    ("GET /analytics/conversation-details/{call_id}", "", None, 200),
    ("GET /analytics/summary", "", None, 200),
    ("GET /analytics/concurrency", "?date=2026-07-02", None, 200),
    ("GET /disposition-metric-templates", "", None, 200),
    ("GET /user", "", None, 200),
    ("GET /user/subscription", "", None, 200),
    ("GET /account/get-account-details", "", None, 200),
    ("PUT /account/update-org-name", "", {"name": "House"}, 200),
    ("PUT /account/update-org-name", "", {}, 400),
    ("GET /concurrency", "", None, 200),
    ("GET /campaign", "", None, 200),
    ("GET /knowledgebase", "", None, 200),
    ("GET /webhook", "", None, 200),
    ("GET /websocket/token/{assistant_id}", "", None, 200),
    ("GET /health", "", None, 200),
    ("DELETE /agent/{agent_id}/archive", "", None, 200),
    ("DELETE /agent/{agent_id}/archive", "", None, 409),
)


def test_what_the_server_answers_is_what_it_describes(document: Json, tmp_path: Path) -> None:
    """Rule: on a tour through the main routes every body fits the schema of its status."""

    async def scenario(scene: Scene) -> None:
        agent_id = await start_call(scene)
        ids = {"agent_id": agent_id, "assistant_id": agent_id, "call_id": CALL_ID}
        for route, query, body, status in TOUR:
            method, _, path = route.partition(" ")
            prefix = "" if "servers" in document["paths"][path] else API_PREFIXES[0]
            sent = None if body is None else json.loads(json.dumps(body).replace("{agent_id}", agent_id))
            answer = await scene.ask(method, prefix + path.format_map(ids) + query, json=sent)

            assert status == answer.status_code, (route, answer.text)
            assert [] == faults(document, answer_of(document, route, status), answer.json()), route

    play(tmp_path, scenario)
