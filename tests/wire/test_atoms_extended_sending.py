"""What the extended Atoms codec says: what the plain one does, numbered, and more."""

import json
import struct
from typing import Any

import numpy as np
import pybase64
import pytest

from tests.wire.atoms_codec import codec as plain
from tests.wire.extended_codec import append, extended
from vivavoce.audio import opus
from vivavoce.audio.pcm import Pcm
from vivavoce.speech import ToolCall, Word
from vivavoce.talk import facts
from vivavoce.wire.atoms_extended import ExtendedCodec
from vivavoce.wire.extension import Frames

needs_opus = pytest.mark.skipif(not opus.available(), reason="needs libopus and the extra opus")

PCM = Pcm(np.array([0, 1, -1, 32767, -32768], np.int16), 24000)
COUGH = ToolCall("fc_1", "look_up", '{"what": "cough"}')
CAPTIONED = facts.Captioned(1, 3, (Word("Hello,", 0.11, 0.4800004), Word("you.", 0.5, 0.9)), 4)


def told(fact: facts.Fact, **settings: Any) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in extended(**settings).tell(fact)]


def tone(rate_hz: int, seconds: float) -> Pcm:
    times = np.arange(round(rate_hz * seconds)) / rate_hz
    return Pcm((8000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16), rate_hz)


# -- hello ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frames", ["json", "binary"])
def test_hello_is_the_plain_one_and_the_terms_of_the_extension(frames: Frames) -> None:
    """A client that reads no ``ext`` knows that it has to speak the plain wire."""
    (frame,) = extended(frames).hello()
    message = json.loads(frame)

    expected = {
        "version": 1,
        "frames": frames,
        "resume_token": "vrt_1",
        "resume_window_s": 60.0,
        "resumed": False,
        "input_seq": 0,
    }

    assert expected == message.pop("ext")
    assert json.loads(plain().hello()[0]) == message


def test_hello_again_says_how_much_of_the_client_the_server_has() -> None:
    """So the client knows what to send again, and no acknowledgement is owed."""
    codec = extended()
    first = json.loads(codec.hello()[0])
    for seq in range(1, 13):
        codec.receive(append(b"\x01\x00", seq), text=True)
    again = json.loads(codec.hello_again()[0])

    assert {**first, "ext": {**first["ext"], "resumed": True, "input_seq": 12}} == again
    assert codec.acknowledgement() is None


# -- voice ------------------------------------------------------------------------------------------------------


def test_voice_in_json_has_its_number_its_turn_and_its_place() -> None:
    """Beside the audio of the plain wire."""
    message = json.loads(extended().voice(PCM, turn=3, start=4800))
    audio = json.loads(plain().voice(PCM, turn=3, start=4800))["audio"]

    assert {"type": "output_audio.delta", "seq": 1, "turn": 3, "start": 4800, "audio": audio} == message


def test_voice_in_a_binary_frame_is_a_head_and_the_samples() -> None:
    """Sixteen bytes, little-endian, and then the bytes of the format."""
    frame = extended("binary").voice(PCM, turn=3, start=4800)

    assert (2, 0, 0, 1, 3, 4800) == struct.unpack("<BBHIII", frame[:16])
    assert [0, 1, -1, 32767, -32768] == np.frombuffer(frame[16:], "<i2").tolist()


@pytest.mark.parametrize("frames", ["json", "binary"])
@pytest.mark.parametrize("samples", [np.arange(10, dtype=np.int16)[::2], np.array([0, 2, 4, 6, 8], ">i2")])
def test_voice_is_little_endian_whatever_the_memory_of_the_samples(frames: Frames, samples: Any) -> None:
    """They may be a view of others, or of another order."""
    frame = extended(frames).voice(Pcm(samples, 24000), turn=1, start=0)
    coded = frame[16:] if frames == "binary" else pybase64.b64decode(json.loads(frame)["audio"])

    assert b"\0\0\2\0\4\0\6\0\x08\0" == coded


