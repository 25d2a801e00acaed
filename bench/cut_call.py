"""
One call over a network that breaks: a visitor who types and hums all the time, while his connection is cut.

The hum is quiet noise without a sample of 0, so that every sample of it can be told from silence and from the others.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.client import (
    AgentStopped,
    AtomsClient,
    Gap,
    Message,
    Reconnected,
    Reconnecting,
    SessionEnded,
    TranscriptHeard,
)
from vivavoce.testing.proxy import Proxy

__all__ = ["RATE_HZ", "CutCall", "Difference", "difference", "hold_cut_call"]

# The voice detector's, so that the visitor's sound is recorded as it was sent.
RATE_HZ = 16_000
# What phones send at a time.
_FRAME_SAMPLES = 320
# About −60 dB: nobody takes it for speech.
_HUM_PEAK = 30
# Between two cuts, from when the call goes on.
_SHORTEST_PEACE_S, _LONGEST_PEACE_S = 0.05, 0.9
# A cut that waits for its bytes comes after this time in any case.
_CUT_LIMIT_S = 1.0
# The longest message of the server has some thousand bytes, of the client some hundred.
_MOST_BYTES_DOWN, _MOST_BYTES_UP = 5_000, 1_500
# Some of the cuts fall into the handshake that follows another one.
_CUT_AGAIN_SHARE = 0.15
_HANDSHAKE_BYTES = 900
_TURN_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of a sequence: how much of it is missing, came too often, and stands in another place."""

    lost: int
    repeated: int
    misplaced: int


@dataclass
class CutCall:
    """A call as its client saw it."""

    call_id: str
    # Everything that the server said, in order.
    messages: list[Message] = field(default_factory=list)
    # What was typed, and what was hummed.
    typed: list[str] = field(default_factory=list)
    hummed: list[Samples] = field(default_factory=list)
    # The agent's sound as it was played, turn by turn, and the player's own counts.
    played: list[Samples] = field(default_factory=list)
    lost_samples: int = 0
    repeated_samples: int = 0
    # Times at which a turn's sound came too late.
    gaps: list[Gap] = field(default_factory=list)
    cuts: int = 0
    # Set by each message.
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def count(self, kind: type[Message]) -> int:
        """How many messages of a kind have come."""
        return sum(isinstance(message, kind) for message in self.messages)

    def final(self, speaker: str) -> list[str]:
        """The finished turns of one side, in words."""
        return [
            message.text
            for message in self.messages
            if isinstance(message, TranscriptHeard) and message.final and message.speaker == speaker
        ]

    @property
    def stopped(self) -> int:
        """How many turns of the agent are over."""
        return self.count(AgentStopped)

    @property
    def over(self) -> bool:
        """Whether the call has ended, by itself or by the server."""
        return self.count(SessionEnded) > 0

    @property
    def away_s(self) -> list[float]:
        """How long the call was without a connection, each time."""
        return [message.away_s for message in self.messages if isinstance(message, Reconnected)]

    @property
    def reason(self) -> str:
        """Why the call has ended; empty where the server did not say."""
        return "".join(message.reason for message in self.messages if isinstance(message, SessionEnded))

    async def until(self, happened: Callable[[], bool], limit_s: float) -> bool:
        """Wait until something has happened, at most so long; whether it has."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while not happened():
                    self.news.clear()
                    await self.news.wait()
        return happened()


async def hold_cut_call(
    url: str, *, key: str, agent_id: str, cuts: int = 0, turns: int = 1, proxy: Proxy | None = None, seed: int = 0
) -> CutCall:
    """
    Hold a call until its connection was cut so often, and the agent has had so many turns.

    Args:
        url: The server.
        key: An API key.
        agent_id: An agent that says nothing unasked.
        cuts: How often to cut.
        turns: How many texts to type at least.
        proxy: The way to the server, where there are to be cuts.
        seed: Of all chance; the same seed cuts in the same way, as far as time allows.

    Raises:
        TimeoutError: A turn of the agent has not ended.
    """
    chance = random.Random(seed)
    async with await AtomsClient.connect(
        url if proxy is None else proxy.url, key=key, agent_id=agent_id, sample_rate_hz=RATE_HZ, ext=True
    ) as client:
        call = CutCall(client.session.call_id)
        listening = asyncio.create_task(_listen(client, call))
        humming = asyncio.create_task(_hum(client, call, np.random.default_rng(seed)))
        cutting = asyncio.create_task(_cut(proxy, call, cuts, chance)) if proxy is not None and cuts else None
        try:
            while len(call.typed) < turns or (cutting is not None and not cutting.done()):
                call.typed.append(f"This is line {len(call.typed) + 1}.")
                await client.send_text(call.typed[-1])
                if not await call.until(lambda: call.over or call.stopped >= len(call.typed), _TURN_LIMIT_S):
                    raise TimeoutError(f"the agent did not end its turn {len(call.typed)}")
                if call.over:
                    break
        finally:
            for task in (humming, cutting):
                if task is not None:
                    task.cancel()
            await client.close()
            await listening
        if cutting is not None and cutting.done() and not cutting.cancelled():
            cutting.result()
        player = client.player
        call.played = [turn.samples for turn in player.heard]
        call.gaps = list(player.gaps)
        call.lost_samples, call.repeated_samples = player.lost_samples, player.repeated_samples
        return call


def difference(expected: Samples, got: Samples) -> Difference:
    """Compare two sequences place by place."""
    both = min(len(expected), len(got))
    return Difference(
        lost=len(expected) - both,
        repeated=len(got) - both,
        misplaced=int(np.count_nonzero(expected[:both] != got[:both])),
    )


async def _listen(client: AtomsClient, call: CutCall) -> None:
    async for message in client:
        call.messages.append(message)
        call.news.set()


async def _hum(client: AtomsClient, call: CutCall, chance: np.random.Generator) -> None:
    """The microphone, in real time; it never stops."""
    loop = asyncio.get_running_loop()
    next_s = loop.time()
    with suppress(ConnectionError):
        while True:
            levels = chance.integers(1, _HUM_PEAK, _FRAME_SAMPLES, endpoint=True)
            frame = (levels * chance.choice((-1, 1), _FRAME_SAMPLES)).astype(np.int16)
            await client.send_audio(Pcm(frame, RATE_HZ))
            call.hummed.append(frame)
            next_s += _FRAME_SAMPLES / RATE_HZ
            await asyncio.sleep(next_s - loop.time())


async def _cut(proxy: Proxy, call: CutCall, cuts: int, chance: random.Random) -> None:
    """Cut the connection again and again: at once, behind some bytes of either side, or in a handshake."""
    while proxy.cuts < cuts:
        await asyncio.sleep(chance.uniform(_SHORTEST_PEACE_S, _LONGEST_PEACE_S))
        lost = call.count(Reconnecting) + 1
        match chance.choice(("now", "up", "down")):
            case "now":
                proxy.cut()
            case "up":
                proxy.up.cut_after(chance.randint(1, _MOST_BYTES_UP))
            case _:
                proxy.down.cut_after(chance.randint(1, _MOST_BYTES_DOWN))
        if not await call.until(lambda lost=lost: call.count(Reconnecting) >= lost, _CUT_LIMIT_S):  # type: ignore[misc]
            proxy.cut()
        if chance.random() < _CUT_AGAIN_SHARE and proxy.cuts < cuts:
            proxy.down.cut_after(chance.randint(1, _HANDSHAKE_BYTES))
        back = lost
        await call.until(lambda back=back: call.count(Reconnected) >= back, _TURN_LIMIT_S)  # type: ignore[misc]
        call.cuts = proxy.cuts
