"""
Is a sound of the visitor's an interruption?

A client that can hold its output gives the agent a second chance: at the first sound its voice is only held. It is
interrupted once there are words, or more sound than a cough has; was it nothing, it goes on from the very sample.
"""

from collections.abc import Callable

from vivavoce.talk import facts
from vivavoce.talk.agent import Agent
from vivavoce.talk.delivery import Wait
from vivavoce.talk.orders import Orders
from vivavoce.talk.visitor import Visitor

__all__ = ["BargeIn"]


class BargeIn:
    """
    Holds the agent's voice, and weighs what it is held for.

    Args:
        certain_s: Speech that interrupts for certain, however little of it can be read.
        visitor: Who makes the sound.
        agent: Whose voice is held.
        orders: Where it is told.
        interrupt: Gives the visitor the floor at this moment.
    """

    def __init__(
        self, certain_s: float, visitor: Visitor, agent: Agent, orders: Orders, interrupt: Callable[[float], None]
    ) -> None:
        self._certain_s = certain_s
        self._visitor = visitor
        self._agent = agent
        self._orders = orders
        self._interrupt = interrupt

    def hold(self, at: float) -> None:
        """The visitor makes a sound while the agent talks."""
        reply = self._agent.reply
        assert reply is not None
        self._agent.wait(at, Wait.HELD)
        self._orders.publish(facts.Held(at, reply.id))

    def weigh(self, at: float) -> None:
        """Look whether it is clear by now what the sound is."""
        visitor, reply = self._visitor, self._agent.reply
        if not self._agent.is_held or reply is None:
            return
        if visitor.text or visitor.lost_words or visitor.speech_s >= self._certain_s:
            self._interrupt(at)
        elif visitor.fell_silent:
            visitor.break_off(at)
            self._agent.go_on(at, Wait.HELD)
            self._orders.publish(facts.Released(at, reply.id))
