"""
A client on the stage: it plays what it is sent, in simulated time, and tells what it has played.

It speaks for the clients of docs/wire-extension.md: what is sent takes its time to reach it, it waits for a cushion
before it begins, it reports four times a second and at every change, it holds and goes on, and it drops by number
what was interrupted. It can be away, and is then sent everything again; and its output can be suspended.
What was really heard is what it knows best.
"""

from collections import deque
from dataclasses import dataclass

from vivavoce.talk import facts
from vivavoce.talk.commands import Command, Publish, SendAudio
from vivavoce.talk.events import ClientAway, ClientBack, ClientReady, Event, Heard, PlaybackState, Played

__all__ = ["Client", "Player", "Stretch"]

_REPORT_EVERY_S = 0.25
# Moments are compared with this slack: sums of floats differ in their last digits.
_SLACK_S = 1e-7

# From when to when, in session seconds.
Times = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Client:
    """
    How a client plays.

    Args:
        delay_s: What is sent takes so long, either way.
        cushion_s: It waits for so long before it plays, at first and after each underrun.
        holds: It can hold its output; one that cannot passes that over.
        away: When its socket is gone.
        noticed_s: After which the server notices that, unless the client is back before.
        suspended: When its output does not run.
        stalls: When nothing that was sent gets through, although the socket is there.
    """

    delay_s: float = 0.03
    cushion_s: float = 0.05
    holds: bool = True
    away: Times = ()
    noticed_s: float = 0.0
    suspended: Times = ()
    stalls: Times = ()

    def is_away(self, at: float) -> bool:
        """Whether its socket is gone."""
        return any(start <= at < end for start, end in self.away)

    def is_suspended(self, at: float) -> bool:
        """Whether its output stands still."""
        return any(start <= at < end for start, end in self.suspended)

    def arrival(self, at: float) -> float:
        """When what was sent at this moment reaches it."""
        arrives_at = at + self.delay_s
        for start, end in sorted((*self.away, *self.stalls)):
            if start <= arrives_at < end:
                # Sent again, or let through.
                arrives_at = end + self.delay_s
        return arrives_at


@dataclass(slots=True)
class Stretch:
    """Samples of a turn that were heard without a gap, from ``at`` on."""

    turn: int
    at: float
    first: int
    last: int


