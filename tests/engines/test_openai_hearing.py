"""Speech to text behind the OpenAI interface, against a real server on loopback."""

import asyncio
import io
import wave
from collections.abc import AsyncIterator

import numpy as np
import pytest

from tests.engines.stand_in import Answer, Exchange, Request, StandIn
from vivavoce.audio.pcm import Pcm
from vivavoce.engines.openai import open_stt
from vivavoce.errors import EngineError
from vivavoce.speech import Transcript


async def _utterance(*sizes: int, rate_hz: int = 16000) -> AsyncIterator[Pcm]:
    for number, size in enumerate(sizes):
        yield Pcm(np.full(size, number + 1, np.int16), rate_hz)


def _transcribe(answer: Answer, audio: AsyncIterator[Pcm], **settings: str) -> tuple[list[Transcript], list[Request]]:
    async def run() -> tuple[list[Transcript], list[Request]]:
        async with StandIn([answer]) as server:
            engine = open_stt(server.settings | settings)
            try:
                return [transcript async for transcript in engine.transcribe(audio)], server.requests
            finally:
                await engine.close()

    return asyncio.run(run())


async def _hears(exchange: Exchange) -> None:
    await exchange.whole(b'{"text": " Hello there. "}')


def test_an_utterance_becomes_one_final_transcript() -> None:
    """The text comes once, final, without the spaces around it."""
    transcripts, requests = _transcribe(_hears, _utterance(3200, 1600))

    assert [Transcript("Hello there.", final=True)] == transcripts
    assert requests[0].line.startswith("POST /v1/audio/transcriptions ")


def test_the_sound_is_sent_as_a_wav_file() -> None:
    """All pieces arrive in order in one file of 16 kHz, 16 bit, mono, with the model and the language beside it."""
    _, requests = _transcribe(_hears, _utterance(3200, 1600), language="en")
    body = requests[0].body
    with wave.open(io.BytesIO(body[body.index(b"RIFF") :])) as file:
        form = (file.getframerate(), file.getsampwidth(), file.getnchannels())
        samples = np.frombuffer(file.readframes(4800), "<i2")

    assert (16000, 2, 1) == form
    assert [1] * 3200 + [2] * 1600 == samples.tolist()
    assert b'name="model"\r\n\r\nsmall\r\n' in body
    assert b'name="language"\r\n\r\nen\r\n' in body


def test_a_very_short_sound_is_filled_up() -> None:
    """Servers refuse files under a tenth of a second."""
    _, requests = _transcribe(_hears, _utterance(100))
    with wave.open(io.BytesIO(requests[0].body[requests[0].body.index(b"RIFF") :])) as file:
        length = file.getnframes()

    assert 3200 == length


def test_no_sound_is_no_request() -> None:
    """An utterance without sound has an empty text, and the server is not asked."""
    transcripts, requests = _transcribe(_hears, _utterance())

    assert [Transcript("", final=True)] == transcripts
    assert [] == requests


def test_sound_of_another_rate_is_refused() -> None:
    """The file says 16 kHz; sound at another rate would be heard at the wrong pitch."""
    with pytest.raises(EngineError, match="not at 24000"):
        _transcribe(_hears, _utterance(100, rate_hz=24000))


def test_a_bare_text_is_taken_too() -> None:
    """Some servers ignore the wanted format and answer with the text itself."""
    transcripts, _ = _transcribe(lambda exchange: exchange.whole(b"Hello.\n", content_type="text/plain"), _utterance(9))

    assert [Transcript("Hello.", final=True)] == transcripts


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b'{"error": "x"}', "application/json"), (b"<html>", "text/html"), (b"{", "application/json")],
)
def test_an_answer_without_a_text_is_an_error(body: bytes, content_type: str) -> None:
    """What is no transcript is never taken for one, nor for an empty one."""
    with pytest.raises(EngineError, match="something else than"):
        _transcribe(lambda exchange: exchange.whole(body, content_type=content_type), _utterance(9))


def test_cancelling_closes_the_connection() -> None:
    """A turn that is given up stops the request at the server as well."""

    async def run() -> None:
        reached, gone = asyncio.Event(), asyncio.Event()

        async def slow(exchange: Exchange) -> None:
            reached.set()
            await exchange.left()
            gone.set()

        async with StandIn([slow]) as server:
            engine = open_stt(server.settings)
            task = asyncio.ensure_future(anext(engine.transcribe(_utterance(3200))))
            await reached.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.wait_for(gone.wait(), 2)
            await engine.close()

    asyncio.run(run())
