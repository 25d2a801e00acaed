"""How often somebody has failed to sign in, so that passwords cannot be guessed."""

import math
from collections import OrderedDict

from vivavoce.clock import monotonic_s
from vivavoce.errors import Refused

__all__ = ["MOST_BY_NAME", "MOST_BY_PEER", "WINDOW_S", "Attempts"]

# Within the window, for one name and from one address: people mistype, programs guess.
MOST_BY_NAME = 10
MOST_BY_PEER = 20
WINDOW_S = 300.0
# Names and addresses that are remembered; of more, those that failed longest ago are forgotten.
_MOST_KNOWN = 10_000


class Attempts:
    """Counts failures by name and by address, and refuses further attempts for a while."""

    def __init__(self) -> None:
        # Attempts of each within its window, and when the window began; the oldest first.
        self._known: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def begin(self, *, name: str, peer: str) -> None:
        """
        Count an attempt before it is made, so that many at the same time count as well.

        Args:
            name: The user's; empty for an attempt with an API key.
            peer: The address that the attempt comes from.

        Raises:
            Refused: 429 after too many.
        """
        moment = monotonic_s()
        asked = [(("peer", peer), MOST_BY_PEER), *([(("name", name), MOST_BY_NAME)] if name else [])]
        for key, most in asked:
            count, began = self._state(key, moment)
            if count >= most:
                wait_s = math.ceil(began + WINDOW_S - moment)
                raise Refused(
                    429,
                    f"Too many attempts to sign in: try again in {math.ceil(wait_s / 60)} min, "
                    'or have a link made with "vivavoce users link"',
                    retry_after_s=wait_s,
                )
        for key, _ in asked:
            count, began = self._state(key, moment)
            self._known[key] = (count + 1, began)
            self._known.move_to_end(key)
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)

    def forgive(self, *, name: str, peer: str) -> None:
        """
        Take an attempt back: it was the right one.

        The address keeps its other failures, or somebody with an account could guess at those of others for ever.
        """
        self._known.pop(("name", name), None)
        count, began = self._known.get(("peer", peer), (0, 0.0))
        if count > 1:
            self._known["peer", peer] = (count - 1, began)
        else:
            self._known.pop(("peer", peer), None)

    def _state(self, key: tuple[str, str], moment: float) -> tuple[int, float]:
        count, began = self._known.get(key, (0, moment))
        return (0, moment) if moment - began >= WINDOW_S else (count, began)
