"""
The Atoms dialect: JSON text frames, audio as base64.

Source: Atoms Agent WebSocket API (wire-spec 1.5 to 1.11); where sources disagree, wire-spec 6 decides.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, timedelta
from typing import Literal, assert_never, get_args

import msgspec
import numpy as np
import pybase64

from vivavoce.audio.pcm import Pcm
from vivavoce.speech import ToolCall
from vivavoce.talk.facts import (
    AgentSaid,
    AgentStartedTalking,
    AgentStoppedTalking,
    Fact,
    Failed,
    Interrupted,
    ToolEnded,
    ToolsAccepted,
    UserSaid,
)
from vivavoce.wire import atoms_tools
from vivavoce.wire.atoms_audio import decoder
from vivavoce.wire.atoms_complaints import explained, invalid_event
from vivavoce.wire.atoms_messages import (
    AgentStartTalking,
    AgentStopTalking,
    AudioAppend,
    AudioCommit,
    ClientMessage,
    ErrorMessage,
    FunctionCallResult,
    Interruption,
    ServerMessage,
    SessionClose,
    SessionClosed,
    SessionCreated,
    SessionUpdate,
    SessionUpdated,
    TextSend,
    Transcript,
    TranscriptDelta,
)
from vivavoce.wire.atoms_tools import ArgumentsAs
from vivavoce.wire.dialect import (
    Broken,
    CloseAsked,
    CommitAsked,
    Dialect,
    Frame,
    Mic,
    Received,
    SessionNames,
    Text,
)
from vivavoce.wire.formats import AudioFormats
from vivavoce.wire.texts import is_longer, storable

__all__ = ["DIALECT", "LONGEST_TEXT_BYTES", "AgentRole", "AtomsCodec", "Mode"]

Mode = Literal["webcall", "chat"]
# The word for the agent in transcripts: clients of the first edition know only ``agent``.
AgentRole = Literal["assistant", "agent"]

# A page may paste a long text; a language model could not take a longer one anyway. In UTF-8.
LONGEST_TEXT_BYTES = 65536
# Types that we do not know are each complained of once; a client that invents more is left alone.
_MOST_UNKNOWN_TYPES = 64
_LONGEST_TYPE_CHARS = 100

_DECODER = msgspec.json.Decoder(ClientMessage)
_ENCODER = msgspec.json.Encoder()
_LITTLE_ENDIAN = np.dtype("<i2")


class _Envelope(msgspec.Struct):
    """Just the type of a message whose type we do not know."""

    type: str


_ENVELOPE_DECODER = msgspec.json.Decoder(_Envelope)
_KNOWN_TYPES = frozenset(member.__struct_config__.tag for member in get_args(ClientMessage))


DIALECT = Dialect("atoms", ("/atoms/v1/agent/connect", "/api/v1/agent/connect"))


class AtomsCodec:
    """
    Translates one call of the Atoms wire.

    Args:
        names: The call's identifiers and its beginning.
        formats: How both sides code their audio.
        mode: ``webcall``, or ``chat`` for a call without any audio.
        agent_role: The word for the agent in transcripts.
        client_tool_arguments: How ``function_call.arguments`` is written.
        configured_tool_names: The agent's own enabled tools.
        tools_managed_by_config: The page may declare no tools of its own.
    """

    # Clients drop what they have not played when ``interruption`` comes.
    # One player cannot, so no more than a second. Source: wire-spec 1.7.4.
    lead_s = 1.0
    voice_is_binary = False
    announces_ready = False
    says_goodbye = True

    def __init__(
        self,
        names: SessionNames,
        formats: AudioFormats,
        mode: Mode = "webcall",
        *,
        agent_role: AgentRole = "assistant",
        client_tool_arguments: ArgumentsAs = "auto",
        configured_tool_names: Collection[str] = (),
        tools_managed_by_config: bool = False,
    ) -> None:
        self.mic_rate_hz = formats.input.rate_hz
        self.agent_rate_hz = formats.output.rate_hz
        self._names = names
        self._formats = formats
        # A call without any audio.
        self.is_chat = mode == "chat"
        self._agent_role = agent_role
        self._arguments_as = client_tool_arguments
        self._configured_names = frozenset(configured_tool_names)
        self._managed_by_config = tools_managed_by_config
        # The decoder of the input format: bytes into samples, None where they are no audio.
        self._samples = decoder(formats.input)
        # Types that the client has been told of, cut to a bounded length.
        self._unknown_types: set[str] = set()
        # The client has been told that its audio cannot be decoded.
        self._told_of_garbage = False
        # Time stamps carry no zone and mean UTC.
        self._opened_at = names.opened_at.astimezone(UTC).replace(tzinfo=None)

    def hello(self) -> Sequence[Frame]:
        """``session.created``."""
        created = SessionCreated(
            session_id=self._names.session_id,
            call_id=self._names.call_id,
            sample_rate=self.agent_rate_hz,
            channels=1,
            input_audio_format=self._formats.input.token,
            output_audio_format=self._formats.output.token,
        )
        return _frames(created)

    def receive(self, data: bytes | memoryview, *, text: bool) -> Received | None:
        """Translate one message; JSON in binary frames is as good as in text frames, for one client sends it so."""
        try:
            message = _DECODER.decode(data)
        # An invalid message is a ValueError (bad UTF-8 too), a nest of brackets a RecursionError.
        except (ValueError, RecursionError) as error:
            return self._unreadable(data, error)
        # Audio comes fifty times a second, so it is asked for first and without a match.
        if type(message) is AudioAppend:
            return self._heard(message.audio)
        return self._meant(message)

    def voice(self, pcm: Pcm, *, turn: int, start: int) -> Frame:
        """``output_audio.delta``: joined from bytes, which costs a fifth of an encoder."""
        samples = np.ascontiguousarray(pcm.samples, _LITTLE_ENDIAN)
        return b'{"type":"output_audio.delta","audio":"' + pybase64.b64encode(samples.data) + b'"}'

    def tell(self, fact: Fact) -> Sequence[Frame]:
        """The message for a fact; facts that this wire has no message for have none."""
        match fact:
            case AgentSaid(text=text, final=final):
                return _said(self._agent_role, text, final=final)
            case UserSaid(text=text, final=final):
                return _said("user", text, final=final)
            case AgentStartedTalking(at=at):
                return _frames(AgentStartTalking(self.timestamp(at)))
            case AgentStoppedTalking(at=at):
                return _frames(AgentStopTalking(self.timestamp(at)))
            case Interrupted():
                return () if self.is_chat else _frames(Interruption())
            case ToolsAccepted(names=names):
                return _frames(SessionUpdated(names))
            case ToolEnded(name=name, error="tool_timeout"):
                return self.error("tool_timeout", f"the tool {name} gave no result in time")
            case Failed(code=code, message=message):
                return self.error(code, message)
            case _:
                return ()

    def call(self, call: ToolCall) -> Sequence[Frame]:
        """``function_call``."""
        names, form = self._configured_names, self._arguments_as
        return _frames(atoms_tools.asked(call, configured_names=names, arguments_as=form))

    def error(self, code: str, message: str) -> Sequence[Frame]:
        """``error``. Send few of them: one client ends the call at the first."""
        return _frames(ErrorMessage(code, message))

    def bye(self, reason: str) -> Sequence[Frame]:
        """``session.closed``."""
        return _frames(SessionClosed(reason))

    def sound(self, coded: bytes) -> Mic | Broken | None:
        """What the visitor's audio is once its base64 is off, in memory of its own; None where it holds no sample."""
        samples = self._samples(coded)
        if samples is None:
            if self._told_of_garbage:
                return None
            self._told_of_garbage = True
            return invalid_event(f"audio is not {self._formats.input.token}; what cannot be decoded is dropped")
        # A single byte of PCM is no sample, an Ogg page no packet.
        return Mic(Pcm(samples, self.mic_rate_hz)) if len(samples) else None

    def timestamp(self, at: float) -> str:
        """The moment ``at`` seconds after the session opened, as messages name it."""
        return (self._opened_at + timedelta(seconds=at)).isoformat(timespec="microseconds")

    def _heard(self, audio: str) -> Mic | Broken | None:
        if self.is_chat:
            return None
        if not audio:
            return invalid_event("audio is required")
        try:
            coded = pybase64.b64decode(audio, validate=True)
        except ValueError:
            return invalid_event("audio is not valid base64")
        return self.sound(coded)

    def _meant(self, message: ClientMessage) -> Received | None:
        match message:
            case TextSend(text=text):
                return _typed(text)
            case AudioCommit():
                return CommitAsked()
            case FunctionCallResult():
                return atoms_tools.answered(message)
            case SessionClose():
                return CloseAsked()
            case SessionUpdate(tools=tools):
                names, managed = self._configured_names, self._managed_by_config
                return atoms_tools.declared(tools, configured_names=names, managed_by_config=managed)
            case AudioAppend(audio=audio):
                return self._heard(audio)
            case _:
                assert_never(message)

    def _unreadable(self, data: bytes | memoryview, error: ValueError | RecursionError) -> Broken | None:
        if isinstance(error, RecursionError):
            return invalid_event("the message is too deeply nested")
        if not isinstance(error, msgspec.ValidationError):
            return invalid_event("the message is not valid JSON in UTF-8")
        try:
            name = _ENVELOPE_DECODER.decode(data).type
        except msgspec.ValidationError as no_type:
            return invalid_event(explained(no_type))
        except (ValueError, RecursionError):
            return invalid_event("the message is not valid JSON in UTF-8")
        if name in _KNOWN_TYPES:
            # In chat mode all audio is ignored, the invalid too.
            return None if self.is_chat and name == "input_audio_buffer.append" else invalid_event(explained(error))
        name = name[:_LONGEST_TYPE_CHARS]
        if name in self._unknown_types or len(self._unknown_types) >= _MOST_UNKNOWN_TYPES:
            return None
        self._unknown_types.add(name)
        return invalid_event(f"unknown type '{name}'")


def _frames(message: ServerMessage) -> tuple[Frame]:
    return (_ENCODER.encode(message),)


def _said(role: str, text: str, *, final: bool) -> Sequence[Frame]:
    # Nothing heard, nothing said. Source: wire-spec 6.1, an agent turn interrupted before its first word.
    if not text:
        return ()
    return _frames(Transcript(role, text) if final else TranscriptDelta(role, text))


def _typed(text: str) -> Text | Broken:
    text = storable(text)
    if not text:
        return invalid_event("text is required")
    if is_longer(text, LONGEST_TEXT_BYTES):
        return invalid_event(f"text is longer than {LONGEST_TEXT_BYTES} bytes of UTF-8")
    return Text(text)
