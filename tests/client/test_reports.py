"""When a player is reported of, on simulated time."""

import asyncio

from tests.client.stub_extension import sound
from vivavoce.audio.pcm import Pcm
from vivavoce.client.extension import Held
from vivavoce.client.messages import AgentAudio
from vivavoce.client.playout import Place, Player
from vivavoce.client.reports import Reports
from vivavoce.testing.virtual_loop import run

RATE_HZ = 1000


def reported(*steps: tuple[float, object]) -> list[tuple[float, Place]]:
    """Messages of the server, each so long after the last; returns the reports and their times, in milliseconds."""

    async def scenario() -> list[tuple[float, Place]]:
        loop = asyncio.get_running_loop()
        told: list[tuple[float, Place]] = []
        player = Player(RATE_HZ, loop.time)
        reports = Reports(player, lambda place: told.append((round(loop.time() * 1000), place)))
        reports.look()
        for wait_s, message in steps:
            await asyncio.sleep(wait_s)
            if message is not None:
                player.hear(message)  # type: ignore[arg-type]  # the steps hold messages
            reports.look()
        reports.stop()
        return told

    return run(scenario())


def voice(samples: int) -> AgentAudio:
    return AgentAudio(0.0, Pcm(sound(1, 0, samples), RATE_HZ), 1, 0)


def test_the_first_report_comes_at_once() -> None:
    """The greeting waits for it."""
    assert [(0, Place(0, 0, "idle"))] == reported()


def test_while_it_plays_it_is_reported_five_times_a_second() -> None:
    """At the start, every 200 ms, and at the end."""
    reports = reported((1.0, voice(500)), (2.0, None))

    assert [1000, 1200, 1400, 1501] == [at_ms for at_ms, _ in reports[1:]]
    assert [0, 200, 400, 500] == [place.played for _, place in reports[1:]]
    assert ["playing", "playing", "playing", "idle"] == [place.state for _, place in reports[1:]]


def test_a_hold_is_reported_at_once_and_once() -> None:
    """And nothing while it lasts."""
    reports = reported((1.0, voice(500)), (0.1, Held(0.0, 1)), (5.0, None))

    assert (1100, Place(1, 100, "held")) == reports[-1]
    assert 3 == len(reports)


def test_silence_is_not_reported() -> None:
    """Nothing changes."""
    assert 1 == len(reported((60.0, None)))