@needs_opus
@pytest.mark.parametrize("rate_hz", [8000, 16000, 24000])
@pytest.mark.parametrize(("length_s", "packet_s"), [(0.02, 0.02), (0.1, 0.1), (0.0301, 0.04), (0.001, 0.02)])
def test_voice_in_opus_is_one_packet_filled_up_with_silence(rate_hz: int, length_s: float, packet_s: float) -> None:
    """To the next length that a packet can have; where it really goes on, the next ``start`` says."""
    frame = extended("binary", opus_hz=rate_hz).voice(tone(rate_hz, length_s), turn=1, start=0)
    sound = opus.OpusDecoder(rate_hz).decode(frame[16:])

    assert (2, 0, 0, 1, 1, 0) == struct.unpack("<BBHIII", frame[:16])
    assert sound is not None
    assert round(packet_s * rate_hz) == len(sound)


@needs_opus
def test_nothing_of_a_turn_sounds_in_the_next() -> None:
    """What the encoder still holds of a turn that was interrupted is dropped with it."""
    codec, silence = extended("binary", opus_hz=24000), Pcm(np.zeros(2400, np.int16), 24000)
    codec.voice(tone(24000, 0.1), turn=1, start=0)
    frame = codec.voice(silence, turn=2, start=0)
    sound = opus.OpusDecoder(24000).decode(frame[16:])

    assert sound is not None
    assert np.abs(sound).max() < 10


@needs_opus
def test_a_turn_in_opus_is_one_stream() -> None:
    """Its packets join without a seam: the tone goes on through them."""
    codec, decoder = extended("binary", opus_hz=24000), opus.OpusDecoder(24000)
    samples = tone(24000, 1.0).samples
    frames = [codec.voice(Pcm(samples[at : at + 2400], 24000), turn=1, start=at) for at in range(0, 24000, 2400)]
    decoded = [decoder.decode(frame[16:]) for frame in frames]
    sound = np.concatenate([piece for piece in decoded if piece is not None])[2400:-2400].astype(float)
    steps = np.abs(np.diff(sound))

    # A tone of 440 Hz and 8000 never rises by more than 922 from one sample to the next.
    assert 24000 - 2 * 2400 == len(sound)
    assert steps.max() < 1300


# -- facts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fact",
    [
        facts.AgentStartedTalking(1, 3),
        facts.AgentSaid(1, 3, "It", False),
        facts.AgentSaid(1, 3, "It is.", True),
        facts.Interrupted(1, 3, 0.5),
        facts.AgentStoppedTalking(1, 3),
    ],
)
def test_what_the_plain_wire_tells_of_a_turn_has_its_number(fact: facts.Fact) -> None:
    """So that what comes late can be told from what is new."""
    (expected,) = [json.loads(frame) for frame in plain().tell(fact)]

    assert [{**expected, "seq": 1, "turn": 3}] == told(fact)


@pytest.mark.parametrize(
    "fact",
    [
        facts.UserSaid(1, "What", False),
        facts.UserSaid(1, "What?", True),
        facts.ToolsAccepted(1, ("a", "b")),
        facts.Failed(1, "internal_error", "Oh."),
    ],
)
def test_everything_else_of_the_plain_wire_is_just_numbered(fact: facts.Fact) -> None:
    """It belongs to no turn of the agent."""
    (expected,) = [json.loads(frame) for frame in plain().tell(fact)]

    assert [{**expected, "seq": 1}] == told(fact)


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        (
            CAPTIONED,
            {
                "type": "caption",
                "turn": 3,
                "first": 4,
                "words": [{"text": "Hello,", "start": 0.11, "end": 0.48}, {"text": "you.", "start": 0.5, "end": 0.9}],
            },
        ),
        (facts.Held(1, 3), {"type": "hold", "turn": 3}),
        (facts.Released(1, 3), {"type": "release", "turn": 3}),
        (
            facts.UserStartedSpeaking(1.5),
            {"type": "user_started_speaking", "timestamp": "2026-07-02T10:30:46.500000"},
        ),
        (
            facts.UserStoppedSpeaking(2.0),
            {"type": "user_stopped_speaking", "timestamp": "2026-07-02T10:30:47.000000"},
        ),
        (facts.ToolStarted(1, COUGH), {"type": "tool_started", "call_id": "fc_1", "name": "look_up"}),
        (
            facts.ToolEnded(1, "fc_1", "look_up", "secret"),
            {"type": "tool_ended", "call_id": "fc_1", "name": "look_up", "error": ""},
        ),
        (
            facts.TurnTimed(1, 3, 0.5, 0.2, 0.1004, 0.3, 0.0996),
            {
                "type": "turn_metrics",
                "turn": 3,
                "endpoint_ms": 200,
                "transcript_ms": 100,
                "text_ms": 300,
                "voice_ms": 100,
                "total_ms": 700,
            },
        ),
    ],
)
def test_the_extension_tells_more(fact: facts.Fact, message: dict[str, object]) -> None:
    """Key by key as on its page."""
    assert [{**message, "seq": 1}] == told(fact)


