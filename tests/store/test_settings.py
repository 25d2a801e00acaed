"""What the operator set by the API about the server itself."""

import asyncio
from collections.abc import Callable

import pytest

from vivavoce.store import settings
from vivavoce.store.database import Database

Play = Callable[[Callable[[Database], object]], None]


def test_a_setting_is_read_as_it_was_written(play: Play) -> None:
    """Any JSON value; one that was never written is None."""

    async def scenario(database: Database) -> None:
        assert None is await settings.read(database, "name")
        for value in ("é", [1, {"a": None}], None, 0.5):
            assert value == await settings.change(database, "name", lambda _, value=value: value)  # type: ignore[misc]
            assert value == await settings.read(database, "name")
        assert None is await settings.read(database, "other")

    play(scenario)


def test_changes_at_the_same_time_are_all_kept(play: Play) -> None:
    """Each starts from the value that the one before has left, also where there was none."""

    async def scenario(database: Database) -> None:
        def more(known: object) -> object:
            return [*(known if isinstance(known, list) else []), 1]

        await asyncio.gather(*(settings.change(database, "list", more) for _ in range(8)))

        assert [1] * 8 == await settings.read(database, "list")

    play(scenario)


def test_a_change_that_is_refused_changes_nothing(play: Play) -> None:
    """What the edit raises is raised."""

    async def scenario(database: Database) -> None:
        await settings.change(database, "name", lambda _: 1)

        def refuse(known: object) -> object:
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            await settings.change(database, "name", refuse)

        assert 1 == await settings.read(database, "name")

    play(scenario)
