"""
A loudspeaker without a sound card: what a page's player would have played, sample by sample.

Theory of operation. Sound is played in the order of its turns, in real time and without a gap, unless there is none
left. Nothing runs between two questions: whoever asks, or brings something, first has the player catch up with its
clock. Turns are known by their numbers; on the plain wire, which has none, they are counted here.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from vivavoce.audio.pcm import Pcm, Samples, joined
from vivavoce.client.extension import Held, Released
from vivavoce.client.messages import AgentAudio, AgentStarted, Interrupted, Message

__all__ = ["Gap", "HeardTurn", "Place", "Player"]

# An hour of sound is kept; of a longer call, the last turns.
_KEPT_S = 3600.0
_MOST_GAPS = 1000
# Clocks are compared with this slack, in samples: a timer may ring a breath too early.
_SLACK = 0.01


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where the player is.

    Args:
        turn: The turn that is being played, or was played last; 0 before the first.
        played: Samples of it that have been played.
        state: ``idle`` where there is nothing to play.
    """

    turn: int
    played: int
    state: Literal["playing", "idle", "held"]


@dataclass(frozen=True, slots=True)
class Gap:
    """Silence in the middle of a turn: its sound came too late by ``length_s`` seconds."""

    turn: int
    played: int
    length_s: float


@dataclass(slots=True)
class HeardTurn:
    """The sound of one turn that has been played."""

    turn: int
    pieces: list[Samples] = field(default_factory=list)
    length: int = 0

    @property
    def samples(self) -> Samples:
        """All of it, int16 of shape (n,)."""
        return joined(self.pieces)


class Player:
    """
    Plays the agent's sound of one call.

    Args:
        rate_hz: Of the agent's sound.
        clock: Tells the time in seconds.
    """

    def __init__(self, rate_hz: int, clock: Callable[[], float]) -> None:
        self.rate_hz = rate_hz
        self._clock = clock
        # What is to be played: turn and samples. Written by ``hear``, read by ``_catch_up``; as long as what the
        # server sends ahead of time.
        self._queue: deque[tuple[int, Samples]] = deque()
        # Since when sound has been played without a stop, and how many samples.
        self._since_s = 0.0
        self._since_played = 0
        # When the sound ran out.
        self._dry_s = 0.0
        self._held = False
        # The newest turn that has come, and how many samples of it.
        self._turn = 0
        self._arrived = 0
        # Turns up to this one are not played any more.
        self._dropped = 0
        # What was played, by turn, and how many samples that are.
        self._heard: deque[HeardTurn] = deque()
        self._kept = 0
        # Times at which a turn's sound came too late.
        self.gaps: deque[Gap] = deque(maxlen=_MOST_GAPS)
        # Samples that never came, and those that came twice; both are 0 with a server that keeps its numbers.
        self.lost_samples = 0
        self.repeated_samples = 0

    # -- what comes in --------------------------------------------------------------------------------------

    def hear(self, message: Message) -> None:
        """Take a message of the server; those that do not concern a player are passed over."""
        match message:
            case AgentAudio(pcm=pcm, turn=0):
                self._queue_up(max(self._turn, 1), self._arrived, pcm.samples)
            case AgentAudio(pcm=pcm, turn=turn, start=start):
                self._queue_up(turn, start, pcm.samples)
            case AgentStarted(turn=0):
                self._begin(self._turn + 1)
            case Interrupted(turn=0):
                self._drop(self._turn)
                self._begin(self._turn + 1)
            case Interrupted(turn=turn):
                self._drop(turn)
            case Held(turn=turn):
                self._catch_up()
                # A turn that is over cannot be held.
                self._held = self._held or turn >= self.place().turn
            case Released():
                self._go_on()
            case _:
                pass

    # -- what is asked --------------------------------------------------------------------------------------

    def place(self) -> Place:
        """Where the player is now."""
        self._catch_up()
        state: Literal["playing", "idle", "held"] = "held" if self._held else "playing" if self._queue else "idle"
        last = self._heard[-1] if self._heard else HeardTurn(0)
        # The first sample of a turn has begun to sound before it is counted.
        if state == "playing" and self._queue[0][0] != last.turn:
            return Place(self._queue[0][0], 0, state)
        return Place(last.turn, last.length, state)

    def empty_at(self) -> float | None:
        """When all that is there will have been played, on the clock; None where nothing is being played."""
        self._catch_up()
        if self._held or not self._queue:
            return None
        waiting = sum(len(samples) for _, samples in self._queue)
        return self._since_s + (self._since_played + waiting) / self.rate_hz

    @property
    def heard(self) -> Sequence[HeardTurn]:
        """What has been played so far, turn by turn; of more than an hour, the end."""
        self._catch_up()
        return tuple(self._heard)

    def recording(self, pause_s: float) -> Pcm:
        """All that has been played, with a pause between two turns."""
        pause = np.zeros(round(pause_s * self.rate_hz), np.int16)
        pieces = [piece for turn in self.heard for piece in (pause, turn.samples)]
        return Pcm(joined(pieces[1:]), self.rate_hz)

    # -- inside ---------------------------------------------------------------------------------------------

    def _begin(self, turn: int) -> None:
        if turn > self._turn:
            self._turn, self._arrived = turn, 0

    def _queue_up(self, turn: int, start: int, samples: Samples) -> None:
        self._catch_up()
        if turn <= self._dropped or turn < self._turn:
            return
        self._begin(turn)
        missing = start - self._arrived
        if missing > 0:
            self.lost_samples += missing
            samples = np.concatenate([np.zeros(missing, np.int16), samples])
        elif missing < 0:
            self.repeated_samples += min(-missing, len(samples))
            samples = samples[-missing:]
        if not len(samples):
            return
        if not self._queue:
            now_s = self._clock()
            if self._heard and self._heard[-1].turn == turn and not self._held:
                self.gaps.append(Gap(turn, self._heard[-1].length, now_s - self._dry_s))
            self._restart()
        self._arrived += len(samples)
        self._queue.append((turn, samples))

    def _drop(self, turn: int) -> None:
        self._catch_up()
        self._dropped = max(self._dropped, turn)
        self._queue = deque((number, samples) for number, samples in self._queue if number > turn)
        self._go_on()

    def _go_on(self) -> None:
        if self._held:
            self._held = False
            self._restart()

    def _restart(self) -> None:
        self._since_s, self._since_played = self._clock(), 0
        self._dry_s = self._since_s

    def _catch_up(self) -> None:
        if self._held or not self._queue:
            return
        due = int((self._clock() - self._since_s) * self.rate_hz + _SLACK) - self._since_played
        while due > 0 and self._queue:
            turn, samples = self._queue.popleft()
            played = samples[:due]
            if len(played) < len(samples):
                self._queue.appendleft((turn, samples[due:]))
            due -= len(played)
            self._since_played += len(played)
            self._keep(turn, played)
        if not self._queue:
            self._dry_s = self._since_s + self._since_played / self.rate_hz

    def _keep(self, turn: int, samples: Samples) -> None:
        if not self._heard or self._heard[-1].turn != turn:
            self._heard.append(HeardTurn(turn))
        self._heard[-1].pieces.append(samples)
        self._heard[-1].length += len(samples)
        self._kept += len(samples)
        while self._kept > _KEPT_S * self.rate_hz and len(self._heard) > 1:
            self._kept -= self._heard.popleft().length
