"""The stream of a call serves all its readers with the same bytes, whoever is slow or late."""

import asyncio
import re
from dataclasses import replace

import pytest

from tests.server.kept_facts import CALL, said, settled
from tests.server.stream_scene import Scene, play, reader
from vivavoce.server.event_stream import PING, EventStream, Limits
from vivavoce.talk.facts import AgentSaid, CallEnded, TurnTimed


def test_a_reader_is_told_the_whole_call() -> None:
    """From ``sse_init`` to ``sse_close``, with the number of the fact on every event that can be resumed behind."""

    async def scenario(scene: Scene) -> None:
        scene.feed.publish(CALL.id, said(2))
        reading, task = reader(scene)
        await settled(lambda: 2 in reading.ids)
        scene.feed.publish(CALL.id, AgentSaid(2.5, 1, "Goo", False))
        scene.feed.publish(CALL.id, AgentSaid(3.0, 1, "Good day", True))
        scene.feed.publish(CALL.id, CallEnded(4.0, "ended"))
        await task

        assert ["sse_init", "call_start", "user_transcription", "tts_completed", "call_end", "sse_close"] == (
            reading.types
        )
        assert [1, 2, 4, 5] == reading.ids
        assert all(re.fullmatch(r"(id: \d+\n)?data: \{.*\}", part) for part in reading.text.rstrip().split("\n\n"))

    play(scenario)


def test_all_readers_get_the_same_bytes() -> None:
    """An event is encoded once: what is sent to a hundred readers is one object."""

    async def scenario(scene: Scene) -> None:
        readers = [reader(scene) for _ in range(100)]
        await settled(lambda: all(reading.ids == [1] for reading, _ in readers))
        scene.feed.publish(CALL.id, said(2))
        await settled(lambda: all(reading.ids == [1, 2] for reading, _ in readers))

        assert 1 == len({id(reading.chunks[-1]) for reading, _ in readers})
        scene.feed.publish(CALL.id, CallEnded(4.0, "ended"))
        for _, task in readers:
            await task
        assert 0 == scene.streams.readers

    play(scenario)


def test_a_slow_reader_loses_nothing_and_delays_nobody() -> None:
    """He falls behind what is kept; the others go on, and he gets the rest from the store."""

    async def scenario(scene: Scene) -> None:
        (slow, slow_task), (quick, quick_task) = reader(scene, slow=True), reader(scene)
        await settled(lambda: len(slow.chunks) == 1)
        for n in range(2, 300):
            scene.feed.publish(CALL.id, said(n))
            await asyncio.sleep(0.01)

        assert list(range(1, 300)) == quick.ids
        assert 10 == len(slow.seat.stream.frames)
        slow.takes.set()
        await settled(lambda: slow.ids == quick.ids)
        scene.feed.publish(CALL.id, CallEnded(999.0, "ended"))
        await slow_task
        await quick_task
        assert slow.text.replace(": ping\n\n", "").count("data:") == quick.text.count("data:")
        assert slow.ids == quick.ids

    play(scenario, limits=Limits(kept=10))


def test_a_reader_resumes_behind_a_number() -> None:
    """Whether that is in memory still or has to be read again; turns count as they did."""

    async def scenario(scene: Scene) -> None:
        for n in range(2, 60):
            scene.feed.publish(CALL.id, TurnTimed(float(n), n, 1.0, 0.1, 0.2, 0.3, 0.4))
        first, first_task = reader(scene)
        await settled(lambda: first.ids == list(range(1, 60)))
        near, near_task = reader(scene, after=57)
        far, far_task = reader(scene, after=20)
        scene.feed.publish(CALL.id, CallEnded(999.0, "ended"))
        for task in (first_task, near_task, far_task):
            await task

        assert ([58, 59, 60], list(range(21, 61))) == (near.ids, far.ids)
        assert (57, 58) == tuple(map(int, re.findall(r'"turn_index":(\d+)', near.text)))
        told = [re.sub(r"data: \{\"event_type\":\"sse_.*\n\n", "", reading.text) for reading in (first, far, near)]
        assert told[0].endswith(told[1])
        assert told[1].endswith(told[2])

    play(scenario, limits=Limits(kept=5))


