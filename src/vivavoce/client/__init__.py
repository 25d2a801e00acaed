"""A client of the Atoms wire, for scripts and tests: see ``AtomsClient`` and ``caller``."""

from vivavoce.client.atoms import AtomsClient
from vivavoce.client.endurance import Endurance
from vivavoce.client.extension import (
    Caption,
    Extension,
    Held,
    Reconnected,
    Reconnecting,
    Released,
    ToolEnded,
    ToolStarted,
    TurnMeasured,
    UserStartedSpeaking,
    UserStoppedSpeaking,
)
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
from vivavoce.client.playout import Gap, HeardTurn, Place, Player

__all__ = [
    "AgentAudio",
    "AgentStarted",
    "AgentStopped",
    "AtomsClient",
    "Caption",
    "Endurance",
    "ErrorReported",
    "Extension",
    "Gap",
    "HeardTurn",
    "Held",
    "Interrupted",
    "Message",
    "Place",
    "Player",
    "Reconnected",
    "Reconnecting",
    "Released",
    "SessionEnded",
    "SessionStarted",
    "ToolEnded",
    "ToolRequested",
    "ToolStarted",
    "ToolsAccepted",
    "TranscriptHeard",
    "TurnMeasured",
    "UnknownMessage",
    "UserStartedSpeaking",
    "UserStoppedSpeaking",
]
