"""
What public pages may use of an agent: ``embedLimits`` of its document, and what is left of them.

The visitors of a page bring no key, so these limits are what keeps one of them from talking all day.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from vivavoce.agent_limits import clamped
from vivavoce.agent_sections import EmbedLimits
from vivavoce.clock import now
from vivavoce.errors import Refused
from vivavoce.store import visits
from vivavoce.store.calls import Call
from vivavoce.store.database import Database
from vivavoce.store.refusals import Refusal
from vivavoce.store.visits import Usage
from vivavoce.talk.brief import Brief

__all__ = ["begin_visit", "check_usage", "check_visit", "limits_of"]

# When a call may have ended.
_BUSY_RETRY_S = 10
# A call that could only say hello is not begun.
_SHORTEST_CALL_S = 5.0


@dataclass(frozen=True, slots=True)
class _Share:
    """A limit of minutes, what is used of it, and among how many calls the rest is to be shared."""

    limit_s: float
    used_s: float
    calls: int

    @property
    def left_s(self) -> float:
        """The seconds for one more call; infinite without a limit."""
        # Those that go on have been given theirs, and use it up at the same time.
        return (self.limit_s - self.used_s) / (self.calls + 1) if self.limit_s else float("inf")


def limits_of(agent: Mapping[str, Any]) -> EmbedLimits:
    """The limits that an agent's document sets, with the defaults; what is out of its range is brought back into it."""
    section = agent.get("embedLimits")
    written = section if isinstance(section, Mapping) else {}

    def number(name: str, otherwise: float) -> float:
        value = written.get(name)
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        return clamped(f"embedLimits.{name}", float(value) if fits else otherwise)  # type: ignore[arg-type]

    ours = EmbedLimits()
    return EmbedLimits(
        calls_at_once=int(number("callsAtOnce", ours.calls_at_once)),
        minutes_per_day=number("minutesPerDay", ours.minutes_per_day),
        calls_at_once_per_visitor=int(number("callsAtOncePerVisitor", ours.calls_at_once_per_visitor)),
        minutes_per_day_per_visitor=number("minutesPerDayPerVisitor", ours.minutes_per_day_per_visitor),
    )


def check_usage(limits: EmbedLimits, used: Usage, *, at: datetime) -> None:
    """
    Let one more call begin, or say why not.

    Raises:
        Refused: 429 with one of the codes ``visitor_busy``, ``agent_busy``, ``visitor_minutes_used`` and
            ``agent_minutes_used``.
    """
    if 0 < limits.calls_at_once_per_visitor <= used.visitor.calls:
        raise Refused(
            429,
            "You hold as many calls with this agent as one visitor may: end one of them first",
            code="visitor_busy",
            retry_after_s=_BUSY_RETRY_S,
        )
    if 0 < limits.calls_at_once <= used.agent.calls:
        raise Refused(
            429,
            "All lines to this agent are taken: try again in a moment",
            code="agent_busy",
            retry_after_s=_BUSY_RETRY_S,
        )
    of_visitor, of_agent = _shares(limits, used)
    if of_visitor.left_s < _SHORTEST_CALL_S:
        raise Refused(
            429,
            "You have talked to this agent for as long as one visitor may in a day: come back after midnight UTC",
            code="visitor_minutes_used",
            retry_after_s=_until_midnight_s(at),
        )
    if of_agent.left_s < _SHORTEST_CALL_S:
        raise Refused(
            429,
            "This agent has used up its minutes of today: come back after midnight UTC",
            code="agent_minutes_used",
            retry_after_s=_until_midnight_s(at),
        )


async def check_visit(database: Database, agent_id: str, agent: Mapping[str, Any], visitor: str) -> None:
    """
    Let a visitor have a token, or say why not.

    Raises:
        Refused: As ``check_usage``.
    """
    limits = limits_of(agent)
    used = await visits.usage(database, agent_id, visitor, of_agent=_concerns_agent(limits))
    check_usage(limits, used, at=now())


async def begin_visit(
    database: Database, call: Call, brief: Brief, origin: str, *, refused: Callable[[Refusal], None]
) -> Brief:
    """
    Store a call of a public page, unless the limits are used up: many tokens may have been had before one was used.

    Args:
        database: The store.
        call: With a visitor, and with the agent's document.
        brief: Of the call.
        origin: Of the page.
        refused: Told when the call is refused.

    Returns:
        The brief for a call that ends when its share of the minutes is used up, with the reason ``timeout``.

    Raises:
        Refused: As ``check_usage``.
    """
    limits = limits_of(call.agent)
    try:
        used = await visits.start(
            database,
            call,
            of_agent=_concerns_agent(limits),
            check=lambda used: check_usage(limits, used, at=now()),
        )
    except Refused as error:
        refused(Refusal(call.agent_id, error.code, origin, call.visitor))
        raise
    longest_call_s = min(brief.policy.longest_call_s, *(share.left_s for share in _shares(limits, used)))
    return replace(brief, policy=replace(brief.policy, longest_call_s=longest_call_s))


def _shares(limits: EmbedLimits, used: Usage) -> tuple[_Share, _Share]:
    """Of the visitor, and of all."""
    return (
        _Share(limits.minutes_per_day_per_visitor * 60, used.visitor.seconds, used.visitor.calls),
        _Share(limits.minutes_per_day * 60, used.agent.seconds, used.agent.calls),
    )


def _concerns_agent(limits: EmbedLimits) -> bool:
    """Whether anything limits all visitors together."""
    return bool(limits.calls_at_once or limits.minutes_per_day)


def _until_midnight_s(moment: datetime) -> int:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return int((midnight - moment).total_seconds()) + 1
