"""The caller's side of the Atoms wire."""

import base64
import json

import msgspec
import pytest

from bench.wire import AgentMessage, microphone_message, read, samples_in


def test_a_microphone_message_is_what_a_page_sends() -> None:
    """JSON with the sound in base64."""
    found = json.loads(microphone_message(b"\x01\x02" * 480))

    assert {
        "type": "input_audio_buffer.append",
        "audio": base64.b64encode(b"\x01\x02" * 480).decode(),
    } == found


def test_a_message_is_read_whatever_else_it_carries() -> None:
    """Fields may come in any order, and more of them than the driver knows."""
    found = read(b'{"turn":3,"audio":"AAAA","seq":1,"type":"output_audio.delta"}')

    assert AgentMessage("output_audio.delta", audio="AAAA") == found


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"audio":""}', b"{"])
def test_what_is_no_message_is_an_error(payload: bytes) -> None:
    """The driver counts it instead of passing over it."""
    with pytest.raises(msgspec.DecodeError):
        read(payload)


@pytest.mark.parametrize("samples", [0, 1, 2, 3, 480, 481, 2400])
def test_samples_are_counted_without_decoding(samples: int) -> None:
    """For every length of padding."""
    assert samples == samples_in(base64.b64encode(bytes(samples * 2)).decode())
