"""Calls over time."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, update

from tests.store.made_calls import BEGAN, make_agent, make_call
from vivavoce.store import overview
from vivavoce.store.call_lists import CallFilter
from vivavoce.store.database import Database
from vivavoce.store.overview import Peak, Steps, StepTotals
from vivavoce.store.tables import after_calls, calls

Play = Callable[[Callable[[Database], object]], None]

HOUR_MS = 3_600_000
# Calls of ``make_call`` begin on the hour, the first with the first step.
HOURS = Steps(BEGAN, timedelta(hours=1), 6)


async def make_answered(database: Database, number: int, agent_id: str, *waits_ms: int) -> str:
    """A call whose answers took so long."""
    mean_ms = sum(waits_ms) // len(waits_ms)
    figures = {"turnLatencyMetrics": {"latencies": list(waits_ms)}}
    return await make_call(database, number, agent_id, avg_latency_ms=mean_ms, figures=figures)


def test_calls_are_summed_up_step_by_step(play: Play) -> None:
    """Those that run are counted, and have no length yet; what began before or after the span is not."""

    async def scenario(database: Database) -> None:
        ada, bo = await make_agent(database), await make_agent(database, "Bo")
        await make_call(database, -1, ada)
        await make_call(database, 0, ada, duration_ms=10_000)
        await make_call(database, 2, bo, duration_ms=20_000, reason="server_error")
        await make_call(database, 3, ada, duration_ms=None)
        await make_call(database, 6, ada)

        assert (
            StepTotals(0, 1, 0, 10_000),
            StepTotals(2, 1, 1, 20_000),
            StepTotals(3, 1, 0, 0),
        ) == await overview.step_totals(database, CallFilter(), HOURS)
        assert (StepTotals(2, 1, 1, 20_000),) == await overview.step_totals(database, CallFilter(agent_ids=[bo]), HOURS)

    play(scenario)


def test_ends_are_counted_the_most_frequent_first(play: Play) -> None:
    """A call that runs has none."""

    async def scenario(database: Database) -> None:
        ada = await make_agent(database)
        for number, reason in enumerate(("ended", "client_requested", "client_requested")):
            await make_call(database, number, ada, reason=reason)
        await make_call(database, 3, ada, duration_ms=None)

        assert [("client_requested", 2), ("ended", 1)] == list(
            (await overview.ends(database, CallFilter(), HOURS)).items()
        )

    play(scenario)


def test_the_most_calls_at_once_are_known_of_each_step(play: Play) -> None:
    """What went on before the span, and what still goes on, counts; a step in which nothing changed is left out."""

    async def scenario(database: Database) -> None:
        ada = await make_agent(database)
        # Until two and a half hours into the span.
        await make_call(database, -1, ada, duration_ms=HOUR_MS * 7 // 2)
        await make_call(database, 0, ada, duration_ms=HOUR_MS // 2)
        await make_call(database, 2, ada, duration_ms=None)
        # Ends with the span, so within it nothing of its end is seen.
        await make_call(database, 5, ada, duration_ms=HOUR_MS)

        assert (Peak(0, 2, 1), Peak(2, 2, 1), Peak(5, 2, 2)) == await overview.peaks(database, CallFilter(), HOURS)

    play(scenario)


def test_calls_that_follow_each_other_are_not_at_once(play: Play) -> None:
    """Even where one begins in the moment in which the other ends."""

    async def scenario(database: Database) -> None:
        ada = await make_agent(database)
        await make_call(database, 0, ada, duration_ms=HOUR_MS)
        await make_call(database, 1, ada, duration_ms=HOUR_MS // 2)

        assert (Peak(0, 1, 1), Peak(1, 1, 0)) == await overview.peaks(database, CallFilter(), HOURS)

    play(scenario)


def test_every_answer_counts_by_itself(play: Play) -> None:
    """Also the slow one among quick ones, which the mean of its call hides."""

    async def scenario(database: Database) -> None:
        ada = await make_agent(database)
        await make_answered(database, 0, ada, 400, 500, 4_000)
        await make_answered(database, 3, ada, 700)
        await make_call(database, 4, ada)
        found = await overview.answer_times(database, CallFilter(), HOURS, most_calls=10)

        assert {0: [400, 500, 4_000], 3: [700]} == found.by_step
        assert (2, 2) == (found.calls, found.of_calls)

    play(scenario)


def test_of_many_calls_a_random_share_is_read(play: Play) -> None:
    """By the random digits at the end of their ids, so the same one each time."""

    async def scenario(database: Database) -> None:
        ada = await make_agent(database)
        for number, (digits, wait_ms) in enumerate((("2fffff", 400), ("800000", 600), ("ffffff", 800))):
            made = await make_answered(database, number, ada, wait_ms)
            async with database.write() as connection:
                await connection.execute(delete(after_calls))
                await connection.execute(
                    update(calls).where(calls.c.id == made).values(id=f"CALL-1776756378000-{digits}")
                )
        found = await overview.answer_times(database, CallFilter(), HOURS, most_calls=1)
        all_of_them = await overview.answer_times(database, CallFilter(), HOURS, most_calls=3)

        assert ({0: [400]}, 1, 3) == (found.by_step, found.calls, found.of_calls)
        assert 3 == all_of_them.calls

    play(scenario)
