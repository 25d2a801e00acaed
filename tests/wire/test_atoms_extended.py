"""What the extended Atoms codec understands."""

import json
from collections.abc import Sequence

import numpy as np
import pytest

from tests.wire.atoms_codec import codec as plain
from tests.wire.extended_codec import append, extended, mic_frame, playback
from vivavoce.audio import opus
from vivavoce.audio.pcm import Pcm
from vivavoce.wire.atoms_extended import ACKNOWLEDGED_EVERY, ExtendedCodec
from vivavoce.wire.dialect import (
    Broken,
    CloseAsked,
    CommitAsked,
    Frame,
    Mic,
    Ping,
    Playback,
    PlaybackState,
    Received,
    ResumableCodec,
    Text,
    ToolOutput,
)
from vivavoce.wire.extension import Frames

needs_opus = pytest.mark.skipif(not opus.available(), reason="needs libopus and the extra opus")

HEARD = Mic(Pcm(np.array([1, -1], np.int16), 24000))
SOUND = b"\x01\x00\xff\xff"


def text(codec: ExtendedCodec, **message: object) -> Received | None:
    return codec.receive(json.dumps(message).encode(), text=True)


def acknowledged(frames: Sequence[Frame]) -> int:
    """The number in the last of these frames, which is an ``input_ack``."""
    message = json.loads(frames[-1])
    assert {"type", "seq"} == message.keys()
    assert "input_ack" == message["type"]
    return int(message["seq"])


@pytest.mark.parametrize(("frames", "binary"), [("json", False), ("binary", True)])
def test_it_is_a_codec_whose_calls_survive_their_sockets(frames: Frames, binary: bool) -> None:
    """The type checker compares the class with the interface here, and the server asks for it by its looks."""
    interface: ResumableCodec = extended(frames)

    assert (24000, 24000, 1.0, binary, True, True) == (
        interface.mic_rate_hz,
        interface.agent_rate_hz,
        interface.lead_s,
        interface.voice_is_binary,
        interface.announces_ready,
        interface.says_goodbye,
    )
    assert ("vrt_1", 60.0, 0) == (interface.resume_token, interface.resume_window_s, interface.input_seq)
    assert isinstance(interface, ResumableCodec)
    assert not isinstance(plain(), ResumableCodec)


def test_a_chat_is_not_waited_for() -> None:
    """It plays nothing, so it never reports."""
    assert not extended(mode="chat").announces_ready


# -- play positions and pings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["playing", "idle", "held", "suspended"])
@pytest.mark.parametrize("in_text", [True, False])
def test_a_report_of_what_was_played_is_understood(state: PlaybackState, in_text: bool) -> None:
    """In each of its states, in text frames and in binary ones."""
    received = extended("binary").receive(playback(state=state), text=in_text)

    assert Playback(1, 31200, state, 25) == received


def test_a_ping_is_understood() -> None:
    """With what the client has."""
    assert Ping(7, 25) == text(extended(), type="ping", id=7, ack=25)


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"turn": -1}, "turn: Expected number >= 0"),
        ({"played": -1}, "played: Expected number >= 0"),
        ({"ack": -1}, "ack: Expected number >= 0"),
        ({"played": 2**53 + 1}, "played: Expected number <= 9007199254740992"),
        ({"ack": 10**30}, "ack: Expected number <= 9007199254740992"),
        ({"played": 1.5}, "played: Expected number, got a fraction"),
        ({"played": "31200"}, "played: Expected number, got string"),
        ({"turn": None}, "turn: Expected number, got null"),
        ({"state": "paused"}, "state: Invalid enum value 'paused'"),
        ({"state": 1}, "state: Expected string, got number"),
    ],
)
def test_a_report_with_a_wrong_field_is_broken(changed: dict[str, object], complaint: str) -> None:
    """The sentence names the field and what is wrong with it."""
    assert Broken("invalid_event", complaint) == extended().receive(playback(**changed), text=True)


