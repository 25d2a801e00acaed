"""
The Atoms dialect with our extension: numbers, play positions, captions, and audio without base64.

What is the same on both wires is said and understood by the plain codec; here it is numbered.
Source: docs/wire-extension.md.
"""

import struct
from collections.abc import Callable, Sequence
from typing import assert_never

import msgspec
import numpy as np
import pybase64

from vivavoce.audio.opus import OpusEncoder
from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.speech import ToolCall
from vivavoce.talk import facts
from vivavoce.wire.atoms import AtomsCodec
from vivavoce.wire.atoms_complaints import explained, invalid_event
from vivavoce.wire.atoms_extended_facts import addition
from vivavoce.wire.atoms_extended_messages import (
    ClientMessage,
    Ext,
    InputAck,
    PingMessage,
    PlaybackReport,
    Pong,
    Seq,
)
from vivavoce.wire.dialect import Broken, Frame, Mic, Ping, Playback, Received
from vivavoce.wire.extension import VERSION, Extension
from vivavoce.wire.formats import AudioFormats

__all__ = ["ACKNOWLEDGED_EVERY", "ExtendedCodec"]

# So many numbered messages may come before the client is told that they have.
ACKNOWLEDGED_EVERY = 12

# The heads of binary frames: kind, three bytes of nothing, and the numbers.
_MIC_KIND, _VOICE_KIND = 1, 2
_MIC_HEAD = struct.Struct("<4xI")
_VOICE_HEAD = struct.Struct("<B3xIII")
# JSON begins with a sign or with white space; what a binary frame begins with below that is a kind.
_KINDS = frozenset(range(0x20)) - frozenset(b"\t\n\r")

_ENCODER = msgspec.json.Encoder()
_LITTLE_ENDIAN = np.dtype("<i2")


class _Envelope(msgspec.Struct, frozen=True, gc=False):
    """What is looked at before a message is read: its type and its number."""

    type: str
    seq: Seq | None = None


_ENVELOPES = msgspec.json.Decoder(_Envelope)
_DECODER = msgspec.json.Decoder(ClientMessage)
_OWN_TYPES = frozenset({PlaybackReport.__struct_config__.tag, PingMessage.__struct_config__.tag})


