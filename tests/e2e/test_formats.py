"""Every audio format of the wire: the same clip is understood in all of them, and the agent sounds the same."""

import asyncio
import base64
import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.e2e.raw_socket import RawSocket
from tests.e2e.running import SCRIPTED, Server, running
from tests.e2e.speech import FRAME_S, HUMAN, command, words_of
from vivavoce.audio import opus
from vivavoce.audio.g711 import encode_alaw, encode_mulaw
from vivavoce.audio.pcm import Pcm
from vivavoce.audio.resample import resampled

pytestmark = pytest.mark.slow

LIMIT_S = 40.0
INPUTS = [f"pcm_{rate}" for rate in (8000, 16000, 22050, 24000, 44100, 48000)] + ["mulaw_8000", "alaw_8000"]
OPUS_INPUTS = [f"opus_{rate}" for rate in (8000, 16000, 24000, 48000)]
OUTPUTS_HZ = (8000, 16000, 24000, 44100)
TONE_HZ = 220


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with real ears."""
    settings = {name: value for name, value in SCRIPTED.items() if name != "VIVAVOCE_STT"}
    with running(tmp_path_factory.mktemp("listener"), settings) as started:
        yield started


def coded(speech: Pcm, token: str) -> list[bytes]:
    """Speech as a client of this format sends it, in frames of 20 ms."""
    encoding, _, rate = token.partition("_")
    samples = resampled(speech, int(rate)).samples
    size = round(FRAME_S * int(rate))
    frames = [samples[start : start + size] for start in range(0, len(samples) - size + 1, size)]
    match encoding:
        case "mulaw":
            return [encode_mulaw(frame) for frame in frames]
        case "alaw":
            return [encode_alaw(frame) for frame in frames]
        case "opus":
            # Foreign and untyped; there wherever Opus can be decoded.
            binding: Any = importlib.import_module("opuslib_next")
            encoder = binding.Encoder(int(rate), 1, binding.APPLICATION_VOIP)
            return [encoder.encode(frame.tobytes(), size) for frame in frames]
        case _:
            return [frame.astype("<i2").tobytes() for frame in frames]


async def understood(server: Server, agent_id: str, token: str, frames: list[bytes]) -> str:
    """Say something in real time, as push-to-talk pages do; returns what was understood."""
    path = f"/atoms/v1/agent/connect?agent_id={agent_id}&input_audio_format={token}&token={server.key}"
    loop = asyncio.get_running_loop()
    async with await RawSocket.open(server.port, path) as call:
        created = await call.message()

        assert (token, "pcm_24000", 24000) == tuple(
            created[name] for name in ("input_audio_format", "output_audio_format", "sample_rate")
        )
        began = loop.time()
        for number, frame in enumerate(frames, start=1):
            await asyncio.sleep(began + number * FRAME_S - loop.time())
            await call.say({"type": "input_audio_buffer.append", "audio": base64.b64encode(frame).decode()})
        await call.say({"type": "input_audio_buffer.commit"})
        told = await call.message("transcript", "error")

        assert ("transcript", "user") == (told["type"], told.get("role")), told
        return str(told["text"])


def test_the_same_clip_is_understood_in_every_format(listener: Server) -> None:
    """All at once, for each takes its own time; Opus where this machine can decode it (wire-spec 1.9)."""
    agent_id = listener.agent()
    said = command()
    tokens = INPUTS + (OPUS_INPUTS if opus.available() else [])

    async def scenario() -> list[str]:
        async with asyncio.timeout(LIMIT_S):
            return await asyncio.gather(
                *(understood(listener, agent_id, token, coded(said.speech, token)) for token in tokens)
            )

    heard = dict(zip(tokens, map(words_of, asyncio.run(scenario())), strict=True))
    expected = words_of(said.text)
    known = {token: [word for word in words if word in expected] for token, words in heard.items()}

    # What espeak-ng says is understood less well: then it is enough that the sound came through.
    if HUMAN:
        assert dict.fromkeys(tokens, expected) == known, heard
    else:
        assert all(len(set(words)) >= 2 for words in known.values()), heard


async def heard_at(server: Server, agent_id: str, rate_hz: int) -> Pcm:
    """The agent's usual answer at a rate."""
    path = (
        f"/atoms/v1/agent/connect?agent_id={agent_id}&output_audio_format=pcm_{rate_hz}"
        f"&input_audio_format=mulaw_8000&token={server.key}"
    )
    async with await RawSocket.open(server.port, path) as call:
        created = await call.message()

        assert (rate_hz, f"pcm_{rate_hz}", 1) == tuple(
            created[name] for name in ("sample_rate", "output_audio_format", "channels")
        )
        await call.say({"type": "input_text.send", "text": "Hello"})
        pieces = []
        while (told := await call.message("output_audio.delta", "agent_stop_talking"))["type"] != "agent_stop_talking":
            pieces.append(np.frombuffer(base64.b64decode(told["audio"]), "<i2"))

        # Wire-spec 1.7.4: 20 to 100 ms a frame; the last has what is left.
        assert all(0.02 <= round(len(piece) / rate_hz, 3) <= 0.1 for piece in pieces[:-1])
        return Pcm(np.concatenate(pieces).astype(np.int16), rate_hz)