@pytest.mark.parametrize("field", ["turn", "played", "state", "ack"])
def test_a_report_is_complete(field: str) -> None:
    """A client that forgets ``ack`` could one day not be taken up again, so it is told at once."""
    report = json.loads(playback())
    del report[field]

    assert Broken("invalid_event", f"{field} is required") == text(extended(), **report)


# -- numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frames", ["json", "binary"])
def test_what_comes_a_second_time_is_passed_over(frames: Frames) -> None:
    """Its number is not above the last."""
    codec = extended(frames)
    numbers = (1, 2, 2, 1, 3)
    received = [codec.receive(append(SOUND, seq), text=True) for seq in numbers]

    assert [HEARD, HEARD, None, None, HEARD] == received


def test_binary_and_json_messages_share_their_numbers() -> None:
    """They are one sequence."""
    codec = extended("binary")
    received = [
        codec.receive(mic_frame(SOUND, 1), text=False),
        text(codec, type="input_text.send", seq=1, text="Hi"),
        text(codec, type="input_text.send", seq=2, text="Hi"),
        codec.receive(mic_frame(SOUND, 2), text=False),
    ]

    assert [HEARD, None, Text("Hi"), None] == received


def test_a_gap_in_the_numbers_is_taken() -> None:
    """The client had to drop audio while it was away; what is older does not come any more."""
    codec = extended()
    received = [codec.receive(append(SOUND, seq), text=True) for seq in (1, 9, 5)]

    assert [HEARD, HEARD, None] == received
    assert 9 == acknowledged(codec.pong(1))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"type": "input_text.send", "text": "Hi"}, Text("Hi")),
        ({"type": "input_audio_buffer.commit"}, CommitAsked()),
        ({"type": "function_call.result", "call_id": "fc_1", "output": "ok"}, ToolOutput("fc_1", "ok")),
        ({"type": "input_text.send", "text": "Hi", "seq": None}, Text("Hi")),
    ],
)
def test_messages_without_a_number_are_understood(message: dict[str, object], expected: Received) -> None:
    """Each time, and they count for nothing."""
    codec = extended()

    assert [expected, expected] == [text(codec, **message) for _ in range(2)]
    assert 0 == acknowledged(codec.pong(1))


@pytest.mark.parametrize("seq", [0, -1, "1", 1.5, 2**53 + 1, []])
def test_a_number_that_is_none_is_broken(seq: object) -> None:
    """And the message is not taken, nor counted."""
    codec = extended()
    received = text(codec, type="input_text.send", text="Hi", seq=seq)

    assert isinstance(received, Broken)
    assert received.message.startswith("seq: Expected number")
    assert 0 == acknowledged(codec.pong(1))


def test_who_wants_to_leave_may_whatever_the_number() -> None:
    """``session.close`` has none, so one that stands there says nothing."""
    codec = extended()
    codec.receive(append(SOUND, 5), text=True)

    assert CloseAsked() == text(codec, type="session.close", seq=1)


def test_a_message_that_breaks_the_contract_is_counted_and_not_complained_of_twice() -> None:
    """The server has it, such as it is."""
    codec = extended()
    received = [text(codec, type="input_text.send", text="", seq=1) for _ in range(2)]

    assert [Broken("invalid_event", "text is required"), None] == received


# -- acknowledgements -------------------------------------------------------------------------------------------


def test_every_twelfth_message_is_acknowledged() -> None:
    """Those that came a second time or have no number do not count."""
    codec, acks = extended(), []
    for seq in range(1, 2 * ACKNOWLEDGED_EVERY + 1):
        for repeated in (seq, seq, None):
            codec.receive(append(SOUND, repeated), text=True)
        if (ack := codec.acknowledgement()) is not None:
            acks.append((seq, acknowledged([ack])))

    assert [(12, 12), (24, 24)] == acks


