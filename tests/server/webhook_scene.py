"""A store with an agent, a call of it that is over, and webhooks on a real socket."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.server.receiver import Receiver, receiving
from vivavoce.server.posting import Poster
from vivavoce.store import agents, calls, deliveries, facts, webhooks
from vivavoce.store.calls import Call
from vivavoce.store.database import Database, open_database
from vivavoce.store.deliveries import Delivery
from vivavoce.store.webhooks import Webhook
from vivavoce.talk.facts import AgentSaid, CallEnded, CallStarted, Fact, UserSaid

__all__ = ["CALL_ID", "STARTED_AT", "WebhookScene", "play"]

CALL_ID = "CALL-1776756378884-6a553c"
STARTED_AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
LIMIT_S = 20.0
ALL_EVENTS = ("pre-conversation", "post-conversation", "analytics-completed")
FACTS: Sequence[Fact] = (
    CallStarted(0.0, "webcall"),
    AgentSaid(1.0, 1, "Hello.", True),
    UserSaid(2.5, "A pizza, please.", True),
    CallEnded(61.25, "client_requested"),
)


@dataclass
class WebhookScene:
    """What a test needs; ``poster`` may reach this machine."""

    database: Database
    receiver: Receiver
    poster: Poster
    agent_id: str

    async def webhook(self, path: str = "/hook", *, url: str = "", events: Sequence[str] = ALL_EVENTS) -> Webhook:
        """A webhook that is told of the agent's calls; at the receiver unless ``url`` says otherwise."""
        made = await webhooks.create(
            self.database,
            url=url or self.receiver.url + path,
            description="Shop",
            wanted=[(self.agent_id, event) for event in events],
        )

        assert made is not None
        return made

    async def log(self, webhook: Webhook) -> tuple[Delivery, ...]:
        """Its deliveries, the newest first."""
        return (await deliveries.list_page(self.database, webhook.id, page=1, size=100)).deliveries

    async def call(self, call_id: str = CALL_ID) -> Call:
        """Store a call that is over."""
        await calls.start(
            self.database,
            Call(
                call_id, "session", self.agent_id, "webcall", STARTED_AT, variables={"name": "Bo", "call_id": call_id}
            ),
        )
        await facts.write(self.database, [(call_id, n, fact) for n, fact in enumerate(FACTS, 1)])
        ended_at = STARTED_AT + timedelta(seconds=61.25)
        await calls.finish(self.database, call_id, reason="client_requested", ended_at=ended_at)
        found = await calls.find(self.database, call_id)

        assert found is not None
        return found


def play(folder: Path, scenario: Callable[[WebhookScene], Awaitable[None]]) -> None:
    async def scene() -> None:
        database = await open_database(f"sqlite:///{folder / 'vivavoce.sqlite3'}")
        poster = Poster(allow_private=True)
        try:
            agent = await agents.create(database, {"name": "Ada"})
            async with asyncio.timeout(LIMIT_S), receiving() as receiver:
                await scenario(WebhookScene(database, receiver, poster, agent.id))
        finally:
            await poster.close()
            await database.close()

    asyncio.run(scene())
