"""Readers join the stream of a call, are counted, and leave nothing behind."""

import asyncio
from dataclasses import replace

import pytest

from tests.server.kept_facts import CALL, said, settled
from tests.server.stream_scene import Scene, play, reader
from vivavoce.errors import Refused
from vivavoce.server.event_stream import Limits
from vivavoce.talk.facts import CallEnded


def test_a_stream_that_was_cut_does_not_say_that_it_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    """Its reader knows by that, and finds a new stream when he comes again."""

    async def scenario(scene: Scene) -> None:
        scene.store.down = True
        for n in range(2, 20):
            scene.feed.publish(CALL.id, said(n))
        await settled(lambda: len(scene.feed.snapshot(CALL.id)) == 5)
        # He is still there when the other comes.
        reading, task = reader(scene, slow=True)
        await settled(lambda: reading.seat.stream.failed)
        scene.store.down = False
        again, again_task = reader(scene)
        reading.takes.set()
        await task
        scene.feed.publish(CALL.id, CallEnded(99.0, "ended"))
        await again_task

        assert ["sse_init"] == reading.types
        assert list(range(1, 21)) == again.ids

    play(scenario)

    assert "cannot be told any further: the database is away" in caplog.text


def test_a_call_without_readers_has_no_stream() -> None:
    """The last one who leaves ends it, and nothing is left that listens."""

    async def scenario(scene: Scene) -> None:
        reading, task = reader(scene)
        await settled(lambda: reading.ids == [1])
        assert 1 == len(scene.feed._calls[CALL.id].subscriptions)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        reading.seat.give_up()
        reading.seat.give_up()
        await settled(lambda: not scene.feed._calls[CALL.id].subscriptions)

        assert (0, {}, {}) == (scene.streams.readers, scene.streams._streams, scene.streams._tasks)

    play(scenario)


def test_the_number_of_readers_is_bounded() -> None:
    """Of one call with 429, of all with 503; whoever leaves makes room."""

    async def scenario(scene: Scene) -> None:
        other = replace(CALL, id="CALL-1776756378884-000000")
        seats = [scene.streams.join(CALL), scene.streams.join(CALL)]
        with pytest.raises(Refused, match="2 readers already") as crowded:
            scene.streams.join(CALL)
        seats.append(scene.streams.join(other))
        with pytest.raises(Refused, match="Too many readers") as full:
            scene.streams.join(other)

        assert (429, 503, 5, 5) == (
            crowded.value.status,
            full.value.status,
            crowded.value.retry_after_s,
            full.value.retry_after_s,
        )
        seats.pop().give_up()
        seats.append(scene.streams.join(other))
        for seat in seats:
            seat.give_up()
        await settled(lambda: not scene.streams._tasks)

    play(scenario, limits=Limits(readers=3, readers_of_a_call=2))
