"""What the Atoms codec understands."""

import importlib
import json
import logging
from typing import Any

import numpy as np
import pytest

from tests.wire.atoms_codec import append, codec
from vivavoce.audio import opus
from vivavoce.audio.pcm import Pcm
from vivavoce.wire.atoms import LONGEST_TEXT_BYTES, AtomsCodec
from vivavoce.wire.dialect import Broken, CloseAsked, Codec, CommitAsked, Mic, Text, ToolOutput

needs_opus = pytest.mark.skipif(not opus.available(), reason="needs libopus and the extra opus")


def heard(codec: AtomsCodec, data: bytes) -> list[int]:
    received = codec.receive(append(data), text=True)
    assert isinstance(received, Mic)
    assert codec.mic_rate_hz == received.pcm.rate_hz
    assert np.int16 == received.pcm.samples.dtype
    samples: list[int] = received.pcm.samples.tolist()
    return samples


def test_it_is_a_codec() -> None:
    """The type checker compares the class with the interface here."""
    interface: Codec = codec()

    assert (24000, 24000, 1.0, False, False, True) == (
        interface.mic_rate_hz,
        interface.agent_rate_hz,
        interface.lead_s,
        interface.voice_is_binary,
        interface.announces_ready,
        interface.says_goodbye,
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
