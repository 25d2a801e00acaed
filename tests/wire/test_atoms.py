"""The Atoms codec: what it understands, what it says, and that nothing a client sends can upset it."""

import importlib
import json
import logging
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pybase64
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.audio import opus
from vivavoce.audio.pcm import Pcm
from vivavoce.speech import ToolCall, Word
from vivavoce.talk import facts
from vivavoce.wire.atoms import DIALECT, LONGEST_TEXT_BYTES, AtomsCodec
from vivavoce.wire.dialect import Broken, CloseAsked, Codec, CommitAsked, Mic, SessionNames, Text, ToolOutput
from vivavoce.wire.formats import AudioFormat, AudioFormats, Encoding

OPENED_AT = datetime(2026, 7, 2, 10, 30, 45, tzinfo=UTC)
NAMES = SessionNames("1a63db4d-1a39-4b4a-a1d0-0b7ab6a8e5b0", "CALL-1776756378884-6a553c", OPENED_AT)
needs_opus = pytest.mark.skipif(not opus.available(), reason="needs libopus and the extra opus")


def codec(encoding: Encoding = "pcm", rate_hz: int = 24000, **settings: Any) -> AtomsCodec:
    return AtomsCodec(NAMES, AudioFormats(AudioFormat(encoding, rate_hz)), **settings)


def append(data: bytes, **fields: object) -> bytes:
    message = {"type": "input_audio_buffer.append", "audio": pybase64.b64encode(data).decode(), **fields}
    return json.dumps(message).encode()


def told(fact: facts.Fact, **settings: Any) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in codec(**settings).tell(fact)]


def heard(codec: AtomsCodec, data: bytes) -> list[int]:
    received = codec.receive(append(data), text=True)
    assert isinstance(received, Mic)
    assert codec.mic_rate_hz == received.pcm.rate_hz
    assert np.int16 == received.pcm.samples.dtype
    samples: list[int] = received.pcm.samples.tolist()
    return samples


# -- receiving ----------------------------------------------------------------------------------------------


def test_it_is_a_codec() -> None:
    """The type checker compares the class with the interface here."""
    interface: Codec = codec()

    assert (24000, 24000, 1.0, True) == (
        interface.mic_rate_hz,
        interface.agent_rate_hz,
        interface.lead_s,
        interface.text_frames,
    )


def test_pcm_is_little_endian() -> None:
    """The low byte comes first."""
    assert [1, 256, -1] == heard(codec(), b"\x01\x00\x00\x01\xff\xff")


@pytest.mark.parametrize("text", [True, False])
@pytest.mark.parametrize("wrap", [bytes, memoryview])
def test_json_is_understood_in_any_frame_and_any_buffer(text: bool, wrap: type) -> None:
    """One client sends its JSON in binary frames; the socket hands over views."""
    received = codec().receive(wrap(append(b"\x01\x00")), text=text)

    assert Mic(Pcm(np.array([1], np.int16), 24000)) == received


def test_the_last_byte_of_an_odd_number_is_dropped() -> None:
    """Whole samples only; what remains of a single byte is nothing."""
    assert [1] == heard(codec(), b"\x01\x00\x02")
    assert codec().receive(append(b"\x01"), text=True) is None


def test_audio_outlives_the_buffer_that_it_came_in() -> None:
    """The socket reuses its memory for the next frame."""
    buffer = bytearray(append(b"\x01\x00\x02\x00"))
    received = codec().receive(memoryview(buffer), text=True)
    buffer[:] = bytes(len(buffer))

    assert Mic(Pcm(np.array([1, 2], np.int16), 24000)) == received


def test_telephone_audio_is_decoded_at_8_khz() -> None:
    """One byte a sample."""
    assert [32124, 0] == heard(codec("mulaw", 8000), b"\x80\xff")
    assert [8, -8] == heard(codec("alaw", 8000), b"\xd5\x55")


