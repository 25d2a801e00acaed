"""A client of the Atoms wire, for scripts and tests: see ``AtomsClient`` and ``caller``."""

from vivavoce.client.atoms import AtomsClient
from vivavoce.client.messages import (
    AgentAudio,
    AgentStarted,
    AgentStopped,
    ErrorReported,
    Interrupted,
    Message,
    SessionEnded,
    SessionStarted,
    ToolRequested,
    ToolsAccepted,
    TranscriptHeard,
    UnknownMessage,
)

__all__ = [
    "AgentAudio",
    "AgentStarted",
    "AgentStopped",
    "AtomsClient",
    "ErrorReported",
    "Interrupted",
    "Message",
    "SessionEnded",
    "SessionStarted",
    "ToolRequested",
    "ToolsAccepted",
    "TranscriptHeard",
    "UnknownMessage",
]