def test_an_event_pair_of_one_fact_is_resumed_behind_as_one() -> None:
    """Only the second carries the number, so whoever got only the first gets both again."""

    async def scenario(scene: Scene) -> None:
        reading, task = reader(scene)
        scene.feed.publish(CALL.id, TurnTimed(2.0, 1, 1.0, 0.1, 0.2, 0.3, 0.4))
        scene.feed.publish(CALL.id, CallEnded(3.0, "ended"))
        await task

        assert re.search(r"\n\ndata: .*turn_latency.*\n\nid: 2\ndata: .*metrics", reading.text)

    play(scenario)


def test_a_silent_stream_pings() -> None:
    """Every fifteen seconds a comment, by which a reader and every proxy know that it is alive."""

    async def scenario(scene: Scene) -> None:
        reading, task = reader(scene)
        await asyncio.sleep(50)

        assert 3 == reading.chunks.count(PING)
        scene.feed.publish(CALL.id, CallEnded(60.0, "ended"))
        await task
        assert 3 == reading.chunks.count(PING)

    play(scenario)


def test_the_recording_follows_the_end_of_the_call() -> None:
    """It is told once it is ready, and takes the number behind the last fact."""

    async def scenario(scene: Scene) -> None:
        reading, task = reader(scene)
        late, late_task = reader(scene, after=3)
        scene.feed.publish(CALL.id, CallEnded(1.0, "ended"))
        await asyncio.sleep(3)
        scene.store.call = replace(scene.store.call, recording="ready", recording_path="x")
        await task
        await late_task

        assert ["call_end", "call_recording", "sse_close"] == reading.types[-3:]
        assert [1, 2, 3] == reading.ids
        assert f'"recording_url":"https://x/{CALL.id}","status":"available"' in reading.text
        assert ["sse_init", "sse_close"] == late.types

    play(scenario, recording=True)


def test_a_recording_that_does_not_come_is_not_waited_for_long() -> None:
    """The stream ends itself in any case."""

    async def scenario(scene: Scene) -> None:
        reading, task = reader(scene)
        scene.feed.publish(CALL.id, CallEnded(1.0, "ended"))
        await task

        assert ["call_end", "sse_close"] == reading.types[-2:]
        assert 9.0 < asyncio.get_running_loop().time() < 11.0

    play(scenario, recording=True)


def test_a_server_that_stops_ends_the_streams() -> None:
    """Live calls or not; of a call that is over, a recording that is just ready is still told."""

    async def scenario(scene: Scene) -> None:
        reading, task = reader(scene)
        await settled(lambda: reading.ids == [1])
        scene.stopping.set()
        await task

        assert ["sse_init", "call_start", "sse_close"] == reading.types
        ended, ended_task = reader(scene)
        assert 1 == scene.streams.readers
        await ended_task
        assert ["sse_init", "sse_close"] == [name for name in ended.types if name.startswith("sse")]

    async def at_the_end(scene: Scene) -> None:
        reading, task = reader(scene)
        scene.feed.publish(CALL.id, CallEnded(1.0, "ended"))
        await settled(lambda: 2 in reading.ids)
        scene.stopping.set()
        scene.store.call = replace(scene.store.call, recording="ready", recording_path="x")
        await task

        assert ["call_end", "call_recording", "sse_close"] == reading.types[-3:]
        assert asyncio.get_running_loop().time() < 2.0

    play(scenario)
    play(at_the_end, recording=True)


def test_a_bug_in_telling_does_not_leave_the_readers_waiting(caplog: pytest.LogCaptureFixture) -> None:
    """They are let go, and the log has the traceback."""

    async def scenario(scene: Scene) -> None:
        async def broken(call_id: str) -> None:
            raise KeyError("bug")

        following = replace(scene.streams.following, find=broken)
        stream = EventStream(replace(CALL, id="CALL-1776756378884-000000"), following, Limits())
        await stream.run(scene.stopping)

        assert (True, True) == (stream.over, stream.failed)

    play(scenario)

    assert "KeyError" in caplog.text
