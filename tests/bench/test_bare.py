"""The unit of cost: what a bare socket moves."""

import json

import msgspec
import pytest

from bench.bare import Talker
from bench.wire import CLOSE, microphone_message, read, samples_in

_FRAME = microphone_message(bytes(960)).decode()


def test_agent_audio_flows_half_of_the_time_in_frames_of_twenty_milliseconds() -> None:
    """Of four seconds of microphone frames two are answered, each by 480 samples."""
    talker = Talker()
    messages = [read(text.encode()) for _ in range(200) for text in talker.answer(_FRAME)]
    audio = [message for message in messages if message.type == "output_audio.delta"]

    assert 100 == len(audio)
    assert {480} == {samples_in(message.audio) for message in audio}


def test_each_stretch_of_audio_is_announced_and_ended() -> None:
    """The driver's playout needs to know where an utterance begins."""
    talker = Talker()
    types = [json.loads(text)["type"] for _ in range(201) for text in talker.answer(_FRAME)]

    assert ("agent_start_talking", "agent_stop_talking") == (types[0], types[-1])


def test_every_microphone_frame_is_really_decoded() -> None:
    """A frame of another size than the benchmark's cannot pass."""
    with pytest.raises(ValueError, match="2 bytes"):
        Talker().answer(microphone_message(b"ab").decode())


def test_what_is_no_microphone_message_is_refused() -> None:
    """Nothing is moved unread."""
    with pytest.raises(msgspec.DecodeError):
        Talker().answer('{"type":"other"}')


def test_a_caller_may_go() -> None:
    """The socket is then closed."""
    talker = Talker()
    talker.answer(CLOSE.decode())

    assert talker.closed
