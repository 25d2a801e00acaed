"""The console's pages of webhooks."""

from pathlib import Path
from typing import Any

import pytest

from tests.server.console.console_scene import Visitor, play_console, visitor
from tests.server.rest_scene import Scene
from vivavoce.config import Config
from vivavoce.store import agents, webhooks
from vivavoce.store.webhooks import Webhook

URL = "https://127.0.0.1/hooks"


def near(folder: Path) -> Config:
    """A server whose webhooks may lead to this machine, so that no name is looked up."""
    return Config(data=folder / "data", webhook_private=True)


async def registered(scene: Scene, **more: Any) -> Webhook:
    made = await webhooks.create(scene.database, url=URL, description="Orders", **more)

    assert made is not None
    return made


async def only(scene: Scene) -> Webhook:
    (found,) = await webhooks.list_all(scene.database)
    return found


def test_without_webhooks_the_page_says_what_to_do(tmp_path: Path) -> None:
    """A viewer is not shown a button that would refuse him."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        page = (await admin.get("/console/webhooks")).text
        to_viewer = (await (await visitor(scene)).get("/console/webhooks")).text

        assert "No webhooks yet" in page
        assert (2, 0) == (page.count('href="/console/webhooks/new"'), to_viewer.count('href="/console/webhooks/new"'))

    play_console(tmp_path, scenario)


def test_a_webhook_is_registered_with_its_headers_and_what_it_is_told(tmp_path: Path) -> None:
    """All in one form."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        ada = (await agents.create(scene.database, {"name": "Ada"})).id
        answer = await admin.post(
            "/console/webhooks",
            {
                "endpoint": f" {URL} ",
                "description": "Orders",
                "headers": "X-Shop: one\r\n\r\nAuthorization:  Bearer shop: 2 \r\n",
                "wanted": [f"{ada} post-conversation", f"{ada} pre-conversation"],
            },
        )
        made = await only(scene)

        assert (303, f"/console/webhooks/{made.id}") == (answer.status_code, answer.headers["location"])
        assert (URL, "Orders", "enabled") == (made.url, made.description, made.status)
        assert {"X-Shop": "one", "Authorization": "Bearer shop: 2"} == made.headers
        assert {"post-conversation", "pre-conversation"} == {entry.event_type for entry in made.subscriptions}

    play_console(tmp_path, scenario, config=near(tmp_path))


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"endpoint": "shop.example/hook"}, "endpoint", "Expected an absolute http or https URL"),
        ({"endpoint": URL, "headers": "Authorization"}, "headers", "Line 1 has no colon"),
        ({"endpoint": URL, "headers": "A: 1\nA: 2"}, "headers", "A is there twice"),
        ({"endpoint": URL, "headers": "Host: shop.example"}, "headers", "Host is reserved"),
        ({"endpoint": URL, "description": "x" * 2001}, "description", "2000"),
    ],
)
def test_a_slip_is_told_beside_its_field(tmp_path: Path, fields: dict[str, str], field: str, text: str) -> None:
    """In the words of the API; nothing is stored, and what was typed is still there."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await admin.post("/console/webhooks", fields)
        error = answer.text.partition(f'id="{field}-error">')[2].partition("</p>")[0]

        assert (422, ()) == (answer.status_code, await webhooks.list_all(scene.database))
        assert text in error
        assert fields["endpoint"] in answer.text

    play_console(tmp_path, scenario, config=near(tmp_path))


def test_an_address_of_this_network_is_refused_as_the_api_does(tmp_path: Path) -> None:
    """Unless the operator allows it."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await admin.post("/console/webhooks", {"endpoint": URL})

        assert 422 == answer.status_code
        assert "Its host has a loopback address" in answer.text

    play_console(tmp_path, scenario)


def test_an_address_is_registered_once(tmp_path: Path) -> None:
    """The second one is told beside the address."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        await registered(scene)
        answer = await admin.post("/console/webhooks", {"endpoint": URL})

        assert 422 == answer.status_code
        assert "has already been registered" in answer.text.partition('id="endpoint-error">')[2][:80]

    play_console(tmp_path, scenario, config=near(tmp_path))


def test_saving_changes_what_was_changed(tmp_path: Path) -> None:
    """A tick that stays keeps its subscription; one that is gone ends it."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        ada = (await agents.create(scene.database, {"name": "Ada"})).id
        made = await registered(scene, wanted=[(ada, "post-conversation"), (ada, "pre-conversation")])
        before = {entry.event_type: entry.id for entry in (await only(scene)).subscriptions}
        answer = await admin.post(
            f"/console/webhooks/{made.id}/edit",
            {"endpoint": URL, "description": "", "wanted": [f"{ada} post-conversation", f"{ada} analytics-completed"]},
        )
        changed = await only(scene)
        after = {entry.event_type: entry.id for entry in changed.subscriptions}

        assert (303, "") == (answer.status_code, changed.description)
        assert {"post-conversation", "analytics-completed"} == after.keys()
        assert before["post-conversation"] == after["post-conversation"]

    play_console(tmp_path, scenario, config=near(tmp_path))


