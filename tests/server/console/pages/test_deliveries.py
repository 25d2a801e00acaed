"""The console's pages of deliveries, and tests that are sent to webhooks."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.server.console.console_scene import Visitor, play_console
from tests.server.receiver import Receiver, answer, receiving
from tests.server.rest_scene import Scene
from vivavoce.server.delivering import new_delivery
from vivavoce.server.posting import Poster
from vivavoce.store import agents, deliveries, webhooks
from vivavoce.store.deliveries import Delivery, DeliveryState
from vivavoce.store.webhooks import Webhook
from vivavoce.webhooks.payloads import EventType, before_call

CALL_ID = "CALL-1776756378884-6a553c"


async def registered(scene: Scene, url: str = "https://shop.example/hooks") -> Webhook:
    ada = (await agents.create(scene.database, {"name": "Ada"})).id
    made = await webhooks.create(scene.database, url=url, description="", wanted=[(ada, "post-conversation")])

    assert made is not None
    return made


async def logged(
    scene: Scene,
    webhook: Webhook,
    *,
    state: DeliveryState = "queued",
    event: str = "post-conversation",
    number: int = 0,
) -> Delivery:
    metadata = {**before_call(agent_id="a" * 24, call_id=f"{CALL_ID}{number}", mode="webcall"), "eventType": event}
    made = new_delivery(webhook, metadata, state=state, attempts=1)
    await deliveries.record(scene.database, [made])
    return made


def play_with_receiver(
    folder: Path, scenario: Callable[[Scene, Visitor, Receiver], Awaitable[None]], *answers: bytes
) -> None:
    """Play with a receiver on this machine, and whoever sends to it."""
    poster = Poster(allow_private=True)

    async def played(scene: Scene, admin: Visitor) -> None:
        async with asyncio.timeout(20), receiving(*answers) as receiver:
            await scenario(scene, admin, receiver)
        await poster.close()

    play_console(folder, played, post=poster)


@pytest.mark.parametrize("event", ["pre-conversation", "post-conversation", "analytics-completed"])
def test_a_test_is_a_signed_event_that_says_what_it_is(tmp_path: Path, event: EventType) -> None:
    """It is in the log, and of an agent that the webhook is told of."""

    async def scenario(scene: Scene, admin: Visitor, receiver: Receiver) -> None:
        webhook = await registered(scene, f"{receiver.url}/hook")
        sent = await admin.post(f"/console/webhooks/{webhook.id}/test", {"event": event})
        (got,) = receiver.got
        (noted,) = (await deliveries.list_page(scene.database, webhook.id, page=1, size=9)).deliveries
        page = (await admin.get(sent.headers["location"])).text
        (told,) = await webhooks.list_all(scene.database)

        assert got.signed_with(webhook.secret)
        assert (True, event) == (got.json["metadata"]["isTest"], got.json["metadata"]["eventType"])
        assert (got.json["id"], "delivered", 200) == (noted.id, noted.state, noted.answer_status)
        assert told.subscriptions[0].agent_id == noted.agent_id
        assert "The test has arrived: the answer was 200." in page

    play_with_receiver(tmp_path, scenario)


def test_a_test_that_does_not_arrive_says_why_and_is_not_repeated(tmp_path: Path) -> None:
    """It is given up at once."""

    async def scenario(scene: Scene, admin: Visitor, receiver: Receiver) -> None:
        webhook = await registered(scene, f"{receiver.url}/hook")
        sent = await admin.post(f"/console/webhooks/{webhook.id}/test")
        page = (await admin.get(sent.headers["location"])).text
        (noted,) = (await deliveries.list_page(scene.database, webhook.id, page=1, size=9)).deliveries

        assert ("failed", 500) == (noted.state, noted.answer_status)
        assert "The test did not arrive: it answered 500." in page

    play_with_receiver(tmp_path, scenario, answer(500))


def test_the_log_is_paged(tmp_path: Path) -> None:
    """25 on a page; for htmx the page alone."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        webhook = await registered(scene)
        for number in range(26):
            await logged(scene, webhook, state="delivered", number=number)
        path = f"/console/webhooks/{webhook.id}"
        first, second = (await admin.get(path)).text, (await admin.part(f"{path}?page=2")).text

        assert (25, 1) == (first.count('class="row-link"'), second.count('class="row-link"'))
        assert (True, False) == ("<html" in first, "<html" in second)
        assert "Page 1 of 2, 26 deliveries" in first

    play_console(tmp_path, scenario)


def test_what_is_on_its_way_is_looked_at_again(tmp_path: Path) -> None:
    """What has arrived is not."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        webhook = await registered(scene)
        arrived = await logged(scene, webhook, state="delivered")
        path = f"/console/webhooks/{webhook.id}"
        before = "load delay" in (await admin.get(path)).text
        waiting = await logged(scene, webhook, number=1)
        looks = ["load delay" in (await admin.get(f"{path}/deliveries/{one.id}")).text for one in (arrived, waiting)]

        assert (False, True) == (before, "load delay" in (await admin.get(path)).text)
        assert [False, True] == looks

    play_console(tmp_path, scenario)


def test_a_delivery_is_shown_with_its_body(tmp_path: Path) -> None:
    """Its lines are broken, and what is in it is text."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        webhook = await registered(scene)
        made = await logged(scene, webhook, state="failed")
        await deliveries.settle(scene.database, made, "failed", answer_status=0)
        page = (await admin.get(f"/console/webhooks/{webhook.id}/deliveries/{made.id}")).text
        shown = page.partition('id="delivery-body" tabindex="0">')[2].partition("</code>")[0].replace("&#34;", '"')

        assert json.loads(made.body) == json.loads(shown)
        assert (True, True) == ("given up" in page, f'href="/console/calls/{CALL_ID}0"' in page)

    play_console(tmp_path, scenario)


def test_a_delivery_is_sent_again_by_the_rule_of_the_api(tmp_path: Path) -> None:
    """One for a call that has begun without it is not, and says why."""
    looked: list[bool] = []

    async def scenario(scene: Scene, admin: Visitor) -> None:
        webhook = await registered(scene)
        late = await logged(scene, webhook, state="failed", event="pre-conversation")
        lost = await logged(scene, webhook, state="failed", number=1)
        path = f"/console/webhooks/{webhook.id}/deliveries"
        await admin.post(f"{path}/{lost.id}/again")
        refused = await admin.post(f"{path}/{late.id}/again")
        again = await deliveries.find(scene.database, webhook.id, lost.id)

        assert again is not None
        assert ("queued", [True]) == (again.state, looked)
        assert "its call has begun" in (await admin.get(refused.headers["location"])).text
        assert 404 == (await admin.post(f"{path}/{'0' * 24}/again")).status_code

    play_console(tmp_path, scenario, look_for_deliveries=lambda: looked.append(True))