def test_a_pong_acknowledges_too() -> None:
    """The next twelve are counted from there."""
    codec = extended()
    for seq in range(1, 12):
        codec.receive(append(SOUND, seq), text=True)
    pong, ack = codec.pong(7)
    codec.receive(append(SOUND, 12), text=True)

    assert {"type": "pong", "id": 7} == json.loads(pong)
    assert 11 == acknowledged([ack])
    assert codec.acknowledgement() is None


# -- binary frames ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_a_binary_frame_is_heard(wrap: type) -> None:
    """Whatever memory it comes in."""
    assert HEARD == extended("binary").receive(wrap(mic_frame(SOUND, 1)), text=False)


def test_binary_audio_outlives_the_buffer_that_it_came_in() -> None:
    """The socket reuses its memory for the next frame."""
    buffer = bytearray(mic_frame(SOUND, 1))
    received = extended("binary").receive(memoryview(buffer), text=False)
    buffer[:] = bytes(len(buffer))

    assert HEARD == received


def test_what_stands_in_the_unused_bytes_of_the_head_is_passed_over() -> None:
    """A later version may have a use for them."""
    assert HEARD == extended("binary").receive(b"\x01\xff\xff\xff\x01\x00\x00\x00" + SOUND, text=False)


@pytest.mark.parametrize("kind", [0, 2, 3, 31])
def test_a_kind_that_is_not_known_is_passed_over(kind: int) -> None:
    """It may be of a later version."""
    assert extended("binary").receive(bytes([kind]) + mic_frame(SOUND, 1)[1:], text=False) is None


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"\x01", "the binary message is shorter than its head of 8 bytes"),
        (mic_frame(b"", 1)[:7], "the binary message is shorter than its head of 8 bytes"),
        (mic_frame(b"", 1), "audio is required"),
        (mic_frame(SOUND, 0), "seq: Expected number >= 1"),
        (b"", "the message is not valid JSON in UTF-8"),
        (b"\xff\xff", "the message is not valid JSON in UTF-8"),
    ],
)
def test_a_binary_frame_that_cannot_be_read_is_broken(data: bytes, complaint: str) -> None:
    """The sentence says what is missing."""
    assert Broken("invalid_event", complaint) == extended("binary").receive(data, text=False)


def test_a_client_that_asked_for_json_sends_no_binary_frames() -> None:
    """It is told that they cannot be read."""
    expected = Broken("invalid_event", "the message is not valid JSON in UTF-8")

    assert expected == extended("json").receive(mic_frame(SOUND, 1), text=False)


@pytest.mark.parametrize("frames", ["json", "binary"])
def test_a_chat_ignores_audio_of_any_kind_and_counts_it(frames: Frames) -> None:
    """A client that numbers its audio must learn that it need not keep it."""
    codec = extended(frames, mode="chat")
    audio = mic_frame(b"", 3) if frames == "binary" else append(b"", 3)

    assert codec.receive(audio, text=frames == "json") is None
    assert 3 == acknowledged(codec.pong(1))


@needs_opus
@pytest.mark.parametrize("rate_hz", [8000, 16000, 24000, 48000])
def test_a_binary_frame_of_opus_becomes_its_samples(rate_hz: int) -> None:
    """One packet without a container, such as a browser codes."""
    packet = opus.OpusEncoder(rate_hz).encode(np.zeros(rate_hz // 50, np.int16))
    received = extended("binary", opus_hz=rate_hz).receive(mic_frame(packet, 1), text=False)

    assert isinstance(received, Mic)
    assert (rate_hz, rate_hz // 50) == (received.pcm.rate_hz, len(received.pcm.samples))


@needs_opus
def test_opus_that_cannot_be_decoded_is_complained_of_once() -> None:
    """As on the plain wire."""
    codec = extended("binary", opus_hz=24000)
    received = [codec.receive(mic_frame(b"\xff" * 30, seq), text=False) for seq in (1, 2)]

    assert [Broken("invalid_event", "audio is not opus_24000; what cannot be decoded is dropped"), None] == received
