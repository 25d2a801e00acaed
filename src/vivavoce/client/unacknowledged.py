"""What a client has said and the server has not confirmed: numbered, kept, and sent again on a new socket."""

from collections import deque
from dataclasses import dataclass

__all__ = ["Outgoing", "Unacknowledged"]

# A server waits no longer for a client that is gone; of sound that is kept longer, the oldest is dropped.
_MOST_AUDIO_S = 60.0
# Whatever else waits: a client that has said so much to nobody has a mistake in it.
_MOST_OTHERS = 1000


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A numbered message as it is sent; ``audio_s`` is how long its sound is, 0 for anything else."""

    seq: int
    frame: bytes
    binary: bool
    audio_s: float


class Unacknowledged:
    """The numbered messages of one call that the server may not have yet, in order."""

    def __init__(self) -> None:
        # The number of the newest message; 0 before the first.
        self.newest = 0
        # What was sent on the present socket, and what was not yet. Both are bounded by ``add``.
        self._sent: deque[Outgoing] = deque()
        self._unsent: deque[Outgoing] = deque()
        # How long the sound in both is, and how many messages in both are none.
        self._audio_s = 0.0
        self._others = 0

    def add(self, frame: bytes, *, binary: bool = False, audio_s: float = 0.0) -> None:
        """
        Keep the next message; it carries the number ``newest + 1``.

        Raises:
            ConnectionError: Too much waits that is no sound.
        """
        if not audio_s and self._others >= _MOST_OTHERS:
            raise ConnectionError("too many messages wait for a server that is gone")
        self.newest += 1
        self._unsent.append(Outgoing(self.newest, frame, binary, audio_s))
        self._count(self._unsent[-1], 1)
        while self._audio_s > _MOST_AUDIO_S:
            self._drop_oldest_audio()

    @property
    def next(self) -> Outgoing | None:
        """The first message that was not sent on the present socket."""
        return self._unsent[0] if self._unsent else None

    def sent(self) -> None:
        """The message ``next`` was sent."""
        self._sent.append(self._unsent.popleft())

    def acknowledged(self, seq: int) -> None:
        """The server has everything up to this number."""
        for waiting in (self._sent, self._unsent):
            while waiting and waiting[0].seq <= seq:
                self._count(waiting.popleft(), -1)

    def rewind(self) -> None:
        """There is a new socket: everything that is kept is to be sent again."""
        self._unsent.extendleft(reversed(self._sent))
        self._sent.clear()

    def __len__(self) -> int:
        return len(self._sent) + len(self._unsent)

    def _drop_oldest_audio(self) -> None:
        for waiting in (self._sent, self._unsent):
            for kept in waiting:
                if kept.audio_s:
                    waiting.remove(kept)
                    self._count(kept, -1)
                    return

    def _count(self, message: Outgoing, by: int) -> None:
        self._audio_s += by * message.audio_s
        self._others += by * (not message.audio_s)