def test_a_tool_that_is_late_is_told_of_in_both_ways() -> None:
    """The error of the plain wire, and the end of the tool."""
    message = "the tool look_up gave no result in time"

    expected = [
        {"type": "error", "code": "tool_timeout", "message": message, "seq": 1},
        {"type": "tool_ended", "call_id": "fc_1", "name": "look_up", "error": "tool_timeout", "seq": 2},
    ]

    assert expected == told(facts.ToolEnded(1, "fc_1", "look_up", "", "tool_timeout"))


@pytest.mark.parametrize(
    "fact",
    [
        facts.CallStarted(0, "webcall"),
        facts.AgentSaid(1, 1, "", True),
        facts.UserSaid(1, "", True),
        facts.Captioned(1, 1, (Word("It", 0, 0.1),)),
        facts.EngineStumbled(1, "stt", "no model"),
        facts.CallEnded(1, "ended"),
    ],
)
def test_facts_that_clients_do_not_know_are_silent_and_take_no_number(fact: facts.Fact) -> None:
    """Among them captions of earlier records, which do not say where they stand."""
    codec = extended()

    assert [] == list(codec.tell(fact))
    assert 1 == json.loads(codec.bye("ended")[0])["seq"]


@pytest.mark.parametrize("fact", [CAPTIONED, facts.Held(1, 3), facts.Released(1, 3), facts.Interrupted(1, 3, 0.5)])
def test_a_chat_is_told_nothing_of_sound(fact: facts.Fact) -> None:
    """There is none to be heard, kept or dropped."""
    assert [] == told(fact, mode="chat")


def test_a_chat_has_turns_too() -> None:
    """They number what the agent writes."""
    assert [3] == [message["turn"] for message in told(facts.AgentSaid(1, 3, "It is.", True), mode="chat")]


# -- numbers ----------------------------------------------------------------------------------------------------


def every_kind(codec: ExtendedCodec) -> list[bytes]:
    """One frame of each kind that is numbered; between them what is not."""
    frames = [*codec.tell(facts.AgentStartedTalking(1, 1)), codec.voice(PCM, turn=1, start=0)]
    codec.pong(1)
    frames += [*codec.call(COUGH), *codec.error("invalid_event", "Oh.")]
    codec.hello_again()
    return [*frames, codec.voice(PCM, turn=1, start=5), *codec.bye("ended")]


@pytest.mark.parametrize("frames", ["json", "binary"])
def test_everything_that_is_numbered_is_one_sequence(frames: Frames) -> None:
    """Voice, facts, calls, errors and the end; also across the sockets of a call."""
    made = every_kind(extended(frames))
    numbers = [json.loads(one)["seq"] if one[:1] == b"{" else struct.unpack_from("<I", one, 4)[0] for one in made]

    assert [1, 2, 3, 4, 5, 6] == numbers


def test_pongs_and_acknowledgements_have_no_number() -> None:
    """They belong to their socket, and nobody waits for them."""
    pong, ack = (json.loads(frame) for frame in extended().pong(7))

    assert ({"type": "pong", "id": 7}, {"type": "input_ack", "seq": 0}) == (pong, ack)


def test_calls_errors_and_the_end_are_those_of_the_plain_wire() -> None:
    """With a number each; the arguments of a tool that the agent owns are text there, too."""
    codec, other = extended(tool_names=("look_up",)), plain(configured_tool_names=("look_up",))
    made = [*codec.call(COUGH), *codec.error("invalid_event", "Oh."), *codec.bye("ended")]
    expected = [*other.call(COUGH), *other.error("invalid_event", "Oh."), *other.bye("ended")]

    assert [{**json.loads(one), "seq": seq} for seq, one in enumerate(expected, 1)] == list(map(json.loads, made))
