"""The webhooks in the store, on every database."""

from collections.abc import Callable

from tests.conftest import Scenario
from vivavoce.store import agents, webhooks
from vivavoce.store.database import Database

Play = Callable[[Scenario], None]
URL = "https://shop.example/hook"


async def registered(database: Database, url: str = URL, *wanted: tuple[str, str]) -> str:
    """A webhook's id."""
    webhook = await webhooks.create(database, url=url, description="Shop", wanted=wanted)

    assert webhook is not None
    return webhook.id


async def agent_id(database: Database) -> str:
    return (await agents.create(database, {"name": "Ada", "description": "Sells"})).id


def test_a_webhook_has_a_secret_and_what_it_is_told(play: Play) -> None:
    """With the names of the agents; an event that is named twice is told once."""

    async def scenario(database: Database) -> None:
        agent = await agent_id(database)
        webhook_id = await registered(
            database, URL, (agent, "post-conversation"), (agent, "post-conversation"), (agent, "pre-conversation")
        )
        found = await webhooks.find(database, webhook_id)

        assert found is not None
        assert (URL, "Shop", "enabled", {}, 64) == (
            found.url,
            found.description,
            found.status,
            found.headers,
            len(found.secret),
        )
        assert {("Ada", "Sells", "post-conversation"), ("Ada", "Sells", "pre-conversation")} == {
            (entry.agent_name, entry.agent_description, entry.event_type) for entry in found.subscriptions
        }
        assert 2 == len(found.subscriptions)
        assert (found,) == await webhooks.list_all(database)
        assert None is await webhooks.find(database, "0" * 24)

    play(scenario)


def test_a_url_is_registered_once(play: Play) -> None:
    """Neither a second webhook nor a change may take it."""

    async def scenario(database: Database) -> None:
        first = await registered(database)
        second = await registered(database, URL + "2")

        assert None is await webhooks.create(database, url=URL, description="")
        assert "taken" == await webhooks.change(database, second, url=URL)
        assert "changed" == await webhooks.change(database, first, url=URL)
        assert {URL, URL + "2"} == {webhook.url for webhook in await webhooks.list_all(database)}

    play(scenario)


def test_a_change_leaves_what_it_does_not_name(play: Play) -> None:
    """Headers are replaced as a whole, and may be cleared."""

    async def scenario(database: Database) -> None:
        webhook_id = await registered(database)
        await webhooks.change(database, webhook_id, headers={"X-A": "1"})
        await webhooks.change(database, webhook_id, headers={"X-B": "2"}, description="")
        found = await webhooks.find(database, webhook_id)

        assert found is not None
        assert (URL, "", {"X-B": "2"}) == (found.url, found.description, found.headers)

        await webhooks.change(database, webhook_id, headers={})
        found = await webhooks.find(database, webhook_id)

        assert found is not None
        assert {} == found.headers
        assert "missing" == await webhooks.change(database, "0" * 24, description="x")

    play(scenario)


def test_a_webhook_that_is_assigned_is_not_removed(play: Play) -> None:
    """First the subscriptions go, then the webhook."""

    async def scenario(database: Database) -> None:
        agent = await agent_id(database)
        webhook_id = await registered(database, URL, (agent, "post-conversation"))

        assert "assigned" == await webhooks.remove(database, webhook_id)
        await webhooks.replace_subscriptions(database, agent)
        assert "removed" == await webhooks.remove(database, webhook_id)
        assert "missing" == await webhooks.remove(database, webhook_id)

    play(scenario)


def test_new_subscriptions_replace_all_of_the_agent(play: Play) -> None:
    """Also those to another webhook; those of other agents stay. An unknown webhook changes nothing."""

    async def scenario(database: Database) -> None:
        agent, other = await agent_id(database), await agent_id(database)
        first = await registered(database, URL, (agent, "pre-conversation"), (other, "pre-conversation"))
        second = await registered(database, URL + "2")

        assert not await webhooks.replace_subscriptions(
            database, agent, webhook_id="0" * 24, event_types=["pre-conversation"]
        )
        assert 1 == len(await webhooks.subscriptions_of_agent(database, agent))
        assert await webhooks.replace_subscriptions(
            database, agent, webhook_id=second, event_types=["post-conversation", "analytics-completed"]
        )
        assert {(second, "post-conversation"), (second, "analytics-completed")} == {
            (entry.webhook_id, entry.event_type) for entry in await webhooks.subscriptions_of_agent(database, agent)
        }
        assert [first] == [webhook.id for webhook in await webhooks.subscribed(database, other, "pre-conversation")]
        assert () == await webhooks.subscribed(database, agent, "pre-conversation")

    play(scenario)


def test_the_subscriptions_of_a_webhook_are_replaced(play: Play) -> None:
    """Those that stay are the same ones; those of other webhooks are left alone, and agents that have gone left out."""

    async def scenario(database: Database) -> None:
        agent = await agent_id(database)
        other = await registered(database, f"{URL}2", (agent, "pre-conversation"))
        one = await registered(database, URL, (agent, "pre-conversation"), (agent, "post-conversation"))
        before = {entry.id for entry in await webhooks.subscriptions_of_agent(database, agent)}
        wanted = [(agent, "post-conversation"), (agent, "analytics-completed"), ("0" * 24, "post-conversation")]

        assert await webhooks.replace_wanted(database, one, wanted)
        after = await webhooks.subscriptions_of_agent(database, agent)
        assert {(one, "post-conversation"), (one, "analytics-completed"), (other, "pre-conversation")} == {
            (entry.webhook_id, entry.event_type) for entry in after
        }
        assert 2 == len(before & {entry.id for entry in after})
        assert not await webhooks.replace_wanted(database, "0" * 24, [])

    play(scenario)


def test_a_webhook_that_is_switched_off_is_told_nothing(play: Play) -> None:
    """Until it is on again."""

    async def scenario(database: Database) -> None:
        agent = await agent_id(database)
        one = await registered(database, URL, (agent, "post-conversation"))
        told = []
        states: tuple[webhooks.Status, ...] = ("disabled", "enabled")
        for status in states:
            await webhooks.change(database, one, status=status)
            told.append(len(await webhooks.subscribed(database, agent, "post-conversation")))

        assert [0, 1] == told

    play(scenario)


def test_a_webhook_goes_with_its_subscriptions_where_that_is_wanted(play: Play) -> None:
    """Otherwise it stays while an agent is subscribed to it."""

    async def scenario(database: Database) -> None:
        agent = await agent_id(database)
        one = await registered(database, URL, (agent, "post-conversation"))

        assert "assigned" == await webhooks.remove(database, one)
        assert "removed" == await webhooks.remove(database, one, with_subscriptions=True)
        assert () == await webhooks.subscriptions_of_agent(database, agent)

    play(scenario)
