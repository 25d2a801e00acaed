"""What a conversation is told before it starts."""

from dataclasses import dataclass, field
from typing import Literal

from vivavoce.talk.policy import Policy

__all__ = ["Brief", "Mode", "Phrases"]

Mode = Literal["webcall", "chat"]


@dataclass(frozen=True, slots=True)
class Phrases:
    """What the agent says by itself, without asking the language model."""

    nudge: str = "Are you still there?"
    not_heard: str = "Sorry, I did not catch that. Could you say it again?"
    trouble: str = "Sorry, something went wrong on my side. Could you say that again?"


@dataclass(frozen=True, slots=True)
class Brief:
    """
    The part that an agent is given: the same brief and the same events make the same conversation.

    Args:
        mode: ``webcall`` speaks; ``chat`` has no audio at all.
        prompt: The system message, with its placeholders filled in.
        greeting: Spoken when the client is ready; empty for none.
        waits_for_user: No greeting until the visitor has spoken first.
        voice_rate_hz: Rate of the agent audio that this client takes.
        lead_s: How far agent audio may run ahead of real time (the dialect's figure).
        may_hang_up: Offer the language model the tool ``end_call``.
    """

    mode: Mode = "webcall"
    prompt: str = ""
    greeting: str = ""
    waits_for_user: bool = False
    voice_rate_hz: int = 24000
    lead_s: float = 1.0
    may_hang_up: bool = True
    phrases: Phrases = field(default_factory=Phrases)
    policy: Policy = field(default_factory=Policy)
