"""
The transcript of a call: who said what, as it was heard.

Source: Atoms conversation, ``transcript`` (wire-spec 2.7.1); here the agent's role is ``agent`` (wire-spec 1.11).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from vivavoce.talk.facts import AgentSaid, AgentStartedTalking, Fact, UserSaid, UserStartedSpeaking
from vivavoce.views.times import moment

__all__ = ["SAID", "Entry", "entries", "transcript"]

# The facts that the turns follow from; others need not be read.
SAID: tuple[type[Fact], ...] = (UserStartedSpeaking, UserSaid, AgentStartedTalking, AgentSaid)


@dataclass(slots=True)
class Entry:
    """One turn: when it began (seconds since the session opened) and the newest form of its words."""

    role: Literal["agent", "user"]
    at: float
    text: str


def entries(facts: Iterable[Fact]) -> list[Entry]:
    """
    The turns of a call in the order in which they began.

    A turn that is still going on, or was cut off by the end of the process, stands with the words known so far.
    Turns without words are left out.
    """
    turns: list[Entry] = []
    # The user's turn that is not final yet.
    open_turn: Entry | None = None
    speech_at: float | None = None
    agent_turns: dict[int, Entry] = {}
    agent_starts: dict[int, float] = {}
    for fact in facts:
        match fact:
            case UserStartedSpeaking(at=at):
                speech_at = at
            case UserSaid(at=at, text=text, final=final):
                if open_turn is None:
                    open_turn = Entry("user", at if speech_at is None else speech_at, text)
                    turns.append(open_turn)
                open_turn.text = text
                if final:
                    open_turn = speech_at = None
            case AgentStartedTalking(at=at, reply=reply):
                agent_starts[reply] = at
            case AgentSaid(at=at, reply=reply, text=text):
                turn = agent_turns.get(reply)
                if turn is None:
                    turn = agent_turns[reply] = Entry("agent", agent_starts.get(reply, at), text)
                    turns.append(turn)
                turn.text = text
            case _:
                pass
    return [turn for turn in turns if turn.text.strip()]


def transcript(facts: Iterable[Fact], *, started_at: datetime) -> list[dict[str, str]]:
    """The turns as the API gives them: ``role``, ``content`` and ``timestamp``."""
    return [
        {"role": entry.role, "content": entry.text, "timestamp": moment(started_at, entry.at)}
        for entry in entries(facts)
    ]
