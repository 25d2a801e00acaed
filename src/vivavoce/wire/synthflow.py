"""
The Synthflow dialect: audio as raw PCM in binary frames, and next to nothing else.

A page is told neither what is said, nor of an interruption, nor of the end. So the agent's audio runs hardly ahead of
real time, and the end of the socket is the end of the call.
Source: Synthflow widget websocket (wire-spec 4.2 to 4.4).
"""

import re
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from vivavoce.audio.pcm import Pcm
from vivavoce.errors import Refused
from vivavoce.speech import ToolCall
from vivavoce.talk.facts import AgentSaid, Fact, Interrupted, UserSaid
from vivavoce.wire.dialect import Dialect, Frame, Mic, Ready, Received
from vivavoce.wire.formats import AudioFormat, AudioFormats
from vivavoce.wire.synthflow_messages import (
    ClientMessage,
    Interruption,
    ServerMessage,
    StatusAgentReady,
    Transcript,
)

__all__ = ["DIALECT", "SynthflowCodec", "formats_from_url"]

DIALECT = Dialect("synthflow", ("/websocket/start",))

_MIC_HZ = 48_000
_AGENT_HZ = 16_000
# What sound cards have: from telephone headsets to studio gear.
_LOWEST_MIC_HZ, _HIGHEST_MIC_HZ = 8_000, 192_000
_RATE = re.compile(r"[0-9]{4,6}")
_LONGEST_QUOTE = 40

_ENCODER = msgspec.json.Encoder()
_LITTLE_ENDIAN = np.dtype("<i2")


class _Envelope(msgspec.Struct):
    """Just the type of a message: there is nothing else to know. A structure with a tag would do without it."""

    type: str


_DECODER = msgspec.json.Decoder(_Envelope)
_CLIENT_READY = ClientMessage.__struct_config__.tag


def formats_from_url(query: Mapping[str, str]) -> AudioFormats:
    """
    The formats of a session.

    The microphone is taken to have 48 kHz. A page whose sound card has another rate sends its sound at that rate all
    the same and cannot say so in a message, so ``rate`` on the URL may say it; the parameter is ours.

    Raises:
        Refused: 400 for a rate that no sound card has.
    """
    asked = query.get("rate") or str(_MIC_HZ)
    rate_hz = int(asked) if _RATE.fullmatch(asked) else 0
    if not _LOWEST_MIC_HZ <= rate_hz <= _HIGHEST_MIC_HZ:
        quoted = asked[:_LONGEST_QUOTE]
        raise Refused(400, f"Unsupported rate {quoted}. Supported: {_LOWEST_MIC_HZ} to {_HIGHEST_MIC_HZ}")
    return AudioFormats(AudioFormat("pcm", rate_hz), AudioFormat("pcm", _AGENT_HZ))


class SynthflowCodec:
    """
    Translates one call of the Synthflow wire.

    Args:
        formats: From ``formats_from_url``.
        events: Also send ``transcript`` and ``interruption``.
        agent_role: The word for the agent in transcripts.
    """

    # A client plays all that it has: this much of an answer is still heard after it was interrupted.
    # Source: wire-spec 4.3, at most 0.2 to 0.3 s.
    lead_s = 0.2
    voice_is_binary = True
    announces_ready = True
    says_goodbye = False

    def __init__(self, formats: AudioFormats, *, events: bool = False, agent_role: str = "assistant") -> None:
        self.mic_rate_hz = formats.input.rate_hz
        self.agent_rate_hz = formats.output.rate_hz
        self._events = events
        self._agent_role = agent_role
        # The client has said that it can hear.
        self._client_ready = False

    def hello(self) -> Sequence[Frame]:
        """``status_agent_ready``."""
        return _frames(StatusAgentReady())

    def receive(self, data: bytes | memoryview, *, text: bool) -> Received | None:
        """Translate one message: sound is binary, and of text one message is known."""
        if text:
            return self._told(data)
        # Whole samples only: the last byte of an odd number is dropped. A frame may hold none.
        samples = len(data) // 2
        return Mic(Pcm(np.frombuffer(bytes(data), _LITTLE_ENDIAN, samples), self.mic_rate_hz)) if samples else None

    def voice(self, pcm: Pcm, *, turn: int, start: int) -> Frame:
        """The samples as they are: an even number of bytes, for pages lay an ``Int16Array`` over them."""
        return np.ascontiguousarray(pcm.samples, _LITTLE_ENDIAN).tobytes()

    def tell(self, fact: Fact) -> Sequence[Frame]:
        """Nothing, unless the operator has switched our additions on."""
        if not self._events:
            return ()
        match fact:
            case UserSaid(text=text, final=True):
                return _frames(Transcript("user", text)) if text else ()
            case AgentSaid(text=text, final=True):
                return _frames(Transcript(self._agent_role, text)) if text else ()
            case Interrupted():
                return _frames(Interruption())
            case _:
                return ()

    def call(self, call: ToolCall) -> Sequence[Frame]:
        """Nothing: pages of this wire declare no tools, so none is ever called."""
        return ()

    def error(self, code: str, message: str) -> Sequence[Frame]:
        """Nothing: this wire has no word for errors."""
        return ()

    def bye(self, reason: str) -> Sequence[Frame]:
        """Nothing: the socket closes."""
        return ()

    def _told(self, data: bytes | memoryview) -> Ready | None:
        try:
            kind = _DECODER.decode(data).type
        # An invalid message is a ValueError (bad UTF-8 too), a nest of brackets a RecursionError.
        except (ValueError, RecursionError):
            return None
        # Once is enough: what is repeated would fill the journal.
        if kind != _CLIENT_READY or self._client_ready:
            return None
        self._client_ready = True
        return Ready()


def _frames(message: ServerMessage) -> tuple[Frame]:
    return (_ENCODER.encode(message),)
