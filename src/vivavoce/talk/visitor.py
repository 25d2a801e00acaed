"""The visitor's side: his turn, from its first sound until all of it has been written down."""

from vivavoce.audio.volume import volume
from vivavoce.speech import Transcript
from vivavoce.talk import events, facts
from vivavoce.talk.dictation import Dictation
from vivavoce.talk.ears import Ears, Sign
from vivavoce.talk.orders import Orders
from vivavoce.talk.policy import Policy
from vivavoce.talk.unfinished import looks_unfinished

__all__ = ["Visitor"]


class Visitor:
    """Hears the visitor and has him written down; whose turn it is, is the conversation's to decide."""

    def __init__(self, policy: Policy, orders: Orders) -> None:
        self._policy = policy
        self._orders = orders
        self._ears = Ears(policy)
        self._dictation = Dictation(policy)
        # When the turn was judged to be over, while its transcript is waited for.
        self.closing_since: float | None = None
        # His client is gone: that nothing is heard means nothing.
        self._is_away = False

    # -- what he does ---------------------------------------------------------------------------------------

    def hear(self, event: events.Heard) -> Sign | None:
        """One window of sound. Pauses are dealt with here; an onset and an end are returned."""
        sign = self._ears.hear(event.at, event.speech if self._is_loud(event) else 0.0)
        if self._ears.speaking and sign is not Sign.ONSET:
            self._orders.do(*self._dictation.feed(event.pcm))
        elif sign is not Sign.END:
            self._dictation.overhear(event.pcm)
        if sign is Sign.PAUSE:
            self._orders.do(*self._dictation.pause())
            self._weigh_patience()
        elif sign is Sign.RESUME:
            self._orders.do(*self._dictation.resume())
            self._weigh_patience()
        return sign

    def be_deaf(self) -> None:
        """What he says now is not heard."""
        self._ears.reset()
        self._dictation.forget()

    def commit(self, at: float) -> tuple[Sign, ...]:
        """His client says that the turn is over."""
        return self._ears.commit(at)

    def away(self) -> None:
        """His client is gone: his turn, if he has it, waits."""
        self._is_away = True

    def come_back(self, at: float) -> None:
        """His client is back: his turn goes on with what it sends next."""
        self._is_away = False
        self._ears.wake(at)

    def lapse(self, at: float) -> Sign | None:
        """Time has passed: an end, where silence or the longest turn makes it one."""
        if self._is_away:
            return None
        if self.speaking and at >= self._ears.began_at + self._policy.longest_turn_s:
            return self._ears.finish(at)
        return self._ears.lapse(at)

    def written(self, event: events.Transcribed) -> None:
        """Speech-to-text has written something."""
        if self._dictation.written(event.utterance, Transcript(event.text.strip(), event.final, event.words)):
            self._orders.publish(facts.UserSaid(event.at, self.text, final=False))
        self._weigh_patience()

    def transcript_failed(self, utterance: int) -> bool:
        """Speech-to-text has failed; false for an utterance that nobody waits for."""
        waited_for = self._dictation.failed(utterance)
        self._weigh_patience()
        return waited_for

    # -- his turn -------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """He has the floor."""
        self.closing_since = None
        self._weigh_patience()
        self._orders.publish(facts.UserStartedSpeaking(max(self._ears.began_at, 0.0)))
        self._orders.do(*self._dictation.begin())

    def take_back(self, text: str) -> None:
        """His last turn, which had become ``text``, is not over after all."""
        self._dictation.take_back(text)

    def close(self, at: float) -> None:
        """He has finished: what is missing is the final transcript."""
        self._orders.do(*self._dictation.pause())
        self._orders.publish(facts.UserStoppedSpeaking(self._ears.ended_at))
        self.closing_since = at

    def give_up_waiting(self) -> None:
        """The final transcript does not come: what there is has to do."""
        self._orders.do(*self._dictation.give_up_waiting())

    def hand_over(self) -> str:
        """The turn is done with; returns what was written of it. The ears listen on."""
        text = self.text
        self._orders.do(*self._dictation.clear())
        self.closing_since = None
        return text

    def break_off(self, at: float) -> str:
        """End the turn in whatever state it is; returns what was written of it."""
        if self.speaking:
            self._ears.finish(at)
            self._orders.publish(facts.UserStoppedSpeaking(self._ears.ended_at))
        self._ears.reset()
        return self.hand_over()

    def _is_loud(self, event: events.Heard) -> bool:
        """Whether a window is loud enough to be speech."""
        return not self._policy.least_volume or volume(event.pcm.samples) >= self._policy.least_volume

    def _weigh_patience(self) -> None:
        """How long a silence ends the turn, by what has been written of it. What is not yet written may be a half."""
        longer_s = self._policy.unfinished_silence_s
        if longer_s > self._policy.turn_silence_s:
            waits = self._ears.paused and (not self._dictation.settled or looks_unfinished(self.text))
            self._ears.be_patient(longer_s if waits else self._policy.turn_silence_s)

    # -- how it stands --------------------------------------------------------------------------------------

    @property
    def speaking(self) -> bool:
        """Whether his turn is open."""
        return self._ears.speaking

    @property
    def fell_silent(self) -> bool:
        """Whether he has paused, or finished, and all that he said before is written down."""
        return (self._ears.paused or not self._ears.speaking) and self._dictation.settled

    @property
    def speech_s(self) -> float:
        """How long he has been speaking in this turn, up to his last sound."""
        return self._ears.speech_s

    @property
    def began_at(self) -> float:
        """When his speech began, in session seconds."""
        return self._ears.began_at

    @property
    def ended_at(self) -> float:
        """When his speech ended, in session seconds."""
        return self._ears.ended_at

    @property
    def text(self) -> str:
        """What has been written of his turn so far."""
        return self._dictation.text

    @property
    def lost_words(self) -> bool:
        """Whether he may have said more in this turn than was written, because a transcript failed."""
        return self._dictation.lost

    @property
    def settled(self) -> bool:
        """Whether his turn is over and all of it has been written down."""
        return self.closing_since is not None and self._dictation.settled

    def deadline(self) -> float:
        """When his side next wants to be looked at, in session seconds."""
        soonest = float("inf")
        if self.closing_since is not None:
            soonest = self.closing_since + self._policy.transcript_wait_s
        silent_at = self._ears.deadline()
        if silent_at is not None and not self._is_away:
            soonest = min(soonest, silent_at, self._ears.began_at + self._policy.longest_turn_s)
        return soonest