class ExtendedCodec:
    """
    Translates one call of the Atoms wire for a client that speaks the extension, across all its sockets.

    Every frame of ``voice``, ``tell``, ``call``, ``error`` and ``bye`` takes the next number: send them in that order.

    Args:
        plain: The codec of the same call for a client that does not; its formats are ``formats``.
        formats: How both sides code their audio; the agent's may be Opus.
        extension: What the client has asked for.
        resume_token: Opens the call again.
        resume_window_s: How long the call waits for a client that is gone.
    """

    says_goodbye = True

    def __init__(
        self,
        plain: AtomsCodec,
        formats: AudioFormats,
        extension: Extension,
        *,
        resume_token: str,
        resume_window_s: float,
    ) -> None:
        self.mic_rate_hz = plain.mic_rate_hz
        self.agent_rate_hz = plain.agent_rate_hz
        self.lead_s = plain.lead_s
        self.voice_is_binary = extension.frames == "binary"
        # By its first report of what it plays; a chat plays nothing.
        self.announces_ready = not plain.is_chat
        self._plain = plain
        self._frames = extension.frames
        self.resume_token = resume_token
        self.resume_window_s = resume_window_s
        # The coded bytes of a piece of the agent's voice.
        self._coded: Callable[[Samples, int], bytes | memoryview]
        self._coded = _OpusVoice(formats.output.rate_hz) if formats.output.encoding == "opus" else _pcm
        # The number of the last frame that was made.
        self._seq = 0
        # The number of the client's last message, and how many numbered ones came since it was told so.
        self._input_seq = 0
        self._unacknowledged = 0

    @property
    def input_seq(self) -> int:
        """The number of the client's last message; 0 for none."""
        return self._input_seq

    # -- what the client is told ----------------------------------------------------------------------------

    def hello(self) -> Sequence[Frame]:
        """``session.created`` of a new call."""
        return self._created(resumed=False)

    def hello_again(self) -> Sequence[Frame]:
        """``session.created`` of this call on another socket."""
        return self._created(resumed=True)

    def voice(self, pcm: Pcm, *, turn: int, start: int) -> Frame:
        """``output_audio.delta``, or its binary form: joined from bytes, as on the plain wire."""
        self._seq += 1
        coded = self._coded(pcm.samples, turn)
        if self.voice_is_binary:
            return b"".join((_VOICE_HEAD.pack(_VOICE_KIND, self._seq, turn, start), coded))
        head = b'{"type":"output_audio.delta","seq":%d,"turn":%d,"start":%d,"audio":"' % (self._seq, turn, start)
        return head + pybase64.b64encode(coded) + b'"}'

    def tell(self, fact: facts.Fact) -> Sequence[Frame]:
        """The messages for a fact: those of the plain wire, and ours."""
        match fact:
            case (
                facts.AgentSaid(reply=turn)
                | facts.AgentStartedTalking(reply=turn)
                | facts.AgentStoppedTalking(reply=turn)
                | facts.Interrupted(reply=turn)
            ):
                return [self._numbered(frame, b',"turn":%d' % turn) for frame in self._plain.tell(fact)]
            case facts.ToolEnded():
                return [*self._all_numbered(self._plain.tell(fact)), *self._added(fact)]
            case _:
                return self._added(fact) or self._all_numbered(self._plain.tell(fact))

    def call(self, call: ToolCall) -> Sequence[Frame]:
        """``function_call``."""
        return self._all_numbered(self._plain.call(call))

    def error(self, code: str, message: str) -> Sequence[Frame]:
        """``error``."""
        return self._all_numbered(self._plain.error(code, message))

    def bye(self, reason: str) -> Sequence[Frame]:
        """``session.closed``."""
        return self._all_numbered(self._plain.bye(reason))

    def acknowledgement(self) -> Frame | None:
        """``input_ack``, where enough has come since the last one; ask after each message that was received."""
        return self._input_ack() if self._unacknowledged >= ACKNOWLEDGED_EVERY else None

    def pong(self, ping_id: int) -> Sequence[Frame]:
        """``pong`` and ``input_ack``. Like every acknowledgement they have no number and are never sent again."""
        return (_ENCODER.encode(Pong(ping_id)), self._input_ack())

    # -- what the client says -------------------------------------------------------------------------------

    def receive(self, data: bytes | memoryview, *, text: bool) -> Received | None:
        """Translate one message; one that has come before means nothing."""
        if self.voice_is_binary and not text and data and data[0] in _KINDS:
            # Kinds that we do not know may come from a later version.
            return self._heard(data) if data[0] == _MIC_KIND else None
        try:
            envelope = _ENVELOPES.decode(data)
        except msgspec.ValidationError as error:
            return invalid_event(explained(error))
        except (ValueError, RecursionError):
            # The plain codec says what is wrong with it.
            return self._plain.receive(data, text=text)
        if envelope.type in _OWN_TYPES:
            return _reported(data)
        # Whatever its number: who wants to leave may.
        if envelope.type != "session.close" and envelope.seq is not None and not self._is_new(envelope.seq):
            return None
        return self._plain.receive(data, text=text)

    # -- inside ---------------------------------------------------------------------------------------------

    def _heard(self, data: bytes | memoryview) -> Mic | Broken | None:
        """A binary frame of the microphone."""
        if len(data) < _MIC_HEAD.size:
            return invalid_event(f"the binary message is shorter than its head of {_MIC_HEAD.size} bytes")
        (seq,) = _MIC_HEAD.unpack_from(data)
        if not seq:
            return invalid_event("seq: Expected number >= 1")
        if not self._is_new(seq) or self._plain.is_chat:
            return None
        if len(data) == _MIC_HEAD.size:
            return invalid_event("audio is required")
        # A copy: the socket's memory is used again.
        return self._plain.sound(bytes(data[_MIC_HEAD.size :]))

    def _is_new(self, seq: int) -> bool:
        """Whether a numbered message is taken. One may be missing: the client had to drop it."""
        if seq <= self._input_seq:
            return False
        self._input_seq = seq
        self._unacknowledged += 1
        return True

    def _input_ack(self) -> Frame:
        self._unacknowledged = 0
        return _ENCODER.encode(InputAck(self._input_seq))

    def _created(self, *, resumed: bool) -> Sequence[Frame]:
        ext = Ext(VERSION, self._frames, self.resume_token, self.resume_window_s, resumed, self._input_seq)
        self._unacknowledged = 0
        return [_joined(frame, b',"ext":' + _ENCODER.encode(ext)) for frame in self._plain.hello()]

    def _numbered(self, frame: Frame, further: bytes = b"") -> Frame:
        self._seq += 1
        return _joined(frame, b',"seq":%d' % self._seq + further)

    def _all_numbered(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        return [self._numbered(frame) for frame in frames]

    def _added(self, fact: facts.Fact) -> Sequence[Frame]:
        message = addition(fact, chat=self._plain.is_chat, timestamp=self._plain.timestamp)
        return () if message is None else (self._numbered(_ENCODER.encode(message)),)


class _OpusVoice:
    """
    Codes the agent's voice as Opus.

    Each turn is a stream of its own: the end of one that was interrupted does not sound in the next.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._encoder = OpusEncoder(rate_hz)
        # The turn that it codes; 0 before the first.
        self._turn = 0

    def __call__(self, samples: Samples, turn: int) -> bytes:
        if turn != self._turn:
            self._turn, self._encoder = turn, OpusEncoder(self._rate_hz)
        return self._encoder.encode(samples)


def _pcm(samples: Samples, turn: int) -> memoryview:
    return np.ascontiguousarray(samples, _LITTLE_ENDIAN).data


def _joined(frame: Frame, fields: bytes) -> Frame:
    """A message, which is a JSON object with a type at least, with further fields."""
    return frame[:-1] + fields + b"}"


def _reported(data: bytes | memoryview) -> Playback | Ping | Broken:
    try:
        message = _DECODER.decode(data)
    except msgspec.ValidationError as error:
        return invalid_event(explained(error))
    except (ValueError, RecursionError):
        return invalid_event("the message is not valid JSON in UTF-8")
    match message:
        case PlaybackReport(turn=turn, played=played, state=state, ack=ack):
            return Playback(turn, played, state, ack)
        case PingMessage(id=ping_id, ack=ack):
            return Ping(ping_id, ack)
        case _:
            assert_never(message)
