"""What a client may not have yet: the frames that are sent again when it comes back on another socket."""

from collections import deque
from collections.abc import Sequence
from itertools import islice

from vivavoce.wire.dialect import Frame

__all__ = ["Unacknowledged"]

_MOST_FRAMES = 4096
# Two minutes of the agent's voice in PCM at 24 kHz.
_MOST_BYTES = 6 * 1024 * 1024


class Unacknowledged:
    """
    Keeps what was sent until the client has it.

    Frames are numbered from 1 in the order in which they are added, as the codec numbers them.
    Where there are too many, the oldest go: the call can then no longer be taken up before them.

    Args:
        most_frames: How many are kept.
        most_bytes: How large they may be together.
    """

    def __init__(self, most_frames: int = _MOST_FRAMES, most_bytes: int = _MOST_BYTES) -> None:
        self._most_frames = most_frames
        self._most_bytes = most_bytes
        # Frames, each with whether it is binary; the newest has the number ``_newest``.
        self._kept: deque[tuple[Frame, bool]] = deque()
        self._newest = 0
        self._bytes = 0

    def add(self, frame: Frame, *, binary: bool) -> None:
        """Keep the next frame."""
        self._kept.append((frame, binary))
        self._newest += 1
        self._bytes += len(frame)
        while len(self._kept) > self._most_frames or self._bytes > self._most_bytes:
            self._drop_oldest()

    def acknowledge(self, seq: int) -> None:
        """The client has everything up to this number; one that was never sent means nothing."""
        if seq > self._newest:
            return
        while self._kept and self._newest - len(self._kept) < seq:
            self._drop_oldest()

    def since(self, seq: int) -> Sequence[tuple[Frame, bool]] | None:
        """
        All frames numbered above ``seq`` in their order, each with whether it is binary.

        None where some of them are gone, or where ``seq`` was never sent: the call cannot be taken up there.
        """
        had = seq - (self._newest - len(self._kept))
        if had < 0 or seq > self._newest:
            return None
        return tuple(islice(self._kept, had, None))

    def _drop_oldest(self) -> None:
        frame, _ = self._kept.popleft()
        self._bytes -= len(frame)
