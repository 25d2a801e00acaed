"""
Paces the agent's audio and knows which of its words have been heard.

Theory of operation. The client plays what it gets at once and without gaps, so what has been sent makes a timeline
of stretches: each begins when its frame reached the client, or when the frame before it ends, if that is later.
How much has been heard at any moment follows from that timeline; nothing else is remembered about it.
A client that reports its play position shifts the timeline: it is as late, or as early, as its last report says.

Frames leave while the unplayed audio is shorter than the lead. The parts of a reply join without gaps; the words of
a part have the times that the voice gave, or an estimate by their letters until the part's length is known.
"""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field

from vivavoce.audio.pcm import Pcm, Samples, joined
from vivavoce.speech import Word
from vivavoce.talk.commands import SendAudio
from vivavoce.talk.policy import Policy

__all__ = ["Mouth"]

# Letters a second of a voice that gives no word times, until the length of its part is known.
_LETTERS_PER_S = 14.0
# Times are compared with this slack: sums of floats differ in their last digits.
_SLACK_S = 1e-6


@dataclass(slots=True)
class _Part:
    """One part of the reply: its text, and its sound so far."""

    text: str
    # First sample of the part within the reply; None until its first sound.
    start: int | None = None
    samples: int = 0
    words: list[Word] = field(default_factory=list)
    done: bool = False


@dataclass(slots=True)
class _Stretch:
    """Sound that the client plays without a gap, from ``play_at`` on."""

    play_at: float
    start: int
    samples: int


