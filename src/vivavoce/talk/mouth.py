"""
Paces the agent's audio and knows which of its words have been heard.

Frames leave while the unheard audio is shorter than the lead; what of it is heard when, the playout knows. The parts
of a reply join without gaps.
"""

from collections import deque
from collections.abc import Collection

from vivavoce.audio.pcm import Pcm, Samples, joined
from vivavoce.speech import Word
from vivavoce.talk.commands import SendAudio
from vivavoce.talk.part import Caption, Part
from vivavoce.talk.playout import Playout
from vivavoce.talk.policy import Policy
from vivavoce.talk.word_times import Pace

__all__ = ["Mouth"]

# Times are compared with this slack: sums of floats differ in their last digits.
_SLACK_S = 1e-6
# What Opus codes at a time.
_PACKET_S = 0.02


class Mouth:
    """Paces one reply's audio and knows how much of it has been heard."""

    def __init__(
        self,
        *,
        reply: int,
        rate_hz: int,
        lead_s: float,
        policy: Policy,
        pace: Pace | None = None,
        client_reports: bool = False,
    ) -> None:
        self._reply = reply
        self._rate_hz = rate_hz
        # How fast the voice speaks: learnt over all replies of a call.
        self._pace = pace or Pace()
        self._lead_s = lead_s
        self._policy = policy
        self._parts: dict[int, Part] = {}
        # Sound that has not been sent, in order.
        self._unsent: deque[Samples] = deque()
        self._unsent_samples = 0
        self._voiced_samples = 0
        self._playout = Playout(rate_hz, policy.client_delay_s, reports=client_reports)
        # A part has sound, and not yet all of it.
        self._is_growing = False
        # No part is to come, and all of them have all their sound.
        self._closed = False
        # Words of the whole reply with their times in it, as far as they are certain; rebuilt when a part grows.
        self._timeline: list[Word] | None = None
        # The numbers of words that ``tell_words`` and of samples that ``newly_heard`` has told.
        self._told = 0
        self._told_samples = 0

    # -- what comes in --------------------------------------------------------------------------------------

    def expect(self, part: int, text: str) -> None:
        """A part with this text will be spoken."""
        self._parts[part] = Part(text, self._rate_hz, self._pace)

    def voiced(self, part: int, pcm: Pcm, words: tuple[Word, ...]) -> Caption | None:
        """Take the next sound of a part; returns the words whose times are known, or guessed, by it."""
        spoken = self._parts[part]
        if spoken.start is None:
            spoken.begin(self._voiced_samples, len(self._words()))
        caption = spoken.add(pcm, words)
        self._is_growing = True
        self._voiced_samples += len(pcm.samples)
        if len(pcm.samples):
            self._unsent.append(pcm.samples)
            self._unsent_samples += len(pcm.samples)
        self._timeline = None
        return caption

    def part_done(self, part: int) -> Caption | None:
        """All sound of a part has come; returns the words whose times are better known by that."""
        self._timeline = None
        self._is_growing = False
        return self._parts[part].finish()

    def part_broken(self, part: int) -> None:
        """The voice has failed within a part: all that will ever be heard of it are the words whose sound is there."""
        self._is_growing = False
        self._parts[part].break_off(self._voiced_samples / self._rate_hz)
        self._timeline = None

    def close(self) -> None:
        """No more parts will come."""
        self._closed = True
        self._is_growing = False

    def played(self, at: float, played_s: float, *, plays: bool = True) -> None:
        """The client reports how much of this reply it has really played, in seconds, and whether it plays on."""
        self._playout.report(at, played_s, plays=plays)

    def pause(self, at: float, *, plays_out: bool) -> None:
        """No sound is sent any more. The client stands still, or plays out what it has."""
        self._playout.pause(at, plays_out=plays_out)

    def resume(self, at: float) -> None:
        """The reply goes on from where it stands."""
        self._playout.resume(at)

    # -- what goes out --------------------------------------------------------------------------------------

    def due(self, at: float) -> list[SendAudio]:
        """The frames that may leave now."""
        frames: list[SendAudio] = []
        while (length := self._next_length()) and self._room_at() <= at + _SLACK_S:
            start = self._playout.sent_samples
            samples = self._take(length)
            play_at = self._playout.send(at, len(samples))
            frames.append(SendAudio(self._reply, start, play_at, Pcm(samples, self._rate_hz)))
        return frames

    def deadline(self) -> float | None:
        """When something is next to be done: send a frame, tell a word, or notice the end."""
        if not self._playout.begun:
            return None
        moments = []
        if self._next_length():
            moments.append(self._room_at())
        elif self._closed:
            moments.append(self._playout.heard_at(self._playout.sent_samples))
        word_at = self._next_word_at()
        if word_at is not None:
            moments.append(word_at)
        return min(moments, default=None)

    # -- what has been heard --------------------------------------------------------------------------------

    @property
    def ahead_s(self) -> float:
        """Sound that is there and has not been sent, in seconds."""
        return self._unsent_samples / self._rate_hz

    def quiet_from(self) -> float | None:
        """When all sound that there is will have been heard, in session seconds; None while some is unsent."""
        if self._unsent_samples:
            return None
        return self._playout.heard_at(self._playout.sent_samples) if self._playout.begun else float("-inf")

    def finished(self, at: float) -> bool:
        """Whether the reply has been heard to its end."""
        quiet_from = self.quiet_from()
        return self._closed and quiet_from is not None and at >= quiet_from - _SLACK_S

    def heard_s(self, at: float) -> float:
        """How much of the reply's audio has reached the visitor's ear by ``at``, in seconds."""
        return self._playout.heard_samples(at) / self._rate_hz

    def newly_heard(self, at: float, *, at_least_s: float = 0.0) -> tuple[float, int] | None:
        """
        How many samples have been heard by ``at``, and when the last of them.

        None where that are not more by ``at_least_s`` than when it was last asked for.
        """
        heard = round(self._playout.heard_samples(at))
        if heard <= self._told_samples or heard < self._told_samples + at_least_s * self._rate_hz:
            return None
        self._told_samples = heard
        return min(at, self._playout.played_at(heard)), heard

    def heard_text(self, at: float) -> str:
        """The words that have been heard by ``at``, rounded down to whole words."""
        heard_s = self.heard_s(at) + _SLACK_S
        return " ".join(word.text for word in self._words() if word.end_s <= heard_s)

    def unheard_text(self, at: float, *, without: Collection[int] = ()) -> str:
        """The words that have not, or not wholly, been heard by ``at``; nothing of the parts ``without``."""
        heard_s = self.heard_s(at)
        parts = (part for number, part in self._parts.items() if number not in without)
        return " ".join(word for part in parts for word in part.unheard(heard_s))

    @property
    def text(self) -> str:
        """All words of the reply that have a sound, heard or not."""
        return " ".join(part.text for part in self._parts.values() if part.start is not None)

    def tell_words(self, at: float) -> str | None:
        """The heard text, if it has grown since it was last asked for."""
        heard_s = self.heard_s(at) + _SLACK_S
        words = self._words()
        told = self._told
        while told < len(words) and words[told].end_s <= heard_s:
            told += 1
        if told == self._told:
            return None
        self._told = told
        return " ".join(word.text for word in words[:told])

    # -- inside ---------------------------------------------------------------------------------------------

    def _next_length(self) -> int:
        """The samples of the next frame; 0 for none."""
        length_s = self._policy.frame_s if self._playout.sent_samples else self._policy.first_frame_s
        length = round(length_s * self._rate_hz)
        if self._unsent_samples >= length:
            return length
        # In the middle of a part only whole packets: what fills one up would be heard.
        step = round(_PACKET_S * self._rate_hz) if self._is_growing else 1
        return self._unsent_samples // step * step

    def _take(self, samples: int) -> Samples:
        """Take up to so many unsent samples."""
        taken: list[Samples] = []
        while samples and self._unsent:
            piece = self._unsent.popleft()
            if len(piece) > samples:
                self._unsent.appendleft(piece[samples:])
                piece = piece[:samples]
            taken.append(piece)
            samples -= len(piece)
            self._unsent_samples -= len(piece)
        return joined(taken)

    def _room_at(self) -> float:
        """When the unheard audio leaves room for one more frame below the lead."""
        return self._playout.room_at(self._lead_s - self._policy.frame_s)

    def _next_word_at(self) -> float | None:
        """When the next untold word will have been heard; None where its sound has not been sent."""
        words = self._words()
        if self._told >= len(words):
            return None
        end = words[self._told].end_s * self._rate_hz
        return self._playout.heard_at(end) if end <= self._playout.sent_samples else None

    def _words(self) -> list[Word]:
        if self._timeline is None:
            self._timeline = [word for part in self._parts.values() for word in part.words]
        return self._timeline
