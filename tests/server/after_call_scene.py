"""Calls that are over, a model that says what a test wants, and a clock that can be put forward."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import select

from vivavoce.clock import now
from vivavoce.engines.scripted import ScriptedLanguageModel
from vivavoce.server.after_calls import MODEL_STEPS, QUICK_STEPS, AfterCalls
from vivavoce.server.announcements import EventType
from vivavoce.speech import Message
from vivavoce.store import after_calls, agents, calls, facts, tables
from vivavoce.store.calls import Call
from vivavoce.store.database import Database
from vivavoce.talk.facts import (
    AgentSaid,
    AgentStartedTalking,
    AgentStoppedTalking,
    CallEnded,
    CallStarted,
    Fact,
    TurnTimed,
    UserSaid,
    UserStartedSpeaking,
    UserStoppedSpeaking,
)

__all__ = ["BOOKED", "CALL_ID", "TALK", "Clock", "Model", "Told", "ended", "finished", "found", "work_off"]

CALL_ID = "CALL-1776756378884-6a553c"
TALK: tuple[Fact, ...] = (
    CallStarted(0.0, "webcall"),
    UserStartedSpeaking(1.0),
    UserStoppedSpeaking(3.0),
    UserSaid(3.4, "A table for four, please.", True),
    AgentStartedTalking(4.0, 1),
    TurnTimed(4.0, 1, 3.0, 0.4, 0.1, 0.3, 0.2),
    AgentSaid(6.0, 1, "It is booked.", True),
    AgentStoppedTalking(6.0, 1),
    CallEnded(8.0, "client_requested"),
)
BOOKED: Mapping[str, object] = {
    "dispositionMetrics": [
        {"identifier": "booked", "dispositionMetricPrompt": "Booked?", "dispositionMetricType": "BOOLEAN"}
    ]
}


class Model(ScriptedLanguageModel):
    """
    A language model that can be asked for an answer in a given form.

    Args:
        answers: In turn, the last one again and again; an exception is raised, a callable is awaited.
    """

    def __init__(self, *answers: object) -> None:
        super().__init__()
        self._answers = answers
        # What it was asked.
        self.asked: list[tuple[str, Mapping[str, object]]] = []
        # Set when it has been asked.
        self.thinking = asyncio.Event()

    async def answer(self, messages: Sequence[Message], schema: Mapping[str, object], *, limit_s: float) -> object:
        answer = self._answers[min(len(self.asked), len(self._answers) - 1)]
        self.asked.append((messages[-1].text, schema))
        self.thinking.set()
        if isinstance(answer, Exception):
            raise answer
        return await answer() if callable(answer) else answer


@dataclass
class Told:
    """What the webhooks were told."""

    events: list[tuple[str, str]] = field(default_factory=list)
    # What the next announcements fail with.
    failures: list[Exception] = field(default_factory=list)
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, event: str, call_id: str) -> None:
        """Returns when they have been told this."""
        while (event, call_id) not in self.events:
            self._more.clear()
            await self._more.wait()

    async def __call__(self, database: Database, event: EventType, call_id: str) -> int:
        if self.failures:
            raise self.failures.pop(0)
        self.events.append((event, call_id))
        self._more.set()
        return 1


class Clock:
    """The clock of calls that end, and of what is due after them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._now = now()
        for module in (after_calls, calls):
            patch.setattr(module, "now", lambda: self._now)

    def forward(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


async def ended(
    database: Database,
    told: Sequence[Fact] = TALK,
    *,
    analytics: object = None,
    call_id: str = CALL_ID,
    reason: str = "client_requested",
) -> None:
    """A call of eight seconds that is over, with its facts."""
    agent = await agents.create(database, {"name": "Ada"})
    document = dict(agent.document) if analytics is None else {**agent.document, "postCallAnalyticsConfig": analytics}
    call = Call(call_id, "session", agent.id, "webcall", now(), agent=document, variables={"timezone": "UTC"})
    await calls.start(database, call)
    await facts.write(database, [(call_id, n, fact) for n, fact in enumerate(told, 1)])
    await calls.finish(database, call_id, reason=reason, ended_at=call.started_at + timedelta(seconds=8))


async def found(database: Database, call_id: str = CALL_ID) -> Call:
    call = await calls.find(database, call_id)

    assert call is not None
    return call


async def work_off(after: AfterCalls) -> int:
    """Do all that is due now; returns how many steps it was."""
    steps = 0
    while await after.do_next((*QUICK_STEPS, *MODEL_STEPS)):
        steps += 1
    return steps


async def finished(database: Database) -> bool:
    """Whether nothing is left to be done, now or ever."""
    async with database.read() as connection:
        return not (await connection.execute(select(tables.after_calls))).first()
