"""
A call told for people: turns with the times of their words, tools with their results, and what went wrong.

The times count in seconds since the session opened, which is where the recording begins too.
What the visitor said has no times of its words: they are spread over the time in which he spoke.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from vivavoce.speech import Word
from vivavoce.talk.facts import (
    AgentSaid,
    AgentStartedTalking,
    AgentStoppedTalking,
    CallEnded,
    CallStarted,
    Captioned,
    EngineStumbled,
    Fact,
    Failed,
    Interrupted,
    ToolEnded,
    ToolStarted,
    TurnTimed,
    UserSaid,
    UserStartedSpeaking,
    UserStoppedSpeaking,
)
from vivavoce.talk.policy import Policy
from vivavoce.views.times import milliseconds

__all__ = ["Entry", "Stage", "ToolUse", "Trouble", "Turn", "stages", "story"]

# From when a reply begins to be sent until it is heard; the recording counts with it, too.
_DELAY_S = Policy().client_delay_s
# A word that was heard so much later than it stands in the reply came behind a gap in the sound. What is less is the
# page's own lag, which does not move the word in the recording.
_GAP_S = 0.5
# Whoever spoke, said nothing, and speaks again so much later has begun anew.
_ANEW_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """
    What one side said at one time.

    Args:
        role: Who.
        at: When it began.
        end: When it was over; None while it goes on.
        text: What was heard, with single spaces.
        words: The words of ``text`` with their times in the call; empty where there was no sound.
        unheard: What the agent had to say and was not heard any more.
        cut_at: When the visitor interrupted the agent; None where he did not.
        timing: How long the answer took.
        final: Whether its words are certain.
    """

    role: Literal["agent", "user"]
    at: float
    end: float | None
    text: str
    words: tuple[Word, ...] = ()
    unheard: str = ""
    cut_at: float | None = None
    timing: TurnTimed | None = None
    final: bool = True

    @property
    def kind(self) -> Literal["turn"]:
        """Tells it from the other entries."""
        return "turn"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """
    A tool that was run.

    Args:
        arguments: A JSON object as text.
        output: What it answered; empty while it runs.
        error: Such as ``tool_timeout``; empty for none.
        took_s: How long; None while it runs.
    """

    at: float
    call_id: str
    name: str
    arguments: str
    output: str = ""
    error: str = ""
    took_s: float | None = None

    @property
    def kind(self) -> Literal["tool"]:
        """Tells it from the other entries."""
        return "tool"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something went wrong. ``where`` is a stage, such as ``stt``, or a code of the wire."""

    at: float
    where: str
    text: str

    @property
    def kind(self) -> Literal["trouble"]:
        """Tells it from the other entries."""
        return "trouble"


# A stage of an answer, as the waterfall of the console calls it, and how long it took in milliseconds.
Stage = tuple[Literal["wait", "stt", "llm", "voice"], int]
Entry = Turn | ToolUse | Trouble


def stages(timing: TurnTimed) -> tuple[Stage, ...]:
    """What the visitor waited for, one after the other."""
    return (
        ("wait", milliseconds(timing.endpoint_s)),
        ("stt", milliseconds(timing.transcript_s)),
        ("llm", milliseconds(timing.text_s)),
        ("voice", milliseconds(timing.voice_s)),
    )


def story(facts: Iterable[Fact]) -> list[Entry]:
    """
    The whole call in the order in which its parts began.

    Turns without words are left out; what goes on stands as it is so far.
    """
    teller = _Teller()
    for fact in facts:
        teller.take(fact)
    return teller.entries()


@dataclass(slots=True)
class _Reply:
    """A turn of the agent, as its facts tell it."""

    at: float
    # The words with their times in the reply's sound.
    captions: list[Word] = field(default_factory=list)
    # When how many words had been heard.
    told: list[tuple[float, int]] = field(default_factory=list)
    text: str = ""
    final: bool = False
    end: float | None = None
    cut_at: float | None = None
    timing: TurnTimed | None = None


@dataclass(slots=True)
class _Visit:
    """A turn of the visitor: from when to when he spoke, and the newest form of his words."""

    at: float
    spans: list[tuple[float, float | None]] = field(default_factory=list)
    text: str = ""
    final: bool = False


