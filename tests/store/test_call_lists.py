"""Lists of calls: which, in what order, how many, and that nothing else is read."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.dialects import sqlite

from tests.store.made_calls import BEGAN, FIGURES, call_id, make_agent, make_call
from vivavoce.store.call_lists import CallFilter, CallSort, conditions, find_many, list_page
from vivavoce.store.database import Database
from vivavoce.store.tables import calls

Play = Callable[[Callable[[Database], object]], None]


async def _four(database: Database) -> tuple[str, str]:
    """Four calls of two agents: 0 and 2 of the first, 1 and 3 of the second."""
    first, second = await make_agent(database, "Ada"), await make_agent(database, "Bea")
    await make_call(database, 0, first, duration_ms=10_000, avg_latency_ms=900, updated_at=BEGAN + timedelta(days=1))
    await make_call(database, 1, second, mode="chat", duration_ms=45_000, reason="timeout")
    await make_call(database, 2, first, duration_ms=400_000, reason="server_error", avg_latency_ms=300)
    await make_call(database, 3, second, duration_ms=None)
    return first, second


async def _numbers(database: Database, wanted: CallFilter, **options: object) -> list[int]:
    """The numbers of the calls of a page."""
    page = await list_page(database, wanted, **options)  # type: ignore[arg-type]  # named by the test
    return [int(call.id[-6:], 16) for call in page.calls]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("updatedAt", [0, 3, 2, 1]),
        ("createdAt", [3, 2, 1, 0]),
        # What is not known yet counts as the least.
        ("callDuration", [2, 1, 0, 3]),
        ("avgLatency", [0, 2, 3, 1]),
    ],
)
def test_calls_are_ordered_both_ways(sort: CallSort, expected: list[int], play: Play) -> None:
    """The one order is the other backwards, on both databases."""

    async def scenario(database: Database) -> None:
        await _four(database)

        assert expected == await _numbers(database, CallFilter(), sort=sort)
        assert expected[::-1] == await _numbers(database, CallFilter(), sort=sort, descending=False)

    play(scenario)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (CallFilter(modes=["chat"]), [1]),
        (CallFilter(modes=[]), []),
        (CallFilter(statuses=["failed", "active"]), [3, 2]),
        (CallFilter(end_reasons=["timeout"]), [1]),
        (CallFilter(search="CALL-1776756378002"), [2]),
        (CallFilter(search="000003"), [3]),
        # No pattern: a percent sign is a percent sign.
        (CallFilter(search="%"), []),
        (CallFilter(durations_ms=[(0, 30_000), (300_000, None)]), [2, 0]),
        (CallFilter(durations_ms=[(45_000, 46_000)]), [1]),
        (CallFilter(durations_ms=[(10_001, 45_000)]), []),
        (CallFilter(durations_ms=[]), []),
        (CallFilter(latencies_ms=[(0, 900)]), [2]),
        (CallFilter(latencies_ms=[(300, 301), (900, None)]), [2, 0]),
        (CallFilter(started_from=BEGAN + timedelta(hours=1), started_before=BEGAN + timedelta(hours=3)), [2, 1]),
        (CallFilter(modes=["webcall"], statuses=["completed"]), [0]),
        (CallFilter().within(BEGAN, BEGAN + timedelta(hours=1)), [0]),
    ],
)
def test_calls_are_found_by_what_is_known_of_them(wanted: CallFilter, expected: list[int], play: Play) -> None:
    """Every condition holds for every call of the page, and the total counts them all."""

    async def scenario(database: Database) -> None:
        await _four(database)

        assert expected == await _numbers(database, wanted, sort="createdAt")
        assert len(expected) == (await list_page(database, wanted)).total

    play(scenario)


def test_calls_are_found_by_their_agents(play: Play) -> None:
    """A page names the agents of its calls as they are now, with what they want to know of each call."""

    async def scenario(database: Database) -> None:
        first, _ = await _four(database)
        third = await make_agent(database, "Cleo", postCallAnalyticsConfig={"summaryPrompt": "Short."})
        await make_call(database, 4, third)
        page = await list_page(database, CallFilter(agent_ids=[first, third]), sort="createdAt")

        assert [4, 2, 0] == [int(call.id[-6:], 16) for call in page.calls]
        assert {first: "Ada", third: "Cleo"} == {agent_id: agent.name for agent_id, agent in page.agents.items()}
        assert {"summaryPrompt": "Short."} == page.agents[third].analytics_config
        assert page.agents[first].analytics_config is None

    play(scenario)


def test_pages_make_the_whole_list(play: Play) -> None:
    """Whichever end a page is looked for from, each call is on one page, and behind the last there is none."""

    async def scenario(database: Database) -> None:
        agent_id = await make_agent(database)
        for number in range(7):
            await make_call(database, number, agent_id)
        pages = [await _numbers(database, CallFilter(), page=page, size=2, sort="createdAt") for page in range(1, 6)]
        far = await list_page(database, CallFilter(), page=10**18, size=500)

        assert [[6, 5], [4, 3], [2, 1], [0], []] == pages
        assert ((), 7) == (far.calls, far.total)

    play(scenario)


def test_calls_that_are_alike_have_an_order_too(play: Play) -> None:
    """Or a call might be on two pages and another on none."""

    async def scenario(database: Database) -> None:
        agent_id = await make_agent(database)
        for number in range(4):
            await make_call(database, number, agent_id, duration_ms=5_000)
        pages = [
            await _numbers(database, CallFilter(), page=page, size=1, sort="callDuration") for page in (1, 2, 3, 4)
        ]

        assert [[3], [2], [1], [0]] == pages

    play(scenario)


def test_a_row_has_its_figures_and_not_its_documents(play: Play) -> None:
    """The agent's document is as large as a prompt, and a list does not show it."""

    async def scenario(database: Database) -> None:
        agent_id = await make_agent(database)
        await make_call(database, 0, agent_id, figures=FIGURES, analytics={"state": "done"}, avg_latency_ms=700)
        (call,) = (await list_page(database, CallFilter())).calls

        assert (FIGURES, {"state": "done"}, 30_000, "completed") == (
            call.figures,
            call.analytics,
            call.duration_ms,
            call.status,
        )
        assert ({}, {}) == (call.agent, call.variables)

    play(scenario)


