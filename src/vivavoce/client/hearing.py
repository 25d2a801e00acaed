"""What a caller hears: the agent's turns, word by word and sample by sample, as a person would have heard them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from vivavoce.audio.pcm import Pcm
from vivavoce.client.atoms import AtomsClient
from vivavoce.client.extension import Reconnected
from vivavoce.client.messages import (
    AgentAudio,
    AgentStarted,
    AgentStopped,
    ErrorReported,
    Message,
    SessionEnded,
    ToolRequested,
    TranscriptHeard,
)

__all__ = ["AgentTurn", "Hearing"]

# Between two turns in the recording.
_PAUSE_S = 0.3


@dataclass(slots=True)
class AgentTurn:
    """One turn of the agent; times on the event loop's clock."""

    started_s: float
    first_audio_s: float | None = None
    first_words_s: float | None = None
    stopped_s: float | None = None
    text: str = ""

    @property
    def answered(self) -> bool:
        """Whether there was anything to hear or read."""
        return bool(self.text) or self.first_audio_s is not None


class Hearing:
    """Follows one call; ``run`` is a task until the call is over."""

    def __init__(self, client: AtomsClient) -> None:
        self._client = client
        # The agent's turns, in order.
        self.turns: list[AgentTurn] = []
        # The visitor's turns as the server understood them.
        self.understood: list[str] = []
        # Error messages of the server.
        self.errors: list[ErrorReported] = []
        # The server's word for the end of the call, once it has said it.
        self.reason = ""
        # No more messages will come.
        self.over = False
        # How long the call was without a socket, each time.
        self.away_s: list[float] = []
        # Set by each message, waited for by ``until``.
        self._news = asyncio.Event()

    @property
    def talking(self) -> bool:
        """Whether the agent is in the middle of a turn."""
        return bool(self.turns) and self.turns[-1].stopped_s is None

    async def run(self) -> None:
        """Take messages until the call is over."""
        try:
            async for message in self._client:
                self._take(message)
                self._news.set()
                # A tool that nobody answers would keep the agent waiting.
                if isinstance(message, ToolRequested):
                    with suppress(ConnectionError):
                        await self._client.answer_tool(message.call_id, "This caller runs no tools.")
        finally:
            self.over = True
            self._news.set()

    async def until(self, happened: Callable[[], bool], limit_s: float) -> bool:
        """Wait until something has happened, at most so long and not beyond the end of the call; whether it has."""
        try:
            async with asyncio.timeout(limit_s):
                while not happened() and not self.over:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pass
        return happened()

    async def another_turn(self, limit_s: float) -> bool:
        """Wait for the agent to begin a turn that it has not begun yet, at most so long; whether it has."""
        count = len(self.turns)
        return await self.until(lambda: len(self.turns) > count, limit_s)

    async def played_out(self, limit_s: float) -> None:
        """Wait until all that has arrived has been played, at most so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                # Meanwhile more may arrive.
                for empty_at_s in iter(self._client.player.empty_at, None):
                    # A moment longer: at the very end the last sample may not be counted yet.
                    await asyncio.sleep(empty_at_s - asyncio.get_running_loop().time() + 0.001)

    def recording(self) -> Pcm:
        """All that was heard of the agent, turn after turn."""
        return self._client.player.recording(_PAUSE_S)

    def _take(self, message: Message) -> None:
        match message:
            case AgentStarted(at_s=at_s):
                self.turns.append(AgentTurn(at_s))
            case AgentAudio(at_s=at_s):
                turn = self._turn(at_s)
                turn.first_audio_s = at_s if turn.first_audio_s is None else turn.first_audio_s
            case TranscriptHeard(at_s=at_s, speaker="agent", text=text):
                turn = self._turn(at_s)
                turn.first_words_s = at_s if turn.first_words_s is None else turn.first_words_s
                turn.text = text
            case TranscriptHeard(speaker="user", text=text, final=True):
                self.understood.append(text)
            case AgentStopped(at_s=at_s):
                self._turn(at_s).stopped_s = at_s
            case Reconnected(away_s=away_s):
                self.away_s.append(away_s)
            case ErrorReported():
                self.errors.append(message)
            case SessionEnded(reason=reason):
                self.reason = reason
            case _:
                pass

    def _turn(self, at_s: float) -> AgentTurn:
        # A server that does not announce its first turn is understood all the same.
        if not self.turns:
            self.turns.append(AgentTurn(at_s))
        return self.turns[-1]
