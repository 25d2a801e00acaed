"""What the client makes of the messages that only the extension has."""

import json

import pytest

from vivavoce.client.extension import (
    Caption,
    Extension,
    Held,
    InputAcknowledged,
    Pong,
    Released,
    ToolEnded,
    ToolStarted,
    TurnMeasured,
    UserStartedSpeaking,
    UserStoppedSpeaking,
)
from vivavoce.client.messages import AgentStarted, Message, SessionStarted, TranscriptHeard, read, read_binary
from vivavoce.errors import ProtocolError
from vivavoce.speech import Word

TERMS = {
    "version": 1,
    "frames": "binary",
    "resume_token": "vrt_1",
    "resume_window_s": 60,
    "resumed": False,
    "input_seq": 3,
}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            {"type": "caption", "seq": 9, "turn": 2, "first": 4, "words": [{"text": "Hi", "start": 0.1, "end": 0.4}]},
            Caption(1, 2, 4, (Word("Hi", 0.1, 0.4),), 9),
        ),
        ({"type": "hold", "seq": 30, "turn": 1}, Held(1, 1, 30)),
        ({"type": "release", "seq": 31, "turn": 1}, Released(1, 1, 31)),
        ({"type": "user_started_speaking", "seq": 2, "timestamp": "x"}, UserStartedSpeaking(1, 2)),
        ({"type": "user_stopped_speaking", "seq": 3, "timestamp": "x"}, UserStoppedSpeaking(1, 3)),
        ({"type": "tool_started", "seq": 4, "call_id": "c", "name": "n"}, ToolStarted(1, "c", "n", 4)),
        ({"type": "tool_ended", "seq": 5, "call_id": "c", "name": "n", "error": "e"}, ToolEnded(1, "c", "n", "e", 5)),
        (
            {"type": "turn_metrics", "seq": 6, "turn": 1, "text_ms": 20, "total_ms": 90},
            TurnMeasured(1, 1, {"text_ms": 20, "total_ms": 90}, 6),
        ),
        ({"type": "input_ack", "seq": 37}, InputAcknowledged(1, 37)),
        ({"type": "pong", "id": 7}, Pong(1, 7)),
        ({"type": "agent_start_talking", "seq": 8, "turn": 3}, AgentStarted(1, 3, 8)),
        (
            {"type": "transcript", "seq": 9, "turn": 3, "role": "assistant", "text": "a"},
            TranscriptHeard(1, "agent", "a", True, 3, 9),
        ),
    ],
)
def test_every_message_has_its_type_and_numbers(message: object, expected: Message) -> None:
    """Those of the plain wire gain their turn; the number in an acknowledgement is not its own."""
    assert expected == read(json.dumps(message).encode(), at_s=1, rate_hz=24000)


def test_the_terms_of_a_call_are_read() -> None:
    """They stand in ``session.created``; the token is not shown where a message is printed."""
    created = {"type": "session.created", "session_id": "s", "call_id": "c", "sample_rate": 24000, "ext": TERMS}
    message = read(json.dumps(created).encode(), at_s=1, rate_hz=24000)

    assert isinstance(message, SessionStarted)
    assert Extension(1, "binary", "vrt_1", 60.0, False, 3) == message.extension
    assert "vrt_1" not in repr(message)


@pytest.mark.parametrize(
    "message",
    [
        {"type": "caption", "turn": 1, "first": 0, "words": [{"text": "Hi"}]},
        {"type": "hold"},
        {"type": "input_ack"},
        {"type": "session.created", "session_id": "s", "call_id": "c", "sample_rate": 24000, "ext": {"version": 1}},
    ],
)
def test_a_server_that_breaks_the_contract_is_named(message: object) -> None:
    """Missing fields are a server's mistakes; the client says so."""
    with pytest.raises(ProtocolError, match=r"^bad_message: "):
        read(json.dumps(message).encode(), at_s=1, rate_hz=24000)


@pytest.mark.parametrize("data", [b"\x02", b"\x02" + bytes(14), b"\x02" + bytes(15) + b"\x01"])
def test_a_frame_that_is_cut_off_is_named(data: bytes) -> None:
    """In its head, or in the middle of a sample."""
    with pytest.raises(ProtocolError, match=r"^bad_message: the server sent a frame"):
        read_binary(data, at_s=1, rate_hz=24000)


@pytest.mark.parametrize("data", [b"", b"\x03" + bytes(20)])
def test_a_frame_of_an_unknown_kind_is_passed_over(data: bytes) -> None:
    """A newer server may send more."""
    assert read_binary(data, at_s=1, rate_hz=24000) is None
