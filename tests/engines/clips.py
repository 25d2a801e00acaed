"""Speech for the tests of engines: the clips beside the project where they are, else what espeak-ng says."""

import asyncio
import functools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from vivavoce.audio.pcm import Pcm
from vivavoce.engines.espeak import open_engine
from vivavoce.speech import VoiceStyle

FOLDER = Path(__file__).parents[2].parent / "shared" / "audio"

# Whether people speak in the clips: recognisers understand espeak-ng less well.
HUMAN = FOLDER.is_dir()
RATE_HZ = 16_000


@dataclass(frozen=True)
class Clip:
    """An utterance at 16 kHz and what is said in it."""

    speech: Pcm
    text: str


@functools.cache
def clip(file: str = "command-go-forward.wav", otherwise: str = "Go forward, please.") -> Clip:
    """A clip by its file name, or, where there are none, a text spoken by espeak-ng; not from within an event loop."""
    if (FOLDER / file).is_file():
        texts = {entry["file"]: entry["text"] for entry in json.loads((FOLDER / "clips.json").read_text())}
        samples, rate_hz = soundfile.read(FOLDER / file, dtype="int16")
        return Clip(Pcm(samples, rate_hz), texts[file])
    return Clip(asyncio.run(_spoken(otherwise)), otherwise)


async def _spoken(text: str) -> Pcm:
    engine = open_engine({})
    pieces = [piece.pcm async for piece in engine.speak(text, VoiceStyle())]
    await engine.close()
    samples = np.concatenate([piece.samples for piece in pieces])
    return Pcm(soxr.resample(samples, pieces[0].rate_hz, RATE_HZ), RATE_HZ)
