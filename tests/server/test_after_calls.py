"""What is due after a call is done in its order, tried again where it fails, and never done twice."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.fresh_database import open_fresh
from tests.server.after_call_scene import BOOKED, CALL_ID, TALK, Clock, Model, Told, ended, finished, found, work_off
from vivavoce.engines.knowledge import Knowledge
from vivavoce.errors import EngineError, StoreError
from vivavoce.server.after_calls import MODEL_STEPS, QUICK_STEPS, AfterCalls
from vivavoce.store import after_calls as store
from vivavoce.store.database import Database
from vivavoce.talk.facts import CallEnded
from vivavoce.views.analytics import post_call_analytics

GOOD = {
    "summary": "A table was booked.",
    "dispositionMetrics": {"booked": {"reasoning": "It says so.", "value": True, "confidence": 1}},
}
DOWN = EngineError("llm", "openai", "the server is down")
LIMIT_S = 20.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Callable[[Database], Awaitable[None]]], None]:
    """Plays a scenario on a fresh database."""

    def play(scenario: Callable[[Database], Awaitable[None]]) -> None:
        async def opened() -> None:
            database = await open_fresh(f"sqlite:///{tmp_path / 'vivavoce.sqlite3'}")
            try:
                async with asyncio.timeout(LIMIT_S):
                    await scenario(database)
            finally:
                await database.close()

        asyncio.run(opened())

    return play


Play = Callable[[Callable[[Database], Awaitable[None]]], None]


def test_all_steps_in_their_order(play: Play, clock: Clock) -> None:
    """Figures before the first event, the model's findings before the second, and nothing left."""

    async def scenario(database: Database) -> None:
        model, told = Model(GOOD), Told()
        after = AfterCalls(database, model, announce=told)
        await ended(database, analytics=BOOKED)

        assert 0 == await work_off(after)

        clock.forward(11)

        assert await after.do_next(QUICK_STEPS)
        call = await found(database)
        assert call.figures is not None
        assert [] == told.events

        assert 3 == await work_off(after)
        assert [("post-conversation", CALL_ID), ("analytics-completed", CALL_ID)] == told.events
        assert await finished(database)
        shown = post_call_analytics(await found(database))
        assert ("done", "A table was booked.") == (shown["status"], shown["summary"])
        assert 1 == len(model.asked)

    play(scenario)


def test_a_nudge_spares_the_wait(play: Play) -> None:
    """The recording is ready: the figures need not wait for ten seconds."""

    async def scenario(database: Database) -> None:
        after = AfterCalls(database, Model(GOOD), announce=Told())
        await ended(database)

        assert 0 == await work_off(after)

        after.nudge(CALL_ID)

        assert 4 == await work_off(after)

    play(scenario)


def test_the_last_facts_may_still_be_on_their_way(play: Play, clock: Clock) -> None:
    """They are written half a second later; if they never come, what there is has to do."""

    async def scenario(database: Database) -> None:
        after = AfterCalls(database, Knowledge(), announce=Told())
        await ended(database, TALK[:-1])
        for wait_s in (11, 1.1, 2.1):
            clock.forward(wait_s)

            assert await after.do_next(QUICK_STEPS)
            assert None is (await found(database)).figures
            assert not await after.do_next(QUICK_STEPS)

        clock.forward(3.1)

        assert 4 == await work_off(after)
        assert None is not (await found(database)).figures

    play(scenario)


def test_figures_do_not_wait_for_a_model_that_is_slow(play: Play, clock: Clock) -> None:
    """The quick steps of one call are done while a model thinks about another."""

    async def scenario(database: Database) -> None:
        go_on = asyncio.Event()

        async def slowly() -> object:
            await go_on.wait()
            return GOOD

        told, model = Told(), Model(slowly)
        after = AfterCalls(database, model, announce=told)
        await ended(database)
        clock.forward(11)
        working = asyncio.create_task(after.run())
        await model.thinking.wait()
        await ended(database, call_id="CALL-2")
        after.nudge("CALL-2")
        await told.until("post-conversation", "CALL-2")

        assert ("analytics-completed", CALL_ID) not in told.events

        go_on.set()
        await told.until("analytics-completed", CALL_ID)
        await told.until("analytics-completed", "CALL-2")
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working

    play(scenario)


