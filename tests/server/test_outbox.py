"""What is queued arrives, signed, at real sockets; what fails is tried again, and nobody waits for the dead."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from tests.server.receiver import Got, answer, receiving
from tests.server.webhook_scene import CALL_ID, WebhookScene, play
from vivavoce.clock import now
from vivavoce.errors import StoreError
from vivavoce.server import outbox as outbox_module
from vivavoce.server.announcements import announce
from vivavoce.server.outbox import Outbox
from vivavoce.server.posting import Outcome, Post
from vivavoce.store import deliveries, webhooks
from vivavoce.store.database import Database, open_database
from vivavoce.webhooks.backoff import MOST_ATTEMPTS


@asynccontextmanager
async def working(database: Database, post: Post, *, retries: bool = True) -> AsyncIterator[Outbox]:
    """An outbox at work, which looks for what is due all the time."""
    outbox = Outbox(database, post, retries=retries, looks_every_s=0.005)
    task = asyncio.create_task(outbox.run())
    try:
        yield outbox
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def settled(
    scene: WebhookScene, webhook: webhooks.Webhook, state: str, count: int = 1
) -> list[deliveries.Delivery]:
    """Wait until so many deliveries of a webhook are in this state; the scene has a limit."""
    while True:
        found = [entry for entry in await scene.log(webhook) if entry.state == state]
        if len(found) >= count:
            return found
        await asyncio.sleep(0.005)


def test_a_delivery_arrives_with_its_signature(tmp_path: Path) -> None:
    """The bytes that are stored are the bytes that are signed and sent; the log knows of it."""

    async def scenario(scene: WebhookScene) -> None:
        webhook = await scene.webhook()
        await webhooks.change(scene.database, webhook.id, headers={"Authorization": "Bearer shop"})
        await scene.call()
        await announce(scene.database, "post-conversation", CALL_ID)
        async with working(scene.database, scene.poster):
            (got,) = await scene.receiver.until(1)
            (logged,) = await settled(scene, webhook, "delivered")

        assert got.signed_with(webhook.secret)
        assert not got.signed_with("another secret")
        assert (logged.id, logged.id, "1") == (
            got.json["id"],
            got.headers["x-vivavoce-event-id"],
            got.headers["x-vivavoce-attempt"],
        )
        assert ("application/json", "Bearer shop") == (got.headers["content-type"], got.headers["authorization"])
        assert (1, 200, "") == (logged.attempts, logged.answer_status, logged.fault)
        assert 1 == len(scene.receiver.got)

    play(tmp_path, scenario)


def test_a_failed_delivery_is_tried_again_with_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Same id, same body, same signature; the number of the attempt tells them apart."""
    monkeypatch.setattr(outbox_module, "delay_s", lambda attempts, fraction: 0.0)

    async def scenario(scene: WebhookScene) -> None:
        webhook = await scene.webhook()
        scene.receiver.answers += [answer(500), b"nonsense\r\n\r\n", answer(302, Location="/")]
        await scene.call()
        await announce(scene.database, "post-conversation", CALL_ID)
        async with working(scene.database, scene.poster):
            got = await scene.receiver.until(4)
            (logged,) = await settled(scene, webhook, "delivered")

        assert ["1", "2", "3", "4"] == [entry.headers["x-vivavoce-attempt"] for entry in got]
        assert 1 == len({(entry.body, entry.headers["x-signature"]) for entry in got})
        assert (4, "") == (logged.attempts, logged.fault)

    play(tmp_path, scenario)


def test_the_next_attempt_waits_for_its_time(tmp_path: Path) -> None:
    """After the first one about ten seconds."""

    async def scenario(scene: WebhookScene) -> None:
        webhook = await scene.webhook()
        scene.receiver.answers.append(answer(503))
        await scene.call()
        await announce(scene.database, "post-conversation", CALL_ID)
        async with working(scene.database, scene.poster):
            (logged,) = await settled(scene, webhook, "queued")
            while not logged.attempts or logged.fault == "":
                (logged,) = await settled(scene, webhook, "queued")

        assert timedelta(seconds=7) < logged.due_at - now() < timedelta(seconds=12)
        assert (503, "it answered 503", 1) == (logged.answer_status, logged.fault, len(scene.receiver.got))

    play(tmp_path, scenario)


def test_a_delivery_is_given_up_after_its_last_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The operator is told which, but neither the address nor the answer: both may hold secrets."""
    monkeypatch.setattr(outbox_module, "delay_s", lambda attempts, fraction: 0.0)

    async def scenario(scene: WebhookScene) -> None:
        webhook = await scene.webhook("/hook?key=secret")
        scene.receiver.answers += [answer(500, b"secret")] * (MOST_ATTEMPTS + 5)
        await scene.call()
        await announce(scene.database, "post-conversation", CALL_ID)
        with caplog.at_level(logging.DEBUG, logger="vivavoce"):
            async with working(scene.database, scene.poster):
                (logged,) = await settled(scene, webhook, "failed")

        assert MOST_ATTEMPTS == logged.attempts == len(scene.receiver.got)
        assert f"delivery {logged.id} to webhook {webhook.id} is given up after attempt {MOST_ATTEMPTS}" in caplog.text
        assert "secret" not in caplog.text
        assert "pizza" not in caplog.text

    play(tmp_path, scenario)


def test_without_retries_there_is_one_attempt(tmp_path: Path) -> None:
    """As the original has it (decision C23)."""

    async def scenario(scene: WebhookScene) -> None:
        webhook = await scene.webhook()
        scene.receiver.answers.append(answer(500))
        await scene.call()
        await announce(scene.database, "post-conversation", CALL_ID)
        async with working(scene.database, scene.poster, retries=False):
            (logged,) = await settled(scene, webhook, "failed")

        assert (1, "it answered 500") == (logged.attempts, logged.fault)

    play(tmp_path, scenario)


def test_a_dead_receiver_holds_up_nobody_else(tmp_path: Path) -> None:
    """It gets a few of the places, however much there is for it, and all of the others' deliveries arrive."""
    count = 30

    async def scenario(scene: WebhookScene) -> None:
        released = asyncio.Event()

        async def silence(_: Got) -> bytes:
            await released.wait()
            return answer()

        async with receiving(*[silence] * count) as dead:
            await scene.webhook(url=dead.url, events=["post-conversation"])
            living = await scene.webhook()
            for number in range(count):
                call_id = f"CALL-{number:013d}-6a553c"
                await scene.call(call_id)
                await announce(scene.database, "post-conversation", call_id)
            async with working(scene.database, scene.poster):
                await scene.receiver.until(count)
                await settled(scene, living, "delivered", count)
                await dead.until(4)

                assert (4, 4) == (len(dead.got), dead.open)
                released.set()
                await dead.until(count)

            assert 4 == dead.most_open

    play(tmp_path, scenario)


