"""The server's messages, until the client reads them."""

import asyncio

from vivavoce.client.messages import Message

__all__ = ["Mailbox"]

# A minute of agent audio in small frames. A client that lets so much wait has stopped reading.
_MOST_WAITING_MESSAGES = 4096


class Mailbox:
    """Holds the messages of one call in order; ``end`` is said once, behind the last."""

    def __init__(self) -> None:
        # Written by ``put`` and ``end``, read by ``next``; None marks the end, and a place is kept for it.
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue(_MOST_WAITING_MESSAGES + 1)
        self.ended = False

    def put(self, message: Message) -> bool:
        """Add a message; False where nobody reads and there is no more room."""
        if self._messages.qsize() >= _MOST_WAITING_MESSAGES:
            return False
        if not self.ended:
            self._messages.put_nowait(message)
        return True

    def end(self) -> None:
        """No more messages will come."""
        if not self.ended:
            self.ended = True
            self._messages.put_nowait(None)

    async def next(self) -> Message | None:
        """The next message; None after the last."""
        if self.ended and self._messages.empty():
            return None
        return await self._messages.get()