def test_a_model_that_fails_is_asked_again_later(play: Play, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    """After 10 and after 40 seconds; what was said in the call is in no line of the log."""

    async def scenario(database: Database) -> None:
        model, told = Model(DOWN, {"summary": "the secret of the call"}, GOOD), Told()
        after = AfterCalls(database, model, announce=told)
        await ended(database, analytics=BOOKED)
        clock.forward(11)
        await work_off(after)

        assert "pending" == post_call_analytics(await found(database))["status"]
        for wait_s in (10.1, 40.1):
            assert 0 == await work_off(after)
            clock.forward(wait_s)
            await work_off(after)

        assert 3 == len(model.asked)
        assert "done" == post_call_analytics(await found(database))["status"]
        assert ("analytics-completed", CALL_ID) in told.events

    play(scenario)

    assert "could not be analysed (attempt 1 of 5): the server is down" in caplog.text
    assert "secret" not in caplog.text


def test_a_model_that_keeps_failing_is_given_up(play: Play, clock: Clock) -> None:
    """After five attempts the reason is stored, the figures stand, and the webhooks learn of it."""

    async def scenario(database: Database) -> None:
        model, told = Model(DOWN), Told()
        after = AfterCalls(database, model, announce=told)
        await ended(database, analytics=BOOKED)
        clock.forward(11)
        for _ in range(9):
            await work_off(after)
            clock.forward(601)

        shown = post_call_analytics(await found(database))

        assert 5 == len(model.asked)
        assert ("failed", "After 5 attempts: the server is down.") == (shown["status"], shown["reason"])
        assert [] == shown["dispositionMetrics"]
        assert shown["metrics"]
        assert [("post-conversation", CALL_ID), ("analytics-completed", CALL_ID)] == told.events
        assert await finished(database)

    play(scenario)


def test_a_model_that_hangs_is_given_up(play: Play, clock: Clock) -> None:
    """It has a limit of its own, whatever the engine does."""

    async def scenario(database: Database) -> None:
        hangs = Model(asyncio.Event().wait)
        after = AfterCalls(database, hangs, announce=Told(), answer_s=0.01)
        await ended(database)
        clock.forward(11)
        for _ in range(9):
            await work_off(after)
            clock.forward(601)

        reason = post_call_analytics(await found(database))["reason"]

        assert "After 5 attempts: the language model took longer than 0.01 s." == reason

    play(scenario)


@pytest.mark.parametrize("fault", [StoreError("it is locked"), RuntimeError("a bug"), TimeoutError()])
def test_a_step_that_fails_is_tried_again(fault: Exception, play: Play, clock: Clock) -> None:
    """Whatever went wrong: the event is sent when it works again, and the steps behind it wait."""

    async def scenario(database: Database) -> None:
        told = Told(failures=[fault, fault])
        after = AfterCalls(database, Model(GOOD), announce=told)
        await ended(database)
        clock.forward(11)

        assert 2 == await work_off(after)

        clock.forward(10.1)

        assert 1 == await work_off(after)
        assert [] == told.events

        clock.forward(40.1)

        assert 3 == await work_off(after)
        assert ["post-conversation", "analytics-completed"] == [event for event, _ in told.events]

    play(scenario)


def test_a_step_that_never_works_does_not_keep_the_others_back(play: Play, clock: Clock) -> None:
    """An event that cannot be queued is lost, and the call is analysed all the same."""

    async def scenario(database: Database) -> None:
        told = Told(failures=[RuntimeError("a bug")] * 5)
        after = AfterCalls(database, Model(GOOD), announce=told)
        await ended(database)
        clock.forward(11)
        for _ in range(9):
            await work_off(after)
            clock.forward(601)

        assert [("analytics-completed", CALL_ID)] == told.events
        assert "done" == post_call_analytics(await found(database))["status"]
        assert await finished(database)

    play(scenario)


def test_a_bug_in_the_analysis_is_told_as_a_failure(play: Play, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    """The reader learns that it is not his fault, and the operator where to look."""

    async def scenario(database: Database) -> None:
        after = AfterCalls(database, Model(ZeroDivisionError()), announce=Told())
        await ended(database)
        clock.forward(11)
        for _ in range(9):
            await work_off(after)
            clock.forward(601)

        shown = post_call_analytics(await found(database))

        assert ("failed", "The server failed at it; its log says why.") == (shown["status"], shown["reason"])

    play(scenario)

    assert [ZeroDivisionError] * 5 == [
        record.exc_info[0] for record in caplog.records if record.levelno == logging.ERROR and record.exc_info
    ]


def test_two_servers_do_not_do_it_twice(play: Play, clock: Clock) -> None:
    """Each event once, each question once, whoever comes first."""

    async def scenario(database: Database) -> None:
        model, told = Model(GOOD), Told()
        servers = [AfterCalls(database, model, announce=told) for _ in range(3)]
        for number in range(8):
            await ended(database, call_id=f"CALL-{number}")
        clock.forward(11)
        await asyncio.gather(*(work_off(server) for server in servers))

        assert 8 == len(model.asked)
        assert 16 == len(told.events) == len(set(told.events))
        assert await finished(database)

    play(scenario)


def test_what_a_dead_server_had_begun_is_done_by_the_next(play: Play, clock: Clock) -> None:
    """When its lease has run out: it was killed while the model thought."""

    async def scenario(database: Database) -> None:
        hanging = asyncio.create_task(asyncio.Event().wait())
        asked = Model(lambda: hanging)
        dead = AfterCalls(database, asked, announce=Told())
        await ended(database, analytics=BOOKED)
        clock.forward(11)
        while await dead.do_next(QUICK_STEPS):
            pass
        dying = asyncio.create_task(dead.do_next(MODEL_STEPS))
        told, model = Told(), Model(GOOD)
        after = AfterCalls(database, model, announce=told)
        await asked.thinking.wait()

        assert 0 == await work_off(after)

        clock.forward(151)

        assert 2 == await work_off(after)
        assert "done" == post_call_analytics(await found(database))["status"]
        assert [("analytics-completed", CALL_ID)] == told.events
        hanging.cancel()
        dying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dying

    play(scenario)


@pytest.mark.slow
def test_a_server_that_stops_gives_back_what_it_had_begun(play: Play, clock: Clock) -> None:
    """The next one does not wait for the lease, and the attempt does not count."""

    async def scenario(database: Database) -> None:
        stopped = Model(asyncio.Event().wait)
        working = asyncio.create_task(AfterCalls(database, stopped, announce=Told()).run())
        await ended(database)
        clock.forward(11)
        await stopped.thinking.wait()
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
        told = Told()

        assert 2 == await work_off(AfterCalls(database, Model(GOOD), announce=told))
        assert [("analytics-completed", CALL_ID)] == told.events

    play(scenario)


def test_a_store_that_fails_does_not_end_the_work(
    play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It waits and looks again; the calls of the process never notice."""
    faults: list[Exception] = [StoreError("the database is locked"), RuntimeError("a bug")]
    well = asyncio.Event()
    claim = store.claim

    async def failing(*args: object, **named: object) -> object:
        if faults:
            raise faults.pop(0)
        well.set()
        return await claim(*args, **named)  # type: ignore[arg-type]

    async def scenario(database: Database) -> None:
        told = Told()
        after = AfterCalls(database, Knowledge(), announce=told, look_every_s=0.001)
        await ended(database)
        monkeypatch.setattr(store, "claim", failing)
        after.nudge(CALL_ID)
        working = asyncio.create_task(after.run())
        await well.wait()
        await told.until("analytics-completed", CALL_ID)
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working

    play(scenario)

    assert "the database is locked" in caplog.text


def test_a_call_of_a_killed_server_has_figures_as_well(play: Play, clock: Clock) -> None:
    """Its last fact is the one that its successor wrote."""

    async def scenario(database: Database) -> None:
        after = AfterCalls(database, Knowledge(), announce=Told())
        await ended(database, [*TALK[:-1], CallEnded(6.0, "server_error")], reason="server_error")
        clock.forward(11)
        await work_off(after)
        metrics = post_call_analytics(await found(database))["metrics"]

        assert "server" == metrics["endedBy"]  # type: ignore[index]

    play(scenario)
