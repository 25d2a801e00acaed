"""The routes of webhooks: registered, changed, listed, deleted, with the texts of the contract."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.rest_scene import Scene, play
from vivavoce.config import Config

API = "/atoms/v1"
# Of the public internet, and no name to look up.
URL = "https://93.184.215.14/hook"
NOBODY = "0" * 24


async def registered(scene: Scene, **body: object) -> str:
    answer = await scene.ask("POST", f"{API}/webhook", json={"endpoint": URL, "description": "Shop"} | body)

    assert 201 == answer.status_code, answer.text
    assert answer.json()["status"]
    return str(answer.json()["data"])


async def agent(scene: Scene) -> str:
    answer = await scene.ask("POST", f"{API}/agent", json={"name": "Ada", "description": "Sells"})
    return str(answer.json()["data"])


async def shown(scene: Scene, webhook_id: str = "") -> list[dict[str, Any]]:
    query = f"?webhookId={webhook_id}" if webhook_id else ""
    return list((await scene.ask("GET", f"{API}/webhook{query}")).json()["data"])


async def refused(scene: Scene, method: str, path: str, body: object = None) -> tuple[int, list[str]]:
    answer = await scene.ask(method, f"{API}{path}", json=body)

    assert not answer.json()["status"]
    return answer.status_code, answer.json()["errors"]


def test_there_are_no_webhooks_at_first(tmp_path: Path) -> None:
    """A typed client needs the empty list (wire-spec 2.14)."""

    async def scenario(scene: Scene) -> None:
        assert {"status": True, "data": []} == (await scene.ask("GET", f"{API}/webhook")).json()

    play(tmp_path, scenario)


def test_a_webhook_is_shown_with_its_secret_and_its_subscriptions(tmp_path: Path) -> None:
    """The fields of wire-spec 2.10, the secret among them: the receiver needs it."""

    async def scenario(scene: Scene) -> None:
        agent_id = await agent(scene)
        webhook_id = await registered(scene, events=[{"agentId": agent_id, "eventType": "post-conversation"}])
        (found,) = await shown(scene)

        assert [found] == await shown(scene, webhook_id)
        (subscription,) = found["subscriptions"]
        assert {
            "webhookId": webhook_id,
            "agentId": {"_id": agent_id, "name": "Ada", "description": "Sells"},
            "eventType": "post-conversation",
        }.items() <= subscription.items()
        assert {"_id", "createdAt", "updatedAt"} <= set(subscription)
        assert {"_id": webhook_id, "url": URL, "description": "Shop", "status": "enabled"}.items() <= found.items()
        assert 64 == len(found["decryptedSecretKey"])
        assert {"organizationId", "createdBy", "createdAt", "updatedAt"} <= set(found)
        assert webhook_id != await registered(scene, endpoint=URL + "2")
        secrets = {webhook["decryptedSecretKey"] for webhook in await shown(scene)}
        assert 2 == len(secrets)

    play(tmp_path, scenario)


def test_a_url_is_registered_once(tmp_path: Path) -> None:
    """With the text of the contract, also where a change would take it."""
    text = "A webhook with this URL has already been registered"

    async def scenario(scene: Scene) -> None:
        await registered(scene)
        other = await registered(scene, endpoint=URL + "2")

        assert (400, [text]) == await refused(scene, "POST", "/webhook", {"endpoint": URL, "description": ""})
        assert (400, [text]) == await refused(scene, "PATCH", f"/webhook/{other}", {"endpoint": URL})

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "endpoint: Required"),
        ({"endpoint": 1}, "endpoint: Expected string, received number"),
        ({"endpoint": "shop"}, "endpoint: Expected an absolute http or https URL, in ASCII"),
        ({"endpoint": URL, "events": "all"}, "events: Expected array, received string"),
        ({"endpoint": URL, "events": [{"eventType": "post-conversation"}]}, "agentId: Required"),
        ({"endpoint": URL, "events": [{"agentId": NOBODY, "eventType": "post-conversation"}]}, "No agent found"),
        ({"endpoint": URL, "events": [{"agentId": "x", "eventType": "post-conversation"}]}, "Invalid agent id"),
        ({"endpoint": URL, "events": [{"agentId": NOBODY, "eventType": "call.started"}]}, "Invalid enum value"),
        ({"endpoint": URL, "description": "a\0"}, "description"),
        ({"endpoint": "http://localhost:9/hook"}, "endpoint: its host has a loopback address; set VIVAVOCE_WEBHOOK_"),
        ({"endpoint": "http://169.254.169.254/latest"}, "endpoint: its host has a link-local address"),
        ({"endpoint": "http://[::ffff:10.0.0.1]/"}, "endpoint: its host has a private address"),
        ([], "Expected object, received array"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused(body: object, text: str, tmp_path: Path) -> None:
    """The sentence says which field, and nothing is stored."""

    async def scenario(scene: Scene) -> None:
        status, (said,) = await refused(scene, "POST", "/webhook", body)

        assert 400 == status
        assert text in said
        assert [] == await shown(scene)

    play(tmp_path, scenario)


def test_an_address_inside_is_registered_where_that_is_allowed(tmp_path: Path) -> None:
    """For receivers beside the server."""

    async def scenario(scene: Scene) -> None:
        await registered(scene, endpoint="http://localhost:9/hook")

    play(tmp_path, scenario, config=Config(data=tmp_path / "data", webhook_private=True))


def test_a_change_needs_something_to_change(tmp_path: Path) -> None:
    """Headers replace all headers, and an empty object clears them."""

    async def scenario(scene: Scene) -> None:
        webhook_id = await registered(scene)

        async def changed(body: object) -> dict[str, Any]:
            answer = await scene.ask("PATCH", f"{API}/webhook/{webhook_id}", json=body)

            assert (200, webhook_id) == (answer.status_code, answer.json()["data"])
            return (await shown(scene))[0]

        assert {"X-A": "1"} == (await changed({"headers": {"X-A": "1"}}))["headers"]
        assert {"X-B": "2"} == (await changed({"headers": {"X-B": "2"}}))["headers"]
        assert {} == (await changed({"headers": {}}))["headers"]
        assert {"url": URL, "description": "Other"}.items() <= (await changed({"description": "Other"})).items()
        assert URL + "2" == (await changed({"endpoint": URL + "2"}))["url"]
        for body, text in (
            ({}, "At least one of endpoint, description and headers is required"),
            ({"status": "disabled"}, "At least one of endpoint, description and headers is required"),
            ({"headers": {"Host": "x"}}, "headers: Host is reserved"),
            ({"headers": {"X-A": 1}}, "received number"),
            ({"endpoint": "http://127.0.0.1/"}, "endpoint: its host has a loopback address"),
        ):
            status, (said,) = await refused(scene, "PATCH", f"/webhook/{webhook_id}", body)

            assert 400 == status
            assert text in said

    play(tmp_path, scenario)


def test_a_webhook_is_deleted_when_no_agent_needs_it(tmp_path: Path) -> None:
    """As long as it is assigned, the text says so."""

    async def scenario(scene: Scene) -> None:
        agent_id = await agent(scene)
        webhook_id = await registered(scene, events=[{"agentId": agent_id, "eventType": "post-conversation"}])
        status, (said,) = await refused(scene, "DELETE", f"/webhook/{webhook_id}")

        assert 400 == status
        assert "currently assigned to one or more agents" in said
        await scene.ask("DELETE", f"{API}/agent/{agent_id}/webhook-subscriptions")
        answer = await scene.ask("DELETE", f"{API}/webhook/{webhook_id}")
        assert (200, True, str) == (answer.status_code, answer.json()["status"], type(answer.json()["data"]))
        assert [] == await shown(scene)

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/webhook?webhookId={}"),
        ("PATCH", "/webhook/{}"),
        ("DELETE", "/webhook/{}"),
        ("GET", "/webhook/{}/deliveries"),
        ("POST", "/webhook/{}/deliveries/" + NOBODY + "/retry"),
    ],
)
def test_a_webhook_that_is_not_there_is_not_found(method: str, path: str, tmp_path: Path) -> None:
    """An id that cannot be one has its own text."""

    async def scenario(scene: Scene) -> None:
        body = {"description": "x"} if method == "PATCH" else None

        assert (404, ["Webhook not found"]) == await refused(scene, method, path.format(NOBODY), body)
        for wrong in ("nonsense", "A" * 24, "%00"):
            assert (400, ["The provided Webhook ID is invalid."]) == await refused(
                scene, method, path.format(wrong), body
            )

    play(tmp_path, scenario)


def test_webhooks_need_a_key(tmp_path: Path) -> None:
    """Their secrets are in the list."""

    async def scenario(scene: Scene) -> None:
        for method, path in (("GET", "/webhook"), ("POST", "/webhook"), ("GET", f"/webhook/{NOBODY}/deliveries")):
            assert 401 == (await scene.ask(method, API + path, key="", json={})).status_code

    play(tmp_path, scenario)


def test_a_changed_list_is_told_at_once(tmp_path: Path) -> None:
    """Whoever remembers who wants to be told of calls must hear of it."""
    told: list[None] = []

    async def scenario(scene: Scene) -> None:
        agent_id = await agent(scene)
        webhook_id = await registered(scene)
        path = f"{API}/agent/{agent_id}/webhook-subscriptions"
        body = {"webhookId": webhook_id, "eventTypes": ["pre-conversation"]}
        for count, (method, to, sent) in enumerate(
            [
                ("PATCH", f"{API}/webhook/{webhook_id}", {"description": "x"}),
                ("POST", path, body),
                ("DELETE", path, None),
                ("DELETE", f"{API}/webhook/{webhook_id}", None),
            ],
            2,
        ):
            await scene.ask(method, to, json=sent)

            assert count == len(told), json.dumps(sent)

    play(tmp_path, scenario, webhooks_changed=lambda: told.append(None))
