"""How stubbornly a client keeps its call."""

from collections.abc import Iterator
from dataclasses import dataclass

from vivavoce.ids import fraction

__all__ = ["Endurance"]


@dataclass(frozen=True, slots=True)
class Endurance:
    """How a client keeps an extended call, in seconds."""

    # How often it asks whether the server is there, and how long it waits for an answer.
    ping_s: float = 2.0
    silent_s: float = 5.0
    # The pause before the first attempt to reconnect; each further one is twice as long, up to the longest.
    first_pause_s: float = 0.1
    longest_pause_s: float = 3.0

    def pauses_s(self) -> Iterator[float]:
        """The pauses before each attempt, without an end; jittered, so that clients do not come all at once."""
        pause_s = self.first_pause_s
        while True:
            yield min(pause_s * (0.75 + fraction() / 2), self.longest_pause_s)
            pause_s = min(2 * pause_s, self.longest_pause_s)