class Player:
    """Plays what it is sent."""

    def __init__(self, client: Client, rate_hz: int) -> None:
        self._client = client
        self._rate_hz = rate_hz
        # What is on its way, with the moment at which it arrives.
        self._coming: deque[tuple[float, Command]] = deque()
        # The turn that it plays, or has played last, how much of it has come, and up to where it was heard.
        self._turn = 0
        self._received = 0
        self._position = 0
        # Sound of later turns, and the turns that were interrupted.
        self._later: deque[SendAudio] = deque()
        self._dead: set[int] = set()
        self._held = False
        # What it hears now; None while it stands.
        self._running: Stretch | None = None
        # When it begins, once its cushion is there, and whether it needs one.
        self._begins_at: float | None = None
        self._is_fresh = True
        self._told: tuple[PlaybackState, int] | None = None
        self._told_at = 0.0
        # It has to report, whatever it does.
        self._owes_report = True
        self._edges = sorted({edge for times in (*client.away, *client.suspended) for edge in times})
        # What its microphone has taken while it is away.
        self._kept: list[Heard] = []
        # Everything that was heard.
        self.stretches: list[Stretch] = []

    # -- what happens ---------------------------------------------------------------------------------------

    def comings_and_goings(self) -> list[tuple[float, Event]]:
        """When the server notices that it is gone, and when it is back."""
        client = self._client
        away = [(min(start + client.noticed_s, end), ClientAway(0.0)) for start, end in client.away]
        return [*away, *((end, ClientBack(0.0)) for _, end in client.away)]

    def sends(self, window: Heard) -> list[Heard]:
        """Its microphone takes something; returns what it sends now: what it has kept while it was away comes first."""
        self._kept.append(window)
        if self._client.is_away(window.at - self._client.delay_s):
            return []
        kept, self._kept = self._kept, []
        return kept

    def send(self, at: float, what: Command) -> None:
        """Something is sent to it."""
        self._coming.append((self._client.arrival(at), what))

    def deadline(self) -> float:
        """When it next does something, in session seconds."""
        moments = [self._coming[0][0]] if self._coming else []
        moments += self._edges[:1]
        if self._begins_at is not None:
            moments.append(self._begins_at)
        if self._running is not None:
            moments.append(self._ends_at(self._running))
            moments.append(self._told_at + _REPORT_EVERY_S)
        if self._owes_report:
            moments.append(0.0)
        return min(moments, default=float("inf"))

    def advance(self, at: float) -> list[tuple[float, Event]]:
        """Do what is due; returns what it tells, and when that arrives. What it says while it is away is lost."""
        while self._edges and self._edges[0] <= at + _SLACK_S:
            # It reports at once when it is back.
            self._owes_report |= any(end == self._edges[0] for _, end in self._client.away)
            del self._edges[0]
        reports: list[Played] = []
        while self._coming and self._coming[0][0] <= at + _SLACK_S:
            self._take(at, self._coming.popleft()[1])
            reports += self._go_on(at)
        reports += self._go_on(at)
        arrives_at = at + self._client.delay_s
        if self._client.is_away(at) or self._client.is_away(arrives_at):
            return []
        told: list[tuple[float, Event]] = []
        for report in reports:
            told.append((arrives_at, report))
            if report.state != "suspended":
                # As the session does it: a client whose output runs is ready.
                told.append((arrives_at, ClientReady(0.0)))
        return told

    # -- what was heard -------------------------------------------------------------------------------------

    def heard(self, turn: int, at: float) -> int:
        """How many samples of a turn have been heard by a moment."""
        stretches = [stretch for stretch in self.stretches if stretch.turn == turn and stretch.at <= at]
        if not stretches:
            return 0
        last = stretches[-1]
        end = self._received if last is self._running else last.last
        return min(last.first + round((at - last.at) * self._rate_hz), end)

    # -- inside ---------------------------------------------------------------------------------------------

    def _take(self, at: float, what: Command) -> None:
        match what:
            case SendAudio(reply=turn):
                if turn == self._turn:
                    self._received += len(what.pcm.samples)
                elif turn not in self._dead:
                    self._later.append(what)
            case Publish(facts.Held(reply=turn)):
                self._held = self._client.holds and turn == self._turn
            case Publish(facts.Released()):
                self._held = False
            case Publish(facts.Interrupted(reply=turn)):
                self._stop(at)
                self._held, self._owes_report = False, True
                self._dead.add(turn)
                if turn == self._turn:
                    self._received = self._position

    def _go_on(self, at: float) -> list[Played]:
        """Begin, stop, or go over to the next turn, as it should be by now; returns what it reports."""
        running = self._running
        if running is not None and (self._waits(at) or at >= self._ends_at(running) - _SLACK_S):
            self._stop(at)
        if self._running is None and self._position == self._received and self._later:
            self._turn, self._position, self._received = self._later[0].reply, 0, 0
            while self._later and self._later[0].reply == self._turn:
                self._received += len(self._later.popleft().pcm.samples)
            self._is_fresh = True
        if self._running is not None or self._waits(at) or self._position == self._received:
            self._begins_at = None
        elif self._begins_at is None:
            self._begins_at = at + (self._client.cushion_s if self._is_fresh else 0.0)
        if self._begins_at is not None and at >= self._begins_at - _SLACK_S:
            self._begins_at, self._is_fresh = None, False
            self._running = Stretch(self._turn, at, self._position, self._position)
            self.stretches.append(self._running)
        return self._report(at)

    def _waits(self, at: float) -> bool:
        return self._held or self._client.is_suspended(at + _SLACK_S)

    def _stop(self, at: float) -> None:
        if (running := self._running) is None:
            return
        self._position = running.last = self.heard(self._turn, at)
        self._running = None
        # After an underrun it waits for a cushion again; after a hold or a suspension it has one.
        self._is_fresh = self._position == self._received

    def _ends_at(self, running: Stretch) -> float:
        """When it has played all that has come."""
        return running.at + (self._received - running.first) / self._rate_hz

    def _state(self, at: float) -> PlaybackState:
        if self._client.is_suspended(at + _SLACK_S):
            return "suspended"
        if self._held:
            return "held"
        return "idle" if self._running is None else "playing"

    def _report(self, at: float) -> list[Played]:
        state = self._state(at)
        is_time = state == "playing" and at >= self._told_at + _REPORT_EVERY_S - _SLACK_S
        if not (self._owes_report or is_time or self._told != (state, self._turn)):
            return []
        self._told, self._told_at, self._owes_report = (state, self._turn), at, False
        return [Played(at, self._turn, self.heard(self._turn, at) / self._rate_hz, state)]
