"""
What the world may know: the numbered facts of a call are the call.

The wire messages, the live events, the transcript, the latency figures and the database rows
are views of this one list.
``at`` is seconds since the session opened.
"""

from dataclasses import dataclass

from vivavoce.speech import ToolCall, Word

__all__ = [
    "AgentSaid",
    "AgentStartedTalking",
    "AgentStoppedTalking",
    "CallEnded",
    "CallStarted",
    "Captioned",
    "ClientLost",
    "ClientReturned",
    "EngineStumbled",
    "Fact",
    "Failed",
    "Held",
    "Interrupted",
    "Released",
    "ToolEnded",
    "ToolStarted",
    "ToolsAccepted",
    "TurnTimed",
    "UserSaid",
    "UserStartedSpeaking",
    "UserStoppedSpeaking",
]


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The session is open. ``mode`` is ``webcall`` or ``chat``."""

    at: float
    mode: str


@dataclass(frozen=True, slots=True)
class UserStartedSpeaking:
    """The visitor's voice was heard; ``at`` is when the speech itself began."""

    at: float


@dataclass(frozen=True, slots=True)
class UserStoppedSpeaking:
    """The visitor's turn has ended; ``at`` is when the speech itself ended."""

    at: float


@dataclass(frozen=True, slots=True)
class UserSaid:
    """The visitor's words of this turn so far (cumulative), or all of them when ``final``."""

    at: float
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class AgentStartedTalking:
    """The agent's turn begins; its first audio follows."""

    at: float
    reply: int


@dataclass(frozen=True, slots=True)
class AgentSaid:
    """The words of this reply that have been heard so far (cumulative), or all that ever will be when ``final``."""

    at: float
    reply: int
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class Captioned:
    """
    Words of a reply with their times in the reply's audio; they may still be unheard.

    They replace all words of the reply from number ``first`` on, counted from 0. None stands in records of earlier
    versions: the words follow those that were told before.
    """

    at: float
    reply: int
    words: tuple[Word, ...]
    first: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """The visitor makes a sound while the agent talks: its voice waits until it is clear what that was."""

    at: float
    reply: int


@dataclass(frozen=True, slots=True)
class Released:
    """It was nothing: the agent goes on from the very sample."""

    at: float
    reply: int


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The visitor interrupted the agent, who had been heard for ``heard_s`` seconds of this reply."""

    at: float
    reply: int
    heard_s: float


@dataclass(frozen=True, slots=True)
class AgentStoppedTalking:
    """The agent's turn is over: heard to its end, or cut."""

    at: float
    reply: int


@dataclass(frozen=True, slots=True)
class ClientLost:
    """The client's socket is gone; the call waits for it."""

    at: float


@dataclass(frozen=True, slots=True)
class ClientReturned:
    """The client has come back on another socket, ``away_s`` after it was lost."""

    at: float
    away_s: float


@dataclass(frozen=True, slots=True)
class ToolsAccepted:
    """The client's tools with these names are in force."""

    at: float
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """The client is asked to run a tool."""

    at: float
    call: ToolCall


@dataclass(frozen=True, slots=True)
class ToolEnded:
    """A tool has answered, or has failed with ``error``, such as ``tool_timeout``."""

    at: float
    call_id: str
    name: str
    output: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class TurnTimed:
    """
    How long the agent took to answer, in seconds.

    Args:
        reply: The agent's turn.
        user_end_at: When the visitor's speech (or typed text) ended.
        endpoint_s: From there until the turn was judged to be over.
        transcript_s: From there until the transcript was there.
        text_s: From there until the first text of the reply.
        voice_s: From there until the first audio of the reply was sent.
    """

    at: float
    reply: int
    user_end_at: float
    endpoint_s: float
    transcript_s: float
    text_s: float
    voice_s: float

    @property
    def total_s(self) -> float:
        """From the end of the visitor's speech to the first audio of the reply."""
        return self.endpoint_s + self.transcript_s + self.text_s + self.voice_s


@dataclass(frozen=True, slots=True)
class Failed:
    """Something that the client must know went wrong; ``code`` is the wire's word for it."""

    at: float
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class EngineStumbled:
    """An engine failed and the call goes on: for the record, not for the client. Stages as in ``EngineFailed``."""

    at: float
    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The last fact. ``client_requested``, ``websocket_closed``, ``ended``, ``timeout`` or ``server_error``."""

    at: float
    reason: str


Fact = (
    CallStarted
    | UserStartedSpeaking
    | UserStoppedSpeaking
    | UserSaid
    | AgentStartedTalking
    | AgentSaid
    | Captioned
    | Held
    | Released
    | Interrupted
    | AgentStoppedTalking
    | ClientLost
    | ClientReturned
    | ToolsAccepted
    | ToolStarted
    | ToolEnded
    | TurnTimed
    | Failed
    | EngineStumbled
    | CallEnded
)
