"""What a conversation is told before it starts."""

from dataclasses import dataclass, field
from typing import Literal

from vivavoce.speech import Tool
from vivavoce.talk.policy import Policy

__all__ = ["END_CALL", "Brief", "Mode", "Phrases"]

Mode = Literal["webcall", "chat"]

# The tool by which a language model hangs up; the name is Atoms' (wire-spec 2.3).
END_CALL = Tool("end_call", "Ends the call after what has been said. Use it when the visitor says goodbye.")


@dataclass(frozen=True, slots=True)
class Phrases:
    """What the agent says by itself, without asking the language model."""

    nudge: str = "Are you still there?"
    not_heard: str = "Sorry, I did not catch that. Could you say it again?"
    trouble: str = "Sorry, something went wrong on my side. Could you say that again?"
    tool_late: str = "Sorry, I could not find that out just now. Shall I try again?"
    # Said in turn while a tool takes its time.
    fillers: tuple[str, ...] = ("One moment, please.", "Just a second.", "Let me have a look.")


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
        holds: Whether the client can hold the agent's voice and play on from the very sample.
        tools: The agent's own tools, whoever runs them; those of the page come on top.
        hang_up: The tools by which the language model ends the call; empty where it may not.
    """

    mode: Mode = "webcall"
    prompt: str = ""
    greeting: str = ""
    waits_for_user: bool = False
    voice_rate_hz: int = 24000
    lead_s: float = 1.0
    holds: bool = False
    tools: tuple[Tool, ...] = ()
    hang_up: tuple[Tool, ...] = (END_CALL,)
    phrases: Phrases = field(default_factory=Phrases)
    policy: Policy = field(default_factory=Policy)
