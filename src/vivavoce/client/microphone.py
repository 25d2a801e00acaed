"""A microphone without a person: frames in real time, speech when there is some, silence otherwise."""

import asyncio
from collections import deque

import numpy as np

from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.audio.resample import resampled
from vivavoce.client.atoms import AtomsClient

__all__ = ["FRAME_S", "Microphone"]

# What phones send. Source: wire-spec 1.9, chunk sizes of real clients.
FRAME_S = 0.02
# A frame this much quieter than the loudest (40 dB) is not speech.
_SILENCE_SHARE = 0.01


class Microphone:
    """Sends to one call; ``run`` is a task for as long as the call lasts."""

    def __init__(self, client: AtomsClient) -> None:
        self._client = client
        self._frame_samples = round(FRAME_S * client.mic_rate_hz)
        # Frames that wait to be sent, and after which of them the speech is over.
        # Written by ``say``, read by ``run``; as long as what is said.
        self._frames: deque[tuple[Samples, bool]] = deque()
        # Done when the last frame of speech has been sent; with the time of it.
        self._said: asyncio.Future[float] | None = None

    async def say(self, pcm: Pcm) -> float:
        """
        Say something in real time.

        Args:
            pcm: At least one sample, at any rate.

        Returns:
            When the last frame that is not silent was sent, on the event loop's clock.

        Raises:
            ConnectionError: The socket has closed meanwhile.
        """
        if self._client.closed:
            raise ConnectionError("the call is over")
        frames = self._cut(resampled(pcm, self._client.mic_rate_hz).samples)
        loudness = [float(np.sqrt(np.mean(np.square(frame, dtype=np.float64)))) for frame in frames]
        threshold = max(loudness) * _SILENCE_SHARE
        last = max(number for number, level in enumerate(loudness) if level >= threshold)
        self._said = asyncio.get_running_loop().create_future()
        self._frames.extend((frame, number == last) for number, frame in enumerate(frames))
        return await self._said

    async def run(self) -> None:
        """Send frames until the socket closes or the task is cancelled."""
        silence = np.zeros(self._frame_samples, np.int16)
        loop = asyncio.get_running_loop()
        next_at = loop.time()
        try:
            while True:
                frame, is_last = self._frames.popleft() if self._frames else (silence, False)
                await self._client.send_audio(Pcm(frame, self._client.mic_rate_hz))
                if is_last and self._said is not None and not self._said.done():
                    self._said.set_result(loop.time())
                # Counted from the beginning, so that late wake-ups do not add up.
                next_at += FRAME_S
                await asyncio.sleep(next_at - loop.time())
        except ConnectionError as error:
            if self._said is not None and not self._said.done():
                self._said.set_exception(error)

    def _cut(self, samples: Samples) -> list[Samples]:
        size = self._frame_samples
        padded = np.concatenate([samples, np.zeros(-len(samples) % size or size, np.int16)])
        return [padded[start : start + size] for start in range(0, len(padded), size)]
