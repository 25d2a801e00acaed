"""Tokens are good for one connection, and for half a minute."""

import asyncio
from collections.abc import Callable

from sqlalchemy import func, select, text

from vivavoce.store import agents, tokens
from vivavoce.store.database import Database
from vivavoce.store.tables import tokens as table
from vivavoce.store.tokens import Grant

Play = Callable[[Callable[[Database], object]], None]


async def _grant(database: Database) -> Grant:
    agent = await agents.create(database, {})
    return Grant(
        agent.id, "chat", {"name": "Zoë", "n": 1, "b": True}, "mulaw_8000", "pcm_16000", "https://a.example", "v"
    )


def test_a_token_gives_what_it_was_made_for_once(play: Play) -> None:
    """Looking does not spend a token; redeeming does."""

    async def scenario(database: Database) -> None:
        grant = await _grant(database)
        token = await tokens.mint(database, grant)

        assert grant == await tokens.find(database, token)
        assert grant == await tokens.redeem(database, token)
        assert None is await tokens.find(database, token)
        assert None is await tokens.redeem(database, token)

    play(scenario)


def test_of_many_that_redeem_at_the_same_time_one_wins(play: Play) -> None:
    """The database decides, so two servers on one database cannot both accept a token."""

    async def scenario(database: Database) -> None:
        token = await tokens.mint(database, await _grant(database))
        results = await asyncio.gather(*(tokens.redeem(database, token) for _ in range(10)))

        assert 1 == sum(result is not None for result in results)

    play(scenario)


def test_an_expired_token_is_worth_nothing(play: Play) -> None:
    """A token lives as long as it says, and no longer."""

    async def scenario(database: Database) -> None:
        token = await tokens.mint(database, await _grant(database), lifetime_s=0)

        assert None is await tokens.find(database, token)
        assert None is await tokens.redeem(database, token)

    play(scenario)


def test_a_token_says_on_which_wire_it_is_good(play: Play) -> None:
    """By its first letters, which are a part of what its digest is made from: changing them makes another token."""

    async def scenario(database: Database) -> None:
        grant = await _grant(database)
        atoms = await tokens.mint(database, grant)
        synthflow = await tokens.mint(database, grant, prefix=tokens.SYNTHFLOW_PREFIX)

        assert ("wct_", "sft_") == (atoms[:4], synthflow[:4])
        assert (40, 40) == (len(atoms), len(synthflow))
        assert None is await tokens.redeem(database, atoms.replace("wct_", "sft_"))
        assert grant == await tokens.redeem(database, synthflow)

    play(scenario)


def test_an_unknown_token_is_worth_nothing(play: Play) -> None:
    """Guessing gets nobody in."""

    async def scenario(database: Database) -> None:
        assert None is await tokens.redeem(database, "wct_guess")

    play(scenario)


def test_old_tokens_are_swept_when_a_new_one_is_made(play: Play) -> None:
    """The table does not grow for ever."""

    async def scenario(database: Database) -> None:
        grant = await _grant(database)
        await tokens.mint(database, grant, lifetime_s=-3600)
        await tokens.mint(database, grant)
        async with database.read() as connection:
            left = (await connection.execute(select(func.count()).select_from(table))).scalar_one()

        assert 1 == left

    play(scenario)


def test_the_token_itself_is_not_stored(play: Play) -> None:
    """Whoever reads the database cannot use the tokens."""

    async def scenario(database: Database) -> None:
        token = await tokens.mint(database, await _grant(database))
        async with database.read() as connection:
            row = (await connection.execute(text("SELECT * FROM tokens"))).one()

        assert token not in [str(value) for value in row]

    play(scenario)
