"""Moonshine: opening it, its guards, and the real model on real speech."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from time import process_time

import numpy as np
import pytest

from tests.engines.clips import clip
from vivavoce.audio.pcm import Pcm, silence
from vivavoce.engines.gate import Gate, Priority
from vivavoce.engines.moonshine import Moonshine, open_engine
from vivavoce.engines.moonshine_network import FILES
from vivavoce.errors import ConfigError, EngineError
from vivavoce.speech import Transcript
from vivavoce.testing.contracts import check_speech_to_text


@pytest.fixture(scope="module")
def engine() -> Moonshine:
    """The engine with the model of the wheel."""
    return open_engine({})


async def pieces(speech: Pcm) -> AsyncIterator[Pcm]:
    """An utterance in pieces of 20 ms, as fast as they are taken."""
    for at in range(0, len(speech.samples), 320):
        await asyncio.sleep(0)
        yield Pcm(speech.samples[at : at + 320], speech.rate_hz)


def transcribe(engine: Moonshine, speech: Pcm) -> list[Transcript]:
    """All transcripts of an utterance."""

    async def scene() -> list[Transcript]:
        return [transcript async for transcript in engine.transcribe(pieces(speech))]

    return asyncio.run(scene())


def words(text: str) -> list[str]:
    """The words of a text as a listener hears them."""
    return re.findall(r"[a-z']+", text.lower().replace("mr.", "mister"))


def test_a_missing_package_is_named_with_the_fix_and_the_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the wheel does not exist the operator reads about the other engine."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(EngineError, match=r"moonshine-voice is missing.*sphinx"):
        open_engine({})


@pytest.mark.parametrize("missing", FILES)
def test_a_folder_without_a_file_is_refused_by_the_name_of_the_file(tmp_path: Path, missing: str) -> None:
    """Newer wheels carry the vocabulary alone; the error says what is missing and where."""
    for name in FILES:
        if name != missing:
            (tmp_path / name).write_bytes(b"")

    with pytest.raises(EngineError, match=rf"{missing} not found in .*model_path"):
        open_engine({"model_path": str(tmp_path)})


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    """What onnxruntime says is passed on with the folder."""
    for name in FILES:
        (tmp_path / name).write_bytes(b"no model")

    with pytest.raises(EngineError, match="cannot be loaded"):
        open_engine({"model_path": str(tmp_path)})


def test_a_wrong_number_of_threads_is_a_config_error() -> None:
    """The setting is checked before anything is loaded."""
    with pytest.raises(ConfigError, match="threads"):
        open_engine({"threads": "many"})


@pytest.mark.slow
def test_keeps_the_contract_of_speech_to_text() -> None:
    """The engine passes the tests that we give to authors of engines."""
    asyncio.run(check_speech_to_text(open_engine({}), clip().speech, ["go", "forward"]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "text", "errors"),
    [
        ("command-go-forward.wav", "Go forward, please.", 0),
        ("cards-005.wav", "Please call me tomorrow morning.", 1),
        ("arctic-a0024.wav", "It was my report from the north which induced people to buy.", 0),
        ("librivox-austen-0920.wav", "He might have been made still more respectable than he was.", 0),
    ],
)
def test_real_speech_is_written_down(engine: Moonshine, file: str, text: str, errors: int) -> None:
    """Nearly every word of clear speech is right."""
    utterance = clip(file, text)
    *_, final = transcribe(engine, utterance.speech)

    wrong = [word for word in words(utterance.text) if word not in words(final.text)]

    assert errors >= len(wrong)


@pytest.mark.slow
def test_sound_too_short_for_a_word_is_an_empty_final(engine: Moonshine) -> None:
    """Under 0.2 s the model is not asked."""
    assert [Transcript("", final=True)] == transcribe(engine, Pcm(clip().speech.samples[8000:11000], 16_000))
    assert [Transcript("", final=True)] == transcribe(engine, silence(0, 16_000))


@pytest.mark.slow
@pytest.mark.parametrize("duration_s", [0.3, 0.6, 0.9])
def test_noise_is_not_written_down_as_you(engine: Moonshine, duration_s: float) -> None:
    """The model's word for short noise is not believed."""
    noise = np.random.default_rng(5).normal(0, 60, round(duration_s * 16_000)).astype(np.int16)

    assert transcribe(engine, Pcm(noise, 16_000))[-1].text.lower() not in ("you", "you.")


@pytest.mark.slow
def test_partials_come_while_the_utterance_goes_on(engine: Moonshine) -> None:
    """Each is no final, and the words of the last are in the final."""
    utterance = clip("arctic-a0024.wav", "It was my report from the north which induced people to buy.")

    async def at_four_times_the_pace() -> AsyncIterator[Pcm]:
        async for piece in pieces(utterance.speech):
            await asyncio.sleep(piece.duration_s / 4)
            yield piece

    async def scene() -> list[Transcript]:
        return [transcript async for transcript in engine.transcribe(at_four_times_the_pace())]

    *partials, final = asyncio.run(scene())

    assert partials
    assert not any(partial.final for partial in partials)
    assert final.final
    assert set(words(partials[-1].text)) & set(words(final.text))


@pytest.mark.slow
def test_more_than_thirty_seconds_are_written_down_whole(engine: Moonshine) -> None:
    """A long utterance is cut and joined; words from its start, middle and end are there."""
    sentence = clip("librivox-austen-0920.wav", "He might have been made still more respectable than he was.")
    # Between sentences people breathe.
    breathed = np.pad(sentence.speech.samples, (0, 16_000 // 2))
    times = round(45 * 16_000 / len(breathed))
    *_, final = transcribe(engine, Pcm(np.tile(breathed, times), 16_000))

    assert times - 1 <= words(final.text).count("respectable")


@pytest.mark.slow
def test_giving_up_stops_even_the_encoder_of_a_long_utterance(engine: Moonshine) -> None:
    """Half a minute of sound takes half a second of the processor; who gives up early spends less than half of that."""
    gate = Gate(threads=1)
    patient = Moonshine(engine.network, gate)
    long = Pcm(np.random.default_rng(2).normal(0, 3000, 29 * 16_000).astype(np.int16), 16_000)

    async def spent_s(*, patience_s: float | None) -> float:
        stream = patient.transcribe(whole(long))
        waiting = asyncio.ensure_future(anext(stream))
        began_s = process_time()
        done, _ = await asyncio.wait([waiting], timeout=patience_s)

        assert bool(done) == (patience_s is None)

        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await stream.aclose()
        # The one thread takes this when it is free again.
        await gate.run(Priority.FINAL_TRANSCRIPT, lambda cancelled: None)
        return process_time() - began_s

    async def scene() -> tuple[float, float]:
        return await spent_s(patience_s=0.1), await spent_s(patience_s=None)

    impatient_s, patient_s = asyncio.run(scene())
    gate.close()

    assert impatient_s < patient_s / 2


async def whole(speech: Pcm) -> AsyncIterator[Pcm]:
    """An utterance in one piece."""
    yield speech


@pytest.mark.slow
def test_sound_at_another_rate_is_refused(engine: Moonshine) -> None:
    """The session resamples, not the engine."""
    with pytest.raises(EngineError, match="not at 8000"):
        transcribe(engine, silence(1, 8000))


@pytest.mark.slow
def test_a_closed_engine_takes_no_more_utterances() -> None:
    """Closing is final and may be repeated."""
    engine = open_engine({})
    asyncio.run(engine.close())
    asyncio.run(engine.close())

    with pytest.raises(EngineError, match="closed"):
        transcribe(engine, silence(1, 16_000))
