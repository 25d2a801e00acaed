"""A call in which a bit of everything happened, stored as a server stores it."""

from pathlib import Path

import numpy as np
import soundfile
from sqlalchemy import update

from tests.store.made_calls import BEGAN, FIGURES, call_id
from vivavoce.speech import ToolCall, Word
from vivavoce.store import agents, calls, facts
from vivavoce.store.calls import Call
from vivavoce.store.database import Database
from vivavoce.store.tables import calls as table
from vivavoce.talk.facts import (
    AgentSaid,
    AgentStartedTalking,
    AgentStoppedTalking,
    CallEnded,
    CallStarted,
    Captioned,
    EngineStumbled,
    Fact,
    Interrupted,
    ToolEnded,
    ToolStarted,
    TurnTimed,
    UserSaid,
    UserStartedSpeaking,
    UserStoppedSpeaking,
)

__all__ = ["ANALYTICS", "FACTS", "set_columns", "store_call", "store_sound"]

FACTS: tuple[Fact, ...] = (
    CallStarted(0.0, "webcall"),
    AgentStartedTalking(0.4, 1),
    Captioned(0.4, 1, (Word("Welcome", 0.0, 0.5), Word("to", 0.5, 0.6), Word("Ada’s.", 0.6, 1.1))),
    AgentSaid(1.0, 1, "Welcome", False),
    AgentSaid(1.6, 1, "Welcome to Ada’s.", True),
    AgentStoppedTalking(1.6, 1),
    UserStartedSpeaking(2.0),
    UserSaid(2.8, "is there", False),
    UserStoppedSpeaking(3.4),
    UserSaid(3.9, "Is there a table?", True),
    ToolStarted(4.0, ToolCall("c1", "find_table", '{"seats": 2}')),
    ToolEnded(4.5, "c1", "find_table", '{"free": true}'),
    ToolStarted(4.5, ToolCall("c2", "ring_bell", "{}")),
    ToolEnded(6.0, "c2", "ring_bell", "", "tool_timeout"),
    AgentStartedTalking(6.1, 2),
    TurnTimed(6.1, 2, 3.4, 0.5, 0.1, 1.9, 0.2),
    Captioned(6.1, 2, (Word("Yes,", 0.0, 0.4), Word("by", 0.4, 0.6), Word("the", 0.6, 0.8), Word("window.", 0.8, 1.4))),
    AgentSaid(6.6, 2, "Yes,", False),
    UserStartedSpeaking(6.8),
    Interrupted(7.0, 2, 0.8),
    AgentSaid(7.0, 2, "Yes, by", True),
    AgentStoppedTalking(7.0, 2),
    EngineStumbled(7.2, "tts", "voice engine did not answer"),
    UserStoppedSpeaking(7.9),
    UserSaid(8.2, "Wonderful <b>thanks</b>", True),
    CallEnded(9.0, "client_requested"),
)
ANALYTICS: dict[str, object] = {
    "state": "done",
    "reason": "",
    "summary": "The visitor got a table by the window.",
    "dispositionMetrics": [
        {
            "identifier": "table_booked",
            "value": True,
            "confidence": 0.9,
            "reasoning": "The agent said yes.",
            "dispositionMetricPrompt": "Was a table booked?",
            "dispositionMetricType": "BOOLEAN",
        }
    ],
    "successMetrics": [],
}


async def store_call(
    database: Database,
    number: int = 0,
    *,
    told: tuple[Fact, ...] = FACTS,
    agent_id: str = "",
    mode: str = "webcall",
    analysed: bool = True,
    **columns: object,
) -> str:
    """
    Store a call with these facts; it is closed if they tell of its end.

    Args:
        database: The store.
        number: Gives the id, as in ``made_calls``.
        told: Its facts.
        agent_id: Its agent; one is made where it is empty.
        mode: ``webcall`` or ``chat``.
        analysed: Whether figures and analysis are there already.
        columns: What its row holds besides.
    """
    document = {"name": "Ada", "singlePromptConfig": {"prompt": "You are Ada."}, "firstMessage": "Welcome to Ada’s."}
    agent = agent_id or (await agents.create(database, document)).id
    call = Call(
        call_id(number),
        "session",
        agent,
        mode,
        BEGAN,
        agent=document,
        variables={"city": "Ghent"},
        voice={"voiceId": "nova"},
        model="gpt-4o",
    )
    await calls.start(database, call)
    await facts.write(database, [(call.id, n, fact) for n, fact in enumerate(told, 1)])
    for fact in told:
        if isinstance(fact, CallEnded):
            await calls.finish(database, call.id, reason=fact.reason)
            await set_columns(database, call.id, duration_ms=round(1000 * fact.at))
    if analysed:
        columns = {"figures": FIGURES, "analytics": ANALYTICS, **columns}
    if columns:
        await set_columns(database, call.id, **columns)
    return call.id


async def set_columns(database: Database, stored: str, **columns: object) -> None:
    """Change the row of a call."""
    async with database.write() as connection:
        await connection.execute(update(table).where(table.c.id == stored).values(columns))


def store_sound(folder: Path, seconds: float = 9.0) -> str:
    """A recording: the visitor hums in the first half, the agent in the second; its path as a call has it."""
    rate_hz = 8000
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    hum = (8000 * np.sin(2 * np.pi * 220 * time_s)).astype(np.int16)
    first = time_s < seconds / 2
    stereo = np.stack([np.where(first, hum, 0), np.where(first, 0, hum)], axis=1)
    (folder / "told").mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / "told" / "dual.flac", stereo, rate_hz, format="FLAC", subtype="PCM_16")
    return "told/dual.flac"
