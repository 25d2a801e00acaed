"""The log of deliveries, and sending one again."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.server.rest.test_webhooks import API, NOBODY, refused, registered
from tests.server.rest_scene import CALL_ID, Scene, play
from vivavoce import ids
from vivavoce.clock import now
from vivavoce.store import deliveries
from vivavoce.store.deliveries import Delivery, DeliveryState


async def logged(scene: Scene, webhook_id: str, state: DeliveryState, event: str = "post-conversation") -> str:
    moment = now()
    made = Delivery(
        id=ids.webhook_id(),
        webhook_id=webhook_id,
        agent_id=NOBODY,
        call_id=CALL_ID,
        event_type=event,
        body='{"transcript": "secret"}',
        state=state,
        attempts=1,
        due_at=moment + timedelta(hours=1),
        created_at=moment,
        answer_status=500,
        fault="it answered 500",
        done_at=None if state in ("queued", "sending") else moment,
    )
    await deliveries.record(scene.database, [made])
    return made.id


async def log_of(scene: Scene, webhook_id: str, query: str = "") -> dict[str, Any]:
    return dict((await scene.ask("GET", f"{API}/webhook/{webhook_id}/deliveries{query}")).json()["data"])


def test_the_log_says_what_became_of_each_delivery(tmp_path: Path) -> None:
    """The newest first, in pages, without the bodies."""

    async def scenario(scene: Scene) -> None:
        webhook_id = await registered(scene)

        assert {
            "deliveries": [],
            "pagination": {"total": 0, "page": 1, "limit": 20, "hasMore": False, "totalPages": 0},
        } == (await log_of(scene, webhook_id))
        failed = await logged(scene, webhook_id, "failed", "analytics-completed")
        queued = await logged(scene, webhook_id, "queued")
        log = await log_of(scene, webhook_id, "?limit=1")
        (entry,) = log["deliveries"]

        assert {"total": 2, "page": 1, "limit": 1, "hasMore": True, "totalPages": 2} == log["pagination"]
        assert {
            "_id": queued,
            "eventType": "post-conversation",
            "callId": CALL_ID,
            "agentId": NOBODY,
            "state": "queued",
            "attempts": 1,
            "answerStatus": 500,
            "fault": "it answered 500",
            "doneAt": None,
        }.items() <= entry.items()
        assert entry["nextAttemptAt"] > entry["createdAt"]
        assert "secret" not in str(entry)
        (entry,) = (await log_of(scene, webhook_id, "?limit=1&page=2"))["deliveries"]
        assert (failed, None) == (entry["_id"], entry["nextAttemptAt"])

    play(tmp_path, scenario)


@pytest.mark.parametrize("query", ["page=0", "page=x", "limit=0", "page=99999999999999999999"])
def test_a_page_that_cannot_be_is_refused(query: str, tmp_path: Path) -> None:
    """The text names the parameter."""

    async def scenario(scene: Scene) -> None:
        webhook_id = await registered(scene)
        status, (said,) = await refused(scene, "GET", f"/webhook/{webhook_id}/deliveries?{query}")

        assert 400 == status
        assert query.split("=")[0] in said

    play(tmp_path, scenario)


def test_a_delivery_is_sent_again_at_once(tmp_path: Path) -> None:
    """It is due, and the outbox is told."""
    told: list[None] = []

    async def scenario(scene: Scene) -> None:
        webhook_id = await registered(scene)
        failed = await logged(scene, webhook_id, "failed")
        answer = await scene.ask("POST", f"{API}/webhook/{webhook_id}/deliveries/{failed}/retry")

        assert (200, {"status": True, "data": failed}) == (answer.status_code, answer.json())
        assert 1 == len(told)
        assert ((failed, webhook_id),) == await deliveries.due(scene.database, now(), most=9)

    play(tmp_path, scenario, look_for_deliveries=lambda: told.append(None))


def test_a_delivery_that_cannot_be_sent_again_is_refused(tmp_path: Path) -> None:
    """One that is being sent, one whose call has begun, one that is not there."""

    async def scenario(scene: Scene) -> None:
        webhook_id = await registered(scene)
        for state, event, expected in (
            ("sending", "post-conversation", (409, "This delivery is being sent at this moment")),
            ("failed", "pre-conversation", (400, "A pre-conversation delivery cannot be sent again")),
        ):
            delivery_id = await logged(scene, webhook_id, state, event)  # type: ignore[arg-type]  # two of its words
            status, (said,) = await refused(scene, "POST", f"/webhook/{webhook_id}/deliveries/{delivery_id}/retry")

            assert expected[0] == status
            assert expected[1] in said
        assert (404, ["Delivery not found"]) == await refused(
            scene, "POST", f"/webhook/{webhook_id}/deliveries/{NOBODY}/retry"
        )
        assert (400, ["Invalid delivery id"]) == await refused(
            scene, "POST", f"/webhook/{webhook_id}/deliveries/x/retry"
        )

    play(tmp_path, scenario)
