"""What goes wrong between the agent and its engines: it apologises, goes on with what there is, or gives up."""

from collections.abc import Callable

from vivavoce.talk import facts
from vivavoce.talk.agent import Agent
from vivavoce.talk.brief import Brief
from vivavoce.talk.orders import Orders

__all__ = ["Trouble"]


class Trouble:
    """
    Mends what has failed, so that no visitor is left in silence, and counts how often it had to.

    Args:
        brief: Its phrases are the apologies, its policy says how many are too many.
        agent: Whose replies fail.
        orders: Where it is told.
        give_up: Ends the call at this moment.
    """

    def __init__(self, brief: Brief, agent: Agent, orders: Orders, give_up: Callable[[float], None]) -> None:
        self._phrases = brief.phrases
        self._most_failures = brief.policy.most_failures
        self._agent = agent
        self._orders = orders
        self._give_up = give_up
        # Failures since an answer was last heard; an apology is none.
        self._failures = 0

    def over(self) -> None:
        """An answer was heard."""
        self._failures = 0

    def reply_failed(self, at: float, stage: str, number: int, reason: str) -> None:
        """The model (``llm``) or the voice (``tts``) has failed at a reply; of old ones nobody cares."""
        # A model that was given up before it failed is nobody's trouble any more.
        reply = self._agent.thinking(number) if stage == "llm" else self._agent.current(number)
        if reply is None:
            return
        if stage == "llm" and not reply.said:
            self.stumble(at, stage, reason)
            return
        # Say what there is; a reply without any sound stumbles at its end.
        self._orders.publish(facts.EngineStumbled(at, stage, reason))
        if stage == "llm":
            self._agent.break_off(reply)
        else:
            reply.voice_failed()

    def check(self, at: float) -> None:
        """Look whether model or voice let the visitor wait for too long."""
        reply = self._agent.reply
        stage = None if reply is None else reply.stuck(at)
        if reply is None or stage is None:
            return
        if stage == "llm" and reply.talking:
            self.reply_failed(at, stage, reply.id, "no further text came in time")
        else:
            self.stumble(at, stage, "no text came in time" if stage == "llm" else "no sound came in time")

    def stumble(self, at: float, stage: str, reason: str) -> None:
        """A reply has failed as a whole."""
        reply = self._agent.reply
        self._agent.stop(at)
        self._orders.publish(facts.EngineStumbled(at, stage, reason))
        late = stage == "llm" and reply is not None and reply.tool_late
        self.apologise(at, self._phrases.tool_late if late else self._phrases.trouble)

    def tool_late(self, at: float) -> None:
        """A tool did not answer in time, and the model had nothing to say to that."""
        self._orders.publish(facts.EngineStumbled(at, "llm", "the model answered with no text"))
        self.apologise(at, self._phrases.tool_late)

    def apologise(self, at: float, phrase: str) -> None:
        """Ask the visitor to try again, or end the call if nothing works."""
        self._failures += 1
        if self._failures >= self._most_failures:
            self._orders.publish(facts.Failed(at, "internal_error", "the agent cannot answer at the moment"))
            self._give_up(at)
        else:
            self._agent.speak(at, phrase)
