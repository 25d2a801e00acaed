"""
When each word of a call was said, in seconds since the session opened, which is where its recording begins too.

The agent's words have times in the sound of their reply; where that sound stands in the recording follows from when
its words were heard. What the visitor said has no times of its words: they are spread over the time in which he spoke.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from vivavoce.speech import Word
from vivavoce.talk.facts import AgentSaid, Captioned
from vivavoce.talk.policy import Policy

__all__ = ["ReplyWords", "spread"]

# From when a reply begins to be sent until it is heard; the recording counts with it, too.
_DELAY_S = Policy().client_delay_s
# A word that was heard so much later than it stands in the reply came behind a gap in the sound: the voice was held,
# or its client was away. The recording has a gap from about there on, too.
_STEP_S = 0.06
# The same for records of earlier versions, in which the page's own lag did not move the sound in the recording.
_OLD_STEP_S = 0.5


@dataclass(frozen=True, slots=True)
class _Heard:
    """
    By ``at`` so many words had been heard, the last of which ended at ``end_s`` of the reply's sound.

    ``paused``: the voice was stopped since the words before had been heard, perhaps in the middle of a word.
    """

    at: float
    words: int
    end_s: float
    paused: bool


@dataclass(slots=True)
class ReplyWords:
    """The words of one turn of the agent, as its facts tell them."""

    text: str = ""
    final: bool = False
    # The words as the voice has them, and each by itself.
    _captions: list[Word] = field(default_factory=list)
    _words: list[Word] = field(default_factory=list)
    _heard: list[_Heard] = field(default_factory=list)
    _step_s: float = _OLD_STEP_S
    # Whether the voice waits, and whether it has waited since words were heard last.
    _waits: bool = False
    _paused: bool = False

    def caption(self, fact: Captioned) -> None:
        """Words with their times, behind those that are known or in place of some."""
        if fact.first is not None:
            self._step_s = _STEP_S
        self._captions = [*self._captions[: fact.first], *fact.words]
        self._words = list(_single(self._captions))

    def pause(self) -> None:
        """The voice is held, or its client is gone, which plays out what it has."""
        self._waits = self._paused = True

    def go_on(self) -> None:
        """The voice goes on."""
        self._waits = False

    def hear(self, fact: AgentSaid) -> None:
        """So much of it has been heard."""
        texts = fact.text.split()
        self.text, self.final = " ".join(texts), fact.final
        # The last fact comes with the end of the turn, and tells nothing of when its words were heard.
        if not fact.final:
            # Where the words ended as it was known then: by that they were taken for heard.
            end_s = self._words[: len(texts)][-1].end_s if self._words and texts else 0.0
            self._heard.append(_Heard(fact.at, len(texts), end_s, self._paused))
            self._paused = self._waits

    @property
    def unheard(self) -> str:
        """What was not heard any more; empty as long as that is not certain."""
        return " ".join(word.text for word in self._words[len(self.text.split()) :]) if self.final else ""

    def placed(self, began_at: float, ended_at: float | None) -> Iterable[Word]:
        """
        The heard words with their times in the call.

        Args:
            began_at: When the turn began.
            ended_at: When it was over; None where that is not known.
        """
        texts = self.text.split()
        words = self._words[: len(texts)]
        base_s, done = began_at + _DELAY_S, 0
        end_s = base_s
        for heard, late_s in zip(self._heard, self._lateness(), strict=True):
            known = words[done : heard.words]
            if known:
                moved = list(_moved(known, texts[done:], base_s))
                if late_s - base_s > self._step_s:
                    begins_s, base_s = moved[0].start_s, late_s
                    moved = list(_moved(known, texts[done:], base_s))
                    if heard.paused:
                        # Its beginning may have been heard before the pause.
                        moved[0] = Word(moved[0].text, begins_s, moved[0].end_s)
                yield from moved
                end_s = base_s + known[-1].end_s
            elif texts[done : heard.words]:
                yield from spread(texts[done : heard.words], [(end_s, max(heard.at, end_s))])
                end_s = max(heard.at, end_s)
            done = max(done, min(heard.words, len(texts)))
        known = words[done:]
        yield from _moved(known, texts[done:], base_s)
        rest = texts[done + len(known) :]
        if rest:
            start_s = base_s + known[-1].end_s if known else end_s
            yield from spread(rest, [(start_s, max(start_s, ended_at or start_s))])

    def _lateness(self) -> list[float]:
        """For each time that words were heard: when the reply's sound began if it had been heard without a gap."""
        begins = [heard.at - heard.end_s for heard in self._heard]
        # A gap moves all that follows; a word that was told late because the server was busy moves nothing.
        return [min(two) for two in pairwise(begins)] + begins[-1:]


def spread(texts: Sequence[str], spans: Sequence[tuple[float, float]]) -> Iterable[Word]:
    """Words over the time in which they were said, each as long as its letters; nothing where there is no time."""
    if not spans or not texts:
        return
    # Where the letters so far end, in seconds of speech.
    speech_s = sum(end - start for start, end in spans)
    letters = sum(len(text) + 1 for text in texts)
    ends_s, so_far = [0.0], 0
    for text in texts:
        so_far += len(text) + 1
        ends_s.append(speech_s * so_far / letters)
    for text, (start_s, end_s) in zip(texts, pairwise(ends_s), strict=True):
        yield Word(text, _moment(start_s, spans, begins=True), _moment(end_s, spans, begins=False))


def _moved(words: Sequence[Word], texts: Sequence[str], by_s: float) -> Iterable[Word]:
    for word, text in zip(words, texts, strict=False):
        yield Word(text, word.start_s + by_s, word.end_s + by_s)


def _single(words: Iterable[Word]) -> Iterable[Word]:
    """An engine's word may be several, or nothing but space."""
    for word in words:
        texts = word.text.split()
        if len(texts) == 1:
            yield Word(texts[0], word.start_s, word.end_s)
        else:
            yield from spread(texts, [(word.start_s, word.end_s)])


def _moment(speech_s: float, spans: Sequence[tuple[float, float]], *, begins: bool) -> float:
    """The moment at which so much has been spoken; between two spans, where a word begins or where one ends."""
    left_s = speech_s
    for start, end in spans:
        length_s = end - start
        if left_s < length_s or (left_s == length_s and not begins):
            return start + left_s
        left_s -= length_s
    return spans[-1][1]
