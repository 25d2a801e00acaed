"""What webhooks were told of a call."""

from collections.abc import Callable
from datetime import timedelta

from tests.store.made_calls import BEGAN, make_agent, make_call
from vivavoce.store import deliveries, webhooks
from vivavoce.store.call_deliveries import CallDelivery, list_of_call
from vivavoce.store.database import Database
from vivavoce.store.deliveries import Delivery

Play = Callable[[Callable[[Database], object]], None]


def test_the_deliveries_of_a_call_come_in_their_order_with_their_webhooks(play: Play) -> None:
    """Those of other calls do not."""

    async def scenario(database: Database) -> None:
        agent = await make_agent(database)
        call, other = await make_call(database, 0, agent), await make_call(database, 1, agent)
        webhook = await webhooks.create(database, url="https://shop.example/hook", description="")
        assert webhook is not None
        await deliveries.record(
            database,
            [
                Delivery(
                    id=name,
                    webhook_id=webhook.id,
                    agent_id=agent,
                    call_id=about,
                    event_type=event,
                    body="{}",
                    state="failed",
                    attempts=3,
                    due_at=BEGAN,
                    created_at=BEGAN + timedelta(seconds=second),
                    fault="no answer",
                )
                for name, about, event, second in (
                    ("two", call, "analytics-completed", 2),
                    ("one", call, "post-conversation", 1),
                    ("not", other, "post-conversation", 1),
                )
            ],
        )
        told = await list_of_call(database, call, most=5)

        assert ["one", "two"] == [delivery.id for delivery in told]
        assert (
            CallDelivery(
                "one", webhook.id, "https://shop.example/hook", "post-conversation", "failed", 3, "no answer",
                BEGAN + timedelta(seconds=1),
            )
            == told[0]
        )  # fmt: skip
        assert 1 == len(await list_of_call(database, call, most=1))

    play(scenario)
