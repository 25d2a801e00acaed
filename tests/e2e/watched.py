"""A call as its client saw it, and where a clip lies in its recording."""

import asyncio
import io
from dataclasses import dataclass, field

import httpx
import numpy as np
import soundfile
from numpy.typing import NDArray

from vivavoce.audio.pcm import Pcm
from vivavoce.audio.resample import resampled
from vivavoce.client import AtomsClient, Message, TranscriptHeard

__all__ = ["QUIET", "RATE_HZ", "Stereo", "Watched", "decoded", "place_of"]

# The recording is at the higher of both rates; sound below this is no sound.
RATE_HZ = 24000
QUIET = 30
Stereo = NDArray[np.int16]


@dataclass
class Watched:
    """A call as its client saw it; times count from ``session.created``."""

    call_id: str
    opened_s: float
    messages: list[Message] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def at(self, kind: type[Message], number: int = 0) -> float:
        """When the message of this kind came, counted from the first."""
        return [message for message in self.messages if isinstance(message, kind)][number].at_s - self.opened_s

    def count(self, kind: type[Message]) -> int:
        return sum(isinstance(message, kind) for message in self.messages)

    def final(self, speaker: str) -> list[str]:
        """The finished turns of one side."""
        return [
            message.text
            for message in self.messages
            if isinstance(message, TranscriptHeard) and message.final and message.speaker == speaker
        ]

    async def watch(self, client: AtomsClient) -> None:
        """Take messages until the call is over."""
        async for message in client:
            self.messages.append(message)
            self.news.set()

    async def until(self, kind: type[Message], count: int) -> None:
        """Wait for so many messages of a kind."""
        while self.count(kind) < count:
            self.news.clear()
            await self.news.wait()


def decoded(answer: httpx.Response) -> tuple[Stereo, int]:
    """Samples, shape (n, channels), and rate."""
    assert 200 == answer.status_code, answer.text
    samples, rate_hz = soundfile.read(io.BytesIO(answer.content), dtype="int16", always_2d=True)
    return samples, int(rate_hz)


def place_of(clip: Pcm, track: NDArray[np.int16], *, around_s: float) -> float:
    """Where a clip begins in a track, in seconds: the best fit within a second of where it is expected."""
    wanted = resampled(clip, RATE_HZ).samples.astype(np.float64)
    first = max(0, round((around_s - 1.0) * RATE_HZ))
    searched = track[first : first + len(wanted) + 2 * RATE_HZ].astype(np.float64)
    size = 1 << (len(searched) + len(wanted)).bit_length()
    fit = np.fft.irfft(np.fft.rfft(searched, size) * np.conj(np.fft.rfft(wanted, size)), size)
    best = int(np.argmax(fit[: len(searched)]))

    # It is the clip, and not something else that fits a little.
    assert fit[best] > 0.8 * float(np.sum(wanted**2))
    return (first + best) / RATE_HZ
