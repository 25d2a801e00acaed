"""
Is the client there?

It may have lost its socket, or its output may have been suspended, as browsers do during a phone call. The agent
waits meanwhile, but not for ever.
"""

from vivavoce.talk import facts
from vivavoce.talk.agent import Agent
from vivavoce.talk.delivery import Wait
from vivavoce.talk.events import Played
from vivavoce.talk.orders import Orders
from vivavoce.talk.policy import Policy

__all__ = ["Presence"]


class Presence:
    """
    Follows the client, and has the agent wait for it.

    Args:
        policy: How long the call waits.
        agent: Who waits.
        orders: Where it is told.
    """

    def __init__(self, policy: Policy, agent: Agent, orders: Orders) -> None:
        self._policy = policy
        self._agent = agent
        self._orders = orders
        # Since when its socket is gone, and its output suspended, in session seconds; None while it is there.
        self.away_since: float | None = None
        self._suspended_since: float | None = None

    @property
    def away(self) -> bool:
        """Whether its socket is gone: nothing is heard of the visitor."""
        return self.away_since is not None

    @property
    def absent(self) -> bool:
        """Whether it hears nothing of the agent."""
        return self.away or self._suspended_since is not None

    def leave(self, at: float) -> None:
        """Its socket is gone."""
        if not self.away:
            self.away_since = at
            self._agent.wait(at, Wait.AWAY)
            self._orders.publish(facts.ClientLost(at))

    def come_back(self, at: float) -> None:
        """It has another socket."""
        if self.away_since is not None:
            self._orders.publish(facts.ClientReturned(at, at - self.away_since))
            self.away_since = None
            self._agent.go_on(at, Wait.AWAY)

    def played(self, report: Played) -> None:
        """It tells what it has played, and whether it plays at all."""
        at, suspended = report.at, report.state == "suspended"
        self._agent.heed_reports()
        if not suspended:
            self._suspended_since = None
            self._agent.go_on(at, Wait.SUSPENDED)
        if (reply := self._agent.current(report.reply)) is not None:
            reply.mouth.played(at, report.played_s, plays=report.state == "playing")
        if suspended and self._suspended_since is None:
            self._suspended_since = at
            self._agent.wait(at, Wait.SUSPENDED)

    def deadline(self) -> float:
        """Until when it is waited for, in session seconds; infinity while it is there."""
        return min(self._away_until, self._suspended_until)

    def given_up(self, at: float) -> str:
        """Why the call ends because it has been waited for too long; empty where it has not."""
        if at >= self._away_until:
            return "websocket_closed"
        return "timeout" if at >= self._suspended_until else ""

    @property
    def _away_until(self) -> float:
        return float("inf") if self.away_since is None else self.away_since + self._policy.away_s

    @property
    def _suspended_until(self) -> float:
        return float("inf") if self._suspended_since is None else self._suspended_since + self._policy.suspended_s
