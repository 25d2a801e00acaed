"""Text to speech behind the OpenAI interface, against a real server on loopback."""

import asyncio
import json
import struct

import numpy as np
import pytest

from tests.engines.stand_in import Answer, Exchange, Request, StandIn
from vivavoce.audio.pcm import Pcm
from vivavoce.engines.openai import open_tts
from vivavoce.errors import EngineError
from vivavoce.speech import VoiceStyle

_SAMPLES = np.arange(-500, 500, dtype=np.int16)
_RAW = _SAMPLES.astype("<i2").tobytes()


def _in_chunks(data: bytes, *sizes: int, content_type: str = "audio/pcm") -> Answer:
    """An answer whose body comes in chunks of these sizes, the rest in one."""

    async def answer(exchange: Exchange) -> None:
        await exchange.head(content_type=content_type)
        place = 0
        for size in (*sizes, len(data)):
            if data[place : place + size]:
                await exchange.chunk(data[place : place + size])
                # So that the client reads each chunk for itself.
                await asyncio.sleep(0.002)
            place += size
        await exchange.end()

    return answer


def _speak(answer: Answer, style: VoiceStyle | None = None, **settings: str) -> tuple[list[Pcm], Request]:
    async def run() -> tuple[list[Pcm], Request]:
        async with StandIn([answer]) as server:
            engine = open_tts(server.settings | settings)
            try:
                voices = [voice async for voice in engine.speak("Hello.", style or VoiceStyle())]
            finally:
                await engine.close()

            assert all(voice.words == () for voice in voices)

            return [voice.pcm for voice in voices], server.requests[0]

    return asyncio.run(run())


def _joined(pieces: list[Pcm]) -> list[int]:
    return [int(sample) for pcm in pieces for sample in pcm.samples]


@pytest.mark.parametrize("sizes", [(), (1,), (13, 1, 1, 7), (999, 1), (3,) * 40])
def test_raw_sound_comes_through_whatever_the_chunks(sizes: tuple[int, ...]) -> None:
    """Chunks that end in the middle of a sample neither lose nor shift anything."""
    pieces, _ = _speak(_in_chunks(_RAW, *sizes))

    assert _SAMPLES.tolist() == _joined(pieces)
    assert {24000} == {pcm.rate_hz for pcm in pieces}
    assert all(len(pcm.samples) for pcm in pieces)


def test_the_rate_of_a_wav_answer_is_read_from_its_head() -> None:
    """Some servers send WAV although raw sound was asked for; its head is not played."""
    head = b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 22050, 44100, 2, 16)
    pieces, _ = _speak(_in_chunks(head + b"data\xff\xff\xff\xff" + _RAW, 5, 20, 18, 6, content_type="audio/wav"))

    assert _SAMPLES.tolist() == _joined(pieces)
    assert {22050} == {pcm.rate_hz for pcm in pieces}


def test_the_request_says_what_to_speak_and_how() -> None:
    """The agent's voice comes before the setting's; the pace is only mentioned when it is not the natural one."""
    _, plain = _speak(_in_chunks(_RAW), voice="nova")
    _, styled = _speak(_in_chunks(_RAW), VoiceStyle(voice="echo", speed=1.2), voice="nova")

    assert {"model": "small", "voice": "nova", "input": "Hello.", "response_format": "pcm"} == json.loads(plain.body)
    assert {"model": "small", "voice": "echo", "input": "Hello.", "response_format": "pcm", "speed": 1.2} == json.loads(
        styled.body
    )


def test_the_rate_of_raw_sound_can_be_set() -> None:
    """A server with another rate says so in the content type, or the operator in a setting."""
    told, _ = _speak(_in_chunks(_RAW, content_type="audio/pcm;rate=16000"))
    setting, _ = _speak(_in_chunks(_RAW), rate_hz="48000")

    assert 16000 == told[0].rate_hz
    assert 48000 == setting[0].rate_hz


@pytest.mark.parametrize(
    ("data", "content_type", "named"),
    [
        (b"ID3" + bytes(40), "audio/mpeg", "MP3"),
        (b"\xff\xfb" + bytes(40), "audio/mpeg", "audio/mpeg"),
        (b"OggS" + bytes(40), "application/octet-stream", "Ogg"),
        (b'{"status": "ok"}', "application/json", "JSON"),
    ],
)
def test_compressed_sound_is_refused_with_advice(data: bytes, content_type: str, named: str) -> None:
    """What is no 16-bit sound is never played as noise; the error says what came and what to set."""
    with pytest.raises(EngineError, match=f"sends {named} .*response_format pcm"):
        _speak(_in_chunks(data, content_type=content_type))


def test_an_answer_without_sound_is_an_error() -> None:
    """A voice that says nothing has failed."""
    with pytest.raises(EngineError, match="without any sound"):
        _speak(_in_chunks(b""))


def test_a_cut_stream_is_an_error() -> None:
    """What came before the cut is spoken; then the engine fails instead of ending quietly."""

    async def broken(exchange: Exchange) -> None:
        await exchange.head(content_type="audio/pcm")
        await exchange.chunk(_RAW)
        exchange.writer.close()

    with pytest.raises(EngineError, match="in the middle"):
        _speak(broken)


def test_a_gap_is_given_up() -> None:
    """Between two pieces of sound the server may be silent for ``gap_s`` and no longer."""

    async def stuck(exchange: Exchange) -> None:
        await exchange.head(content_type="audio/pcm")
        await exchange.chunk(_RAW)
        await exchange.left()

    with pytest.raises(EngineError, match=r"silent for 0\.05 s"):
        _speak(stuck, gap_s="0.05")


def test_closing_closes_the_connection() -> None:
    """A sentence that is cut off is not paid for to its end: the server sees the connection close."""

    async def run() -> None:
        gone = asyncio.Event()

        async def endless(exchange: Exchange) -> None:
            await exchange.head(content_type="audio/pcm")
            await exchange.chunk(_RAW)
            await exchange.left()
            gone.set()

        async with StandIn([endless]) as server:
            engine = open_tts(server.settings)
            speech = engine.speak("Hello.", VoiceStyle())
            await anext(speech)
            await speech.aclose()
            await asyncio.wait_for(gone.wait(), 2)
            await engine.close()

    asyncio.run(run())


def test_a_fault_before_the_first_byte_is_tried_again() -> None:
    """One fault of the server costs a moment and nothing else."""

    async def run() -> tuple[int, int]:
        fault: Answer = lambda exchange: exchange.whole(b"", status="502 Bad Gateway")  # noqa: E731
        async with StandIn([fault, _in_chunks(_RAW)]) as server:
            engine = open_tts(server.settings)
            samples = [len(voice.pcm.samples) async for voice in engine.speak("Hello.", VoiceStyle())]
            await engine.close()
            return sum(samples), len(server.requests)

    assert (1000, 2) == asyncio.run(run())