def test_calls_are_looked_up_in_the_order_asked_for(play: Play) -> None:
    """Unknown ones are left out, repeated ones come once."""

    async def scenario(database: Database) -> None:
        await _four(database)
        found = await find_many(database, [call_id(2), call_id(9), call_id(0), call_id(2)])

        assert [call_id(2), call_id(0)] == [call.id for call in found.calls]
        assert 2 == found.total
        assert () == (await find_many(database, [])).calls

    play(scenario)


@pytest.mark.slow
@pytest.mark.parametrize(
    "wanted",
    [
        CallFilter(),
        CallFilter(agent_ids=["a" * 24]),
        CallFilter(agent_ids=["a" * 24, "b" * 24], statuses=["failed"], modes=["chat"]),
        CallFilter(statuses=["failed"], end_reasons=["timeout"], durations_ms=[(0, 30_000)]),
        CallFilter(started_from=BEGAN, started_before=BEGAN + timedelta(days=1), search="00ff"),
    ],
)
@pytest.mark.parametrize("column", ["updated_at", "started_at", "duration_ms", "avg_latency_ms"])
def test_looking_for_calls_reads_indexes_alone(wanted: CallFilter, column: str, play: Play) -> None:
    """A row is as large as a prompt: reading all of them for a count would take seconds."""

    async def scenario(database: Database) -> None:
        count = select(func.count()).select_from(calls).where(*conditions(wanted))
        page = (
            select(calls.c.id).where(*conditions(wanted)).order_by(calls.c[column].desc(), calls.c.id.desc()).limit(9)
        )
        async with database.read() as connection:
            if connection.dialect.name != "sqlite":
                return
            for query in (count, page):
                said = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
                plan = (await connection.execute(text(f"EXPLAIN QUERY PLAN {said}".replace(":", "\\:")))).all()

                assert [] == [step.detail for step in plan if " calls" in step.detail and "COVERING" not in step.detail]
                assert any("COVERING INDEX" in step.detail for step in plan)

    play(scenario)
