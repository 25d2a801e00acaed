"""The HTTP side of a server on a fresh store, and a client with a key."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
from httpx import Response
from litestar.testing import AsyncTestClient

from tests.fresh_database import open_fresh
from vivavoce.clock import now
from vivavoce.config import Config
from vivavoce.feed import Feed
from vivavoce.server.app import API_PREFIXES, Services, equip, lay_out
from vivavoce.store import agents, calls, facts, keys
from vivavoce.store.calls import Call
from vivavoce.store.database import Database

__all__ = ["CALL_ID", "Scene", "play", "start_call"]

# Laying out some two hundred routes takes a tenth of a second: once for all tests of a process.
_laid_out = cache(lay_out)

CALL_ID = "CALL-1776756378884-6a553c"


@dataclass(slots=True)
class Scene:
    """What a test needs: the parts, the client, a key that works, and whether the server drains."""

    config: Config
    database: Database
    feed: Feed
    client: AsyncTestClient  # type: ignore[type-arg]  # of whatever application
    key: str
    draining: bool = False

    async def ask(
        self, method: str, path: str, *, json: object = None, body: bytes | None = None, key: str | None = None
    ) -> Response:
        """A request with the key; an empty ``key`` sends none."""
        secret = self.key if key is None else key
        return await self.client.request(
            method,
            path,
            content=body if json is None else msgspec.json.encode(json),
            headers={"authorization": f"Bearer {secret}"} if secret else {},
        )


def play(
    folder: Path,
    scenario: Callable[[Scene], Awaitable[None]],
    *,
    config: Config | None = None,
    static: Path | None = None,
    prefixes: Sequence[str] = API_PREFIXES[:1],
    **services: Any,
) -> None:
    """
    Play a scenario.

    Args:
        folder: Where the data are.
        scenario: What happens.
        config: The settings, if not those of a first start.
        static: A folder of built pages.
        prefixes: Under which the API is served; most tests need only one.
        services: What else ``Services`` are to have.
    """

    async def scene() -> None:
        settings = config or Config(data=folder / "data")
        database = await open_fresh(settings.database_url)
        feed = Feed(partial(facts.write, database), every_s=0)
        feed.start()
        _, key = await keys.create(database, "test")
        played: list[Scene] = []
        app = _laid_out(tuple(prefixes), console=settings.console)
        equip(
            app,
            Services(
                config=settings,
                database=database,
                feed=feed,
                recordings=settings.recordings,
                draining=lambda: played[0].draining,
                page_notes=("Brain: knowledge.",),
                static=static or folder / "nothing-built",
                **services,
            ),
            prefixes,
        )
        try:
            async with AsyncTestClient(app, raise_server_exceptions=False) as client:
                played.append(Scene(settings, database, feed, client, key))
                await scenario(played[0])
        finally:
            await feed.close()
            await database.close()

    asyncio.run(scene())


async def start_call(scene: Scene, *, recording: calls.RecordingState = "none") -> str:
    """Store an agent and a call of it that is going on; the agent's id is returned."""
    agent = await agents.create(scene.database, {"name": "Ada"})
    await calls.start(
        scene.database,
        Call(CALL_ID, "session", agent.id, "webcall", now(), agent=agent.document, recording=recording),
    )
    return agent.id
