"""Sound at another rate."""

import numpy as np
import pytest

from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.audio.resample import Resampler, resampled

RATES_HZ = (8000, 16_000, 22_050, 24_000, 44_100, 48_000)


def tone(rate_hz: int, duration_s: float = 1.0, *, hz: float = 440.0) -> Samples:
    """A sine at a third of full scale."""
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    return (np.sin(2 * np.pi * hz * time_s) * 10_000).astype(np.int16)


def piecewise(samples: Samples, from_hz: int, to_hz: int, *, piece_s: float = 0.02) -> Samples:
    """What a resampler gives for pieces of so many seconds, to its end."""
    resampler = Resampler(from_hz, to_hz)
    step = round(piece_s * from_hz)
    pieces = [resampler.push(samples[start : start + step]) for start in range(0, len(samples), step)]
    return np.concatenate([*pieces, resampler.flush()])


@pytest.mark.parametrize("from_hz", RATES_HZ)
def test_a_stream_keeps_its_length_and_its_pitch(from_hz: int) -> None:
    """Rule: after the flush all of the sound is there, and it is the same sound."""
    heard = piecewise(tone(from_hz), from_hz, 16_000)
    middle, truth = heard[1600:14_400], tone(16_000)[1600:14_400]

    assert 16_000 == pytest.approx(len(heard), abs=2)
    assert heard.dtype == np.int16
    # A filter may shift the sound by a fraction of a sample: 3 % of the level.
    assert np.abs(middle.astype(int) - truth).max() < 300


@pytest.mark.parametrize("piece_s", [0.005, 0.02, 0.1, 0.33])
def test_the_size_of_the_pieces_does_not_matter(piece_s: float) -> None:
    """Rule: a stream is a stream, however it is cut."""
    whole = piecewise(tone(24_000), 24_000, 16_000, piece_s=1.0)

    # soxr dithers: the last digit is left to chance.
    assert np.abs(whole.astype(int) - piecewise(tone(24_000), 24_000, 16_000, piece_s=piece_s)).max() <= 3


def test_the_same_rate_is_the_same_sound() -> None:
    """Rule: nothing to do is nothing done, not even a copy."""
    resampler = Resampler(16_000, 16_000)
    samples = tone(16_000)

    assert resampler.push(samples) is samples
    assert 0 == len(resampler.flush())


def test_an_empty_piece_gives_no_sound() -> None:
    """Rule: nothing in, nothing of its own out."""
    assert 0 == len(Resampler(24_000, 16_000).push(np.zeros(0, np.int16)))


@pytest.mark.parametrize(("from_hz", "most_s"), [(24_000, 0.022), (48_000, 0.022), (44_100, 0.024), (8000, 0.064)])
def test_a_stream_holds_back_little(from_hz: int, most_s: float) -> None:
    """Rule: what the filter holds back is time that the visitor waits. Measured with soxr 1.1, quality LQ."""
    resampler = Resampler(from_hz, 16_000)
    given = 0
    for number in range(1, 200):
        given += len(resampler.push(np.zeros(from_hz // 50, np.int16)))

        assert number * 0.02 - given / 16_000 <= most_s


@pytest.mark.parametrize("to_hz", RATES_HZ)
def test_a_whole_sound_at_another_rate(to_hz: int) -> None:
    """Rule: as long as before, at the new rate."""
    sound = resampled(Pcm(tone(24_000), 24_000), to_hz)

    assert to_hz == sound.rate_hz
    assert sound.duration_s == pytest.approx(1.0, abs=1e-4)


def test_a_loud_sound_does_not_wrap() -> None:
    """Rule: overshoot at full scale is clipped; a wrapped sample would be a bang."""
    square = np.where(np.arange(24_000) // 120 % 2, 32_767, -32_768).astype(np.int16)
    heard = piecewise(square, 24_000, 16_000)
    # Half a period is 80 samples at 16 kHz; its edges ring, and all but these keep their sign.
    plateaus = heard[: 80 * 200].reshape(200, 80)[:, 8:-8]

    assert (plateaus[::2] < -25_000).all()
    assert (plateaus[1::2] > 25_000).all()


@pytest.mark.parametrize("from_hz", [rate_hz for rate_hz in RATES_HZ if rate_hz != 16_000])
def test_lasting_silence_is_as_if_it_had_passed_the_filter(from_hz: int) -> None:
    """Rule: what comes after it lies where it would have lain, to the sample."""
    rng = np.random.default_rng(from_hz)
    frame = from_hz // 50
    frames = [
        rng.normal(0, 3000, frame).astype(np.int16) if stretch % 2 else np.zeros(frame, np.int16)
        for stretch in range(10)
        for _ in range(int(rng.integers(5, 60)))
    ]
    resampler = Resampler(from_hz, 16_000)
    heard = np.concatenate([*map(resampler.push, frames), resampler.flush()])
    # Noise that nobody hears keeps this one from leaving anything out.
    filtered = piecewise(np.concatenate(frames) | 1, from_hz, 16_000)

    assert len(filtered) == len(heard)
    assert np.abs(filtered.astype(int) - heard).max() <= 6


def test_lasting_silence_is_silent() -> None:
    """Rule: a muted microphone gives zeros, without the filter's dither."""
    resampler = Resampler(24_000, 16_000)
    heard = np.concatenate([resampler.push(np.zeros(480, np.int16)) for _ in range(50)])

    assert len(heard) > 15_000
    assert not heard[8000:].any()