@pytest.mark.parametrize("rate_hz", OUTPUTS_HZ)
def test_the_agent_sounds_the_same_at_every_rate(rate_hz: int, server: Server, agent_id: str) -> None:
    """As long, as loud and as high: a rate that is only claimed would change all three."""

    async def scenario() -> Pcm:
        async with asyncio.timeout(LIMIT_S):
            return await heard_at(server, agent_id, rate_hz)

    sound = asyncio.run(scenario())
    spectrum = np.abs(np.fft.rfft(sound.samples.astype(np.float64)))
    loudest_hz = float(np.argmax(spectrum)) * rate_hz / len(sound.samples)

    assert pytest.approx(1.2, abs=0.005) == sound.duration_s
    assert pytest.approx(TONE_HZ, abs=12) == loudest_hz
    assert pytest.approx(2000, rel=0.1) == int(np.abs(sound.samples).max())


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("sample_rate=48000", "Unsupported sample_rate 48000. Supported: 8000, 16000, 24000"),
        ("sample_rate=loud", "Unsupported sample_rate loud. Supported: 8000, 16000, 24000"),
        ("sample_rate=-1", "Unsupported sample_rate -1. Supported: 8000, 16000, 24000"),
        ("input_audio_format=ulaw_8000", "Unsupported input_audio_format 'ulaw_8000'. Supported: pcm_8000, "),
        ("input_audio_format=opus_12000", "Unsupported input_audio_format 'opus_12000'. Supported: pcm_8000, "),
        ("output_audio_format=pcm_48000", "Unsupported output_audio_format 'pcm_48000'. Supported: pcm_8000, "),
    ],
)
def test_a_wrong_rate_or_format_is_refused_by_name(query: str, reason: str, server: Server, agent_id: str) -> None:
    """The reason phrase says what is supported (wire-spec 1.4.3)."""

    async def scenario() -> tuple[int, str]:
        async with await RawSocket.connect(server.port) as call:
            path = f"/atoms/v1/agent/connect?agent_id={agent_id}&{query}&token={server.key}"
            await call.send(
                f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: close\r\n\r\n".encode()
            )
            answer = await call.answer()
            return answer.status, answer.phrase

    status, phrase = asyncio.run(scenario())

    assert (400, reason) == (status, phrase[: len(reason)])


def test_a_rate_counts_for_both_directions_and_a_format_for_its_own(server: Server, agent_id: str) -> None:
    """Formats win over ``sample_rate`` (wire-spec 1.3)."""

    async def created(query: str) -> tuple[str, str]:
        path = f"/atoms/v1/agent/connect?agent_id={agent_id}&token={server.key}&{query}"
        async with await RawSocket.open(server.port, path) as call:
            told = await call.message()
            return told["input_audio_format"], told["output_audio_format"]

    async def scenario() -> list[tuple[str, str]]:
        async with asyncio.timeout(LIMIT_S):
            return [
                await created(query)
                for query in ("", "sample_rate=8000", "sample_rate=16000&input_audio_format=pcm_48000")
            ]

    assert [("pcm_24000", "pcm_24000"), ("pcm_8000", "pcm_8000"), ("pcm_48000", "pcm_16000")] == asyncio.run(scenario())
