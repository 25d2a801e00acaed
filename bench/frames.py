"""What a frame costs in each form of the wire: the server's time to code and to understand it, and its bytes."""

import base64
import struct
from collections.abc import Callable, Sequence
from time import perf_counter

import msgspec
import numpy as np

from bench.tables import table
from vivavoce.audio.opus import OpusEncoder, available
from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.clock import now
from vivavoce.wire.atoms import AtomsCodec
from vivavoce.wire.atoms_extended import ExtendedCodec
from vivavoce.wire.dialect import Codec, Frame, SessionNames
from vivavoce.wire.extension import Extension, with_opus
from vivavoce.wire.formats import AudioFormats

__all__ = ["FormCost", "FramesResult", "run_frames"]

_RATE_HZ = 24000
_AGENT_S, _MIC_S = 0.1, 0.02
# The best of several runs: what disturbs the machine only ever adds.
_RUNS = 7
_FRAMES = 400


class FormCost(msgspec.Struct, frozen=True):
    """One form of the wire: microseconds for a frame of each direction, and bytes for a second of each."""

    form: str
    agent_us: float
    mic_us: float
    agent_bytes_s: float
    mic_bytes_s: float


class FramesResult(msgspec.Struct, frozen=True):
    """All forms that this machine can code."""

    forms: list[FormCost]

    def markdown(self) -> str:
        """The result as a table."""
        rows = [
            [cost.form, f"{cost.agent_us:.2f}", f"{cost.mic_us:.2f}"]
            + [f"{bytes_s / 1000:.1f}" for bytes_s in (cost.agent_bytes_s, cost.mic_bytes_s)]
            for cost in self.forms
        ]
        head = ["form", "agent frame of 100 ms, µs", "microphone frame of 20 ms, µs", "agent, kB/s", "microphone, kB/s"]
        return table(head, rows)


def run_frames() -> FramesResult:
    """Code and understand frames of speech-like sound in every form."""
    extended = {"extension, JSON": Extension("json"), "extension, binary": Extension("binary")}
    if available():
        extended["extension, Opus"] = Extension("binary", opus=True)
    forms = [_cost("plain wire", None)] + [_cost(form, extension) for form, extension in extended.items()]
    return FramesResult(forms)


def _cost(form: str, extension: Extension | None) -> FormCost:
    formats = with_opus(AudioFormats()) if extension is not None and extension.opus else AudioFormats()
    spoken = [_sound(_AGENT_S, number) for number in range(_FRAMES)]
    codec = _codec(extension, formats)
    agent_us = _best_us(lambda number: codec.voice(spoken[number], turn=1, start=number))
    frames = [codec.voice(pcm, turn=1, start=0) for pcm in spoken]
    said = _said(extension, [_sound(_MIC_S, number).samples for number in range(_FRAMES * (_RUNS + 1))])
    heard = iter(said)
    is_text = extension is None or extension.frames == "json"
    mic_us = _best_us(lambda _: codec.receive(next(heard), text=is_text))
    return FormCost(form, agent_us, mic_us, _bytes_s(frames, _AGENT_S), _bytes_s(said, _MIC_S))


def _codec(extension: Extension | None, formats: AudioFormats) -> Codec:
    plain = AtomsCodec(SessionNames("session", "call", now()), formats)
    if extension is None:
        return plain
    return ExtendedCodec(plain, formats, extension, resume_token="vrt_bench", resume_window_s=60.0)


def _said(extension: Extension | None, sound: Sequence[Samples]) -> list[bytes]:
    """The microphone's frames as a client sends them."""
    encoder = OpusEncoder(_RATE_HZ) if extension is not None and extension.opus else None
    said = []
    for seq, samples in enumerate(sound, 1):
        coded = encoder.encode(samples) if encoder is not None else samples.tobytes()
        if extension is not None and extension.frames == "binary":
            said.append(struct.pack("<B3xI", 1, seq) + coded)
        else:
            number = {} if extension is None else {"seq": seq}
            audio = base64.b64encode(coded).decode()
            said.append(msgspec.json.encode({"type": "input_audio_buffer.append", **number, "audio": audio}))
    return said


def _best_us(work: Callable[[int], object]) -> float:
    """Microseconds of one piece of work, the best of several runs."""
    best_s = float("inf")
    for _ in range(_RUNS):
        began_at = perf_counter()
        for number in range(_FRAMES):
            work(number)
        best_s = min(best_s, perf_counter() - began_at)
    return best_s / _FRAMES * 1e6


def _bytes_s(frames: Sequence[Frame], frame_s: float) -> float:
    return sum(map(len, frames)) / (len(frames) * frame_s)


def _sound(duration_s: float, number: int) -> Pcm:
    """Tones that change from frame to frame, with a little noise: neither silence nor easy to code."""
    time_s = (np.arange(round(duration_s * _RATE_HZ)) + number * duration_s * _RATE_HZ) / _RATE_HZ
    pitch_hz = 120 + 60 * np.sin(2 * np.pi * 0.7 * time_s)
    voice = sum(np.sin(2 * np.pi * pitch_hz * part * time_s) / part for part in range(1, 12))
    noise = np.random.default_rng(number).normal(0, 0.02, len(time_s))
    return Pcm(((voice / 4 + noise) * 8000).astype(np.int16), _RATE_HZ)
