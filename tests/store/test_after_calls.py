"""What is to be done after calls is done by one, once, and never forgotten."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, select

from vivavoce.clock import now
from vivavoce.store import after_calls, agents, calls, facts, migrations, tables
from vivavoce.store.after_calls import Task
from vivavoce.store.calls import FIRST_STEP, Call
from vivavoce.store.database import Database, open_database
from vivavoce.talk.facts import CallEnded, CallStarted, Captioned, Fact, UserSaid

Play = Callable[[Callable[[Database], Awaitable[None]]], None]
STEPS = (FIRST_STEP, "second")


async def ended(database: Database, call_id: str = "CALL-1") -> None:
    """A call that is over."""
    agent = await agents.create(database, {})
    await calls.start(database, Call(call_id, "session", agent.id, "webcall", now()))
    await calls.finish(database, call_id, reason="ended")


async def due(database: Database, *, most: int = 1, lease_s: float = 60.0) -> tuple[Task, ...]:
    return await after_calls.claim(database, STEPS, most=most, lease_s=lease_s)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets the clock of these rows go forward, in seconds."""
    began = now()

    def later(seconds: float) -> None:
        monkeypatch.setattr(after_calls, "now", lambda: began + timedelta(seconds=seconds))

    return later


def test_a_call_that_ends_is_due_when_its_recording_should_be_joined(
    play: Play, later: Callable[[float], None]
) -> None:
    """Ten seconds, if nobody says that it is ready before."""

    async def scenario(database: Database) -> None:
        await ended(database)
        later(9.0)

        assert () == await due(database)

        later(11.0)

        assert (Task("CALL-1", FIRST_STEP, 1),) == await due(database)

    play(scenario)


def test_a_call_whose_server_died_is_due_as_well(play: Play, later: Callable[[float], None]) -> None:
    """It has figures like any other."""

    async def scenario(database: Database) -> None:
        agent = await agents.create(database, {})
        await calls.start(database, Call("CALL-1", "session", agent.id, "webcall", now(), owner="dead"))
        later(11.0)

        assert () == await due(database)

        await calls.close_orphans(database, ["dead"])

        assert (Task("CALL-1", FIRST_STEP, 1),) == await due(database)

    play(scenario)


def test_what_is_ready_earlier_is_done_earlier(play: Play) -> None:
    """Once: a step that has been begun is not hurried."""

    async def scenario(database: Database) -> None:
        await ended(database, "CALL-1")
        await ended(database, "CALL-2")
        await after_calls.hasten(database, ["CALL-1", "unknown"], step=FIRST_STEP)
        (task,) = await due(database, most=9)

        assert "CALL-1" == task.call_id

        await after_calls.hasten(database, ["CALL-1"], step=FIRST_STEP)
        await after_calls.hasten(database, [], step=FIRST_STEP)

        assert () == await due(database)

    play(scenario)


def test_of_all_who_look_one_takes_it(play: Play, later: Callable[[float], None]) -> None:
    """Two servers on one database send no event twice."""

    async def scenario(database: Database) -> None:
        for number in range(6):
            await ended(database, f"CALL-{number}")
        later(20.0)
        taken = await asyncio.gather(*(due(database, most=2) for _ in range(6)))

        assert [f"CALL-{number}" for number in range(6)] == sorted(task.call_id for tasks in taken for task in tasks)

    play(scenario)


def test_the_task_of_a_dead_server_comes_due_again(play: Play, later: Callable[[float], None]) -> None:
    """When its lease has run out; what the dead one finds after all is not stored."""

    async def scenario(database: Database) -> None:
        await ended(database)
        later(20.0)
        (first,) = await due(database, lease_s=60.0)
        later(79.0)

        assert () == await due(database)

        later(81.0)
        (second,) = await due(database)

        assert (1, 2) == (first.attempts, second.attempts)
        assert not await after_calls.done(database, first, next_step="second", columns={"avg_latency_ms": 1})
        assert await after_calls.done(database, second, next_step="second", columns={"avg_latency_ms": 2})
        async with database.read() as connection:
            assert 2 == (await connection.execute(select(tables.calls.c.avg_latency_ms))).scalar()

    play(scenario)


