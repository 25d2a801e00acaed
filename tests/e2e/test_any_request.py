"""
Whatever a request holds, it is answered: as the description says, in its envelope, and never with a failure of ours.

Schemathesis makes the requests from the description that the server itself serves: some as they should be, some with
wrong types, missing fields and values out of range, and some about an agent, a call and a webhook that exist.
The same requests are made each time.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core import result as schemathesis_result

from tests.e2e.running import API, Server, running

pytestmark = pytest.mark.slow

Json = dict[str, Any]

# Refused with a status of its own, because this server has no such thing.
_NOT_HERE = 501
# For each route; all of them together take twenty seconds or so.
_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """A server, its own description of itself, and ids of what it has."""

    server: Server
    document: Json
    ids: Mapping[str, str]

    def operations(self) -> Iterator[tuple[str, str, Json]]:
        """Every route: its method, its path, and its description."""
        for path, item in self.document["paths"].items():
            for method in ("get", "post", "put", "patch", "delete", "head"):
                if method in item:
                    yield method, path, item[method]

    def base(self, path: str) -> str:
        """What comes before a path of the description."""
        return self.server.url + ("" if "servers" in self.document["paths"][path] else API)

    def filled(self, path: str) -> str:
        """The whole address with ids of what exists."""
        return self.base(path) + path.format_map(self.ids)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A server of its own: it is left with hundreds of agents and webhooks that nobody could want."""
    with running(tmp_path_factory.mktemp("asked")) as server:
        agent_id = server.agent()
        hook = {"endpoint": "https://example.com/hook", "description": "x", "events": []}
        webhook_id = server.ask("POST", "/webhook", hook).json()["data"]
        ids = {
            "agent_id": agent_id,
            "assistant_id": agent_id,
            "workflow_id": agent_id,
            "webhook_id": webhook_id,
            "call_id": "CALL-1776756378884-6a553c",
            "delivery_id": "0" * 24,
            "panel": "summary",
            "kind": "phone-numbers",
        }
        yield Asked(server, server.client.get(f"{server.url}/docs/openapi.json").json(), ids)


def check(asked: Asked, operation: Json, status: int, headers: Mapping[str, str], content: bytes) -> None:
    """An answer is one that the description names, in the shape that it names, with a request id."""
    documented = operation["responses"].get(str(status))

    assert status < 500 or status == _NOT_HERE, (status, content[:500], asked.server.log[-3000:])
    assert documented, f"{operation['operationId']} answers {status}, which is not described: {content[:500]!r}"
    assert 36 == len(headers["x-request-id"])
    media_type = headers.get("content-type", "").partition(";")[0]
    if status in (204, 304) or not content:
        return
    schema = documented["content"][media_type].get("schema")
    if media_type == "application/json":
        body = json.loads(content)
        faults = jsonschema_rs.Draft202012Validator({**schema, "components": asked.document["components"]}).iter_errors(
            body
        )

        assert [] == [f"{fault.message} at {fault.instance_path}" for fault in faults]
        if "errors" in body:
            assert body["errors"]
            assert all(3 < len(text) < 1000 for text in body["errors"])


def test_every_route_is_described_with_its_errors(asked: Asked) -> None:
    """Rule: each operation has an id of its own, a summary, and an envelope for whatever goes wrong."""
    operations = [operation for _, _, operation in asked.operations()]
    ids = [operation["operationId"] for operation in operations]

    assert len(ids) == len(set(ids)) > 20
    for operation in operations:
        assert operation["summary"]
        for status, response in operation["responses"].items():
            assert status < "400" or response["content"]["application/json"]["schema"]


