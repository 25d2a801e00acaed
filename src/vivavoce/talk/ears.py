"""
Does the user speak, and has he finished?

Theory of operation. Durations are counted in windows of audio, not by the clock: the same speech gives the same
signs whether it arrives evenly, in bursts, or from a file. The clock is asked for one thing only: a socket that
falls silent is silence, or the turn of a push-to-talk client, which just stops sending, would never end.

          ONSET                PAUSE              END
    quiet ─────► speaking ───────────► paused ──────────► quiet
                     ▲      0.192 s       │    0.64 s
                     └────── RESUME ──────┘
"""

from enum import Enum

from vivavoce.talk.policy import WINDOW_S, Policy

__all__ = ["Ears", "Sign"]


class Sign(Enum):
    """What the ears have noticed."""

    ONSET = "the visitor has begun to speak"
    PAUSE = "he has paused: perhaps the end"
    RESUME = "he goes on after a pause"
    END = "he has finished"


class Ears:
    """Follows the visitor's voice, window by window."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        # Half a window of rounding: 0.2 s of speech are 6 windows (0.192 s), not 7.
        self._onset_s = policy.onset_s - WINDOW_S / 2
        self._turn_silence_s = policy.turn_silence_s - WINDOW_S / 2
        self._pause_s = min(policy.pause_s, policy.turn_silence_s) - WINDOW_S / 2
        # True from ONSET to END.
        self.speaking = False
        self._paused = False
        # Speech towards an onset, in seconds, and all sound since its first window; the latter is kept a while
        # longer, for a word that was too short.
        self._voiced_s = 0.0
        self._since_voiced_s = 0.0
        self._kept_s = policy.pre_roll_s + policy.onset_s
        # Silence at the end of what has been heard, in seconds.
        self._silent_s = 0.0
        # The current turn's sound, from its first speech on, in seconds.
        self._turn_s = 0.0
        # Session time of the last window.
        self._last_at = 0.0
        # Session time at which the speech of the current turn began, and at which speech was last heard.
        self.began_at = 0.0
        self.ended_at = 0.0

    def hear(self, at: float, speech: float) -> Sign | None:
        """Take one window; ``speech`` is its probability of being speech."""
        self._last_at = at
        return self._follow(at, speech) if self.speaking else self._await(at, speech)

    @property
    def paused(self) -> bool:
        """Whether he is silent within his turn, for long enough to have finished perhaps."""
        return self._paused

    @property
    def speech_s(self) -> float:
        """How long the current turn is up to its last speech, in seconds; 0 outside of one."""
        return self._turn_s - self._silent_s if self.speaking else 0.0

    def commit(self, at: float) -> tuple[Sign, ...]:
        """The client says that the turn is over. A word too short for an onset counts: the button meant it."""
        signs: tuple[Sign, ...] = ()
        if not self.speaking and self._since_voiced_s:
            signs = (self._begin(at),)
        return (*signs, self.finish(at)) if self.speaking else ()

    def lapse(self, at: float) -> Sign | None:
        """Take note of the time: windows that should have come by now count as silence."""
        due = self.deadline()
        return self.finish(at) if due is not None and at >= due else None

    def deadline(self) -> float | None:
        """When the turn ends if nothing more is heard, in session seconds."""
        if not self.speaking:
            return None
        return self._last_at + max(self._turn_silence_s - self._silent_s, 0.0) + self._policy.socket_grace_s

    def finish(self, at: float) -> Sign:
        """End the user's turn now."""
        # The speech itself ended when the silence began.
        self.ended_at = min(self._last_at, at) - self._silent_s
        self.reset()
        return Sign.END

    def wake(self, at: float) -> None:
        """Nothing could be heard before this moment: that was no silence."""
        self._last_at = max(self._last_at, at)

    def be_patient(self, silence_s: float) -> None:
        """From now on a turn ends after this much silence."""
        self._turn_silence_s = silence_s - WINDOW_S / 2

    def reset(self) -> None:
        """Forget what was heard, as if the room had been quiet."""
        self.speaking = self._paused = False
        self._voiced_s = self._since_voiced_s = self._silent_s = 0.0

    def _await(self, at: float, speech: float) -> Sign | None:
        if speech >= self._policy.speech_probability:
            if not self._voiced_s:
                self._since_voiced_s = 0.0
            self._voiced_s += WINDOW_S
            self._silent_s = 0.0
        elif self._since_voiced_s:
            # Between the two thresholds is no speech yet: murmur must not stretch an onset over minutes.
            self._silent_s += WINDOW_S
            if self._silent_s > self._policy.onset_gap_s:
                self._voiced_s = 0.0
            if self._since_voiced_s >= self._kept_s and not self._voiced_s:
                self.reset()
        if self._voiced_s or self._since_voiced_s:
            self._since_voiced_s += WINDOW_S
        return self._begin(at) if self._voiced_s >= self._onset_s else None

    def _begin(self, at: float) -> Sign:
        self.speaking, self._paused = True, False
        self.began_at = at - self._since_voiced_s
        self._turn_s = self._since_voiced_s
        return Sign.ONSET

    def _follow(self, at: float, speech: float) -> Sign | None:
        self._turn_s += WINDOW_S
        if speech >= self._policy.speech_probability:
            self._silent_s = 0.0
            if self._paused:
                self._paused = False
                return Sign.RESUME
        elif self._silent_s or speech < self._policy.silence_probability:
            # Between the two thresholds a silence goes on, but does not begin.
            self._silent_s += WINDOW_S
            pauses = self._silent_s >= self._pause_s and not self._paused
            # Where the text decides about the end, its pause comes first: that is when the text is asked for.
            if self._silent_s >= self._turn_silence_s and not (pauses and self._policy.unfinished_silence_s):
                return self.finish(at)
            if pauses:
                self._paused = True
                return Sign.PAUSE
        return None
