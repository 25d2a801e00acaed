"""How the agent's replies reach the ear: what their voice waits for, and what the world learns of their sound."""

from enum import Enum

from vivavoce.talk import commands as do
from vivavoce.talk import facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.mouth import Mouth
from vivavoce.talk.orders import Orders
from vivavoce.talk.part import Caption
from vivavoce.talk.reply import Reply
from vivavoce.talk.word_times import Pace

__all__ = ["Delivery", "Wait"]

# Steps in which a recording follows what is heard.
_SOUND_STEP_S = 0.05


class Wait(Enum):
    """Why the agent's voice waits."""

    HELD = "the visitor makes a sound, and it is not clear yet what that is"
    AWAY = "the client has lost its socket; it plays out what it has"
    SUSPENDED = "the client's output does not run"


class Delivery:
    """Gives each reply its mouth, and tells what of it is heard."""

    def __init__(self, brief: Brief, orders: Orders) -> None:
        self._brief = brief
        self._orders = orders
        # How fast the voice speaks: learnt over all replies.
        self._pace = Pace()
        # Whether the client tells what it plays.
        self.client_reports = False
        # Why the voice waits; empty while it does not.
        self._waits: set[Wait] = set()

    def new_mouth(self, reply: int) -> Mouth:
        """The mouth of the next reply; it waits if its voice does."""
        mouth = Mouth(
            reply=reply,
            rate_hz=self._brief.voice_rate_hz,
            lead_s=self._brief.lead_s,
            policy=self._brief.policy,
            pace=self._pace,
            client_reports=self.client_reports,
        )
        if self._waits:
            mouth.pause(0.0, plays_out=False)
        return mouth

    # -- waiting --------------------------------------------------------------------------------------------

    @property
    def is_held(self) -> bool:
        """Whether the voice waits for what the visitor's sound turns out to be."""
        return Wait.HELD in self._waits

    def wait(self, at: float, why: Wait, reply: Reply | None) -> None:
        """The voice waits; what the client has, it plays out only where it cannot be told to wait too."""
        if not self._waits and reply is not None:
            reply.mouth.pause(at, plays_out=why is Wait.AWAY)
        self._waits.add(why)

    def go_on(self, at: float, why: Wait, reply: Reply | None) -> None:
        """That is over: the voice goes on from the very sample, unless it waits for something else."""
        if why in self._waits:
            self._waits.discard(why)
            if not self._waits and reply is not None:
                reply.mouth.resume(at)

    def forget_hold(self) -> None:
        """The reply that was held is over."""
        self._waits.discard(Wait.HELD)

    # -- what is heard --------------------------------------------------------------------------------------

    def follow(self, at: float, reply: Reply) -> None:
        """Tell what has been heard since it was last told: the sound, and the words."""
        self.note_sound(at, reply, at_least_s=_SOUND_STEP_S)
        if (heard := reply.mouth.tell_words(at)) is not None:
            self._orders.publish(facts.AgentSaid(at, reply.id, heard, final=False))

    def note_sound(self, at: float, reply: Reply, *, at_least_s: float = 0.0) -> None:
        """Tell how much of the sound has been heard, if that has grown by so much since it was last told."""
        if (heard := reply.mouth.newly_heard(at, at_least_s=at_least_s)) is not None:
            self._orders.do(do.Sounded(reply.id, *heard))

    def tell_caption(self, at: float, reply: Reply, caption: Caption | None) -> None:
        """When words of the reply are spoken is known, or better known."""
        if caption is not None:
            self._orders.publish(facts.Captioned(at, reply.id, caption.words, caption.first))
