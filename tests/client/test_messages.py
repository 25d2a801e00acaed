"""What the client makes of a server's messages."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from vivavoce.audio.pcm import Pcm
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
    read,
    read_binary,
)
from vivavoce.errors import ProtocolError

GOLDEN = sorted((Path(__file__).parents[2] / "protocol").glob("atoms-*.jsonl"))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            {"type": "session.created", "session_id": "s", "call_id": "c", "sample_rate": 24000, "channels": 1},
            SessionStarted(1, "s", "c", 24000, "", ""),
        ),
        ({"type": "agent_start_talking"}, AgentStarted(1)),
        ({"type": "agent.start_talking"}, AgentStarted(1)),
        ({"type": "agent_stop_talking", "timestamp": "x"}, AgentStopped(1)),
        ({"type": "agent.stop_talking"}, AgentStopped(1)),
        (
            {"type": "output_audio.delta", "audio": "AQD//w=="},
            AgentAudio(1, Pcm(np.array([1, -1], np.int16), 8000)),
        ),
        ({"type": "transcript", "role": "assistant", "text": "a"}, TranscriptHeard(1, "agent", "a", True)),
        ({"type": "transcript", "role": "agent", "text": "a"}, TranscriptHeard(1, "agent", "a", True)),
        ({"type": "transcript.delta", "role": "user", "text": "a"}, TranscriptHeard(1, "user", "a", False)),
        ({"type": "interruption"}, Interrupted(1)),
        ({"type": "session.updated", "tools": ["a", "b"]}, ToolsAccepted(1, ("a", "b"))),
        (
            {"type": "function_call", "call_id": "f", "name": "n", "arguments": {"a": 1}},
            ToolRequested(1, "f", "n", {"a": 1}),
        ),
        (
            {"type": "function_call", "call_id": "f", "name": "n", "arguments": '{"a": 1}'},
            ToolRequested(1, "f", "n", {"a": 1}),
        ),
        ({"type": "error", "code": "x", "message": "y"}, ErrorReported(1, "x", "y")),
        ({"type": "session.closed", "reason": "ended"}, SessionEnded(1, "ended")),
        ({"type": "a_later_version", "seq": 4}, UnknownMessage(1, "a_later_version", 4)),
    ],
)
def test_every_message_has_its_type(message: object, expected: Message) -> None:
    """Older spellings are the same message; tools may be called with an object or with its text."""
    assert expected == read(json.dumps(message).encode(), at_s=1, rate_hz=8000)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"type":"transcript","role":"user"}',
        b'{"type":"output_audio.delta","audio":"AQ=="}',
        b'{"type":"output_audio.delta","audio":"?"}',
        b'{"type":"output_audio.delta","audio":7}',
        b'{"type":"session.created","session_id":"s","call_id":"c","sample_rate":"fast"}',
        b'{"type":"function_call","call_id":"f","name":"n","arguments":"nonsense"}',
    ],
)
def test_a_server_that_breaks_the_contract_is_named(data: bytes) -> None:
    """Half samples and missing fields are a server's mistakes; the client says so."""
    with pytest.raises(ProtocolError, match=r"^bad_message: the server sent a message that cannot be read"):
        read(data, at_s=1, rate_hz=24000)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_the_golden_conversations_are_understood(path: Path) -> None:
    """Every message that our server sends there is one that the client knows; so is every sound in bytes."""
    for line in map(json.loads, path.read_text().splitlines()[1:]):
        if line["direction"] == "server" and "binary" in line:
            audio = read_binary(base64.b64decode(line["binary"]), at_s=1, rate_hz=24000)
            frame, samples = line["frame"], np.array(line["samples"], np.int16)

            assert AgentAudio(1, Pcm(samples, 24000), frame["turn"], frame["start"], frame["seq"]) == audio
        elif line["direction"] == "server":
            message = read(json.dumps(line["message"]).encode(), at_s=1, rate_hz=24000)

            assert not isinstance(message, UnknownMessage)
