"""The batching of voice activity detection."""

import asyncio
import logging

import numpy as np
import pytest

from tests.engines.clips import clip
from vivavoce.audio.pcm import Samples
from vivavoce.engines.silero import Silero, open_engine
from vivavoce.engines.silero_network import Network
from vivavoce.engines.silero_weights import find_model, read_weights
from vivavoce.errors import EngineError
from vivavoce.testing.contracts import check_voice_activity

NOISE: Samples = np.random.default_rng(3).normal(0, 2000, 512).astype(np.int16)
SILENCE: Samples = np.zeros(512, np.int16)


class CountingNetwork(Network):
    """Writes down how many rows each batch had, and which of them had a past."""

    def __init__(self) -> None:
        super().__init__(read_weights(find_model().read_bytes()), rows=4)
        self.batches: list[int] = []
        # Whether each row came with a memory of windows before it.
        self.remembered: list[bool] = []

    def run(self, rows: int) -> None:
        self.batches.append(rows)
        self.remembered += [bool(past.any()) for past in self.memory[:rows]]
        super().run(rows)


class Call:
    """A call that remembers its answers."""

    def __init__(self, engine: Silero, order: list[str] | None = None, name: str = "") -> None:
        self.speech: list[float] = []
        self._order, self._name = order, name
        self._answered = asyncio.Event()
        self.stream = engine.stream(self._heard)

    def _heard(self, speech: float) -> None:
        self.speech.append(speech)
        if self._order is not None:
            self._order.append(self._name)
        self._answered.set()

    async def answers(self, count: int) -> list[float]:
        """Its answers, once there are so many."""
        async with asyncio.timeout(5):
            while len(self.speech) < count:
                self._answered.clear()
                await self._answered.wait()
        return self.speech


def test_keeps_the_contract_of_voice_activity() -> None:
    """The engine passes the tests that we give to authors of engines."""
    asyncio.run(check_voice_activity(open_engine({})))


def test_windows_of_all_calls_run_as_one_batch() -> None:
    """What is pushed in one turn of the loop is answered together in the next."""

    async def scene() -> None:
        network = CountingNetwork()
        calls = [Call(engine) for engine in [Silero(network)] for _ in range(10)]
        for call in calls:
            call.stream.push(NOISE)
        for call in calls:
            await call.answers(1)

        assert [10] == network.batches

    asyncio.run(scene())