def opus_packet(rate_hz: int) -> bytes:
    binding: Any = importlib.import_module("opuslib_next")
    encoder = binding.Encoder(rate_hz, 1, binding.APPLICATION_VOIP)
    packet: bytes = encoder.encode(bytes(2 * rate_hz // 50), rate_hz // 50)
    return packet


@needs_opus
@pytest.mark.parametrize("rate_hz", [8000, 16000, 24000, 48000])
def test_an_opus_packet_becomes_its_samples(rate_hz: int) -> None:
    """20 ms at the negotiated rate."""
    assert rate_hz // 50 == len(heard(codec("opus", rate_hz), opus_packet(rate_hz)))


@needs_opus
def test_ogg_pages_are_dropped_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """The contract wants raw packets; a container is no error of the call."""
    subject = codec("opus", 48000)
    with caplog.at_level(logging.WARNING):
        received = [subject.receive(append(b"OggS" + bytes(40)), text=True) for _ in range(3)]

    assert [None, None, None] == received
    assert 1 == len(caplog.records)


@needs_opus
def test_garbage_instead_of_opus_is_complained_of_once() -> None:
    """After that it is dropped, and good packets are heard as before."""
    subject = codec("opus", 48000)
    garbage = append(b"\xff" * 30)

    expected = Broken("invalid_event", "audio is not opus_48000; what cannot be decoded is dropped")

    assert expected == subject.receive(garbage, text=True)
    assert subject.receive(garbage, text=True) is None
    assert 960 == len(heard(subject, opus_packet(48000)))


@pytest.mark.parametrize("audio", ["!!!!", "AAA", "AA AA", "AA-_", "é", "AAAA\n", "=AAA"])
def test_invalid_base64_is_broken(audio: str) -> None:
    """Strict base64 of RFC 4648, with its padding."""
    message = json.dumps({"type": "input_audio_buffer.append", "audio": audio}).encode()

    assert Broken("invalid_event", "audio is not valid base64") == codec().receive(message, text=True)


@pytest.mark.parametrize("audio", [{}, {"audio": ""}, {"audio": "AAAA"}, {"audio": "!"}, {"audio": 7}])
def test_chat_ignores_audio_of_any_kind(audio: dict[str, object]) -> None:
    """A page with an open microphone is not in the way of a chat."""
    message = json.dumps({"type": "input_audio_buffer.append", **audio}).encode()

    assert codec(mode="chat").receive(message, text=True) is None


def test_unknown_fields_are_passed_over() -> None:
    """Newer clients may number their frames."""
    assert isinstance(codec().receive(append(b"\x01\x00", seq=7, extra={"a": [1]}), text=True), Mic)


def test_type_may_stand_anywhere() -> None:
    """Members of a JSON object have no order."""
    assert Text("Hi") == codec().receive(b'{"text":"Hi","type":"input_text.send"}', text=True)


def test_text_may_be_as_long_as_the_limit_and_no_longer() -> None:
    """The limit counts bytes of UTF-8; the call goes on after a refusal."""
    subject = codec()
    full = "€" * (LONGEST_TEXT_BYTES // 3)

    def typed(text: str) -> object:
        message = {"type": "input_text.send", "text": text}
        return subject.receive(json.dumps(message, ensure_ascii=False).encode(), text=True)

    expected = Broken("invalid_event", "text is longer than 65536 bytes of UTF-8")

    assert Text(full) == typed(full)
    assert expected == typed(full + "€")
    assert Text("Hi") == typed("Hi")


def test_zero_characters_in_text_are_dropped() -> None:
    """They could not be stored; nothing else is no text."""
    assert Text("Hi") == codec().receive(b'{"type":"input_text.send","text":"H\\u0000i"}', text=True)
    assert Broken("invalid_event", "text is required") == codec().receive(
        b'{"type":"input_text.send","text":"\\u0000"}', text=True
    )


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b'{"type":"input_audio_buffer.commit"}', CommitAsked()),
        (b'{"type":"session.close","reason":"bye"}', CloseAsked()),
        (b'{"type":"function_call.result","call_id":"fc_1","output":""}', ToolOutput("fc_1", "")),
        (b'{"type":"session.update"}', None),
        (b'{"type":"session.update","tools":null}', None),
        (b' {"type" : "session.close" }\n', CloseAsked()),
    ],
)
def test_other_messages_are_understood(message: bytes, expected: object) -> None:
    """One meaning each; ``session.update`` without tools has none."""
    assert expected == codec().receive(message, text=True)


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (b"", "the message is not valid JSON in UTF-8"),
        (b"hello", "the message is not valid JSON in UTF-8"),
        (b'{"type":"session.close"', "the message is not valid JSON in UTF-8"),
        (b'{"type":"session.close"} {}', "the message is not valid JSON in UTF-8"),
        (b'{"type":"input_text.send","text":"\xff"}', "the message is not valid JSON in UTF-8"),
        (b'{"type":"input_text.send","text":"\\ud800"}', "the message is not valid JSON in UTF-8"),
        (b'{"type":"input_text.send","text":NaN}', "the message is not valid JSON in UTF-8"),
        (b"\x00\x01", "the message is not valid JSON in UTF-8"),
        (b"[]", "Expected object, got array"),
        (b"7", "Expected object, got number"),
        (b"null", "Expected object, got null"),
        (b"{}", "type is required"),
        (b'{"type":null}', "type: Expected string, got null"),
        (b'{"type":"function_call.result","call_id":"x"}', "output is required"),
        (b'{"type":"function_call.result","call_id":"","output":""}', "call_id: Expected string of length >= 1"),
        (b'{"type":"function_call.result","call_id":"x","output":{}}', "output: Expected string, got object"),
        (b'{"type":"input_text.send","more":' + b"[" * 100_000, "the message is too deeply nested"),
        (b'{"type":"input_text.send","text":[[]]}', "text: Expected string, got array"),
        (b"[" * 100_000, "Expected object, got array"),
    ],
)
def test_what_is_no_valid_message_is_explained(message: bytes, complaint: str) -> None:
    """The sentence names the field, in the words of JSON, and quotes no value."""
    assert Broken("invalid_event", complaint) == codec().receive(message, text=True)


