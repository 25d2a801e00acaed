"""Nobody speaks: since when, and how often the agent has asked whether anybody is there."""

from vivavoce.talk.policy import Policy

__all__ = ["Idleness"]


class Idleness:
    """Counts the time in which neither side has the floor."""

    def __init__(self, policy: Policy) -> None:
        self._patience_s = policy.idle_s
        self._most_nudges = policy.most_nudges
        # In session seconds; None while somebody has the floor.
        self._since: float | None = None
        self._nudges = 0

    @property
    def lasts(self) -> bool:
        """Whether nobody has the floor."""
        return self._since is not None

    def begin(self, at: float) -> None:
        """Nobody has anything to say."""
        self._since = at

    def end(self) -> None:
        """Somebody has the floor."""
        self._since = None

    def forget(self) -> None:
        """The visitor is there: he has the floor, and was never asked."""
        self._since = None
        self._nudges = 0

    def restart(self, at: float) -> None:
        """Nobody could say anything until now."""
        if self._since is not None:
            self._since = at

    def deadline(self) -> float:
        """When it has lasted too long, in session seconds; infinity while it does not last."""
        return float("inf") if self._since is None else self._since + self._patience_s

    def nudge(self) -> bool:
        """The agent asks whether anybody is there; false where it has asked often enough."""
        if self._nudges >= self._most_nudges:
            return False
        self._nudges += 1
        self._since = None
        return True