class _Teller:
    """Gathers facts, one after the other, into what they tell of."""

    def __init__(self) -> None:
        self._chat = False
        # When the call ended.
        self._end: float | None = None
        self._replies: dict[int, _Reply] = {}
        self._visits: list[_Visit] = []
        # The visitor's turn that is not certain yet.
        self._open: _Visit | None = None
        self._tools: dict[str, ToolUse] = {}
        self._troubles: list[Trouble] = []

    def take(self, fact: Fact) -> None:
        """The next fact."""
        match fact:
            case CallStarted(mode=mode):
                self._chat = mode == "chat"
            case UserStartedSpeaking() | UserStoppedSpeaking() | UserSaid():
                self._take_visitor(fact)
            case AgentStartedTalking(at=at, reply=reply):
                self._reply(reply, at).at = at
            case Captioned(at=at, reply=reply, words=words):
                self._reply(reply, at).captions += _single(words)
            case AgentSaid(at=at, reply=reply, text=text, final=final):
                known = self._reply(reply, at)
                known.text, known.final = " ".join(text.split()), final
                known.told.append((at, len(text.split())))
            case Interrupted(at=at, reply=reply):
                self._reply(reply, at).cut_at = at
            case AgentStoppedTalking(at=at, reply=reply):
                self._reply(reply, at).end = at
            case TurnTimed(at=at, reply=reply):
                self._reply(reply, at).timing = fact
            case ToolStarted(at=at, call=call):
                self._tools[call.id] = ToolUse(at=at, call_id=call.id, name=call.name, arguments=call.arguments)
            case ToolEnded():
                self._end_tool(fact)
            case EngineStumbled(at=at, stage=stage, reason=reason):
                self._troubles.append(Trouble(at, stage, reason))
            case Failed(at=at, code=code, message=message):
                self._troubles.append(Trouble(at, code, message))
            case CallEnded(at=at):
                self._end = at
            case _:
                pass

    def entries(self) -> list[Entry]:
        """What has been gathered."""
        turns = [
            *(self._visitor_turn(visit) for visit in self._visits if visit.text),
            *(self._agent_turn(reply) for reply in self._replies.values() if reply.text or _unheard(reply)),
        ]
        return sorted([*turns, *self._tools.values(), *self._troubles], key=lambda entry: entry.at)

    def _reply(self, number: int, at: float) -> _Reply:
        known = self._replies.get(number)
        if known is None:
            known = self._replies[number] = _Reply(at)
        return known

    def _take_visitor(self, fact: UserStartedSpeaking | UserStoppedSpeaking | UserSaid) -> None:
        visit = self._open
        match fact:
            case UserStartedSpeaking(at=at):
                anew = visit is not None and not visit.text and (visit.spans[-1][1] or at) + _ANEW_S < at
                if visit is None or anew:
                    visit = self._begin_visit(at)
                visit.spans.append((at, None))
            case UserStoppedSpeaking(at=at):
                if visit is not None and visit.spans and visit.spans[-1][1] is None:
                    visit.spans[-1] = (visit.spans[-1][0], at)
            case UserSaid(at=at, text=text, final=final):
                visit = visit or self._begin_visit(at)
                visit.text, visit.final = " ".join(text.split()), final
                if final:
                    self._open = None

    def _begin_visit(self, at: float) -> _Visit:
        visit = self._open = _Visit(at)
        self._visits.append(visit)
        return visit

    def _end_tool(self, fact: ToolEnded) -> None:
        known = self._tools.get(fact.call_id)
        at = fact.at if known is None else known.at
        self._tools[fact.call_id] = ToolUse(
            at=at,
            call_id=fact.call_id,
            name=fact.name,
            arguments="" if known is None else known.arguments,
            output=fact.output,
            error=fact.error,
            took_s=fact.at - at,
        )

    def _visitor_turn(self, visit: _Visit) -> Turn:
        spans = [(start, end) for start, end in visit.spans if end is not None]
        return Turn(
            role="user",
            at=visit.at,
            end=spans[-1][1] if spans else visit.at if visit.final else self._end,
            text=visit.text,
            words=tuple(_spread(visit.text.split(), spans)),
            final=visit.final,
        )

    def _agent_turn(self, reply: _Reply) -> Turn:
        return Turn(
            role="agent",
            at=reply.at,
            end=self._end if reply.end is None else reply.end,
            text=reply.text,
            words=() if self._chat else tuple(_placed(reply)),
            unheard=_unheard(reply),
            cut_at=reply.cut_at,
            timing=reply.timing,
            final=reply.final,
        )


def _unheard(reply: _Reply) -> str:
    if not reply.final:
        return ""
    return " ".join(word.text for word in reply.captions[len(reply.text.split()) :])


def _placed(reply: _Reply) -> Iterable[Word]:
    """The heard words of a reply with their times in the call."""
    texts = reply.text.split()
    captions = reply.captions[: len(texts)]
    base_s, done = reply.at + _DELAY_S, 0
    end_s = base_s
    # The last ``told`` comes with the end of the turn, and tells nothing of when its words were heard.
    for heard_at, count in reply.told[: -1 if reply.final else None]:
        known = captions[done:count]
        if known:
            late_s = heard_at - (base_s + known[-1].end_s)
            if late_s > _GAP_S:
                base_s += late_s
            yield from _moved(known, texts[done:], base_s)
            end_s = base_s + known[-1].end_s
        elif texts[done:count]:
            yield from _spread(texts[done:count], [(end_s, max(heard_at, end_s))])
            end_s = max(heard_at, end_s)
        done = max(done, min(count, len(texts)))
    known = captions[done:]
    yield from _moved(known, texts[done:], base_s)
    rest = texts[done + len(known) :]
    if rest:
        start_s = base_s + known[-1].end_s if known else end_s
        yield from _spread(rest, [(start_s, max(start_s, reply.end or start_s))])


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
            yield from _spread(texts, [(word.start_s, word.end_s)])


def _spread(texts: Sequence[str], spans: Sequence[tuple[float, float]]) -> Iterable[Word]:
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


def _moment(speech_s: float, spans: Sequence[tuple[float, float]], *, begins: bool) -> float:
    """The moment at which so much has been spoken; between two spans, where a word begins or where one ends."""
    left_s = speech_s
    for start, end in spans:
        length_s = end - start
        if left_s < length_s or (left_s == length_s and not begins):
            return start + left_s
        left_s -= length_s
    return spans[-1][1]
