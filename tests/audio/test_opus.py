"""Opus packets into samples and back; skipped where the machine has no libopus."""

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


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_what_is_coded_comes_back_at_its_pitch_and_loudness(rate_hz: int) -> None:
    """Packet by packet, in pieces of 0.1 s, as the agent speaks."""
    sound, piece = tone(rate_hz, 1.0), rate_hz // 10
    encoder, decoder = opus.OpusEncoder(rate_hz), opus.OpusDecoder(rate_hz)
    decoded = [decoder.decode(encoder.encode(sound[at : at + piece])) for at in range(0, rate_hz, piece)]
    back = np.concatenate([samples for samples in decoded if samples is not None])
    spectrum = np.abs(np.fft.rfft(back * np.hanning(len(back))))

    assert rate_hz == len(back)
    assert 440 == pytest.approx(spectrum.argmax() * rate_hz / len(back), abs=2)
    assert np.std(sound) == pytest.approx(np.std(back), rel=0.1)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize(("length_ms", "packet_ms"), [(1, 20), (20, 20), (21, 40), (99, 100), (101, 120), (120, 120)])
def test_a_piece_is_filled_up_to_the_next_length_of_a_packet(rate_hz: int, length_ms: int, packet_ms: int) -> None:
    """A packet has 20, 40, 60, 80, 100 or 120 ms."""
    packet = opus.OpusEncoder(rate_hz).encode(tone(rate_hz, length_ms / 1000))
    decoded = opus.OpusDecoder(rate_hz).decode(packet)

    assert decoded is not None
    assert rate_hz * packet_ms // 1000 == len(decoded)


def test_what_a_piece_is_filled_up_with_is_silence() -> None:
    """The packet is that of the piece with zeros behind it."""
    piece = tone(24000, 0.07)
    filled = np.concatenate([piece, np.zeros(240, np.int16)])

    assert opus.OpusEncoder(24000).encode(filled) == opus.OpusEncoder(24000).encode(piece)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_second_takes_four_kilobytes(rate_hz: int) -> None:
    """At every rate: 32 kbit/s, within what packets differ by."""
    encoder, sound = opus.OpusEncoder(rate_hz), tone(rate_hz, 1.0)
    piece = rate_hz // 10
    coded = sum(len(encoder.encode(sound[at : at + piece])) for at in range(0, rate_hz, piece))

    assert 4000 == pytest.approx(coded, rel=0.1)


@pytest.mark.parametrize("samples", [0, 2881])
def test_a_piece_that_is_no_packet_is_refused(samples: int) -> None:
    """The error says what fits."""
    with pytest.raises(ValueError, match="1 to 2880 samples"):
        opus.OpusEncoder(24000).encode(np.zeros(samples, np.int16))


def test_samples_may_be_a_view_of_others() -> None:
    """Every second sample of a tone is the tone at half the rate."""
    sound = tone(48000, 0.1)

    assert opus.OpusEncoder(24000).encode(sound[::2].copy()) == opus.OpusEncoder(24000).encode(sound[::2])
