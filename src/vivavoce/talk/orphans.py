"""Tool calls whose reply was given up: what they do is done all the same, and the model must learn of it."""

from vivavoce.speech import ToolCall
from vivavoce.talk.reply import Round, Running

__all__ = ["Orphans"]


class Orphans:
    """Keeps such calls until they have answered, and their answers until the model reads them."""

    def __init__(self) -> None:
        # By the id of the call.
        self._running: dict[str, Running] = {}
        self._unread: list[tuple[ToolCall, str]] = []

    @property
    def running(self) -> bool:
        """Whether one has not answered yet."""
        return bool(self._running)

    @property
    def unread(self) -> bool:
        """Whether one has answered and the model does not know it yet."""
        return bool(self._unread)

    def adopt(self, given_up: Round) -> None:
        """Take over the calls of a round that still run."""
        self._running |= given_up.running

    def answer(self, call_id: str, output: str) -> ToolCall | None:
        """A call has answered; None where it is none of these."""
        running = self._running.pop(call_id, None)
        if running is None:
            return None
        self._unread.append((running.call, output))
        return running.call

    def late(self, at: float) -> tuple[str, ...]:
        """The calls whose time is over."""
        return tuple(call_id for call_id, running in self._running.items() if at >= running.due_at)

    def deadline(self) -> float:
        """When the time of the next call is over, in session seconds."""
        return min((running.due_at for running in self._running.values()), default=float("inf"))

    def read(self) -> list[tuple[ToolCall, str]]:
        """What has been answered, with the calls; the model knows it from now on."""
        answers, self._unread = self._unread, []
        return answers
