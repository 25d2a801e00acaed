"""
Text to speech behind the OpenAI interface, streamed.

``response_format=pcm`` is 24 kHz, 16 bit, mono, little-endian at OpenAI; compatible servers send WAV all the same,
or another rate, so the first bytes are looked at. Compressed sound is refused with advice.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing
from typing import Any

from vivavoce.audio.pcm import Pcm
from vivavoce.engines.openai_client import connect, first_answer, next_answer
from vivavoce.engines.openai_settings import Remote
from vivavoce.engines.sound_reader import SoundReader, UnreadableSound
from vivavoce.speech import Voice, VoiceStyle

__all__ = ["OpenAISpeech"]


class OpenAISpeech:
    """
    Has a server speak; it tells no times of words.

    Args:
        server: The server and the model.
        voice: The server's name of a voice, for agents that name none.
        rate_hz: Rate of raw sound from this server.
    """

    name = "openai"

    def __init__(self, server: Remote, *, voice: str = "alloy", rate_hz: int = 24000) -> None:
        self._server = server
        self._voice = voice
        self._rate_hz = rate_hz
        self._client = connect(server)

    async def speak(self, text: str, style: VoiceStyle) -> AsyncGenerator[Voice]:
        """Sound as it comes from the server, without words; nothing for a text in which there is nothing to say."""
        if not any(letter.isalnum() for letter in text):
            return
        request: dict[str, Any] = {
            "model": self._server.model,
            "voice": style.voice or self._voice,
            "input": text,
            "response_format": "pcm",
        }
        if style.speed != 1.0:
            request["speed"] = style.speed
        async with AsyncExitStack() as answer:
            chunks, data, content_type = await first_answer(self._server, lambda: self._begin(request, answer))
            reader, sounded = SoundReader(content_type, raw_rate_hz=self._rate_hz), False
            while data is not None:
                if (pcm := self._read(reader, data)) is not None:
                    sounded = True
                    yield Voice(pcm)
                data = await next_answer(self._server, anext(chunks, None), limit_s=self._server.gap_s)
            if (pcm := self._read(reader, None)) is not None:
                sounded = True
                yield Voice(pcm)
            if not sounded:
                raise self._server.failure(f"{self._server.base_url} answered without any sound")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _begin(
        self, request: dict[str, Any], answer: AsyncExitStack
    ) -> tuple[AsyncIterator[bytes], bytes | None, str]:
        """Ask, and await the first bytes; ``answer`` then keeps the response open."""
        async with AsyncExitStack() as attempt:
            response = await attempt.enter_async_context(
                self._client.audio.speech.with_streaming_response.create(**request)
            )
            chunks = await attempt.enter_async_context(aclosing(_pieces(response)))
            first = await anext(chunks, None)
            answer.push_async_exit(attempt.pop_all())
            return chunks, first, response.headers.get("content-type", "")

    def _read(self, reader: SoundReader, data: bytes | None) -> Pcm | None:
        try:
            return reader.finish() if data is None else reader.feed(data)
        except UnreadableSound as error:
            raise self._server.failure(
                f"{self._server.base_url} sends {error} where 16-bit mono sound is wanted: "
                "set the server to response_format pcm or wav, or choose another model"
            ) from error


async def _pieces(response: Any) -> AsyncGenerator[bytes]:  # the library's AsyncStreamedBinaryAPIResponse
    async for chunk in response.iter_bytes():
        yield chunk
