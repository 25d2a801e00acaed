"""The Synthflow codec: samples in binary frames, and next to no words."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.audio.pcm import Pcm
from vivavoce.errors import Refused
from vivavoce.speech import ToolCall
from vivavoce.talk import facts
from vivavoce.talk.facts import Fact
from vivavoce.wire.dialect import Codec, Mic, Ready
from vivavoce.wire.synthflow import SynthflowCodec, formats_from_url

CLIENT_READY = b'{"type":"status_client_ready"}'
# One of each kind that the other wire has a message for, and some that none has.
FACTS: list[Fact] = [
    facts.CallStarted(0.0, "webcall"),
    facts.AgentStartedTalking(1.0, 1),
    facts.AgentSaid(1.5, 1, "Good", final=False),
    facts.AgentSaid(2.0, 1, "Good day.", final=True),
    facts.AgentStoppedTalking(2.0, 1),
    facts.UserSaid(3.0, "hel", final=False),
    facts.UserSaid(3.5, "hello", final=True),
    facts.Interrupted(4.0, 2, 0.5),
    facts.AgentSaid(4.0, 2, "", final=True),
    facts.Failed(5.0, "internal_error", "the agent cannot answer at the moment"),
    facts.CallEnded(6.0, "ended"),
]


def codec(*, events: bool = False, **query: str) -> SynthflowCodec:
    return SynthflowCodec(formats_from_url(query), events=events)


def test_it_is_a_codec() -> None:
    """The type checker compares the class with the interface here; the figures are those of the wire."""
    interface: Codec = codec()

    assert (48000, 16000, True, True, False) == (
        interface.mic_rate_hz,
        interface.agent_rate_hz,
        interface.voice_is_binary,
        interface.announces_ready,
        interface.says_goodbye,
    )
    assert 0 < interface.lead_s <= 0.2


def test_the_agent_is_ready_at_once() -> None:
    """The first message says so, in so many words."""
    assert [{"type": "status_agent_ready"}] == [json.loads(frame) for frame in codec().hello()]


@pytest.mark.parametrize("wrap", [bytes, memoryview])
@pytest.mark.parametrize("tail", [b"", b"\x07"], ids=["even", "odd"])
def test_binary_frames_are_samples(wrap: type, tail: bytes) -> None:
    """Little-endian, at 48 kHz; the last byte of an odd number is dropped."""
    received = codec().receive(wrap(b"\x01\x00\x00\x01\xff\xff" + tail), text=False)

    assert Mic(Pcm(np.array([1, 256, -1], np.int16), 48000)) == received


def test_samples_outlive_the_buffer_that_brought_them() -> None:
    """The socket reads the next message into the same memory, while the microphone still gathers."""
    buffer = bytearray(b"\x01\x00\x02\x00")
    received = codec().receive(memoryview(buffer), text=False)
    buffer[:] = bytes(4)

    assert isinstance(received, Mic)
    assert [1, 2] == received.pcm.samples.tolist()


@pytest.mark.parametrize("data", [b"", b"\x01"])
def test_less_than_a_sample_is_nothing(data: bytes) -> None:
    """Not an error either."""
    assert codec().receive(data, text=False) is None


def test_the_client_is_ready_once() -> None:
    """More fields may come along; what is repeated says nothing new."""
    subject = codec()

    assert Ready() == subject.receive(b'{"type":"status_client_ready","version":2}', text=True)
    assert subject.receive(CLIENT_READY, text=True) is None


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{", b"null", b"[]", b"42", b"\xff", b"[" * 100_000, b'"status_client_ready"', b"{}"),
        *(b'{"type":null}', b'{"type":["status_client_ready"]}', b'{"type":"ping"}', b'{"type":"session.close"}'),
        b'{"type":"input_text.send","text":"hi"}',
    ],
    ids=lambda data: repr(data[:30]),
)
def test_other_text_means_nothing(data: bytes) -> None:
    """Nothing to answer with: this wire has no word for errors."""
    subject = codec()

    assert subject.receive(data, text=True) is None
    assert Ready() == subject.receive(CLIENT_READY, text=True)


def test_json_in_a_binary_frame_is_sound() -> None:
    """The kind of a frame tells the two apart, and nothing else."""
    assert isinstance(codec().receive(CLIENT_READY, text=False), Mic)


@pytest.mark.parametrize("samples", [np.array([1, -2], ">i2"), np.arange(6, dtype=np.int16)[::3]])
def test_agent_audio_is_plain_samples(samples: "np.ndarray[tuple[int], np.dtype[np.int16]]") -> None:
    """Two bytes each, whatever the array's own order in memory."""
    frame = codec().voice(Pcm(samples, 16000), turn=1, start=0)

    assert samples.tolist() == np.frombuffer(frame, "<i2").tolist()


def test_by_default_nothing_is_told() -> None:
    """Only the two documented kinds of message are ever sent (wire-spec 4.3)."""
    subject = codec()

    assert [()] * len(FACTS) == [subject.tell(fact) for fact in FACTS]
    assert ((), (), ()) == (
        subject.error("invalid_event", "no"),
        subject.call(ToolCall("c1", "lookup", "{}")),
        subject.bye("ended"),
    )


def test_words_and_interruptions_are_told_on_request() -> None:
    """In the shape of the other wire; nothing heard is nothing said, and the end has no message here either."""
    subject = codec(events=True)

    assert [
        {"type": "transcript", "role": "assistant", "text": "Good day."},
        {"type": "transcript", "role": "user", "text": "hello"},
        {"type": "interruption"},
    ] == [json.loads(frame) for fact in FACTS for frame in subject.tell(fact)]
    assert () == subject.bye("ended")


def test_the_agent_may_go_by_another_word() -> None:
    """As on the other wire."""
    subject = SynthflowCodec(formats_from_url({}), events=True, agent_role="agent")
    (frame,) = subject.tell(facts.AgentSaid(2.0, 1, "Good day.", final=True))

    assert "agent" == json.loads(frame)["role"]


# -- the rate of the microphone ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [8000, 44100, 96000, 192000])
def test_a_page_may_name_the_rate_of_its_microphone(rate_hz: int) -> None:
    """An addition of ours: sound cards have more rates than the wire knows."""
    chosen = formats_from_url({"rate": str(rate_hz)})

    assert (f"pcm_{rate_hz}", "pcm_16000") == (chosen.input.token, chosen.output.token)
    assert rate_hz == codec(rate=str(rate_hz)).mic_rate_hz


@pytest.mark.parametrize("rate", ["7999", "192001", "44100.0", "-48000", "fast", "٤٨٠٠٠", "1" * 5000])
def test_a_rate_that_no_sound_card_has_is_refused(rate: str) -> None:
    """With what it takes."""
    with pytest.raises(Refused) as caught:
        formats_from_url({"rate": rate})

    assert (400, f"Unsupported rate {rate[:40]}. Supported: 8000 to 192000") == (
        caught.value.status,
        caught.value.message,
    )


# -- whatever comes ---------------------------------------------------------------------------------------------


@settings(max_examples=300)
@given(data=st.binary(max_size=200) | st.text(max_size=100).map(str.encode), text=st.booleans())
def test_nothing_that_a_client_sends_raises(data: bytes, text: bool) -> None:
    """A meaning or nothing; sound is all of the frame's whole samples."""
    received = codec().receive(memoryview(data), text=text)

    if text:
        assert received in (None, Ready())
    else:
        whole = data[: len(data) // 2 * 2]

        assert whole == (received.pcm.samples.tobytes() if isinstance(received, Mic) else b"")
