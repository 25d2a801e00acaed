"""Calls begin, end, and are closed after a crash."""

from collections.abc import Callable
from datetime import timedelta

from vivavoce.clock import now
from vivavoce.store import agents, calls, facts
from vivavoce.store.calls import Call
from vivavoce.store.database import Database
from vivavoce.talk.facts import AgentSaid, CallEnded, CallStarted

Play = Callable[[Callable[[Database], object]], None]


async def _started(database: Database, call_id: str = "CALL-1", *, recording: calls.RecordingState = "none") -> Call:
    agent = await agents.create(database, {})
    call = Call(
        call_id,
        "session",
        agent.id,
        "webcall",
        now(),
        variables={"x": 1},
        agent={"name": "Ada"},
        voice={"voiceId": "nyah"},
        model="knowledge",
        recording=recording,
    )
    await calls.start(database, call)
    return call


def test_a_call_is_found_as_it_was_stored(play: Play) -> None:
    """Every field survives."""

    async def scenario(database: Database) -> None:
        call = await _started(database)

        assert call == await calls.find(database, call.id)
        assert None is await calls.find(database, "CALL-2")

    play(scenario)


def test_a_call_ends_once(play: Play) -> None:
    """The first end counts; a server error makes a failed call."""

    async def scenario(database: Database) -> None:
        call = await _started(database)

        assert await calls.finish(database, call.id, reason="ended")
        assert not await calls.finish(database, call.id, reason="server_error")
        done = await calls.find(database, call.id)
        assert done is not None
        assert ("completed", "ended") == (done.status, done.end_reason)
        broken = await _started(database, "CALL-2")
        await calls.finish(database, broken.id, reason="server_error")
        failed = await calls.find(database, broken.id)
        assert failed is not None
        assert "failed" == failed.status

    play(scenario)


def test_the_state_of_a_recording_is_kept(play: Play) -> None:
    """A state without a path keeps the path."""

    async def scenario(database: Database) -> None:
        call = await _started(database, recording="recording")
        await calls.set_recording(database, call.id, "ready", path="a/dual.flac")
        ready = await calls.find(database, call.id)
        await calls.set_recording(database, call.id, "failed")
        failed = await calls.find(database, call.id)

        assert ready is not None
        assert failed is not None
        assert ("ready", "a/dual.flac") == (ready.recording, ready.recording_path)
        assert ("failed", "a/dual.flac") == (failed.recording, failed.recording_path)

    play(scenario)


def test_orphans_end_with_their_last_fact(play: Play) -> None:
    """A call whose process was killed ends when it was last heard of, and its facts end with CallEnded."""

    async def scenario(database: Database) -> None:
        call = await _started(database, recording="recording")
        await facts.write(
            database, [(call.id, 1, CallStarted(0.0, "webcall")), (call.id, 2, AgentSaid(7.5, 1, "Hello", False))]
        )
        silent = await _started(database, "CALL-2")

        assert {call.id, silent.id} == set(await calls.close_orphans(database))
        closed = await calls.find(database, call.id)
        assert closed is not None
        assert ("failed", "server_error", "failed") == (closed.status, closed.end_reason, closed.recording)
        assert call.started_at + timedelta(seconds=7.5) == closed.ended_at
        assert (3, CallEnded(7.5, "server_error")) == (await facts.read(database, call.id))[-1]
        assert ((1, CallEnded(0.0, "server_error")),) == await facts.read(database, silent.id)
        assert () == await calls.close_orphans(database)

    play(scenario)


def test_an_orphan_that_had_ended_keeps_its_reason(play: Play) -> None:
    """A process may be killed between the last fact of a call and the closing of its row."""

    async def scenario(database: Database) -> None:
        call = await _started(database)
        await facts.write(database, [(call.id, 1, CallStarted(0.0, "webcall")), (call.id, 2, CallEnded(3.0, "ended"))])
        await calls.close_orphans(database)
        closed = await calls.find(database, call.id)

        assert closed is not None
        assert ("completed", "ended") == (closed.status, closed.end_reason)
        assert 2 == len(await facts.read(database, call.id))

    play(scenario)
