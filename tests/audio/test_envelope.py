"""The loudness of sound from moment to moment, and where in it there is voice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.audio.envelope import Envelope, spans
from vivavoce.audio.pcm import Samples

RATE_HZ = 8000


def tone(duration_s: float, amplitude: float = 8000.0, rate_hz: int = RATE_HZ) -> Samples:
    """A tone that stands for a vowel."""
    times = np.arange(round(duration_s * rate_hz)) / rate_hz
    return (amplitude * np.sin(2 * np.pi * 200 * times)).astype(np.int16)


def envelope(*pieces: Samples, rate_hz: int = RATE_HZ) -> Envelope:
    """What is kept of a sound that came in these pieces."""
    kept = Envelope(rate_hz)
    for piece in pieces:
        kept.add(piece)
    return kept


def voiced(*pieces: Samples) -> list[tuple[float, float]]:
    """Where there is voice, to the hundredth of a second."""
    return [(round(start_s, 2), round(end_s, 2)) for start_s, end_s in spans(envelope(*pieces))]


def test_a_level_is_the_mean_square_of_ten_milliseconds() -> None:
    """The loudest sample of all included, whose square is no 16-bit number."""
    loud, quiet = np.full(80, -32768, np.int16), np.full(80, 3, np.int16)
    kept = envelope(loud, quiet)

    assert np.array_equal(np.array([32768.0**2, 9.0], np.float32), kept.levels)
    assert kept.levels.dtype == np.float32


@given(st.lists(st.integers(0, 400), max_size=12))
def test_the_pieces_do_not_show_in_the_levels(lengths: list[int]) -> None:
    """However the sound is cut, its levels are those of the whole."""
    samples = np.random.default_rng(7).integers(-9000, 9000, sum(lengths)).astype(np.int16)
    pieces = np.split(samples, np.cumsum(lengths)[:-1]) if lengths else []

    np.testing.assert_allclose(envelope(samples).levels, envelope(*pieces).levels, rtol=1e-6)
    assert sum(lengths) // 80 == len(envelope(*pieces).levels)


def test_the_levels_can_be_read_while_sound_comes_in() -> None:
    """Reading them loses nothing."""
    kept = envelope(tone(0.105))
    before = len(kept.levels)
    kept.add(tone(0.105))

    assert (10, 21) == (before, len(kept.levels))


@pytest.mark.parametrize("rate_hz", [8000, 11025, 22050, 24000, 44100, 48000])
def test_the_steps_add_up_to_the_length_of_the_sound(rate_hz: int) -> None:
    """At rates, too, of which ten milliseconds are no whole number of samples."""
    kept = envelope(tone(5.0, rate_hz=rate_hz), rate_hz=rate_hz)

    assert abs(len(kept.levels) * kept.step_s - 5.0) <= kept.step_s
    assert abs(kept.step_s - 0.01) < 0.0001


def test_voice_is_found_between_silences() -> None:
    """From when to when it sounds."""
    quiet = np.zeros(RATE_HZ // 5, np.int16)

    assert [(0.2, 0.5), (0.7, 1.1)] == voiced(quiet, tone(0.3), quiet, tone(0.4), quiet)


def test_a_short_gap_is_joined() -> None:
    """The closure of a plosive is part of its word."""
    assert [(0.0, 0.45)] == voiced(tone(0.2), np.zeros(400, np.int16), tone(0.2))


def test_a_gap_of_sixty_milliseconds_is_a_gap() -> None:
    """As long as a short pause."""
    assert [(0.0, 0.2), (0.27, 0.47)] == voiced(tone(0.2), np.zeros(560, np.int16), tone(0.2))


def test_a_click_is_no_voice() -> None:
    """Neither are two of them."""
    quiet = np.zeros(RATE_HZ // 5, np.int16)

    assert [(0.41, 0.71)] == voiced(quiet, tone(0.01), quiet, tone(0.3), quiet, tone(0.02))


def test_a_weak_consonant_is_voice() -> None:
    """At 26 dB below the vowel beside it, where the pauses are quieter."""
    quiet = np.zeros(RATE_HZ // 5, np.int16)

    assert [(0.0, 0.4), (0.6, 0.9)] == voiced(tone(0.1, 400.0), tone(0.3), quiet, tone(0.3))


@pytest.mark.parametrize("amplitude", [60.0, 300.0, 3000.0, 30000.0])
def test_how_loud_the_voice_is_does_not_matter(amplitude: float) -> None:
    """Voices differ in level; the pauses between their words do not."""
    quiet = tone(0.2, amplitude / 100)

    assert [(0.2, 0.5), (0.7, 1.0)] == voiced(quiet, tone(0.3, amplitude), quiet, tone(0.3, amplitude), quiet)


@pytest.mark.parametrize("below_db", [20, 26, 40, 60])
def test_a_pause_is_not_made_of_pure_zeros(below_db: int) -> None:
    """The noise of a room is a pause as well, and the whole sound is full of it."""
    quiet = np.zeros(RATE_HZ // 4, np.int16)
    sound = np.concatenate((quiet, tone(0.4), quiet, tone(0.4), quiet))
    noise = np.random.default_rng(3).normal(0, 5657 * 10 ** (-below_db / 20), len(sound))

    assert [(0.25, 0.65), (0.9, 1.3)] == voiced((sound + noise).astype(np.int16))


def test_a_voice_without_a_pause_is_no_noise() -> None:
    """However evenly it speaks."""
    assert [(0.0, 1.0)] == voiced(tone(0.5, 4000.0), tone(0.5))


@pytest.mark.parametrize("pieces", [[], [np.zeros(8000, np.int16)], [np.full(8000, 3, np.int16)], [tone(0.005)]])
def test_silence_has_no_voice(pieces: list[Samples]) -> None:
    """Nor has nothing at all."""
    assert [] == voiced(*pieces)
