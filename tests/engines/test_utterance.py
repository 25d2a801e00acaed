"""An utterance in the hands of a recogniser that reads whole stretches."""

import asyncio

import numpy as np
import pytest

from vivavoce.audio.pcm import Pcm
from vivavoce.engines.gate import Priority
from vivavoce.engines.utterance import RATE_HZ, Utterance, quietest


class Scribe:
    """Recognises the word that the sound's first sample stands for, and remembers what it was asked."""

    def __init__(self, *words: str) -> None:
        self.asked: list[tuple[Priority, float]] = []
        self.cancelled = 0
        self.idle = True
        self.now = 0.0
        # Cleared to hold the recogniser up.
        self.go = asyncio.Event()
        self.go.set()
        self._words = words

    async def recognise(self, priority: Priority, sound: np.ndarray[tuple[int], np.dtype[np.int16]]) -> str:
        self.asked.append((priority, len(sound) / RATE_HZ))
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        # A word for each half second.
        return " ".join(f"w{index}" for index in range(int(len(sound) / RATE_HZ * 2)))

    def utterance(self) -> Utterance:
        return Utterance(self.recognise, idle=lambda: self.idle, now=lambda: self.now)


def sound(duration_s: float, level: int = 1000) -> Pcm:
    """A steady tone of the highest frequency there is."""
    samples = np.full(round(duration_s * RATE_HZ), level, np.int16)
    samples[::2] *= -1
    return Pcm(samples, RATE_HZ)


async def heard(utterance: Utterance, duration_s: float) -> list[str]:
    """Let it hear sound in pieces of 100 ms, as fast as it recognises; the partials that come."""
    partials = []
    for _ in range(round(duration_s * 10)):
        partials.append(utterance.hear(sound(0.1)))
        for _ in range(3):
            await asyncio.sleep(0)
    return [text for text in partials if text]


def test_a_partial_lacks_its_last_word_and_comes_only_when_it_is_new() -> None:
    """The first after 0.7 s of sound; one word alone shows nothing."""

    async def scene() -> None:
        scribe = Scribe()
        utterance = scribe.utterance()

        # After 0.7 s one word is there, after 1.4 s two are.
        assert [] == await heard(utterance, 0.7)
        assert ["w0"] == await heard(utterance, 0.9)
        await utterance.drop()

        assert [0.7, 1.4] == [duration_s for _, duration_s in scribe.asked]
        assert {Priority.PARTIAL_TRANSCRIPT} == {priority for priority, _ in scribe.asked}

    asyncio.run(scene())


def test_partials_come_less_often_the_longer_the_utterance_is() -> None:
    """Every 0.7 s at first, later after a quarter more of sound."""

    async def scene() -> None:
        scribe = Scribe()
        utterance = scribe.utterance()
        await heard(utterance, 12)
        await utterance.drop()

        lengths = [duration_s for _, duration_s in scribe.asked]
        intervals = np.diff(lengths)

        assert np.allclose(0.7, intervals[:3], atol=0.05)
        assert np.all(intervals[3:] >= 0.25 * np.array(lengths[3:-1]) - 0.01)
        assert sum(lengths) < 4 * 12

    asyncio.run(scene())


def test_partials_leave_twice_their_own_time_between_them() -> None:
    """On a slow machine they do not fill the core."""

    async def scene() -> None:
        scribe = Scribe()
        utterance = scribe.utterance()
        await heard(utterance, 0.6)
        scribe.go.clear()
        utterance.hear(sound(0.1))
        scribe.now = 1.0
        scribe.go.set()
        await heard(utterance, 2.5)
        await utterance.drop()

        assert [0.7, 2.7] == [round(duration_s, 1) for _, duration_s in scribe.asked]

    asyncio.run(scene())


def test_there_are_no_partials_while_the_gate_is_busy() -> None:
    """Partials are merely nice to have."""

    async def scene() -> None:
        scribe = Scribe()
        scribe.idle = False
        utterance = scribe.utterance()

        assert [] == await heard(utterance, 3)
        assert [] == scribe.asked

        scribe.idle = True
        await heard(utterance, 0.1)
        await utterance.drop()

        assert [3.1] == [duration_s for _, duration_s in scribe.asked]

    asyncio.run(scene())


def test_the_final_text_is_of_all_sound_at_top_priority() -> None:
    """A partial that is under way is given up for it."""

    async def scene() -> None:
        scribe = Scribe()
        utterance = scribe.utterance()
        scribe.go.clear()
        await heard(utterance, 2)
        final = asyncio.create_task(utterance.finish())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        scribe.go.set()

        assert "w0 w1 w2 w3" == await final
        assert 1 == scribe.cancelled
        assert (Priority.FINAL_TRANSCRIPT, 2.0) == scribe.asked[-1]
        await utterance.drop()

    asyncio.run(scene())


def test_no_sound_at_all_still_has_a_final_text() -> None:
    """The recogniser decides what to make of nothing."""

    async def scene() -> None:
        assert "" == await Scribe().utterance().finish()

    asyncio.run(scene())


@pytest.mark.parametrize("piece_s", [0.1, 70.0])
def test_a_long_utterance_is_cut_in_a_pause_and_joined(piece_s: float) -> None:
    """Each stretch has at most 30 s; the first ones are settled before the end, and nothing is lost."""

    async def scene() -> None:
        whole = np.concatenate(
            [sound(27.3).samples, sound(0.2, level=3).samples, sound(42.5).samples],
        )
        scribe = Scribe()
        scribe.idle = False
        utterance = scribe.utterance()
        step = round(piece_s * RATE_HZ)
        for at in range(0, len(whole), step):
            utterance.hear(Pcm(whole[at : at + step], RATE_HZ))
            await asyncio.sleep(0)
        text = await utterance.finish()
        await utterance.drop()
        priorities, lengths = zip(*scribe.asked, strict=True)

        assert abs(lengths[0] - 27.4) < 0.06
        assert max(lengths) <= 30
        assert abs(sum(lengths) - 70) < 0.001
        assert (Priority.LATER_SENTENCE, Priority.LATER_SENTENCE, Priority.FINAL_TRANSCRIPT) == priorities
        assert sum(int(length * 2) for length in lengths) == len(text.split())

    asyncio.run(scene())


def test_dropping_an_utterance_stops_all_its_work() -> None:
    """Nothing is left running."""

    async def scene() -> None:
        scribe = Scribe()
        scribe.go.clear()
        utterance = scribe.utterance()
        await heard(utterance, 31)
        await utterance.drop()

        assert len(scribe.asked) == scribe.cancelled

    asyncio.run(scene())


def test_the_quietest_place_is_the_middle_of_the_quietest_200_ms() -> None:
    """Not the shorter silence before a "t", though it is deeper; and the loudest samples do not overflow."""
    samples = sound(3, level=32_767).samples.copy()
    samples[20_000:23_200] = 5
    samples[40_000:41_500] = 0

    place = quietest(samples, 16_000, 48_000)

    assert 21_500 <= place <= 21_700