class Mouth:
    """Paces one reply's audio and knows how much of it has been heard."""

    def __init__(self, *, reply: int, rate_hz: int, lead_s: float, policy: Policy) -> None:
        self._reply = reply
        self._rate_hz = rate_hz
        self._lead_s = lead_s
        self._policy = policy
        self._parts: dict[int, _Part] = {}
        # Sound that has not been sent, in order.
        self._unsent: deque[Samples] = deque()
        self._unsent_samples = 0
        self._sent_samples = 0
        self._voiced_samples = 0
        self._stretches: list[_Stretch] = []
        # No part is to come, and all of them have all their sound.
        self._closed = False
        # How far the client is behind the timeline by its last report, in seconds; negative if it is ahead.
        self._lag_s = 0.0
        # Words of the whole reply with their times in it, as far as they are certain; rebuilt when a part grows.
        self._timeline: list[Word] | None = None
        # The number of words that ``tell_words`` has told.
        self._told = 0

    # -- what comes in --------------------------------------------------------------------------------------

    def expect(self, part: int, text: str) -> None:
        """A part with this text will be spoken."""
        self._parts[part] = _Part(text)

    def voiced(self, part: int, pcm: Pcm, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """Take the next sound of a part; returns its words with their times in the reply."""
        spoken = self._parts[part]
        if spoken.start is None:
            spoken.start = self._voiced_samples
        offset_s = spoken.start / self._rate_hz
        placed = tuple(Word(word.text, word.start_s + offset_s, word.end_s + offset_s) for word in words)
        spoken.words += placed
        spoken.samples += len(pcm.samples)
        self._voiced_samples += len(pcm.samples)
        if len(pcm.samples):
            self._unsent.append(pcm.samples)
            self._unsent_samples += len(pcm.samples)
        self._timeline = None
        return placed

    def part_done(self, part: int) -> None:
        """All sound of a part has come."""
        self._parts[part].done = True
        self._timeline = None

    def part_broken(self, part: int) -> None:
        """The voice has failed within a part: all that will ever be heard of it are the words whose sound is there."""
        broken = self._parts[part]
        end_s = self._voiced_samples / self._rate_hz + _SLACK_S
        broken.words = [word for word in self._part_words(broken) if word.end_s <= end_s]
        broken.text = " ".join(word.text for word in broken.words)
        self._timeline = None

    def close(self) -> None:
        """No more parts will come."""
        self._closed = True

    def played(self, at: float, played_s: float) -> None:
        """The client reports how much of this reply it has really played, in seconds."""
        sample = played_s * self._rate_hz
        if not self._stretches:
            return
        if sample >= self._sent_samples:
            # All of it: how late the client is can no longer be told, only that it is no later than this.
            self._lag_s = min(self._lag_s, at - self._end_at())
        else:
            earliest_s, latest_s = self._standing_at(max(sample, 0.0))
            self._lag_s = at - min(max(at, earliest_s), latest_s)

    # -- what goes out --------------------------------------------------------------------------------------

    def due(self, at: float, seq: int) -> list[SendAudio]:
        """The frames that may leave now; ``seq`` is the number of the first."""
        frames: list[SendAudio] = []
        while self._unsent_samples and self._room_at() <= at + _SLACK_S:
            length_s = self._policy.frame_s if self._sent_samples else self._policy.first_frame_s
            samples = self._take(round(length_s * self._rate_hz))
            play_at = self._place(at, len(samples))
            pcm = Pcm(samples, self._rate_hz)
            frames.append(SendAudio(self._reply, seq + len(frames), self._sent_samples, play_at, pcm))
            self._sent_samples += len(samples)
        return frames

    def deadline(self) -> float | None:
        """When something is next to be done: send a frame, tell a word, or notice the end."""
        if not self._stretches:
            return None
        moments = []
        if self._unsent_samples:
            moments.append(self._room_at())
        elif self._closed:
            moments.append(self._heard_at(self._sent_samples))
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
        return self._heard_at(self._sent_samples) if self._stretches else float("-inf")

    def finished(self, at: float) -> bool:
        """Whether the reply has been heard to its end."""
        quiet_from = self.quiet_from()
        return self._closed and quiet_from is not None and at >= quiet_from - _SLACK_S

    def heard_s(self, at: float) -> float:
        """How much of the reply's audio has reached the visitor's ear by ``at``, in seconds."""
        heard_s = 0.0
        for stretch in self._stretches:
            heard_s += min(max(at - self._lag_s - stretch.play_at, 0.0), stretch.samples / self._rate_hz)
        return heard_s

    def heard_text(self, at: float) -> str:
        """The words that have been heard by ``at``, rounded down to whole words."""
        heard_s = self.heard_s(at) + _SLACK_S
        return " ".join(word.text for word in self._words() if word.end_s <= heard_s)

    def unheard_text(self, at: float, *, without: Collection[int] = ()) -> str:
        """The words that have not, or not wholly, been heard by ``at``; nothing of the parts ``without``."""
        heard_s = self.heard_s(at) + _SLACK_S
        unheard: list[str] = []
        for number, part in self._parts.items():
            if number in without:
                continue
            if part.start is None:
                unheard.append(part.text)
                continue
            unheard += [word.text for word in self._part_words(part) if word.end_s > heard_s]
            if part.words and not part.done:
                # A voice may give its words along with their sound: these are still to come.
                unheard += part.text.split()[len(part.words) :]
        return " ".join(unheard)

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

    def _place(self, at: float, samples: int) -> float:
        """Put sent samples on the timeline; returns when they will be played."""
        arrives_at = at + self._policy.client_delay_s
        if self._stretches and self._end_at() >= at:
            # It reaches the client before the sound ahead of it has ended: no gap.
            last = self._stretches[-1]
            play_at = self._end_at()
            last.samples += samples
            return play_at
        self._stretches.append(_Stretch(arrives_at, self._sent_samples, samples))
        return arrives_at

    def _end_at(self) -> float:
        """When everything that has been sent will have been played."""
        last = self._stretches[-1]
        return last.play_at + last.samples / self._rate_hz

    def _room_at(self) -> float:
        """When the unplayed audio leaves room for one more frame below the lead."""
        if not self._stretches:
            return float("-inf")
        return self._end_at() - self._policy.client_delay_s - self._lead_s + self._policy.frame_s

    def _heard_at(self, sample: float) -> float:
        """When a sample of the reply that has been sent will have been heard."""
        stretch = next(known for known in self._stretches if sample <= known.start + known.samples)
        return stretch.play_at + (sample - stretch.start) / self._rate_hz + self._lag_s

    def _standing_at(self, sample: float) -> tuple[float, float]:
        """From when to when the timeline stands at a sample: a moment, or the gap before a stretch."""
        gap_from = float("-inf")
        for stretch in self._stretches:
            if sample < stretch.start + stretch.samples:
                moment = stretch.play_at + (sample - stretch.start) / self._rate_hz
                return (gap_from if sample <= stretch.start else moment), moment
            gap_from = stretch.play_at + stretch.samples / self._rate_hz
        return gap_from, gap_from

    def _next_word_at(self) -> float | None:
        """When the next untold word will have been heard; None where its sound has not been sent."""
        words = self._words()
        if self._told >= len(words):
            return None
        end = words[self._told].end_s * self._rate_hz
        return self._heard_at(end) if end <= self._sent_samples else None

    def _words(self) -> list[Word]:
        if self._timeline is None:
            self._timeline = [word for part in self._parts.values() for word in self._part_words(part)]
        return self._timeline

    def _part_words(self, part: _Part) -> list[Word]:
        """The words of a part with their times in the reply."""
        if part.words:
            return part.words
        if part.start is None:
            return []
        start_s = part.start / self._rate_hz
        letters = sum(len(word) + 1 for word in part.text.split())
        if not letters:
            return []
        s_per_letter = part.samples / self._rate_hz / letters if part.done else 1 / _LETTERS_PER_S
        words, at_s = [], start_s
        for word in part.text.split():
            end_s = at_s + (len(word) + 1) * s_per_letter
            words.append(Word(word, at_s, end_s))
            at_s = end_s
        return words