def ask_anything(asked: Asked, operation: Any, statuses: Counter[int]) -> None:
    """Make requests to one route: good ones, bad ones, and some about what exists."""
    described = asked.document["paths"][operation.path][operation.method]
    known = {name: value for name, value in asked.ids.items() if "{" + name + "}" in operation.path}
    strategies = [operation.as_strategy()]
    if operation.body or described.get("parameters"):
        strategies.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    if known:
        strategies.append(operation.as_strategy(path_parameters=known))
    key = {"Authorization": f"Bearer {asked.server.key}"}

    @settings(
        max_examples=_EXAMPLES if len(strategies) > 1 else 1,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(strategies))
    def ask(case: Any) -> None:
        answer = case.call(base_url=asked.base(case.path), headers=key, timeout=20)
        headers = {name: values[0] for name, values in answer.headers.items()}
        statuses[answer.status_code] += 1
        check(asked, described, answer.status_code, headers, answer.content)

    ask()


def test_any_request_is_answered(asked: Asked) -> None:
    """Rule: no request of any shape is answered with a 5xx, or with what the description does not name."""
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(asked.document)))
    statuses = Counter[int]()
    faults = []
    for found in schema.get_all_operations():
        assert isinstance(found, schemathesis_result.Ok), found
        operation = found.ok()
        try:
            ask_anything(asked, operation, statuses)
        except AssertionError as fault:
            faults.append(f"{operation.method} {operation.path}: {fault}")

    assert [] == faults
    # The requests were of all kinds.
    assert statuses[200] + statuses[201] > 60
    assert statuses[400] > 100
    assert statuses[404] > 20


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "no JSON": b"{",
    "no UTF-8": b'{"name":"\xff\xfe"}',
    "an array": b"[]",
    "a number": b"7",
    "a text": b'"x"',
    "a nest of arrays": b"[" * 100_000,
    "a nest of objects": b'{"name":' * 50_000 + b"1" + b"}" * 50_000,
    "zero characters": b'{"name":"\\u0000","agent_id":"\\u0000","endpoint":"\\u0000","description":"\\u0000"}',
    "half a surrogate": b'{"name":"\\ud800","agent_id":"\\ud800","callId":"\\udfff"}',
    "a number beyond all": b'{"name":1e999,"timeout":123456789012345678901234567890}',
    "too large": b'{"name":"' + b"x" * 1_000_001 + b'"}',
}


@pytest.mark.parametrize("kind", BODIES)
def test_any_body_is_answered(kind: str, asked: Asked) -> None:
    """Rule: every route that takes a body says what is wrong with one that is none."""
    tried = 0
    for method, path, operation in asked.operations():
        if "requestBody" not in operation:
            continue
        tried += 1
        answer = asked.server.client.request(
            method,
            asked.filled(path),
            content=BODIES[kind],
            headers={"authorization": f"Bearer {asked.server.key}", "content-type": "application/json"},
        )

        check(asked, operation, answer.status_code, answer.headers, answer.content)
        assert kind != "too large" or 413 == answer.status_code

    assert tried > 10


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer sk_wrong", "Basic c2s6eA==", "Bearer \u00ff"])
def test_without_a_good_key_nothing_is_answered(key: str, asked: Asked) -> None:
    """Rule: a route that needs a key answers 401 to everybody else, whatever else is wrong with the request."""
    tried = 0
    for method, path, operation in asked.operations():
        if not operation.get("security"):
            continue
        tried += 1
        headers = {b"authorization": key.encode("latin-1")} if key else {}
        query = {"callId": asked.ids["call_id"]}
        answer = asked.server.client.request(method, asked.filled(path), headers=headers, params=query, content=b"{}")

        assert 401 == answer.status_code, (method, path)
        if method != "head":
            check(asked, operation, 401, answer.headers, answer.content)

    assert tried > 20


@pytest.mark.parametrize("value", ["0", "-1", "99999999999999999999", "1e3", "x", "", "\u0000", "%", "a" * 5000])
def test_any_page_is_answered(value: str, asked: Asked) -> None:
    """Rule: a page that is not there is an empty page or a refusal, and so is any other value of a parameter."""
    for method, path, operation in asked.operations():
        names = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
        for name in names:
            headers = {"authorization": f"Bearer {asked.server.key}"}
            answer = asked.server.client.request(method, asked.filled(path), headers=headers, params={name: value})

            check(asked, operation, answer.status_code, answer.headers, answer.content)
