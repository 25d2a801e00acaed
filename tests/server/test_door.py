"""What admission asks, answered from a store."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from vivavoce.server.admission import Grant, KeyInfo
from vivavoce.server.door import StoreDoor
from vivavoce.store import agents, keys, tokens
from vivavoce.store.database import Database, open_database
from vivavoce.wire.formats import AudioFormat, AudioFormats


def play(folder: Path, scenario: Callable[[Database, StoreDoor], Awaitable[None]], *, draining: bool = False) -> None:
    async def scene() -> None:
        database = await open_database(f"sqlite:///{folder / 'x.sqlite3'}")
        try:
            await scenario(database, StoreDoor(database, lambda: draining))
        finally:
            await database.close()

    asyncio.run(scene())


def test_a_key_opens_until_it_is_revoked(tmp_path: Path) -> None:
    """A revoked key is as good as an unknown one, at once (wire-spec 1.2)."""

    async def scenario(database: Database, door: StoreDoor) -> None:
        key, secret = await keys.create(database, "shop")

        assert KeyInfo(key.id, allowed=True) == await door.key(secret)
        assert await door.key("sk_unknown") is None
        await keys.revoke(database, key.id)

        assert await door.key(secret) is None

    play(tmp_path, scenario)


def test_a_token_grants_what_it_was_made_for(tmp_path: Path) -> None:
    """Looking does not spend it; redeeming does, once."""

    async def scenario(database: Database, door: StoreDoor) -> None:
        agent = await agents.create(database, {"name": "Ada"})
        stored = tokens.Grant(
            agent.id,
            mode="chat",
            variables={"name": "Bo", "call_id": "forged"},
            input_format="mulaw_8000",
            output_format="pcm_44100",
            origin="https://shop.example",
            visitor="v",
        )
        token = await tokens.mint(database, stored)
        granted = Grant(
            agent.id,
            mode="chat",
            formats=AudioFormats(AudioFormat("mulaw", 8000), AudioFormat("pcm", 44100)),
            variables={"name": "Bo"},
            origin="https://shop.example",
            visitor="v",
        )

        assert [granted, granted] == [await door.token(token) for _ in range(2)]
        assert [True, False] == [await door.redeem(token) for _ in range(2)]
        assert await door.token(token) is None

    play(tmp_path, scenario)


def test_a_token_expires(tmp_path: Path) -> None:
    """An expired token is as good as an unknown one."""

    async def scenario(database: Database, door: StoreDoor) -> None:
        agent = await agents.create(database, {"name": "Ada"})
        token = await tokens.mint(database, tokens.Grant(agent.id), lifetime_s=-1)

        assert (None, False) == (await door.token(token), await door.redeem(token))

    play(tmp_path, scenario)


def test_of_many_that_redeem_at_once_one_wins(tmp_path: Path) -> None:
    """Single use is the store's promise, not luck."""

    async def scenario(database: Database, door: StoreDoor) -> None:
        agent = await agents.create(database, {"name": "Ada"})
        token = await tokens.mint(database, tokens.Grant(agent.id))

        assert 1 == sum(await asyncio.gather(*(door.redeem(token) for _ in range(10))))

    play(tmp_path, scenario)


def test_an_agent_is_shown_as_its_author_wrote_it(tmp_path: Path) -> None:
    """With its id and name, without defaults; an archived one takes no calls."""

    async def scenario(database: Database, door: StoreDoor) -> None:
        agent = await agents.create(database, {"name": "Ada", "firstMessage": "Hello", "ownField": 1})
        written = {**agent.document, "_id": agent.id, "name": "Ada"}

        assert ("Hello", 1, False) == (written["firstMessage"], written["ownField"], "slmModel" in written)
        assert written == await door.agent(agent.id)
        assert await door.agent("0" * 24) is None
        await agents.archive(database, agent.id)

        assert await door.agent(agent.id) is None

    play(tmp_path, scenario)


def test_the_door_knows_of_draining_and_of_voices(tmp_path: Path) -> None:
    """Both are asked for at every knock."""

    async def scenario(database: Database, door: StoreDoor) -> None:
        plain = {"synthesizer": {"voiceConfig": {"model": "gpt-realtime"}}}

        assert (True, (44100,), ()) == (door.draining, door.voice_rates_hz({}), door.voice_rates_hz(plain))

    play(tmp_path, scenario, draining=True)
