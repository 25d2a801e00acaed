"""Nothing that a client sends can upset the extended codec, and its numbers rise by one whatever happens."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wire.extended_codec import extended
from vivavoce.audio import opus
from vivavoce.audio.pcm import Pcm
from vivavoce.speech import ToolCall, Word
from vivavoce.talk import facts
from vivavoce.wire.dialect import Broken, Frame, Mic, Ping, Playback
from vivavoce.wire.extension import Frames

needs_opus = pytest.mark.skipif(not opus.available(), reason="needs libopus and the extra opus")

TYPES = st.sampled_from(
    [
        "playback",
        "ping",
        "input_audio_buffer.append",
        "input_audio_buffer.commit",
        "input_text.send",
        "session.update",
        "function_call.result",
        "session.close",
    ]
)
NUMBERS = st.integers(-3, 40) | st.integers() | st.floats()
VALUES = NUMBERS | st.none() | st.booleans() | st.text(max_size=9) | st.sampled_from(["playing", "idle", "AAAA"])
FIELDS = st.sampled_from(["seq", "turn", "played", "state", "ack", "id", "audio", "text", "tools", "output", "call_id"])
MESSAGES = st.builds(
    lambda kind, fields: json.dumps({**fields, "type": kind}).encode(),
    TYPES | st.text(max_size=5),
    st.dictionaries(FIELDS, VALUES | st.lists(VALUES, max_size=2), max_size=6),
)
REPORTS = st.builds(
    lambda turn, played, state, ack: json.dumps(
        {"type": "playback", "turn": turn, "played": played, "state": state, "ack": ack}
    ).encode(),
    NUMBERS,
    NUMBERS,
    st.sampled_from(["playing", "idle", "held", "suspended", "paused"]),
    NUMBERS,
)
HEADED = st.builds(
    lambda kind, seq, audio, cut: (struct.pack("<B3xI", kind, seq) + audio)[: cut or None],
    st.integers(0, 4),
    st.integers(0, 40) | st.integers(0, 2**32 - 1),
    st.binary(max_size=60),
    st.integers(0, 12),
)


@pytest.mark.parametrize(
    ("frames", "opus_hz"), [("json", 0), ("binary", 0), pytest.param("binary", 24000, marks=needs_opus)]
)
@settings(max_examples=120)
@given(
    sent=st.lists(st.tuples(st.binary(max_size=60) | MESSAGES | REPORTS | HEADED, st.booleans()), max_size=20),
    chat=st.booleans(),
)
def test_nothing_that_a_client_sends_raises(
    frames: Frames, opus_hz: int, sent: list[tuple[bytes, bool]], chat: bool
) -> None:
    """A codec answers with a meaning, with nothing, or with a complaint that can be sent."""
    codec = extended(frames, opus_hz=opus_hz, mode="chat" if chat else "webcall")
    newest = 0
    for data, text in sent:
        received = codec.receive(memoryview(data), text=text)
        match received:
            case Broken(code, message):
                assert code
                assert 0 < len(message) <= 300
            case Mic(pcm):
                assert not chat
                assert len(pcm.samples) > 0
            case Playback(turn, played, _, ack):
                assert 0 <= min(turn, played, ack)
                assert max(turn, played, ack) <= 2**53
            case Ping(ping_id, ack):
                assert 0 <= ack <= 2**53
                assert {"type": "pong", "id": ping_id} == json.loads(codec.pong(ping_id)[0])
        seq = json.loads(codec.pong(0)[1])["seq"]

        assert newest <= seq
        newest = seq


FACTS = st.sampled_from(
    [
        facts.UserStartedSpeaking(1),
        facts.UserStoppedSpeaking(1),
        facts.UserSaid(1, "What?", True),
        facts.UserSaid(1, "", True),
        facts.AgentStartedTalking(1, 1),
        facts.AgentSaid(1, 1, "It", False),
        facts.AgentSaid(1, 1, "", True),
        facts.Captioned(1, 1, (Word("It", 0, 0.1),), 0),
        facts.Captioned(1, 1, ()),
        facts.Held(1, 1),
        facts.Released(1, 1),
        facts.Interrupted(1, 1, 0.5),
        facts.AgentStoppedTalking(1, 1),
        facts.ToolEnded(1, "fc_1", "look_up", "", "tool_timeout"),
        facts.TurnTimed(1, 1, 0, 0, 0, 0, 0),
        facts.CallEnded(1, "ended"),
    ]
)
OTHERS = st.sampled_from(["voice", "call", "error", "bye", "pong", "hello_again", "acknowledgement", "receive"])


def number_of(frame: Frame) -> int:
    if frame.startswith(b"{"):
        return int(json.loads(frame)["seq"])
    return int(struct.unpack_from("<I", frame, 4)[0])


@pytest.mark.parametrize("frames", ["json", "binary"])
@settings(max_examples=200)
@given(steps=st.lists(FACTS | OTHERS, max_size=40), chat=st.booleans())
def test_numbers_rise_by_one(frames: Frames, steps: list[facts.Fact | str], chat: bool) -> None:
    """From 1, in the order in which the frames are made, whatever else the codec does in between."""
    codec = extended(frames, mode="chat" if chat else "webcall")
    numbers: list[int] = []
    for step in steps:
        match step:
            case "voice":
                numbers.append(number_of(codec.voice(Pcm(np.ones(3, np.int16), 24000), turn=1, start=0)))
            case "call":
                numbers += map(number_of, codec.call(ToolCall("fc_1", "look_up", "{}")))
            case "error":
                numbers += map(number_of, codec.error("invalid_event", "Oh."))
            case "bye":
                numbers += map(number_of, codec.bye("ended"))
            case "pong":
                codec.pong(1)
            case "hello_again":
                codec.hello_again()
            case "acknowledgement":
                codec.acknowledgement()
            case "receive":
                codec.receive(b'{"type":"input_audio_buffer.commit","seq":7}', text=True)
            case str():
                raise AssertionError(step)
            case _:
                numbers += map(number_of, codec.tell(step))

    assert list(range(1, len(numbers) + 1)) == numbers
