"""Keys are made, recognised and revoked."""

from collections.abc import Callable

from sqlalchemy import text

from vivavoce.store import keys
from vivavoce.store.database import Database

Play = Callable[[Callable[[Database], object]], None]


def test_a_key_is_recognised_until_it_is_revoked(play: Play) -> None:
    """A revoked key stops working at once, and is revoked once."""

    async def scenario(database: Database) -> None:
        key, secret = await keys.create(database, "shop")
        recognised = await keys.recognise(database, secret)

        assert recognised is not None
        assert key.id == recognised.id
        assert None is await keys.recognise(database, "sk_wrong")
        assert await keys.revoke(database, key.id)
        assert None is await keys.recognise(database, secret)
        assert not await keys.revoke(database, key.id)

    play(scenario)


def test_the_secret_itself_is_not_stored(play: Play) -> None:
    """Whoever reads the database cannot use the keys."""

    async def scenario(database: Database) -> None:
        key, secret = await keys.create(database, "shop")
        async with database.read() as connection:
            row = (await connection.execute(text("SELECT * FROM keys"))).one()

        assert not [value for value in row if value == secret]
        assert secret.startswith(key.prefix)
        assert len(key.prefix) < len(secret) / 2

    play(scenario)


def test_the_list_tells_when_a_key_was_used(play: Play) -> None:
    """Operators see which keys are in use."""

    async def scenario(database: Database) -> None:
        _, used = await keys.create(database, "used")
        await keys.create(database, "idle")
        await keys.recognise(database, used)

        assert [("used", True), ("idle", False)] == [
            (key.name, key.last_used_at is not None) for key in await keys.list_all(database)
        ]

    play(scenario)