def test_findings_and_the_next_step_are_stored_together(play: Play, later: Callable[[float], None]) -> None:
    """The next step is due at once, counts its own attempts, and the call has changed."""

    async def scenario(database: Database) -> None:
        await ended(database)
        later(20.0)
        (task,) = await due(database)
        await after_calls.done(database, task, next_step="second", columns={"figures": {"metrics": {"x": 1}}})
        call = await calls.find(database, "CALL-1")

        assert call is not None
        assert {"metrics": {"x": 1}} == call.figures
        assert call.updated_at is not None
        assert call.ended_at is not None
        assert 19 < (call.updated_at - call.ended_at).total_seconds() < 21
        assert (Task("CALL-1", "second", 1),) == await due(database)

    play(scenario)


def test_the_last_step_leaves_nothing(play: Play, later: Callable[[float], None]) -> None:
    """A row that is gone cannot be done again."""

    async def scenario(database: Database) -> None:
        await ended(database)
        later(20.0)
        (task,) = await due(database)

        assert await after_calls.done(database, task, next_step="")
        assert not await after_calls.done(database, task, next_step="")

        later(2000.0)

        assert () == await due(database)

    play(scenario)


def test_what_is_postponed_comes_back_and_is_counted(play: Play, later: Callable[[float], None]) -> None:
    """Unless it was never really begun."""

    async def scenario(database: Database) -> None:
        await ended(database)
        later(20.0)
        (task,) = await due(database)
        await after_calls.postpone(database, task, wait_s=30.0)
        later(49.0)

        assert () == await due(database)

        later(51.0)
        (again,) = await due(database)

        assert 2 == again.attempts

        await after_calls.postpone(database, again, wait_s=0.0, uncounted=True)

        assert (again,) == await due(database)

    play(scenario)


def test_only_the_steps_that_one_does_are_taken(play: Play, later: Callable[[float], None]) -> None:
    """Others wait for whoever does them, such as a newer version."""

    async def scenario(database: Database) -> None:
        await ended(database)
        later(20.0)

        assert () == await after_calls.claim(database, ["second"], most=1, lease_s=60.0)

    play(scenario)


def test_facts_come_in_pieces_and_in_order(play: Play) -> None:
    """All of the kinds that were asked for, each once."""

    async def scenario(database: Database) -> None:
        await ended(database)
        told: list[Fact] = [CallStarted(0.0, "webcall")]
        told += [fact for number in range(150) for fact in (UserSaid(number, "x", True), Captioned(number, 1, ()))]
        told.append(CallEnded(200.0, "ended"))
        await facts.write(database, [("CALL-1", n, fact) for n, fact in enumerate(told, 1)])
        found: list[Fact] = []
        pieces = after = 0
        kinds = ["CallStarted", "UserSaid", "CallEnded"]
        while rows := await after_calls.fact_rows(database, "CALL-1", kinds, after=after):
            pieces, after = pieces + 1, int(str(rows[-1]["n"]))
            found += [facts.row_to_fact(row) for row in rows]

        assert [fact for fact in told if not isinstance(fact, Captioned)] == found
        assert pieces > 2

    play(scenario)


def test_calls_of_an_older_version_are_not_waited_for(database_url: str, later: Callable[[float], None]) -> None:
    """Nothing is due for them, no model is asked, nobody is told; one that goes on is treated like any other."""

    def older(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")

    async def scenario() -> None:
        database = await open_database(database_url)
        await ended(database)
        agent = await agents.create(database, {})
        await calls.start(database, Call("CALL-2", "session", agent.id, "webcall", now()))
        async with database.write() as connection:
            await connection.run_sync(older)
        await database.close()
        database = await open_database(database_url)
        await calls.finish(database, "CALL-2", reason="ended")
        later(60.0)

        assert ["CALL-2"] == [task.call_id for task in await due(database, most=9)]

        old, new = await calls.find(database, "CALL-1"), await calls.find(database, "CALL-2")

        assert old is not None
        assert new is not None
        assert {"state": "missing", "reason": "The call is older than the analysis of calls."} == old.analytics
        assert None is new.analytics

        await database.close()

    asyncio.run(scenario())
