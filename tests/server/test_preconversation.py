"""Webhooks that are told of a call before it begins may supply variables; a call never fails for want of them."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.server.receiver import Answer, Got, answer
from tests.server.webhook_scene import CALL_ID, WebhookScene, play
from vivavoce.errors import StoreError
from vivavoce.server import preconversation as preconversation_module
from vivavoce.server.posting import Outcome
from vivavoce.server.preconversation import Preconversation
from vivavoce.store import deliveries, webhooks
from vivavoce.store.database import Database
from vivavoce.wire.variables import Value


def asking(scene: WebhookScene, *, limit_s: float = 5.0) -> Preconversation:
    return Preconversation(scene.database, scene.poster, limit_s=limit_s)


async def supplied(scene: WebhookScene, *, limit_s: float = 5.0) -> Mapping[str, Value]:
    return await asking(scene, limit_s=limit_s).variables(agent_id=scene.agent_id, call_id=CALL_ID, mode="chat")


def with_variables(**variables: object) -> bytes:
    return answer(200, json.dumps({"variables": variables, "more": 1}).encode())


def test_a_webhook_is_told_of_the_call_and_supplies_variables(tmp_path: Path) -> None:
    """Signed like every delivery, and logged; what the server fills in itself is dropped."""

    async def scenario(scene: WebhookScene) -> None:
        webhook = await scene.webhook()
        scene.receiver.answers.append(with_variables(name="Bo", points=3, regular=True, call_id="forged"))

        assert {"name": "Bo", "points": 3, "regular": True} == await supplied(scene)
        (got,) = scene.receiver.got
        (logged,) = await scene.log(webhook)
        assert got.signed_with(webhook.secret)
        assert {
            "url": webhook.url,
            "description": "Shop",
            "event": f"{scene.agent_id}.pre-conversation",
            "id": logged.id,
            "metadata": {
                "agentId": scene.agent_id,
                "eventType": "pre-conversation",
                "conversationType": "chat",
                "callId": CALL_ID,
                "toPhone": "",
                "fromPhone": "",
            },
        } == got.json
        assert ("delivered", 1, 200, "", CALL_ID) == (
            logged.state,
            logged.attempts,
            logged.answer_status,
            logged.fault,
            logged.call_id,
        )

    play(tmp_path, scenario)


@pytest.mark.parametrize("body", [b"", b" ", b"{}", b'{"variables": null}', b'{"variables": {}}', b'{"ok": [1]}'])
def test_an_answer_need_not_have_variables(body: bytes, tmp_path: Path) -> None:
    """It is a good one all the same."""

    async def scenario(scene: WebhookScene) -> None:
        webhook = await scene.webhook()
        scene.receiver.answers.append(answer(200, body))

        assert {} == await supplied(scene)
        assert "delivered" == (await scene.log(webhook))[0].state

    play(tmp_path, scenario)


async def silence(_: Got) -> bytes:
    await asyncio.Event().wait()
    return b""


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (answer(500, b'{"variables": {"name": "Bo"}}'), "it answered 500"),
        (answer(200, b"thanks, secret"), 'its answer is no JSON object like {"variables": {}}'),
        (answer(200, b"[]"), 'its answer is no JSON object like {"variables": {}}'),
        (answer(200, b'{"variables": []}'), 'its answer is no JSON object like {"variables": {}}'),
        (answer(200, b'{"variables": {"a": {"secret": 1}}}'), "its variables must be strings, numbers or booleans"),
        (answer(200, b'{"variables": {"a": "' + b"a" * 70_000 + b'"}}'), "its answer is longer than 65,536 bytes"),
        (b"secret\r\n\r\n", "the answer is not HTTP"),
        (silence, "no answer within 0.3 s"),
    ],
)
def test_a_call_begins_without_an_answer_that_cannot_be_used(said: bytes | Answer, fault: str, tmp_path: Path) -> None:
    """The log says what was wrong, and quotes nothing."""

    async def scenario(scene: WebhookScene) -> None:
        webhook = await scene.webhook()
        scene.receiver.answers.append(said)

        assert {} == await supplied(scene, limit_s=0.3)
        (logged,) = await scene.log(webhook)
        assert ("failed", fault) == (logged.state, logged.fault)
        assert () == await deliveries.due(scene.database, logged.due_at.replace(year=2100), most=9)

    play(tmp_path, scenario)


def test_several_webhooks_are_asked_at_the_same_time(tmp_path: Path) -> None:
    """Of two values for one name, that of the webhook that was registered last counts."""

    async def scenario(scene: WebhookScene) -> None:
        both = asyncio.Barrier(2)

        async def answered(got: Got) -> bytes:
            # Each waits for the other, so they must have been asked together.
            await both.wait()
            return with_variables(**{"name": got.path, got.path: True})

        await scene.webhook("/a")
        await scene.webhook("/b")
        scene.receiver.answers += [answered, answered]

        assert {"name": "/b", "/a": True, "/b": True} == await supplied(scene)

    play(tmp_path, scenario)


def test_who_wants_to_be_told_is_remembered_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So an agent without webhooks costs one look now and then; a change is seen at once, another server's soon."""
    looked: list[str] = []
    clock = [100.0]
    real = webhooks.subscribed

    async def subscribed(database: Database, agent_id: str, event: str) -> tuple[webhooks.Webhook, ...]:
        looked.append(agent_id)
        return await real(database, agent_id, event)

    monkeypatch.setattr(webhooks, "subscribed", subscribed)
    monkeypatch.setattr(preconversation_module, "monotonic_s", lambda: clock[0])

    async def scenario(scene: WebhookScene) -> None:
        asks = asking(scene)

        async def ask() -> int:
            await asks.variables(agent_id=scene.agent_id, call_id=CALL_ID, mode="chat")
            return len(looked)

        assert (1, 1) == (await ask(), await ask())
        await scene.webhook()
        assert (1, 0) == (await ask(), len(scene.receiver.got))
        asks.forget()
        assert (2, 1) == (await ask(), 1)
        assert 1 == len(scene.receiver.got)
        clock[0] += 6.0
        assert 3 == await ask()

    # One call is logged once.
    monkeypatch.setattr(deliveries, "record", nothing)
    play(tmp_path, scenario)


async def nothing(*_: object) -> None:
    """Logs nothing."""


def test_a_store_that_fails_stops_no_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was answered counts, although it cannot be logged; who cannot be looked up is not told."""

    async def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    async def scenario(scene: WebhookScene) -> None:
        await scene.webhook()
        scene.receiver.answers.append(with_variables(name="Bo"))
        monkeypatch.setattr(deliveries, "record", fail)

        assert {"name": "Bo"} == await supplied(scene)
        monkeypatch.setattr(webhooks, "subscribed", fail)
        assert {} == await supplied(scene)

    play(tmp_path, scenario)


def test_a_bug_of_the_sender_stops_no_call(tmp_path: Path) -> None:
    """It is logged as a failure of ours."""

    async def broken(*_: object, **__: object) -> Outcome:
        raise ValueError("a bug")

    async def scenario(scene: WebhookScene) -> None:
        webhook = await scene.webhook()
        asks = Preconversation(scene.database, broken, limit_s=1.0)

        assert {} == await asks.variables(agent_id=scene.agent_id, call_id=CALL_ID, mode="chat")
        (logged,) = await scene.log(webhook)
        assert "the server could not send it" == logged.fault

    play(tmp_path, scenario)
