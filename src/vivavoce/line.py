"""The way to a client: over one socket, or, where it can resume, over one after the other."""

from collections.abc import Callable, Sequence
from typing import Protocol

from vivavoce.wire.dialect import Codec, Frame, ResumableCodec
from vivavoce.wire.unacknowledged import Unacknowledged

__all__ = ["Line", "Outbox"]

# The close code of a socket in whose place another has come. Source: docs/wire-extension.md, "Resume".
_REPLACED = 4409


class Outbox(Protocol):
    """One socket. Sending never waits; what a slow client has not taken is the socket's to bound."""

    def send(self, frame: Frame) -> None:
        """Send one message of text; after ``close`` or a lost socket it is dropped."""

    def send_binary(self, frame: Frame) -> None:
        """Send one binary message; likewise."""

    def close(self, code: int = 1000) -> None:
        """Close the socket after what has been sent, normally where no other code is given."""


class Line:
    """
    Takes frames to the client of one call, and keeps those that it may not have got.

    Args:
        outbox: The first socket.
        codec: The call's; whether its client can resume, it says.
    """

    def __init__(self, outbox: Outbox, codec: Codec) -> None:
        # None while the client is away.
        self._outbox: Outbox | None = outbox
        self._kept = Unacknowledged() if isinstance(codec, ResumableCodec) else None
        self._voice_is_binary = codec.voice_is_binary
        # The way of the agent's audio, chosen once: it is the hot path.
        self.send_voice: Callable[[Frame], None]
        if self._kept is not None:
            self.send_voice = self._send_kept_voice
        else:
            self.send_voice = outbox.send_binary if codec.voice_is_binary else outbox.send

    def send(self, frames: Sequence[Frame]) -> None:
        """Send messages of text; where the codec numbers its frames, they are kept until the client has them."""
        for frame in frames:
            if self._kept is not None:
                self._kept.add(frame, binary=False)
            if self._outbox is not None:
                self._outbox.send(frame)

    def send_once(self, frames: Sequence[Frame]) -> None:
        """Send messages of text that belong to this socket."""
        if self._outbox is not None:
            for frame in frames:
                self._outbox.send(frame)

    def acknowledge(self, seq: int) -> None:
        """The client has all frames up to this number."""
        if self._kept is not None:
            self._kept.acknowledge(seq)

    def lose(self, outbox: Outbox) -> bool:
        """A socket is gone; false where that was not the one in use."""
        if outbox is not self._outbox:
            return False
        self._outbox = None
        return True

    def can_resume(self, last_seq: int) -> bool:
        """Whether everything that the client lacks is still there."""
        return self._kept is not None and self._kept.since(last_seq) is not None

    def resume(self, outbox: Outbox, hello: Sequence[Frame], last_seq: int) -> None:
        """Go on with another socket: greet, then send again what the client lacks. The old socket is closed."""
        old, self._outbox = self._outbox, outbox
        if old is not None:
            old.close(_REPLACED)
        self.send_once(hello)
        assert self._kept is not None
        for frame, binary in self._kept.since(last_seq) or ():
            (outbox.send_binary if binary else outbox.send)(frame)

    def close(self) -> None:
        """Close the socket after what has been sent."""
        if self._outbox is not None:
            self._outbox.close()

    def _send_kept_voice(self, frame: Frame) -> None:
        assert self._kept is not None
        self._kept.add(frame, binary=self._voice_is_binary)
        if self._outbox is not None:
            if self._voice_is_binary:
                self._outbox.send_binary(frame)
            else:
                self._outbox.send(frame)
