"""Opus packets into samples; skipped where the machine has no libopus."""

import importlib
from typing import Any

import numpy as np
import pytest

from vivavoce.audio import opus
from vivavoce.audio.pcm import Samples

pytestmark = pytest.mark.skipif(not opus.available(), reason="needs libopus and the extra opus")

RATES_HZ = (8000, 16000, 24000, 48000)


def tone(rate_hz: int, seconds: float) -> Samples:
    times = np.arange(round(rate_hz * seconds)) / rate_hz
    return (8000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)


def packets(samples: Samples, rate_hz: int) -> list[bytes]:
    binding: Any = importlib.import_module("opuslib_next")
    encoder = binding.Encoder(rate_hz, 1, binding.APPLICATION_VOIP)
    frame = rate_hz // 50
    return [encoder.encode(samples[i : i + frame].tobytes(), frame) for i in range(0, len(samples), frame)]


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_tone_comes_back_at_its_pitch_and_length(rate_hz: int) -> None:
    """Raw packets of 20 ms become 20 ms of sound each, at the decoder's rate."""
    decoder = opus.OpusDecoder(rate_hz)
    decoded = [decoder.decode(packet) for packet in packets(tone(rate_hz, 1.0), rate_hz)]

    sound = np.concatenate([samples for samples in decoded if samples is not None])
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))

    assert rate_hz == len(sound)
    assert 440 == pytest.approx(spectrum.argmax() * rate_hz / len(sound), abs=2)


def test_a_packet_is_decoded_at_another_rate_than_it_was_coded_at() -> None:
    """An Opus stream has no rate of its own."""
    decoder = opus.OpusDecoder(16000)

    decoded = decoder.decode(packets(tone(48000, 0.02), 48000)[0])

    assert decoded is not None
    assert 320 == len(decoded)


@pytest.mark.parametrize("garbage", [b"", b"\xff" * 40, b"OggS" + bytes(20), b"\x03"])
def test_bytes_that_are_no_packet_are_none(garbage: bytes) -> None:
    """Garbage is neither sound nor an exception."""
    decoder = opus.OpusDecoder(24000)

    assert decoder.decode(garbage) is None


def test_good_packets_are_decoded_after_garbage() -> None:
    """One broken packet does not end the stream."""
    decoder = opus.OpusDecoder(24000)
    decoder.decode(b"\xff" * 40)

    decoded = decoder.decode(packets(tone(24000, 0.02), 24000)[0])

    assert decoded is not None
    assert 480 == len(decoded)