def test_an_unknown_type_is_complained_of_once_per_session() -> None:
    """After that it is passed over in silence."""
    subject, other = codec(), codec()
    expected = Broken("invalid_event", "unknown type 'session.dance'")

    assert expected == subject.receive(b'{"type":"session.dance"}', text=True)
    assert subject.receive(b'{"type":"session.dance"}', text=True) is None
    assert expected == other.receive(b'{"type":"session.dance"}', text=True)


def test_a_client_that_invents_types_is_left_alone_at_last() -> None:
    """The memory of unknown types is bounded, in number and in length."""
    subject = codec()
    answers = [subject.receive(json.dumps({"type": f"{i}" * 500}).encode(), text=True) for i in range(100, 300)]

    complaints = [answer for answer in answers if isinstance(answer, Broken)]

    assert 64 == len(complaints)
    assert all(len(complaint.message) < 130 for complaint in complaints)


# -- sending ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["webcall", "chat"])
def test_hello_is_session_created_with_the_agents_rate(mode: str) -> None:
    """In both modes, with the formats echoed."""
    formats = AudioFormats(AudioFormat("alaw", 8000), AudioFormat("pcm", 16000))
    (frame,) = AtomsCodec(NAMES, formats, mode).hello()  # type: ignore[arg-type]

    expected = {
        "type": "session.created",
        "session_id": NAMES.session_id,
        "call_id": NAMES.call_id,
        "sample_rate": 16000,
        "channels": 1,
        "input_audio_format": "alaw_8000",
        "output_audio_format": "pcm_16000",
    }

    assert expected == json.loads(frame)


@pytest.mark.parametrize("samples", [np.arange(10, dtype=np.int16)[::2], np.array([0, 2, 4, 6, 8], np.int16)])
def test_voice_is_base64_of_little_endian_samples(samples: Any) -> None:
    """Whatever the memory of the samples looks like."""
    message = json.loads(codec().voice(Pcm(samples, 24000), turn=1, seq=1, start=0))

    assert "output_audio.delta" == message.pop("type")
    assert {"audio": pybase64.b64encode(b"\0\0\2\0\4\0\6\0\x08\0").decode()} == message


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        (facts.UserSaid(1, "What", False), {"type": "transcript.delta", "role": "user", "text": "What"}),
        (facts.UserSaid(1, "What?", True), {"type": "transcript", "role": "user", "text": "What?"}),
        (facts.AgentSaid(1, 1, "It", False), {"type": "transcript.delta", "role": "assistant", "text": "It"}),
        (facts.AgentSaid(1, 1, "It is.", True), {"type": "transcript", "role": "assistant", "text": "It is."}),
        (facts.Interrupted(1, 1, 0.5), {"type": "interruption"}),
        (facts.ToolsAccepted(1, ("a", "b")), {"type": "session.updated", "tools": ["a", "b"]}),
        (facts.Failed(1, "internal_error", "Oh."), {"type": "error", "code": "internal_error", "message": "Oh."}),
    ],
)
def test_facts_that_clients_know_are_one_message(fact: facts.Fact, message: dict[str, object]) -> None:
    """Key by key as in the contract."""
    assert [message] == told(fact)


