"""The log of what public pages were refused: counted, bounded, swept, listed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.store.made_calls import make_agent
from vivavoce.store import refusals
from vivavoce.store.database import Database
from vivavoce.store.refusals import ELSEWHERE, Refusal, RefusalRow

Play = Callable[[Callable[[Database], Awaitable[None]]], None]
AT = datetime(2026, 7, 2, 12, 0, tzinfo=UTC)


def given(
    agent_id: str,
    reason: str = "host_not_allowed",
    *,
    origin: str = "https://evil.example",
    visitor: str = "v",
    times: int = 1,
    at: datetime = AT,
) -> RefusalRow:
    return RefusalRow(Refusal(agent_id, reason, origin, visitor), refusals.day_of(at), times, at)


def test_a_kind_and_day_is_one_row(play: Play) -> None:
    """Written by whichever server, in whichever batch; another day, page, reason or visitor is another row."""

    async def scenario(database: Database) -> None:
        agent_id = await make_agent(database)
        later, tomorrow = AT + timedelta(hours=1), AT + timedelta(days=1)
        await refusals.count(database, [given(agent_id, times=3)])
        await refusals.count(database, [given(agent_id, times=4, at=later), given(agent_id, at=tomorrow)])
        await refusals.count(database, [given(agent_id, "agent_busy"), given(agent_id, visitor="w")])
        page = await refusals.list_page(database)

        assert (4, given(agent_id, at=tomorrow), given(agent_id, times=7, at=later)) == (page.total, *page.rows[:2])

    play(scenario)


def test_servers_that_count_at_once_lose_nothing(play: Play) -> None:
    """The row of the agent is locked while its rows are counted."""

    async def scenario(database: Database) -> None:
        agent_id = await make_agent(database)
        await asyncio.gather(*(refusals.count(database, [given(agent_id)]) for _ in range(10)))

        assert {"host_not_allowed": 10} == await refusals.totals(database, refusals.day_of(AT))

    play(scenario)


def test_a_flood_of_kinds_stays_small(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the rows of an agent and day there is one more for each reason; known kinds count on."""
    monkeypatch.setattr(refusals, "MOST_ROWS", 3)

    async def scenario(database: Database) -> None:
        agent_id, other = await make_agent(database), await make_agent(database, "Bo")
        await refusals.count(database, [given(agent_id, origin=f"https://{n}.example") for n in range(10)])
        await refusals.count(database, [given(agent_id, origin="https://0.example"), given(agent_id, "agent_busy")])
        await refusals.count(database, [given(other), given(agent_id, at=AT + timedelta(days=1))])
        page = await refusals.list_page(database, agent_id=agent_id)
        of_day = {
            (row.refusal.reason, row.refusal.origin, row.refusal.visitor): row.times
            for row in page.rows
            if row.day == refusals.day_of(AT)
        }

        assert {
            ("host_not_allowed", "https://0.example", "v"): 2,
            ("host_not_allowed", "https://1.example", "v"): 1,
            ("host_not_allowed", "https://2.example", "v"): 1,
            ("host_not_allowed", ELSEWHERE, ""): 7,
            ("agent_busy", ELSEWHERE, ""): 1,
        } == of_day
        assert 6 == page.total
        assert 1 == (await refusals.list_page(database, agent_id=other)).total

    play(scenario)


def test_a_month_is_kept(play: Play) -> None:
    """The rest goes when something new is counted."""

    async def scenario(database: Database) -> None:
        agent_id = await make_agent(database)
        await refusals.count(database, [given(agent_id)])
        await refusals.count(database, [given(agent_id, at=AT + timedelta(days=30))])
        assert 2 == (await refusals.list_page(database)).total
        await refusals.count(database, [given(agent_id, at=AT + timedelta(days=30, seconds=1))])

        assert [30] == [row.day - refusals.day_of(AT) for row in (await refusals.list_page(database)).rows]

    play(scenario)


def test_an_agent_that_is_not_there_has_no_log(play: Play) -> None:
    """It may have been deleted while its refusals waited; those of others are counted all the same."""

    async def scenario(database: Database) -> None:
        agent_id = await make_agent(database)
        await refusals.count(database, [given("0" * 24), given(agent_id)])

        assert [agent_id] == [row.refusal.agent_id for row in (await refusals.list_page(database)).rows]

    play(scenario)


def test_an_origin_of_any_length_is_counted(play: Play) -> None:
    """It is cut: whoever asks can write what he likes into it."""

    async def scenario(database: Database) -> None:
        agent_id = await make_agent(database)
        await refusals.count(database, [given(agent_id, origin="https://" + "x" * 10_000)])
        await refusals.count(database, [given(agent_id, origin="https://" + "x" * 10_001)])
        (row,) = (await refusals.list_page(database)).rows

        assert (280, 2) == (len(row.refusal.origin), row.times)

    play(scenario)


def test_the_log_is_read_page_by_page_the_latest_first(play: Play) -> None:
    """Of all agents or one, for all reasons or one."""

    async def scenario(database: Database) -> None:
        ada, bo = await make_agent(database), await make_agent(database, "Bo")
        rows = [
            given(agent_id, reason, at=AT + timedelta(minutes=number))
            for number, (agent_id, reason) in enumerate(
                [(ada, "agent_busy"), (bo, "agent_busy"), (ada, "host_not_allowed"), (bo, "host_not_allowed")]
            )
        ]
        await refusals.count(database, rows)
        first, second = [await refusals.list_page(database, page=page, size=3) for page in (1, 2)]

        assert (4, rows[:0:-1], rows[:1]) == (first.total, list(first.rows), list(second.rows))
        assert (rows[2], rows[0]) == (await refusals.list_page(database, agent_id=ada)).rows
        assert (rows[3],) == (await refusals.list_page(database, agent_id=bo, reason="host_not_allowed")).rows

    play(scenario)


def test_a_day_is_summed_up_by_reason(play: Play) -> None:
    """Of all agents or one."""

    async def scenario(database: Database) -> None:
        ada, bo = await make_agent(database), await make_agent(database, "Bo")
        await refusals.count(
            database,
            [
                given(ada, times=2),
                given(bo, times=3),
                given(ada, "agent_busy"),
                given(ada, "agent_busy", at=AT - timedelta(days=1)),
            ],
        )
        day = refusals.day_of(AT)

        assert {"agent_busy": 1, "host_not_allowed": 5} == await refusals.totals(database, day)
        assert {"host_not_allowed": 3} == await refusals.totals(database, day, agent_id=bo)
        assert {} == await refusals.totals(database, day + 1)

    play(scenario)


def test_the_log_is_read_by_day(play: Play) -> None:
    """Days are those of UTC."""

    async def scenario(database: Database) -> None:
        ada = await make_agent(database)
        rows = [given(ada), given(ada, at=AT - timedelta(days=1))]
        await refusals.count(database, rows)
        found = await refusals.list_page(database, day=refusals.day_of(AT))

        assert ((rows[0],), 1) == (found.rows, found.total)

    play(scenario)
