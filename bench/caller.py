"""
Pure: one simulated visitor. It decides what each 20 ms carry and remembers what came back, and when.

The script: a little silence, then in a loop the clip and up to four seconds of silence.
Every second reply is interrupted half a second after its first frame, by starting the clip again.
All times are seconds of the driver's clock.
"""

from dataclasses import dataclass, field

__all__ = ["SILENCE", "Caller", "Habits", "Turn", "Utterance"]

# What ``Caller.slot`` gives while the caller does not speak.
SILENCE = -1


@dataclass(frozen=True, slots=True)
class Habits:
    """How a caller behaves; counts are frames of 20 ms."""

    speech_frames: int
    # Before the first words: the server gets to know the room.
    lead_in_frames: int = 25
    # Four seconds, unless the caller interrupts.
    silence_frames: int = 200
    # Every second reply is interrupted; 0 for a caller that listens to everything.
    interrupt_every: int = 2
    # After the first frame of the reply.
    interrupt_after_s: float = 0.5


@dataclass(slots=True)
class Utterance:
    """One stretch of agent audio, frame by frame."""

    arrivals_s: list[float] = field(default_factory=list)
    samples: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Turn:
    """One stretch of the caller's speech and what it led to."""

    onset_at: float
    # When the last frame of speech left; None while the caller speaks.
    ended_at: float | None = None
    # When the first frame of the answer came.
    replied_at: float | None = None
    # The reply that this speech was meant to stop.
    interrupts: Utterance | None = None
    # When the server said that it had stopped that reply.
    interrupted_at: float | None = None
    # When the last frame of that reply came.
    old_reply_ended_at: float | None = None
    # Nothing more is to be expected of this turn: the caller has gone on.
    over: bool = False


class Caller:
    """Plays the script of one call and keeps its record."""

    def __init__(self, habits: Habits) -> None:
        self._habits = habits
        # Frames since the current clip began; the silence follows the clip.
        self._position = habits.speech_frames + habits.silence_frames - habits.lead_in_frames
        # When to talk over the agent; None while there is no such plan.
        self._interrupt_at: float | None = None
        # The agent's utterance that is under way.
        self._utterance: Utterance | None = None
        # Set by an interruption: audio is wrong until the agent starts anew.
        self._cut = False
        self._replies = 0
        # Every stretch of speech, in order.
        self.turns: list[Turn] = []
        # Every stretch of agent audio, in order.
        self.utterances: list[Utterance] = []
        # Replies that began before the caller had finished the clip.
        self.early_replies = 0
        # Stretches of agent audio that nothing had asked for.
        self.unasked_replies = 0
        # Interruptions that nobody made.
        self.false_interruptions = 0
        # Audio frames of a reply that the server had declared interrupted.
        self.stray_frames = 0

    def slot(self, at: float) -> int:
        """
        What the next 20 ms carry.

        Args:
            at: The moment at which the frame leaves.

        Returns:
            The number of the clip's frame, from 0, or ``SILENCE``.
        """
        habits = self._habits
        barging_in = self._interrupt_at is not None and at >= self._interrupt_at
        if barging_in or self._position == habits.speech_frames + habits.silence_frames:
            self._begin_turn(at, barging_in=barging_in)
        index = self._position
        self._position += 1
        if index >= habits.speech_frames:
            return SILENCE
        if index == habits.speech_frames - 1:
            self.turns[-1].ended_at = at
        return index

    def _begin_turn(self, at: float, *, barging_in: bool) -> None:
        if self.turns:
            self.turns[-1].over = True
        turn = Turn(onset_at=at)
        # An agent that has finished by itself leaves nothing to interrupt.
        if barging_in and self._utterance is not None:
            turn.interrupts = self._utterance
            turn.old_reply_ended_at = self._utterance.arrivals_s[-1]
        self.turns.append(turn)
        self._interrupt_at = None
        self._position = 0

    def agent_started(self) -> None:
        """The server said that the agent starts to talk."""
        self._utterance = None
        self._cut = False

    def agent_stopped(self) -> None:
        """The server said that the agent has stopped talking."""
        self._utterance = None

    def agent_sounded(self, at: float, samples: int) -> None:
        """A frame of agent audio came, with so many samples."""
        if self._cut:
            self.stray_frames += 1
            self.turns[-1].old_reply_ended_at = at
            return
        if self._utterance is None:
            self._utterance = Utterance()
            self.utterances.append(self._utterance)
            self._begin_reply(at)
        self._utterance.arrivals_s.append(at)
        self._utterance.samples.append(samples)
        if self.turns and self.turns[-1].interrupts is self._utterance:
            self.turns[-1].old_reply_ended_at = at

    def _begin_reply(self, at: float) -> None:
        turn = self.turns[-1] if self.turns else None
        if turn is None or turn.replied_at is not None:
            self.unasked_replies += 1
            return
        if turn.ended_at is None:
            self.early_replies += 1
            return
        turn.replied_at = at
        self._replies += 1
        if self._habits.interrupt_every and self._replies % self._habits.interrupt_every == 0:
            self._interrupt_at = at + self._habits.interrupt_after_s

    def interrupted(self, at: float) -> None:
        """The server said that the caller has interrupted the agent."""
        turn = self.turns[-1] if self.turns else None
        if turn is None or turn.interrupts is None or turn.interrupted_at is not None:
            self.false_interruptions += 1
        else:
            turn.interrupted_at = at
        self._utterance = None
        # With no turn there is nothing to date a stray frame by.
        self._cut = turn is not None
