"""What agents know, piece by piece, and within which limits."""

import asyncio
from collections.abc import Callable

import pytest

from vivavoce.errors import Refused
from vivavoce.store import agents, knowledge
from vivavoce.store.database import Database
from vivavoce.store.knowledge import MOST_LETTERS, MOST_PIECES, Summary

Play = Callable[[Callable[[Database], object]], None]


def test_pieces_stay_in_their_order(play: Play) -> None:
    """Rule: what was added together is read in the order in which it was written."""

    async def scenario(database: Database) -> None:
        agent = await agents.create(database, {"name": "Ada"})
        await knowledge.add(database, agent.id, [("answer", f"Question {n}?", "Yes.") for n in range(20)])
        titles = [f"Question {n}?" for n in range(20)]

        assert titles == [piece.title for piece in await knowledge.read_all(database, agent.id)]
        assert titles[10:15] == [row.title for row in await knowledge.list_page(database, agent.id, page=3, size=5)]
        assert Summary(20, 80) == await knowledge.summary(database, agent.id)

    play(scenario)


def test_a_piece_is_changed_and_removed_by_its_own_agent_alone(play: Play) -> None:
    """Rule: no address of one agent's page reaches another's knowledge."""

    async def scenario(database: Database) -> None:
        one, other = [await agents.create(database, {"name": name}) for name in ("one", "other")]
        (piece,) = await knowledge.add(database, one.id, [("text", "Hours", "From seven.")])

        assert await knowledge.find(database, other.id, piece.id) is None
        assert not await knowledge.change(database, other.id, piece.id, title="x", content="y")
        assert not await knowledge.remove(database, other.id, piece.id)
        assert await knowledge.change(database, one.id, piece.id, title="Times", content="From eight.")
        changed = await knowledge.find(database, one.id, piece.id)
        assert changed is not None
        assert ("Times", "From eight.") == (changed.title, changed.content)
        assert await knowledge.remove(database, one.id, piece.id)
        assert await knowledge.find(database, one.id, piece.id) is None

    play(scenario)


def test_an_agent_knows_so_much_and_no_more(play: Play) -> None:
    """Rule: what does not fit is refused with the room that is left, and none of it is stored."""

    async def scenario(database: Database) -> None:
        agent = await agents.create(database, {"name": "Ada"})
        (piece,) = await knowledge.add(database, agent.id, [("text", "Long", "x" * (MOST_LETTERS - 10))])
        with pytest.raises(Refused, match="there is room for 10 more, and this has 12"):
            await knowledge.add(database, agent.id, [("text", "a", "x" * 6), ("text", "b", "x" * 6)])
        with pytest.raises(Refused, match="there is room for 10 more, and this has 11"):
            await knowledge.change(database, agent.id, piece.id, title="Long", content="x" * (MOST_LETTERS + 1))
        with pytest.raises(Refused, match="there is room for 10 more, and this has 11"):
            await knowledge.put_files(database, agent.id, {"a.txt": "x" * 11})

        assert Summary(1, MOST_LETTERS - 10) == await knowledge.summary(database, agent.id)
        assert await knowledge.change(database, agent.id, piece.id, title="Long", content="x" * MOST_LETTERS)

    play(scenario)


def test_an_agent_has_so_many_pieces_and_no_more(play: Play) -> None:
    """Rule: a list without an end is for nobody to read."""

    async def scenario(database: Database) -> None:
        agent = await agents.create(database, {"name": "Ada"})
        await knowledge.add(database, agent.id, [("answer", "?", "x")] * MOST_PIECES)
        with pytest.raises(Refused, match="put several into one file"):
            await knowledge.add(database, agent.id, [("answer", "?", "x")])

    play(scenario)


def test_two_who_add_at_the_same_time_keep_to_the_limit(play: Play) -> None:
    """Rule: the limit holds, whoever comes at the same moment."""

    async def scenario(database: Database) -> None:
        agent = await agents.create(database, {"name": "Ada"})
        half: list[tuple[knowledge.Kind, str, str]] = [("text", "Half", "x" * (MOST_LETTERS // 2 + 1))]
        done = await asyncio.gather(
            *(knowledge.add(database, agent.id, half) for _ in range(3)), return_exceptions=True
        )

        assert 1 == sum(not isinstance(one, Refused) for one in done)
        assert 1 == (await knowledge.summary(database, agent.id)).pieces

    play(scenario)


def test_a_file_takes_the_place_of_one_of_its_name(play: Play) -> None:
    """Rule: who mends a file sends it again; a text of the same title is another thing."""

    async def scenario(database: Database) -> None:
        agent = await agents.create(database, {"name": "Ada"})
        await knowledge.add(database, agent.id, [("text", "a.md", "A text.")])

        assert frozenset() == await knowledge.put_files(database, agent.id, {"a.md": "One.", "b.md": "Two."})
        assert frozenset({"a.md"}) == await knowledge.put_files(database, agent.id, {"a.md": "Three.", "c.md": "Four."})
        assert [("a.md", "A text."), ("a.md", "Three."), ("b.md", "Two."), ("c.md", "Four.")] == [
            (piece.title, piece.content) for piece in await knowledge.read_all(database, agent.id)
        ]

    play(scenario)


def test_a_copy_of_an_agent_knows_the_same(play: Play) -> None:
    """Rule: a copy is given everything once more, and what is done to it leaves the original alone."""

    async def scenario(database: Database) -> None:
        one, other = [await agents.create(database, {"name": name}) for name in ("one", "other")]
        await knowledge.add(database, one.id, [("answer", "Open?", "Yes."), ("text", "Hours", "From seven.")])
        await knowledge.copy_all(database, of=one.id, to=other.id)
        for piece in await knowledge.read_all(database, other.id):
            await knowledge.change(database, other.id, piece.id, title=piece.title, content="New.")

        assert ["Yes.", "From seven."] == [piece.content for piece in await knowledge.read_all(database, one.id)]
        assert ["Open?", "Hours"] == [piece.title for piece in await knowledge.read_all(database, other.id)]

    play(scenario)
