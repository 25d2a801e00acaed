"""
How much of a reply's sound the visitor has heard.

Theory of operation. The client plays what it gets at once and without gaps, so what has been sent makes a timeline
of stretches: each begins when its frame reached the client, or when the frame before it ends, if that is later.
A client that reports its play position shifts the timeline: it is as late, or as early, as its last report says.
Its reports also bound what is taken for heard: a client that has reported and then falls silent, or says that it
plays nothing while there is something to play, stands where it was, but not for ever. And it begins, at first and
after each gap, when it says so.
"""

from dataclasses import dataclass

__all__ = ["Playout"]

# A playing client reports at least four times a second; after so long without a report it is taken to stand.
_REPORT_HOLDS_S = 1.0
# A client that stands for so long without having been told to is broken: its sound is taken for heard, or the call
# would be silent for ever.
_LONGEST_STAND_S = 30.0


@dataclass(slots=True)
class _Stretch:
    """Sound that the client plays without a gap, from ``play_at`` on."""

    play_at: float
    start: int
    samples: int


class Playout:
    """
    What a client does with the sound of one reply.

    Args:
        rate_hz: Rate of the sound.
        delay_s: From sending a frame to hearing it.
        reports: Whether the client is known to report what it plays.
    """

    def __init__(self, rate_hz: int, delay_s: float, *, reports: bool = False) -> None:
        self._rate_hz = rate_hz
        self._delay_s = delay_s
        self._stretches: list[_Stretch] = []
        self.sent_samples = 0
        # How far the client is behind the timeline, in seconds; negative if it is ahead.
        self._lag_s = 0.0
        # Until when it is taken to play on, in session seconds; for ever where it does not report.
        self._plays_until = float("-inf") if reports else float("inf")
        # Where it stands, in samples; None while it plays.
        self._stands: float | None = None
        # It was told to stand, or is away, and plays on when it is told so.
        self._paused = False

    # -- what happens ---------------------------------------------------------------------------------------

    def send(self, at: float, samples: int) -> float:
        """Sound is sent; returns when it will be played, in session seconds."""
        start, self.sent_samples = self.sent_samples, self.sent_samples + samples
        if self._stretches and (end_at := self._end_at() + self._lag_s) >= at:
            # It reaches the client before the sound ahead of it has ended: no gap.
            self._stretches[-1].samples += samples
            return end_at
        self._end_stand(at)
        arrives_at = at + self._delay_s
        self._stretches.append(_Stretch(arrives_at - self._lag_s, start, samples))
        if self._plays_until < float("inf"):
            # When it begins it will tell.
            self._plays_until = arrives_at
        return arrives_at

    def report(self, at: float, played_s: float, *, plays: bool) -> None:
        """The client says how much of the reply it has played, and whether it plays on."""
        if not self._stretches:
            return
        # Whole ones are reported; a little more than the end of a stretch would be the beginning of the next.
        sample = max(round(played_s * self._rate_hz), 0)
        all_heard = sample >= self.sent_samples
        if all_heard and not self._paused:
            # How late the client is can no longer be told, only that it is no later than this.
            self._lag_s = min(self._lag_s, at - self._end_at())
        else:
            earliest_s, latest_s = self._standing_at(min(sample, self.sent_samples))
            self._lag_s = at - min(max(at, earliest_s), latest_s)
        self._plays_until = at + _REPORT_HOLDS_S
        self._stands = None if not self._paused and (plays or all_heard) else min(sample, float(self.sent_samples))

    def pause(self, at: float, *, plays_out: bool) -> None:
        """
        The client is told to stand, or is away.

        Args:
            at: Now.
            plays_out: It plays what it has, as one does that has lost its socket.
        """
        self._end_stand(at)
        if not plays_out:
            self._stands = self.heard_samples(at)
        self._paused = True

    def resume(self, at: float) -> None:
        """The client plays on from where it stands."""
        heard = self.heard_samples(at)
        whole = min(round(heard), self.sent_samples)
        reports = self._plays_until < float("inf")
        self._paused, self._stands, self._lag_s = False, None, 0.0
        if not self._stretches:
            return
        self._stretches = [
            _Stretch(at - whole / self._rate_hz, 0, whole),
            _Stretch(at if reports else at + self._delay_s, whole, self.sent_samples - whole),
        ]
        if reports:
            # When it goes on it will tell.
            self._plays_until = at

    # -- how it stands --------------------------------------------------------------------------------------

    @property
    def begun(self) -> bool:
        """Whether anything has been sent."""
        return bool(self._stretches)

    def heard_samples(self, at: float) -> float:
        """How much of the reply has reached the visitor's ear by ``at``."""
        if self._stands is not None and (self._paused or at < self._plays_until + _LONGEST_STAND_S):
            return self._stands
        if self._paused or at < self._plays_until + _LONGEST_STAND_S:
            at = min(at, self._plays_until)
        at -= self._lag_s
        return sum(
            min(max((at - stretch.play_at) * self._rate_hz, 0.0), float(stretch.samples)) for stretch in self._stretches
        )

    def heard_at(self, sample: float) -> float:
        """When a sample that has been sent will have been heard, in session seconds; infinity while it is paused."""
        moment = self.played_at(sample)
        if sample <= self._stands if self._stands is not None else moment <= self._plays_until:
            return moment
        return float("inf") if self._paused else max(moment, self._plays_until + _LONGEST_STAND_S)

    def played_at(self, sample: float) -> float:
        """When a sample that has been sent was or would be heard if the client plays on, in session seconds."""
        stretch = next(known for known in self._stretches if sample <= known.start + known.samples)
        return stretch.play_at + (sample - stretch.start) / self._rate_hz + self._lag_s

    def room_at(self, lead_s: float) -> float:
        """When less than ``lead_s`` of what has been sent is unheard, in session seconds."""
        sample = self.sent_samples - lead_s * self._rate_hz
        if self._paused:
            return float("inf")
        return self.heard_at(sample) - self._delay_s if sample > 0 else float("-inf")

    # -- inside ---------------------------------------------------------------------------------------------

    def _end_stand(self, at: float) -> None:
        """A client that has stood for too long is taken to have played, whatever it is sent next."""
        if not self._paused and at >= self._plays_until + _LONGEST_STAND_S:
            self._stands, self._plays_until = None, at

    def _end_at(self) -> float:
        """When everything that has been sent will have been played, by the timeline alone."""
        last = self._stretches[-1]
        return last.play_at + last.samples / self._rate_hz

    def _standing_at(self, sample: float) -> tuple[float, float]:
        """From when to when the timeline stands at a sample: a moment, or the gap before a stretch."""
        gap_from = float("-inf")
        for stretch in self._stretches:
            if sample < stretch.start + stretch.samples:
                moment = stretch.play_at + (sample - stretch.start) / self._rate_hz
                return (gap_from if sample <= stretch.start else moment), moment
            gap_from = stretch.play_at + stretch.samples / self._rate_hz
        return gap_from, gap_from
