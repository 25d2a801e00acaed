"""A well-behaved caller, who must get a complete answer without a gap whatever others do meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np

from tests.e2e.running import Server
from vivavoce.audio.pcm import Samples
from vivavoce.client import AgentAudio, AgentStopped, AtomsClient, ErrorReported, SessionEnded, TranscriptHeard
from vivavoce.engines.scripted import TWELVE_WORDS

__all__ = ["ANSWER_S", "polite_call"]

# Twelve words of a tenth of a second: see ``running.SCRIPTED``.
ANSWER_S = 1.2
# A page's player starts with this cushion (see ``Policy.client_delay_s``).
_CUSHION_S = 0.1
_LIMIT_S = 15.0


@asynccontextmanager
async def polite_call(server: Server, agent_id: str) -> AsyncIterator[None]:
    """Hold a call beside the block: its answer has begun when the block begins, and the next one comes within it."""
    async with await AtomsClient.connect(server.url, key=server.key, agent_id=agent_id) as client:
        talking = asyncio.Event()
        task = asyncio.create_task(_hold(client, talking))
        async with asyncio.timeout(_LIMIT_S):
            await talking.wait()
        try:
            yield
        finally:
            async with asyncio.timeout(_LIMIT_S):
                await task


async def _hold(client: AtomsClient, talking: asyncio.Event) -> None:
    for _ in range(2):
        await client.send_text("What is the price?")
        await _answer(client, talking)


async def _answer(client: AtomsClient, talking: asyncio.Event) -> None:
    plays_until_s, late_s, words = 0.0, 0.0, ""
    pieces: list[Samples] = []
    async for message in client:
        match message:
            case AgentAudio(at_s=at_s, pcm=pcm):
                talking.set()
                late_s = max(late_s, at_s - plays_until_s) if pieces else 0.0
                plays_until_s = (plays_until_s if pieces else at_s + _CUSHION_S) + pcm.duration_s
                pieces.append(pcm.samples)
            case TranscriptHeard(speaker="agent", text=text):
                words = text
            case AgentStopped():
                break
            case ErrorReported() | SessionEnded():
                raise AssertionError(message)
            case _:
                pass

    assert TWELVE_WORDS == words
    assert 0.0 == late_s, f"the player ran dry for {late_s:.3f} s"
    assert round(ANSWER_S * 24000) == len(np.concatenate(pieces))
