"""
The figures of a call that need no model: they follow from its facts.

Talk is counted by turns, from the first sound of a turn to its last, with the pauses within it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from vivavoce.talk.facts import (
    AgentSaid,
    AgentStartedTalking,
    AgentStoppedTalking,
    CallEnded,
    CallStarted,
    Fact,
    Interrupted,
    ToolStarted,
    TurnTimed,
    UserSaid,
    UserStartedSpeaking,
    UserStoppedSpeaking,
)

__all__ = ["FIGURED", "CallMetrics", "call_metrics"]

# The facts that the figures follow from; others need not be read.
FIGURED: tuple[type[Fact], ...] = (
    AgentSaid,
    AgentStartedTalking,
    AgentStoppedTalking,
    CallEnded,
    CallStarted,
    Interrupted,
    ToolStarted,
    TurnTimed,
    UserSaid,
    UserStartedSpeaking,
    UserStoppedSpeaking,
)

# From and to, in seconds since the session opened.
_Span = tuple[float, float]
_ENDED_BY: Mapping[str, str] = {
    "client_requested": "user",
    "websocket_closed": "user",
    "connection_lost": "network",
    "ended": "agent",
    "timeout": "server",
    "server_error": "server",
}


class CallMetrics(Struct, frozen=True, kw_only=True, rename="camel"):
    """
    The figures of one call; times in milliseconds.

    Args:
        duration_ms: From the opening of the session to its end.
        user_turns: Turns in which the visitor said or typed something.
        agent_turns: Turns of which something was heard.
        user_talk_ms: How long the visitor's turns lasted together; 0 in a chat, as the next.
        agent_talk_ms: How long the agent was heard.
        talk_ratio: The agent's share of all talk, 0 to 1; None where nobody talked.
        interruptions: How often the visitor interrupted the agent.
        silence_ms: How long neither talked; None in a chat, as the next.
        longest_silence_ms: The longest time of it at one stretch.
        latency_p50_ms: From the end of the visitor's turn to the first sound of the answer: half of the answers were
            quicker; None where nothing was answered.
        latency_p95_ms: Likewise; 95 of 100 were quicker.
        tool_calls: How often a tool was called.
        ended_by: ``user``, ``agent``, ``server`` (a time limit or a fault) or ``network`` (the connection was lost).
    """

    duration_ms: int
    user_turns: int
    agent_turns: int
    user_talk_ms: int
    agent_talk_ms: int
    talk_ratio: float | None
    interruptions: int
    silence_ms: int | None
    longest_silence_ms: int | None
    latency_p50_ms: int | None
    latency_p95_ms: int | None
    tool_calls: int
    ended_by: str


def call_metrics(facts: Sequence[Fact], *, duration_s: float, reason: str) -> CallMetrics:
    """
    The figures of a call that is over.

    Args:
        facts: Its facts in their order.
        duration_s: How long it lasted.
        reason: How it ended, in the words of ``CallEnded``; where there is such a fact, that one counts.
    """
    spoken = not any(isinstance(fact, CallStarted) and fact.mode == "chat" for fact in facts)
    user = _joined(_user_spans(facts, duration_s)) if spoken else []
    agent = _joined(_agent_spans(facts, duration_s)) if spoken else []
    user_s, agent_s = _length(user), _length(agent)
    gaps = _gaps(_joined([*user, *agent]), duration_s)
    latencies = sorted(fact.total_s for fact in facts if isinstance(fact, TurnTimed))
    end = next((fact.reason for fact in reversed(facts) if isinstance(fact, CallEnded)), reason)
    return CallMetrics(
        duration_ms=_ms(duration_s),
        user_turns=_user_turns(facts),
        agent_turns=_agent_turns(facts),
        user_talk_ms=_ms(user_s),
        agent_talk_ms=_ms(agent_s),
        talk_ratio=round(agent_s / (user_s + agent_s), 3) if user_s + agent_s else None,
        interruptions=_count(facts, Interrupted),
        silence_ms=_ms(sum(gaps)) if spoken else None,
        longest_silence_ms=_ms(max(gaps, default=0.0)) if spoken else None,
        latency_p50_ms=_percentile(latencies, 0.50),
        latency_p95_ms=_percentile(latencies, 0.95),
        tool_calls=_count(facts, ToolStarted),
        ended_by=_ENDED_BY.get(end, "server"),
    )


def _user_turns(facts: Iterable[Fact]) -> int:
    """A turn ends with its final words; one that the end of the process cut off counts as well."""
    turns, words = 0, ""
    for fact in facts:
        if isinstance(fact, UserSaid):
            words = fact.text.strip()
            if fact.final and words:
                turns, words = turns + 1, ""
    return turns + bool(words)


def _agent_turns(facts: Iterable[Fact]) -> int:
    # The last form of a reply's words counts: it may be cut to nothing.
    words = {fact.reply: fact.text.strip() for fact in facts if isinstance(fact, AgentSaid)}
    return sum(1 for text in words.values() if text)


def _user_spans(facts: Iterable[Fact], end_s: float) -> list[_Span]:
    spans: list[_Span] = []
    begun: float | None = None
    for fact in facts:
        match fact:
            case UserStartedSpeaking(at=at):
                begun = at if begun is None else begun
            case UserStoppedSpeaking(at=at) if begun is not None:
                spans.append((begun, at))
                begun = None
            case _:
                pass
    return spans if begun is None else [*spans, (begun, end_s)]


def _agent_spans(facts: Iterable[Fact], end_s: float) -> list[_Span]:
    spans: list[_Span] = []
    begun: dict[int, float] = {}
    for fact in facts:
        match fact:
            case AgentStartedTalking(at=at, reply=reply):
                begun[reply] = at
            case AgentStoppedTalking(at=at, reply=reply) if reply in begun:
                spans.append((begun.pop(reply), at))
            case _:
                pass
    return [*spans, *((at, end_s) for at in begun.values())]


def _joined(spans: Iterable[_Span]) -> list[_Span]:
    """The same time in spans that do not touch each other, in order."""
    joined: list[_Span] = []
    for start, end in sorted(span for span in spans if span[1] > span[0]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _gaps(spans: Sequence[_Span], end_s: float) -> list[float]:
    """How long it was silent before, between and after the spans."""
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    return [max(0.0, start - end) for end, start in zip([0.0, *ends], [*starts, end_s], strict=True)]


def _length(spans: Iterable[_Span]) -> float:
    return sum(end - start for start, end in spans)


def _count(facts: Iterable[Fact], kind: type[Fact]) -> int:
    return sum(1 for fact in facts if isinstance(fact, kind))


def _percentile(ordered: Sequence[float], share: float) -> int | None:
    """Between two values in proportion, so that the half is the median."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low, high = math.floor(place), math.ceil(place)
    return _ms(ordered[low] + (ordered[high] - ordered[low]) * (place - low))


def _ms(seconds: float) -> int:
    return round(1000 * seconds)
