"""The outbox in the store, on every database."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.conftest import Scenario
from vivavoce import ids
from vivavoce.store import agents, deliveries, webhooks
from vivavoce.store.database import Database, open_database
from vivavoce.store.deliveries import LEASE, Delivery

Play = Callable[[Scenario], None]
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)


async def registered(database: Database, number: int = 1) -> str:
    webhook = await webhooks.create(database, url=f"https://shop.example/{number}", description="")

    assert webhook is not None
    return webhook.id


def delivery(webhook_id: str, call: int = 1, **fields: object) -> Delivery:
    made = Delivery(
        id=ids.webhook_id(),
        webhook_id=webhook_id,
        agent_id="a" * 24,
        call_id=f"CALL-{call:013d}-000000",
        event_type="post-conversation",
        body='{"é": "\\u0000"}',
        state="queued",
        attempts=0,
        due_at=NOON,
        created_at=NOON + call * A_MINUTE,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # names and values are this file's own


def test_an_event_of_a_call_is_queued_once_for_each_webhook(play: Play) -> None:
    """However often it is announced, the first delivery stays."""

    async def scenario(database: Database) -> None:
        one, two = await registered(database, 1), await registered(database, 2)
        first = delivery(one)

        assert 2 == await deliveries.queue(database, [first, delivery(two)])
        assert 1 == await deliveries.queue(database, [delivery(one), delivery(one, event_type="analytics-completed")])
        assert 0 == await deliveries.queue(database, [])
        page = await deliveries.list_page(database, one, page=1, size=10)
        assert first.id in {entry.id for entry in page.deliveries}
        assert 2 == page.total

    play(scenario)


def test_what_a_deleted_webhook_wanted_is_left_out(play: Play) -> None:
    """It may go while its event is made up; the others are told."""

    async def scenario(database: Database) -> None:
        kept = await registered(database)

        assert 1 == await deliveries.queue(database, [delivery("0" * 24), delivery(kept)])
        await deliveries.record(database, [delivery("0" * 24)])

    play(scenario)


def test_what_is_due_is_claimed_with_what_is_needed_to_send_it(play: Play) -> None:
    """The body comes out as it went in, with the webhook as it is now; the attempt counts from its beginning."""

    async def scenario(database: Database) -> None:
        webhook_id = await registered(database)
        queued, later = delivery(webhook_id), delivery(webhook_id, 2, due_at=NOON + A_MINUTE)
        await deliveries.queue(database, [queued, later])
        await webhooks.change(database, webhook_id, headers={"X-A": "1"})

        assert ((queued.id, webhook_id),) == await deliveries.due(database, NOON, most=9)
        assert () == await deliveries.due(database, NOON - A_MINUTE, most=9)
        assert () == await deliveries.due(database, NOON, without=[webhook_id], most=9)
        (claimed,) = await deliveries.claim(database, [queued.id, later.id], NOON)
        assert (queued.id, queued.body, 1, "sending") == (claimed.id, claimed.body, claimed.attempts, claimed.state)
        assert ("https://shop.example/1", {"X-A": "1"}, 64) == (claimed.url, claimed.headers, len(claimed.secret))

    play(scenario)


def test_a_claim_keeps_others_away_until_it_lapses(play: Play) -> None:
    """Whoever died with it loses it, and cannot settle it any more if he comes back."""

    async def scenario(database: Database) -> None:
        webhook_id = await registered(database)
        queued = delivery(webhook_id)
        await deliveries.queue(database, [queued])
        (first,) = await deliveries.claim(database, [queued.id], NOON)

        assert () == await deliveries.claim(database, [queued.id], NOON + LEASE - A_MINUTE)
        (second,) = await deliveries.claim(database, [queued.id], NOON + LEASE)
        assert 2 == second.attempts
        assert not await deliveries.settle(database, first, "failed", answer_status=500, fault="it answered 500")
        assert await deliveries.settle(database, second, "delivered", answer_status=200)
        assert () == await deliveries.due(database, NOON + 9 * LEASE, most=9)

    play(scenario)


def test_of_two_servers_one_gets_each_delivery(database_url: str) -> None:
    """They look at the same moment, on connections of their own."""

    async def scenario() -> None:
        one, two = await open_database(database_url), await open_database(database_url)
        try:
            webhook_id = await registered(one)
            queued = [delivery(webhook_id, call) for call in range(40)]
            await deliveries.queue(one, queued)
            named = [entry.id for entry in queued]
            claims = await asyncio.gather(
                *(
                    deliveries.claim(database, named[at : at + 20], NOON)
                    for at in (0, 10, 20)
                    for database in (one, two)
                )
            )

            assert sorted(named) == sorted(entry.id for claim in claims for entry in claim)
        finally:
            await one.close()
            await two.close()

    asyncio.run(scenario())


def test_a_failed_attempt_is_put_off_or_given_up(play: Play) -> None:
    """The log says what was wrong with the last one."""

    async def scenario(database: Database) -> None:
        webhook_id = await registered(database)
        queued = delivery(webhook_id)
        await deliveries.queue(database, [queued])
        (claimed,) = await deliveries.claim(database, [queued.id], NOON)
        await deliveries.settle(
            database, claimed, "queued", answer_status=500, fault="it answered 500", due_at=NOON + A_MINUTE
        )
        (shown,) = (await deliveries.list_page(database, webhook_id, page=1, size=9)).deliveries

        assert ("queued", 1, 500, "it answered 500", NOON + A_MINUTE, None) == (
            shown.state,
            shown.attempts,
            shown.answer_status,
            shown.fault,
            shown.due_at,
            shown.done_at,
        )
        (claimed,) = await deliveries.claim(database, [queued.id], NOON + A_MINUTE)
        await deliveries.settle(database, claimed, "failed", answer_status=0, fault="no connection")
        (shown,) = (await deliveries.list_page(database, webhook_id, page=1, size=9)).deliveries

        assert ("failed", 2, 0, "no connection", False) == (
            shown.state,
            shown.attempts,
            shown.answer_status,
            shown.fault,
            shown.done_at is None,
        )

    play(scenario)


def test_the_log_comes_in_pages_the_newest_first(play: Play) -> None:
    """Of one webhook only, and without the bodies."""

    async def scenario(database: Database) -> None:
        webhook_id, other = await registered(database, 1), await registered(database, 2)
        queued = [delivery(webhook_id, call) for call in range(3)]
        await deliveries.queue(database, [*queued, delivery(other)])
        first = await deliveries.list_page(database, webhook_id, page=1, size=2)
        second = await deliveries.list_page(database, webhook_id, page=2, size=2)

        assert [entry.id for entry in reversed(queued)] == [
            entry.id for entry in (*first.deliveries, *second.deliveries)
        ]
        assert (3, 3, {""}) == (first.total, second.total, {entry.body for entry in first.deliveries})

    play(scenario)


def test_a_delivery_is_sent_again_when_that_is_asked_for(play: Play) -> None:
    """Whether it has arrived or was given up; not while it is sent, and not when its call has begun."""

    async def scenario(database: Database) -> None:
        webhook_id = await registered(database)
        queued = delivery(webhook_id)
        asked = delivery(webhook_id, event_type="pre-conversation", state="failed")
        await deliveries.queue(database, [queued])
        await deliveries.record(database, [asked])
        (claimed,) = await deliveries.claim(database, [queued.id], NOON)

        assert "sending" == await deliveries.retry(database, webhook_id, queued.id)
        await deliveries.settle(database, claimed, "delivered", answer_status=200)
        assert "queued" == await deliveries.retry(database, webhook_id, queued.id)
        assert "queued" == await deliveries.retry(database, webhook_id, queued.id)
        assert "too late" == await deliveries.retry(database, webhook_id, asked.id)
        assert "missing" == await deliveries.retry(database, "0" * 24, queued.id)
        assert "missing" == await deliveries.retry(database, webhook_id, "0" * 24)

    play(scenario)


def test_old_entries_of_the_log_are_deleted(play: Play) -> None:
    """What still waits stays, however old it is."""

    async def scenario(database: Database) -> None:
        webhook_id = await registered(database)
        await deliveries.record(
            database,
            [
                delivery(webhook_id, 1, state="delivered"),
                delivery(webhook_id, 2, state="failed"),
                delivery(webhook_id, 3, state="delivered", due_at=NOON + A_MINUTE),
                delivery(webhook_id, 4),
            ],
        )

        assert 2 == await deliveries.forget(database, NOON + A_MINUTE)
        assert 2 == (await deliveries.list_page(database, webhook_id, page=1, size=9)).total

    play(scenario)


def test_a_webhook_takes_its_log_along(play: Play) -> None:
    """Its bodies have transcripts."""

    async def scenario(database: Database) -> None:
        await agents.create(database, {"name": "Ada"})
        webhook_id = await registered(database)
        await deliveries.queue(database, [delivery(webhook_id)])
        await webhooks.remove(database, webhook_id)

        assert 0 == (await deliveries.list_page(database, webhook_id, page=1, size=9)).total

    play(scenario)


def test_a_delivery_is_found_with_its_body(play: Play) -> None:
    """By its own id and that of its webhook."""

    async def scenario(database: Database) -> None:
        one, two = await registered(database, 1), await registered(database, 2)
        made = delivery(one)
        await deliveries.queue(database, [made])

        assert made == await deliveries.find(database, one, made.id)
        assert None is await deliveries.find(database, two, made.id)

    play(scenario)


def test_the_newest_delivery_of_each_webhook_is_known(play: Play) -> None:
    """A webhook without any is left out."""

    async def scenario(database: Database) -> None:
        one, two, idle = [await registered(database, number) for number in (1, 2, 3)]
        made = [delivery(one), delivery(one, 2), delivery(two)]
        await deliveries.queue(database, made)
        found = await deliveries.last_of_each(database, [one, two, idle])

        assert {one: made[1].id, two: made[2].id} == {webhook: last.id for webhook, last in found.items()}

    play(scenario)


def test_states_are_counted_now_and_since_a_moment(play: Play) -> None:
    """What is finished counts if it was finished since; what waits always does."""

    async def scenario(database: Database) -> None:
        one = await registered(database)
        states = ("queued", "delivered", "delivered", "failed")
        old = [delivery(one, number, state=state) for number, state in enumerate(states)]
        new = [delivery(one, number + 9, state=state, due_at=NOON + A_MINUTE) for number, state in enumerate(states)]
        await deliveries.queue(database, [*old, *new[:3]])

        assert {"queued": 2, "delivered": 2} == await deliveries.count_states(database, NOON + A_MINUTE)

    play(scenario)
