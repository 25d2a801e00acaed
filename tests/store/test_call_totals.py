"""Sums over many calls."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from tests.store.made_calls import BEGAN, make_agent, make_call
from vivavoce.store.call_lists import CallFilter
from vivavoce.store.call_totals import CallTotals, MinuteCount, minutes_of, totals
from vivavoce.store.database import Database

Play = Callable[[Callable[[Database], object]], None]


def test_calls_are_summed_up(play: Play) -> None:
    """Those that run are counted, and have no length yet; of an even number the median lies between two."""

    async def scenario(database: Database) -> None:
        agent_id = await make_agent(database)
        await make_call(database, 0, agent_id, duration_ms=10_000)
        await make_call(database, 1, agent_id, duration_ms=20_000, reason="server_error")
        await make_call(database, 2, agent_id, duration_ms=None)

        assert CallTotals(3, 1, 2, 30_000, 15_000) == await totals(database, CallFilter())
        await make_call(database, 3, agent_id, duration_ms=90_000)
        assert CallTotals(4, 1, 3, 120_000, 20_000) == await totals(database, CallFilter())
        assert CallTotals(1, 1, 1, 20_000, 20_000) == await totals(database, CallFilter(statuses=["failed"]))
        assert CallTotals(0, 0, 0, 0, None) == await totals(database, CallFilter(modes=[]))
        assert CallTotals(4, 1, 3, 120_000, None) == await totals(database, CallFilter(), median=False)

    play(scenario)


def test_calls_are_counted_minute_by_minute(play: Play) -> None:
    """What went on before counts from the first minute; what goes on afterwards has no end in the span."""

    async def scenario(database: Database) -> None:
        first, second = await make_agent(database, "Ada"), await make_agent(database, "Bea")
        # Each begins on the hour; the span is from 11:00 to 13:00.
        await make_call(database, 0, first, duration_ms=3_600_000 + 150_000)
        await make_call(database, 1, second, duration_ms=59_999)
        await make_call(database, 2, second, duration_ms=None)
        await make_call(database, 3, first, duration_ms=10_000)
        counted = partial(minutes_of, database, start=BEGAN + timedelta(hours=1), end=BEGAN + timedelta(hours=3))

        assert {
            MinuteCount(first, 0, began=1),
            MinuteCount(first, 2, ended=1),
            MinuteCount(second, 0, began=1),
            MinuteCount(second, 0, ended=1),
            MinuteCount(second, 60, began=1),
        } == set(await counted(CallFilter()))
        assert {MinuteCount(first, 0, began=1), MinuteCount(first, 2, ended=1)} == set(
            await counted(CallFilter(agent_ids=[first]))
        )
        assert {
            MinuteCount("", 0, began=2),
            MinuteCount("", 60, began=1),
            MinuteCount("", 0, ended=1),
            MinuteCount("", 2, ended=1),
        } == set(await counted(CallFilter(), by_agent=False))

    play(scenario)


def test_a_call_that_was_over_before_is_not_counted(play: Play) -> None:
    """Not even where its end was the first moment before the span; one that ended in that moment is."""

    async def scenario(database: Database) -> None:
        agent_id = await make_agent(database)
        await make_call(database, 0, agent_id, duration_ms=3_599_999)
        counted = partial(minutes_of, database, start=BEGAN + timedelta(hours=1), end=BEGAN + timedelta(hours=2))

        assert () == await counted(CallFilter())

    play(scenario)
