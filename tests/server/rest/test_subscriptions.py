"""The routes by which an agent's events are subscribed to webhooks."""

from pathlib import Path
from typing import Any

import pytest

from tests.server.rest.test_webhooks import API, NOBODY, URL, agent, refused, registered
from tests.server.rest_scene import Scene, play


async def listed(scene: Scene, agent_id: str) -> list[dict[str, Any]]:
    return list((await scene.ask("GET", f"{API}/agent/{agent_id}/webhook-subscriptions")).json()["data"])


def test_new_subscriptions_replace_what_there_was(tmp_path: Path) -> None:
    """All of the agent's, to whichever webhook; the text is that of the contract."""

    async def scenario(scene: Scene) -> None:
        agent_id = await agent(scene)
        first = await registered(scene, events=[{"agentId": agent_id, "eventType": "pre-conversation"}])
        second = await registered(scene, endpoint=URL + "2")
        path = f"{API}/agent/{agent_id}/webhook-subscriptions"

        assert [(first, agent_id, "pre-conversation")] == [
            (entry["webhookId"], entry["agentId"], entry["eventType"]) for entry in await listed(scene, agent_id)
        ]
        types = ["post-conversation", "analytics-completed", "post-conversation"]
        answer = await scene.ask("POST", path, json={"eventTypes": types, "webhookId": second})
        assert (201, {"status": True, "data": "Subscriptions created successfully"}) == (
            answer.status_code,
            answer.json(),
        )
        assert {(second, "post-conversation"), (second, "analytics-completed")} == {
            (entry["webhookId"], entry["eventType"]) for entry in await listed(scene, agent_id)
        }
        assert 2 == len(await listed(scene, agent_id))
        assert 200 == (await scene.ask("DELETE", path)).status_code
        assert [] == await listed(scene, agent_id)

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"eventTypes": ["post-conversation"]}, 400, "webhookId: Required"),
        ({"webhookId": NOBODY}, 400, "eventTypes: Required"),
        ({"eventTypes": "post-conversation", "webhookId": NOBODY}, 400, "eventTypes: Expected array, received string"),
        ({"eventTypes": ["call.ended"], "webhookId": NOBODY}, 400, "Invalid enum value"),
        ({"eventTypes": [], "webhookId": NOBODY}, 400, "eventTypes"),
        ({"eventTypes": ["post-conversation"], "webhookId": NOBODY}, 404, "Webhook not found"),
        ({"eventTypes": ["post-conversation"], "webhookId": "x"}, 400, "The provided Webhook ID is invalid."),
    ],
)
def test_subscriptions_that_cannot_be_change_nothing(body: object, status: int, text: str, tmp_path: Path) -> None:
    """The sentence says what is wrong."""

    async def scenario(scene: Scene) -> None:
        agent_id = await agent(scene)
        await registered(scene, events=[{"agentId": agent_id, "eventType": "pre-conversation"}])
        answered, (said,) = await refused(scene, "POST", f"/agent/{agent_id}/webhook-subscriptions", body)

        assert status == answered
        assert text in said
        assert 1 == len(await listed(scene, agent_id))

    play(tmp_path, scenario)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_agent_that_is_not_there_is_not_found(method: str, tmp_path: Path) -> None:
    """An id that cannot be one is a bad request (decision C13)."""

    async def scenario(scene: Scene) -> None:
        body = {"eventTypes": ["post-conversation"], "webhookId": NOBODY} if method == "POST" else None

        assert (404, ["Agent not found"]) == await refused(
            scene, method, f"/agent/{NOBODY}/webhook-subscriptions", body
        )
        assert (400, ["Invalid agent id"]) == await refused(scene, method, "/agent/x/webhook-subscriptions", body)

    play(tmp_path, scenario)