@pytest.mark.parametrize(
    "fact",
    [
        facts.CallStarted(0, "webcall"),
        facts.UserStartedSpeaking(1),
        facts.UserStoppedSpeaking(1),
        facts.AgentSaid(1, 1, "", True),
        facts.UserSaid(1, "", True),
        facts.Captioned(1, 1, (Word("It", 0, 0.1),)),
        facts.ToolStarted(1, ToolCall("fc_1", "a", "{}")),
        facts.ToolEnded(1, "fc_1", "a", "ok"),
        facts.ToolEnded(1, "fc_1", "a", "", "cancelled"),
        facts.TurnTimed(1, 1, 0, 0, 0, 0, 0),
        facts.EngineStumbled(1, "stt", "no model"),
        facts.CallEnded(1, "ended"),
    ],
)
def test_facts_that_clients_do_not_know_are_silent(fact: facts.Fact) -> None:
    """Among them an agent's turn of which nothing was heard; the end of the call is for ``bye``."""
    assert [] == told(fact)


def test_chat_has_no_interruption() -> None:
    """There is no audio to drop."""
    assert [] == told(facts.Interrupted(1, 1, 0.5), mode="chat")


def test_old_clients_may_be_given_the_old_word_for_the_agent() -> None:
    """A setting of the server."""
    assert "agent" == told(facts.AgentSaid(1, 1, "It is.", True), agent_role="agent")[0]["role"]


def test_timestamps_are_utc_with_microseconds_and_no_zone() -> None:
    """Also where the call was opened by a clock of another zone, and at a full second."""
    names = SessionNames("s", "c", OPENED_AT.astimezone(timezone(timedelta(hours=2))))
    subject = AtomsCodec(names, AudioFormats())
    frames = [
        *subject.tell(facts.AgentStartedTalking(1.0, 1)),
        *subject.tell(facts.AgentStoppedTalking(2.5000004, 1)),
    ]

    expected = [
        {"type": "agent_start_talking", "timestamp": "2026-07-02T10:30:46.000000"},
        {"type": "agent_stop_talking", "timestamp": "2026-07-02T10:30:47.500000"},
    ]

    assert expected == [json.loads(frame) for frame in frames]


def test_bye_is_session_closed_with_the_reason() -> None:
    """The last message."""
    assert [b'{"type":"session.closed","reason":"ended"}'] == list(codec().bye("ended"))


def test_the_dialect_is_spoken_on_both_prefixes() -> None:
    """The current one and the older host's."""
    assert ("atoms", ("/atoms/v1/agent/connect", "/api/v1/agent/connect")) == (DIALECT.name, DIALECT.paths)


# -- anything at all ----------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    ["type", "audio", "text", "tools", "call_id", "output", "name", "description", "parameters", "timeout_ms"]
)
TYPES = st.sampled_from(
    [
        "input_audio_buffer.append",
        "input_audio_buffer.commit",
        "input_text.send",
        "session.update",
        "function_call.result",
        "session.close",
        "function",
        "object",
        "AAAA",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | TYPES
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)
MESSAGES = st.dictionaries(WORDS, VALUES, max_size=6).flatmap(
    lambda fields: TYPES.map(lambda kind: {**fields, "type": kind})
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A message, valid or nearly so, with some bytes changed, dropped or doubled."""
    data = bytearray(json.dumps(draw(MESSAGES)).encode())
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(data)))
        match draw(st.integers(0, 2)):
            case 0:
                data[place : place + 1] = draw(st.binary(max_size=3))
            case 1:
                del data[place : place + draw(st.integers(1, 10))]
            case _:
                data[place:place] = data[place : place + draw(st.integers(1, 30))]
    return bytes(data)


@pytest.mark.parametrize("encoding", ["pcm", "mulaw", pytest.param("opus", marks=needs_opus)])
@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200) | mutated(), text=st.booleans(), chat=st.booleans())
def test_nothing_that_a_client_sends_raises(encoding: Encoding, data: bytes, text: bool, chat: bool) -> None:
    """A codec answers with a meaning, with nothing, or with a complaint that can be sent."""
    subject = codec(encoding, 24000 if encoding == "pcm" else 8000, mode="chat" if chat else "webcall")
    received = subject.receive(data, text=text)

    match received:
        case Broken(code, message):
            (frame,) = subject.error(code, message)
            answer = json.loads(frame)

            assert {"type": "error", "code": code, "message": message} == answer
            assert 0 < len(message) <= 300
        case Mic(pcm):
            assert not chat
            assert len(pcm.samples) > 0


@settings(max_examples=200, deadline=None)
@given(audio=st.binary(min_size=1, max_size=400))
def test_audio_survives_the_wire(audio: bytes) -> None:
    """What the client's base64 holds is what is heard, whole samples at a time."""
    received = codec().receive(append(audio), text=True)

    expected = audio[: len(audio) // 2 * 2]

    assert expected == (received.pcm.samples.tobytes() if isinstance(received, Mic) else b"")
