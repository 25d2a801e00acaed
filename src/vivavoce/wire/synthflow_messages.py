"""
The messages of the Synthflow wire, as they stand in its JSON; audio is binary and has none.

Unknown fields and unknown types are passed over.
Source: Synthflow widget websocket (wire-spec 4.3).
"""

import msgspec

__all__ = ["ClientMessage", "Interruption", "ServerMessage", "StatusAgentReady", "StatusClientReady", "Transcript"]


class StatusClientReady(msgspec.Struct, tag="status_client_ready", frozen=True):
    """The client can hear: the agent may start to speak."""


ClientMessage = StatusClientReady


class StatusAgentReady(msgspec.Struct, tag="status_agent_ready", frozen=True):
    """The agent can hear. Sent once, before anything else."""


class Transcript(msgspec.Struct, tag="transcript", frozen=True):
    """All the words of a turn, as on the Atoms wire. An addition of ours, off by default."""

    role: str
    text: str


class Interruption(msgspec.Struct, tag="interruption", frozen=True):
    """The visitor has interrupted the agent: no more of this turn is sent. An addition of ours, off by default."""


ServerMessage = StatusAgentReady | Transcript | Interruption