def test_a_burst_runs_in_consecutive_batches_in_order() -> None:
    """Several windows of one call get the answers that they would have got one by one."""
    speech = clip().speech.samples
    windows = list(speech[: len(speech) // 512 * 512].reshape(-1, 512))

    async def scene() -> None:
        burst, steady = Call(Silero(CountingNetwork())), Call(Silero(CountingNetwork()))
        for window in windows:
            burst.stream.push(window)
        for index, window in enumerate(windows, start=1):
            steady.stream.push(window)
            await steady.answers(index)
        await burst.answers(len(windows))

        assert 0.9 < max(steady.speech)
        assert np.allclose(steady.speech, burst.speech, atol=1e-4)

    asyncio.run(scene())


def test_quiet_windows_skip_the_network() -> None:
    """Below -60 dBFS the answer is 0 and costs no batch."""

    async def scene() -> None:
        network = CountingNetwork()
        call = Call(Silero(network))
        for _ in range(3):
            call.stream.push(SILENCE)

        assert [0.0, 0.0, 0.0] == await call.answers(3)
        assert [] == network.batches

    asyncio.run(scene())


@pytest.mark.parametrize(("rms", "batches"), [(30, 0), (36, 1)])
def test_the_level_gate_is_at_minus_60_dbfs(rms: int, batches: int) -> None:
    """An rms of 32.8 divides windows that cannot be speech from those that the network sees."""

    async def scene() -> None:
        network = CountingNetwork()
        call = Call(Silero(network))
        call.stream.push(np.full(512, rms, np.int16))
        await call.answers(1)

        assert batches == len(network.batches)

    asyncio.run(scene())


def test_a_quiet_window_keeps_its_place_behind_a_loud_one() -> None:
    """Answers come in the order of the windows, though one of them needs no network."""

    async def scene() -> None:
        engine = Silero(CountingNetwork())
        call = Call(engine)
        for window in (SILENCE, NOISE, SILENCE, NOISE):
            call.stream.push(window)
        speech = await call.answers(4)

        assert [True, False, True, False] == [answer == 0.0 for answer in speech]

    asyncio.run(scene())


def test_a_quiet_window_is_context_for_the_next() -> None:
    """The network sees the end of the window before, also of one that it did not run on."""

    async def scene() -> None:
        network = CountingNetwork()
        call = Call(Silero(network))
        call.stream.push(np.full(512, 20, np.int16))
        await call.answers(1)
        call.stream.push(NOISE)
        await call.answers(2)

        assert [20.0] * 64 == network.sound[0, :64].tolist()

    asyncio.run(scene())


@pytest.mark.parametrize(("silent", "kept"), [(62, True), (63, False)])
def test_two_seconds_without_speech_reset_the_memory(silent: int, kept: bool) -> None:
    """After 63 windows of clear silence the network starts afresh; before that its memory is kept."""

    async def scene() -> None:
        network = CountingNetwork()
        call = Call(Silero(network))
        # A first loud window, clearly no speech, fills the memory and counts as the first silent one.
        call.stream.push(np.full(512, 40, np.int16))
        for _ in range(silent - 1):
            call.stream.push(SILENCE)
        await call.answers(silent)
        network.remembered.clear()
        call.stream.push(NOISE)
        await call.answers(silent + 1)

        assert [kept] == network.remembered

    asyncio.run(scene())


def test_a_call_that_raises_does_not_cost_the_others_their_answers(caplog: pytest.LogCaptureFixture) -> None:
    """The failure is logged by its kind, without its message, and everybody else is answered."""

    async def scene() -> None:
        engine = Silero(CountingNetwork())

        def fail(speech: float) -> None:
            raise ValueError("secret words")

        broken, sound = engine.stream(fail), Call(engine)
        for _ in range(2):
            broken.push(NOISE)
            sound.stream.push(NOISE)
        await sound.answers(2)

    with caplog.at_level(logging.WARNING):
        asyncio.run(scene())

    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_nothing_is_answered_from_within_push() -> None:
    """A caller may finish its own bookkeeping before the answer comes."""

    async def scene() -> None:
        call = Call(Silero(CountingNetwork()))
        for window in (SILENCE, NOISE):
            call.stream.push(window)

            assert [] == call.speech

    asyncio.run(scene())


def test_a_closed_stream_hears_nothing_more() -> None:
    """Neither the window in the batch nor those behind it are answered; others are."""

    async def scene() -> None:
        engine = Silero(CountingNetwork())
        leaving, staying = Call(engine), Call(engine)
        for _ in range(3):
            leaving.stream.push(NOISE)
        staying.stream.push(NOISE)
        leaving.stream.close()
        await staying.answers(1)
        leaving.stream.push(NOISE)
        await asyncio.sleep(0)

        assert [] == leaving.speech

    asyncio.run(scene())


def test_a_call_may_push_and_close_from_within_its_answer() -> None:
    """What a callback does to its own stream takes effect at once."""

    async def scene() -> None:
        engine = Silero(CountingNetwork())
        answers: list[float] = []
        done = asyncio.Event()

        def heard(speech: float) -> None:
            answers.append(speech)
            if len(answers) < 3:
                stream.push(NOISE)
                stream.push(NOISE)
            else:
                stream.close()
                done.set()

        stream = engine.stream(heard)
        stream.push(NOISE)
        async with asyncio.timeout(5):
            await done.wait()
        for _ in range(5):
            await asyncio.sleep(0)

        assert 3 == len(answers)

    asyncio.run(scene())


def test_a_call_takes_nothing_over_from_one_that_has_left() -> None:
    """A place is used again, also while the last window of the one before still waits; its memory is not."""

    async def scene() -> None:
        network = CountingNetwork()
        engine = Silero(network)
        leaving = Call(engine)
        leaving.stream.push(NOISE)
        await leaving.answers(1)
        leaving.stream.push(NOISE)
        leaving.stream.close()
        network.remembered.clear()
        coming = Call(engine)
        coming.stream.push(NOISE)
        await coming.answers(1)

        assert [False] == network.remembered
        assert [0.0] * 64 == network.sound[0, :64].tolist()
        assert 1 == len(leaving.speech)

    asyncio.run(scene())


def test_there_is_room_for_any_number_of_calls() -> None:
    """More calls than there were places at first are answered as they would be alone."""

    async def scene() -> None:
        engine = Silero(CountingNetwork())
        calls, alone = [Call(engine) for _ in range(150)], Call(Silero(CountingNetwork()))
        for _ in range(2):
            for call in [*calls, alone]:
                call.stream.push(NOISE)
        expected = await alone.answers(2)
        for call in calls:
            assert np.allclose(expected, await call.answers(2), atol=1e-5)

    asyncio.run(scene())


def test_one_engine_outlives_an_event_loop() -> None:
    """A run that was due in a loop that has ended does not block the next loop."""
    engine = Silero(CountingNetwork())

    async def abandon() -> None:
        call, other = Call(engine), Call(engine)
        call.stream.push(NOISE)
        call.stream.close()
        other.stream.close()

    async def scene() -> None:
        call = Call(engine)
        call.stream.push(NOISE)

        assert 1 == len(await call.answers(1))

    asyncio.run(abandon())
    asyncio.run(scene())


def test_a_window_of_another_length_is_refused() -> None:
    """Anything but 512 samples is the caller's mistake and says so."""

    async def scene() -> None:
        stream = Silero(CountingNetwork()).stream(lambda speech: None)

        with pytest.raises(EngineError, match="512 samples"):
            stream.push(np.zeros(160, np.int16))

    asyncio.run(scene())


def test_after_close_there_are_no_new_streams() -> None:
    """Closing is final and may be repeated."""

    async def scene() -> None:
        engine = Silero(CountingNetwork())
        await engine.close()
        await engine.close()

        with pytest.raises(EngineError, match="closed"):
            engine.stream(lambda speech: None)

    asyncio.run(scene())
