"""
A call told for people: turns with the times of their words, tools with their results, and what went wrong.

The times count in seconds since the session opened, which is where the recording begins too.
A voice that was held and went on was not interrupted, so nothing is told of that.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from vivavoce.talk.facts import (
    AgentSaid,
    AgentStartedTalking,
    AgentStoppedTalking,
    CallEnded,
    CallStarted,
    Captioned,
    ClientLost,
    ClientReturned,
    EngineStumbled,
    Fact,
    Failed,
    Held,
    Interrupted,
    Released,
    ToolEnded,
    ToolStarted,
    TurnTimed,
    UserSaid,
    UserStartedSpeaking,
    UserStoppedSpeaking,
)
from vivavoce.views.call_entries import Absence, Entry, ToolUse, Trouble, Turn
from vivavoce.views.call_words import ReplyWords, spread

__all__ = ["story"]

# Whoever spoke, said nothing, and speaks again so much later has begun anew.
_ANEW_S = 2.0


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
    words: ReplyWords = field(default_factory=ReplyWords)
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
        self._absences: list[Absence] = []
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
            case Captioned(at=at, reply=reply):
                self._reply(reply, at).words.caption(fact)
            case AgentSaid(at=at, reply=reply):
                self._reply(reply, at).words.hear(fact)
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
            case Held(at=at, reply=reply):
                self._reply(reply, at).words.pause()
            case Released(at=at, reply=reply):
                self._reply(reply, at).words.go_on()
            case ClientLost(at=at):
                self._absences.append(Absence(at))
                for talking in self._replies.values():
                    talking.words.pause()
            case ClientReturned(at=at, away_s=away_s):
                began_at = self._absences.pop().at if self._absences else at - away_s
                self._absences.append(Absence(began_at, away_s))
                for talking in self._replies.values():
                    talking.words.go_on()
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
            *(self._agent_turn(reply) for reply in self._replies.values() if reply.words.text or reply.words.unheard),
        ]
        return sorted([*turns, *self._tools.values(), *self._absences, *self._troubles], key=lambda entry: entry.at)

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
            words=tuple(spread(visit.text.split(), spans)),
            final=visit.final,
        )

    def _agent_turn(self, reply: _Reply) -> Turn:
        words = reply.words
        return Turn(
            role="agent",
            at=reply.at,
            end=self._end if reply.end is None else reply.end,
            text=words.text,
            words=() if self._chat else tuple(words.placed(reply.at, reply.end)),
            unheard=words.unheard,
            cut_at=reply.cut_at,
            timing=reply.timing,
            final=words.final,
        )
