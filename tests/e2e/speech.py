"""Speech for calls: a recorded clip where there are any, else what espeak-ng says; said into a call in real time."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from tests.engines.clips import HUMAN, Clip, clip
from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.audio.resample import resampled
from vivavoce.client import AtomsClient
from vivavoce.clock import monotonic_s

__all__ = ["FRAME_S", "HUMAN", "OpenMicrophone", "Spoken", "command", "steady", "words_of"]

# What phones send at a time. Source: wire-spec 1.9.
FRAME_S = 0.02
# A frame this much quieter than the loudest (30 dB) is a pause.
_PAUSE_SHARE = 0.03


def command() -> Clip:
    """A short command of four words, spoken by a person where there are clips."""
    # In a thread, because espeak-ng is asked on a loop of its own, and whoever asks here may be on one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(clip, "command-go-forward.wav", "Go forward ten meters.").result()


def words_of(text: str) -> list[str]:
    """Words without case and punctuation, numbers as digits, for comparison."""
    spelled = re.sub(r"\bten\b", "10", text.casefold()).replace("metres", "meters")
    return re.findall(r"[a-z0-9']+", spelled)


def steady(speech: Pcm, *, duration_s: float) -> Pcm:
    """Speech without an end or a pause: the loud frames of a clip, over and over."""
    size = round(FRAME_S * speech.rate_hz)
    frames = speech.samples[: len(speech.samples) // size * size].reshape(-1, size)
    level = np.abs(frames.astype(np.float64)).mean(axis=1)
    loud = frames[level > _PAUSE_SHARE * level.max()].reshape(-1)
    return Pcm(np.resize(loud, round(duration_s * speech.rate_hz)), speech.rate_hz)


@dataclass(frozen=True, slots=True)
class Spoken:
    """When the first and the last sample of a clip were taken from the room, on the clock that never jumps."""

    began_s: float
    ended_s: float


class OpenMicrophone:
    """A microphone that is never off: frame by frame, each when its sound is over; silence where nobody speaks."""

    def __init__(self, client: AtomsClient) -> None:
        self._client = client
        # Written by ``say``, read by ``run``: what is to be said, and who wants to know when it was.
        self._wanted: asyncio.Queue[tuple[Samples, asyncio.Future[Spoken]]] = asyncio.Queue()

    async def say(self, pcm: Pcm) -> Spoken:
        """Say something to its end, at any rate."""
        told: asyncio.Future[Spoken] = asyncio.get_running_loop().create_future()
        self._wanted.put_nowait((resampled(pcm, self._client.mic_rate_hz).samples, told))
        return await told

    async def run(self) -> None:
        """Send until cancelled, or until the socket closes."""
        size = round(FRAME_S * self._client.mic_rate_hz)
        # The end of the frame that was sent last: counted, so that late wake-ups do not add up.
        at_s = monotonic_s()
        with suppress(ConnectionError):
            while True:
                told: asyncio.Future[Spoken] | None = None
                samples: Samples = np.zeros(size, np.int16)
                if not self._wanted.empty():
                    samples, told = self._wanted.get_nowait()
                began_s = at_s
                for start in range(0, len(samples), size):
                    at_s += FRAME_S
                    await asyncio.sleep(at_s - monotonic_s())
                    await self._client.send_audio(Pcm(samples[start : start + size], self._client.mic_rate_hz))
                if told is not None:
                    told.set_result(Spoken(began_s, began_s + len(samples) / self._client.mic_rate_hz))
