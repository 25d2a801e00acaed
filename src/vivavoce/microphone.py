"""From a client's microphone to what the conversation hears: windows, each with its probability of being speech."""

from collections import deque
from collections.abc import Callable, Sequence

from vivavoce.audio.intake import Intake
from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.audio.windows import VAD_RATE_HZ
from vivavoce.engines.engine import VoiceActivity
from vivavoce.talk.policy import WINDOW_S

__all__ = ["Microphone"]

# How far a client may run ahead of real time before its sound is dropped.
_LONGEST_HEAD_START_S = 30.0
# How much a client may have kept while it was away.
_LONGEST_REPLAY_S = 90.0


class Microphone:
    """
    Passes one call's microphone through the voice detector, in order.

    Args:
        vad: The voice detector of the process.
        rate_hz: Rate of the client's sound.
        now: The session's time, in seconds.
        heard: Called with each window (16 kHz) and its probability of being speech.
        committed: Called when everything that came before a ``commit`` has been heard.
        record: Called with the moment at which a window ended, in session seconds, and its samples.
    """

    def __init__(
        self,
        *,
        vad: VoiceActivity,
        rate_hz: int,
        now: Callable[[], float],
        heard: Callable[[Pcm, float], None],
        committed: Callable[[], None],
        record: Callable[[float, Samples], None],
    ) -> None:
        self._now = now
        self._heard = heard
        self._committed = committed
        self._record = record
        self._intake = Intake(rate_hz)
        self._detector = vad.stream(self._on_speech)
        # Windows whose probability is awaited, in order; None is the end of a turn that came after them. What a client
        # may send ahead of real time bounds it.
        self._awaited: deque[Samples | None] = deque()
        # Until when the sound reaches that has come, in session seconds.
        self._until = 0.0
        # How much has come that is in no window yet: the intake holds it back.
        self._held_s = 0.0
        # What comes was said before, and follows what was heard last; until when that reached, in session seconds.
        self._catches_up = False
        self._laid_until = 0.0

    def push(self, pcm: Pcm) -> bool:
        """
        Take the next sound.

        Returns:
            False where it was dropped: a client that floods must not fill the memory or steal the others' time.
        """
        now, duration_s = self._now(), pcm.duration_s
        until = max(self._until, now) + duration_s
        if until > now + (_LONGEST_REPLAY_S if self._catches_up else _LONGEST_HEAD_START_S):
            return False
        self._until = until
        self._held_s += duration_s
        if windows := self._intake.push(pcm.samples):
            self._detect(windows)
        return True

    def commit(self) -> None:
        """The client ends the turn: what it has sent before is heard before."""
        self._detect(self._intake.flush())
        self._held_s = 0.0
        if not self._awaited:
            self._committed()
        elif self._awaited[-1] is not None:
            self._awaited.append(None)

    def catch_up(self) -> None:
        """The client comes back with what was said while it was away: that follows what was heard last."""
        self._catches_up = True

    def caught_up(self) -> None:
        """From now on it is heard as it is said."""
        self._catches_up = False
        self._until = 0.0

    def close(self) -> None:
        """The call is over; nothing is heard any more."""
        self._detector.close()

    def _detect(self, windows: Sequence[Samples]) -> None:
        # What has come last ends now, and the last window as much earlier as is held back.
        windows_s = len(windows) * WINDOW_S
        self._held_s -= windows_s
        now = self._now()
        began_at = min(self._laid_until, now) if self._catches_up else now - self._held_s - windows_s
        self._laid_until = began_at + windows_s
        for number, window in enumerate(windows, 1):
            self._record(began_at + number * WINDOW_S, window)
            self._awaited.append(window)
            self._detector.push(window)

    def _on_speech(self, speech: float) -> None:
        """The detector's answer for the oldest window."""
        window = self._awaited.popleft()
        assert window is not None
        self._heard(Pcm(window, VAD_RATE_HZ), speech)
        if self._awaited and self._awaited[0] is None:
            self._awaited.popleft()
            self._committed()
