"""Nothing that a client sends can upset the Atoms codec."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wire.atoms_codec import append, codec
from vivavoce.audio import opus
from vivavoce.wire.dialect import Broken, Mic
from vivavoce.wire.formats import Encoding

needs_opus = pytest.mark.skipif(not opus.available(), reason="needs libopus and the extra opus")

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
@settings(max_examples=150)
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


@settings(max_examples=200)
@given(audio=st.binary(min_size=1, max_size=400))
def test_audio_survives_the_wire(audio: bytes) -> None:
    """What the client's base64 holds is what is heard, whole samples at a time."""
    received = codec().receive(append(audio), text=True)

    expected = audio[: len(audio) // 2 * 2]

    assert expected == (received.pcm.samples.tobytes() if isinstance(received, Mic) else b"")