def test_what_no_box_sends_is_left_out(tmp_path: Path) -> None:
    """Neither an event that there is not nor an agent that has gone."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        ada = (await agents.create(scene.database, {"name": "Ada"})).id
        made = await registered(scene)
        await admin.post(
            f"/console/webhooks/{made.id}/edit",
            {"endpoint": URL, "wanted": [f"{ada} every-call", f"{'0' * 24} post-conversation", "nonsense"]},
        )

        assert () == (await only(scene)).subscriptions

    play_console(tmp_path, scenario, config=near(tmp_path))


def test_other_agents_are_found_and_ticks_stay(tmp_path: Path) -> None:
    """The part of the form has the agents with a tick first."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        ids = [(await agents.create(scene.database, {"name": f"Agent {number:02}"})).id for number in range(25)]
        first = (await admin.get("/console/webhooks/new")).text
        part = (await admin.part(f"/console/webhooks/agents?q=21&wanted={ids[23]}+post-conversation")).text

        assert (20, True) == (first.count("<fieldset"), "There are more agents" in first)
        assert (2, 1) == (part.count("<fieldset"), part.count(" checked"))
        assert part.index("Agent 23") < part.index("Agent 21")

    play_console(tmp_path, scenario)


def test_a_webhook_is_switched_off_and_on(tmp_path: Path) -> None:
    """One that is off is told nothing new."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        made = await registered(scene)
        states = []
        for status in ("disabled", "enabled"):
            await admin.post(f"/console/webhooks/{made.id}/status", {"status": status})
            states.append((await only(scene)).status)

        assert ["disabled", "enabled"] == states

    play_console(tmp_path, scenario)


def test_a_webhook_is_deleted_with_its_subscriptions(tmp_path: Path) -> None:
    """After a question that says what ends with it."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        ada = (await agents.create(scene.database, {"name": "Ada"})).id
        made = await registered(scene, wanted=[(ada, "post-conversation")])
        question = await admin.part(f"/console/webhooks/{made.id}/delete")
        answer = await admin.post(f"/console/webhooks/{made.id}/delete")

        assert "Ada (after a call)" in question.text
        assert (303, ()) == (answer.status_code, await webhooks.list_all(scene.database))

    play_console(tmp_path, scenario)


def test_a_viewer_sees_neither_secret_nor_headers_and_changes_nothing(tmp_path: Path) -> None:
    """He may look at the webhook and its log."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        made = await registered(scene)
        await webhooks.change(scene.database, made.id, headers={"Authorization": "Bearer shop"})
        viewer = await visitor(scene)
        path = f"/console/webhooks/{made.id}"
        page = await viewer.get(path)
        answers = [
            (await viewer.get(f"{path}/edit")).status_code,
            (await viewer.get("/console/webhooks/new")).status_code,
            (await viewer.post(f"{path}/status", {"status": "disabled"})).status_code,
            (await viewer.post(f"{path}/delete")).status_code,
            (await viewer.post(f"{path}/test")).status_code,
        ]

        assert (200, [403] * 5) == (page.status_code, answers)
        assert (False, False, True) == (made.secret in page.text, "Bearer shop" in page.text, "Orders" in page.text)
        assert made.secret in (await admin.get(path)).text

    play_console(tmp_path, scenario)


def test_an_id_that_is_not_known_is_a_page_that_is_not_there(tmp_path: Path) -> None:
    """Also for its deliveries."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        made = await registered(scene)
        paths = (f"{'0' * 24}", f"{'0' * 24}/edit", f"{made.id}/deliveries/{'0' * 24}", f"{made.id}/deliveries/x")

        assert [404] * 4 == [(await admin.get(f"/console/webhooks/{path}")).status_code for path in paths]

    play_console(tmp_path, scenario)
