"""Calls begin, end, and are closed after a crash."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from vivavoce.clock import now
from vivavoce.store import agents, calls, facts
from vivavoce.store.calls import Call
from vivavoce.store.database import Database
from vivavoce.talk.facts import AgentSaid, CallEnded, CallStarted

Play = Callable[[Callable[[Database], object]], None]
# A server that has died, and one that has not.
DEAD, ALIVE = "dead", "alive"


async def _started(
    database: Database, call_id: str = "CALL-1", *, owner: str = DEAD, recording: calls.RecordingState = "none"
) -> Call:
    agent = await agents.create(database, {})
    call = Call(
        call_id,
        "session",
        agent.id,
        "webcall",
        now(),
        owner=owner,
        variables={"x": 1},
        agent={"name": "Ada"},
        voice={"voiceId": "nyah"},
        model="knowledge",
        recording=recording,
    )
    await calls.start(database, call)
    return replace(call, updated_at=call.started_at)


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

        assert {call.id, silent.id} == set(await calls.close_orphans(database, [DEAD]))
        closed = await calls.find(database, call.id)
        assert closed is not None
        assert ("failed", "server_error", "failed") == (closed.status, closed.end_reason, closed.recording)
        assert call.started_at + timedelta(seconds=7.5) == closed.ended_at
        assert (3, CallEnded(7.5, "server_error")) == (await facts.read(database, call.id))[-1]
        assert ((1, CallEnded(0.0, "server_error")),) == await facts.read(database, silent.id)
        assert () == await calls.close_orphans(database, [DEAD])

    play(scenario)


def test_an_orphan_that_had_ended_keeps_its_reason(play: Play) -> None:
    """A process may be killed between the last fact of a call and the closing of its row."""

    async def scenario(database: Database) -> None:
        call = await _started(database)
        await facts.write(database, [(call.id, 1, CallStarted(0.0, "webcall")), (call.id, 2, CallEnded(3.0, "ended"))])
        await calls.close_orphans(database, [DEAD])
        closed = await calls.find(database, call.id)

        assert closed is not None
        assert ("completed", "ended") == (closed.status, closed.end_reason)
        assert 2 == len(await facts.read(database, call.id))

    play(scenario)


def _later(patch: pytest.MonkeyPatch, *, seconds: float) -> None:
    """Let the store's clock jump."""
    moment = now() + timedelta(seconds=seconds)
    patch.setattr(calls, "now", lambda: moment)


def test_the_calls_of_a_living_server_are_left_alone(play: Play) -> None:
    """Two servers may share a database: each closes what the dead have left, and nothing of the other's."""

    async def scenario(database: Database) -> None:
        live = await _started(database, owner=ALIVE, recording="recording")
        ended = await _started(database, "CALL-2", owner=ALIVE, recording="recording")
        await calls.finish(database, ended.id, reason="ended")
        left = await _started(database, "CALL-3", owner=DEAD)

        assert (left.id,) == await calls.close_orphans(database, [DEAD])
        assert live == await calls.find(database, live.id)
        joining = await calls.find(database, ended.id)
        assert joining is not None
        # Its recording is being joined just now.
        assert "recording" == joining.recording
        assert () == await facts.read(database, live.id)

    play(scenario)


def test_a_call_whose_lease_has_expired_is_an_orphan(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that died elsewhere is not known to be dead, but it does not renew its leases any more."""

    async def scenario(database: Database) -> None:
        kept = await _started(database, "CALL-1", owner=ALIVE)
        lost = await _started(database, "CALL-2", owner=DEAD)
        _later(monkeypatch, seconds=3 * calls.LEASE_RENEWED_EVERY_S)
        await calls.renew(database, [kept.id])

        assert () == await calls.close_orphans(database)
        _later(monkeypatch, seconds=5 * calls.LEASE_RENEWED_EVERY_S)
        assert (lost.id,) == await calls.close_orphans(database)
        _later(monkeypatch, seconds=9 * calls.LEASE_RENEWED_EVERY_S)
        assert (kept.id,) == await calls.close_orphans(database)

    play(scenario)


def test_of_servers_that_look_together_one_closes_each_call(play: Play) -> None:
    """No call ends twice, and nobody fails over another's work."""

    async def scenario(database: Database) -> None:
        for number in range(5):
            await _started(database, f"CALL-{number}")
        closed = await asyncio.gather(*(calls.close_orphans(database, [DEAD]) for _ in range(4)))

        assert [f"CALL-{number}" for number in range(5)] == sorted(call_id for ids in closed for call_id in ids)
        assert 1 == len(await facts.read(database, "CALL-0"))

    play(scenario)


def test_what_was_closed_is_held_no_longer(play: Play) -> None:
    """Whoever closed the call of a dead server may finish its recording at once; a living one's is its own."""

    async def scenario(database: Database) -> None:
        for owner in (ALIVE, DEAD):
            await _started(database, owner, owner=owner, recording="recording")
        ended = await _started(database, "ended", owner=DEAD, recording="recording")
        await calls.finish(database, ended.id, reason="ended")

        assert {ALIVE, DEAD, "ended"} == await calls.held(database, [ALIVE, DEAD, "ended", "unknown"])
        await calls.close_orphans(database, [DEAD])
        assert {ALIVE} == await calls.held(database, [ALIVE, DEAD, "ended", "unknown"])

    play(scenario)