def test_places_are_bounded(tmp_path: Path) -> None:
    """However many webhooks there are."""

    async def scenario(scene: WebhookScene) -> None:
        released, sixteen = asyncio.Event(), asyncio.Event()
        at_once: list[int] = []

        async def post(*_: object, **__: object) -> Outcome:
            at_once.append(1 + (at_once[-1] if at_once and not released.is_set() else 0))
            if len(at_once) == 16:
                sixteen.set()
            await released.wait()
            return Outcome(200)

        for number in range(20):
            await scene.webhook(f"/{number}")
        await scene.call()
        await announce(scene.database, "post-conversation", CALL_ID)
        async with working(scene.database, post):
            await sixteen.wait()

            assert 4 == len(await deliveries.due(scene.database, now(), most=99))
            assert 16 == len(at_once)
            released.set()
            while len(at_once) < 20:  # noqa: ASYNC110  # the scene has a limit
                await asyncio.sleep(0.005)

    play(tmp_path, scenario)


def test_two_servers_on_one_store_deliver_once(tmp_path: Path) -> None:
    """Each claims what it sends."""
    count = 30

    async def scenario(scene: WebhookScene) -> None:
        webhook = await scene.webhook()
        other = await open_database(f"sqlite:///{tmp_path / 'vivavoce.sqlite3'}")
        try:
            for number in range(count):
                call_id = f"CALL-{number:013d}-6a553c"
                await scene.call(call_id)
                await announce(scene.database, "post-conversation", call_id)
            async with working(scene.database, scene.poster), working(other, scene.poster):
                await settled(scene, webhook, "delivered", count)
        finally:
            await other.close()

        assert count == len(scene.receiver.got)
        assert count == len({got.json["id"] for got in scene.receiver.got})

    play(tmp_path, scenario)


def test_what_a_killed_server_was_sending_is_sent_when_its_claim_lapses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receiver may see it twice, with one id."""
    monkeypatch.setattr(deliveries, "LEASE", timedelta(seconds=0.1))

    async def scenario(scene: WebhookScene) -> None:
        webhook = await scene.webhook()
        begun = asyncio.Event()

        async def killed(*_: object, **__: object) -> Outcome:
            begun.set()
            await asyncio.Event().wait()
            return Outcome(200)

        await scene.call()
        await announce(scene.database, "post-conversation", CALL_ID)
        async with working(scene.database, killed):
            await begun.wait()
        async with working(scene.database, scene.poster):
            (logged,) = await settled(scene, webhook, "delivered")

        (got,) = scene.receiver.got
        assert (2, "2", logged.id) == (logged.attempts, got.headers["x-vivavoce-attempt"], got.json["id"])

    play(tmp_path, scenario)


def test_a_fault_of_ours_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither one of the sender nor a store that cannot be used; the next delivery goes out."""
    faults: list[Exception] = [ValueError("a bug"), StoreError("the disk is full")]

    async def scenario(scene: WebhookScene) -> None:
        webhook = await scene.webhook()

        async def post(*args: object, **fields: object) -> Outcome:
            if faults:
                raise faults.pop(0)
            return Outcome(200)

        for number in range(3):
            call_id = f"CALL-{number:013d}-6a553c"
            await scene.call(call_id)
            await announce(scene.database, "post-conversation", call_id)
        async with working(scene.database, post):
            await settled(scene, webhook, "delivered")
            failed = await settled(scene, webhook, "queued", 2)

        assert {"the server could not send it"} == {entry.fault for entry in failed}
        assert "a bug" in caplog.text

    play(tmp_path, scenario)


def test_old_entries_of_the_log_go(tmp_path: Path) -> None:
    """After a month."""

    async def scenario(scene: WebhookScene) -> None:
        webhook = await scene.webhook()
        await scene.call()
        await announce(scene.database, "post-conversation", CALL_ID)
        (entry,) = await deliveries.claim(scene.database, [(await scene.log(webhook))[0].id], now())
        long_ago = now() - timedelta(days=31)
        await deliveries.settle(scene.database, entry, "delivered", answer_status=200, due_at=long_ago)
        async with working(scene.database, scene.poster):
            while await scene.log(webhook):  # noqa: ASYNC110  # the scene has a limit
                await asyncio.sleep(0.005)

    play(tmp_path, scenario)
