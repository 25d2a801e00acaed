"""Speech to text behind the OpenAI interface: one request for each utterance."""

import io
import wave
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import numpy as np

from vivavoce.audio.pcm import Pcm
from vivavoce.engines.openai_client import connect, first_answer
from vivavoce.engines.openai_settings import Remote
from vivavoce.speech import Transcript

__all__ = ["OpenAIHearing"]

_RATE_HZ = 16000
# Shorter sounds are refused (Source: OpenAI's "Audio file is too short. Minimum audio length is 0.1 seconds").
_SHORTEST_S = 0.2
# OpenAI takes files of up to 25 MB, which is 13 minutes; an utterance is never that long.
_LONGEST_S = 600.0


class OpenAIHearing:
    """
    Sends each utterance as a WAV file when it has ended.

    Args:
        server: The server and the model.
        language: ISO 639-1 code that helps the model, such as ``en``; empty for the model's own guess.
    """

    name = "openai"

    def __init__(self, server: Remote, *, language: str = "") -> None:
        self._server = server
        self._options: dict[str, Any] = {"language": language} if language else {}
        self._client = connect(server)

    async def transcribe(self, audio: AsyncIterator[Pcm]) -> AsyncGenerator[Transcript]:
        """Exactly one transcript, final, after the utterance has ended."""
        pieces, heard_s = list[Pcm](), 0.0
        async for pcm in audio:
            if pcm.rate_hz != _RATE_HZ:
                raise self._server.failure(f"it takes sound at {_RATE_HZ} Hz, not at {pcm.rate_hz}")
            pieces.append(pcm)
            heard_s += pcm.duration_s
            if heard_s > _LONGEST_S:
                raise self._server.failure(f"an utterance of more than {_LONGEST_S:g} s cannot be sent")
        if not heard_s:
            yield Transcript("", final=True)
            return
        file = _wav(pieces)

        async def send() -> str:
            answer: Any = await self._client.audio.transcriptions.create(
                model=self._server.model,
                file=("speech.wav", file, "audio/wav"),
                response_format="json",
                **self._options,
            )
            # A server that ignores the format answers with the bare text, a proxy in its place with a page.
            text = answer if isinstance(answer, str) else getattr(answer, "text", None)
            if not isinstance(text, str) or text.lstrip().startswith("<"):
                raise self._server.failure(f"{self._server.base_url} answered with something else than a transcript")
            return text

        yield Transcript((await first_answer(self._server, send)).strip(), final=True)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _wav(pieces: list[Pcm]) -> bytes:
    samples = np.concatenate([pcm.samples for pcm in pieces])
    missing = max(0, round(_SHORTEST_S * _RATE_HZ) - len(samples))
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(_RATE_HZ)
        writer.writeframes(np.pad(samples, (0, missing)).astype("<i2").tobytes())
    return file.getvalue()
