"""When words are spoken, where the voice does not say: guessed from the text, then aligned with the sound."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from statistics import median, quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.caption_texts import ENGLISH
from bench.captions import errors, speak
from vivavoce.engines.espeak import open_engine
from vivavoce.speech import VoiceStyle, Word
from vivavoce.talk.spoken_length import letters_said
from vivavoce.talk.word_times import LETTERS_PER_S, Pace, aligned, first_guess

TEXTS = st.text(max_size=60) | st.lists(
    st.from_regex(
        r"[A-Za-z]{1,9}[,.;:!?]?|[$€]\d{1,6}|\d[\d,.:/-]{0,8}|[–—-]|([A-Z]\.){2,3}|[A-Z]{2,5}", fullmatch=True
    ),
    max_size=25,
).map(" ".join)
# Lengths of voice and of silence by turns, beginning with a silence, and whether the last is one.
LENGTHS = st.lists(st.floats(0.001, 2.0), min_size=1, max_size=40)


def placed(lengths: Sequence[float]) -> tuple[list[tuple[float, float]], float]:
    """Where there is voice in a sound of silences and voice by turns, and how long it lasts."""
    at_s, edges = 0.0, [0.0]
    for length_s in lengths:
        at_s += length_s
        edges.append(at_s)
    return list(zip(edges[1::2], edges[2::2], strict=False)), at_s


def check(text: str, words: Sequence[Word], end_s: float) -> None:
    """One word for each of the text, and times that rise within the sound."""
    times = [time_s for word in words for time_s in (word.start_s, word.end_s)]

    assert text.split() == [word.text for word in words]
    assert all(before <= after for before, after in pairwise([0.0, *times, end_s]))


@given(TEXTS, st.floats(2.0, 40.0), st.floats(0.0, 3.0))
def test_guessed_times_rise(text: str, letters_per_s: float, start_s: float) -> None:
    """From where the voice begins, whatever the text."""
    words = first_guess(text, letters_per_s=letters_per_s, start_s=start_s)

    check(text, words, float("inf"))
    assert all(word.start_s >= start_s for word in words)


@given(TEXTS, LENGTHS)
def test_aligned_times_rise_within_the_sound(text: str, lengths: list[float]) -> None:
    """Whatever the text, and wherever there is voice."""
    spans, duration_s = placed(lengths)

    check(text, aligned(text, spans, duration_s), duration_s)


@given(TEXTS, LENGTHS)
def test_leading_and_trailing_silence_carry_no_word(text: str, lengths: list[float]) -> None:
    """The first word begins with the voice, and the last one ends with it."""
    spans, duration_s = placed([*lengths, 0.5, 0.5])
    words = aligned(text, spans, duration_s)

    assert not words or [words[0].start_s, words[-1].end_s] == pytest.approx([spans[0][0], spans[-1][1]])


@given(TEXTS, LENGTHS, st.floats(0.0, 5.0))
def test_voice_beyond_the_end_of_the_sound_is_passed_over(text: str, lengths: list[float], duration_s: float) -> None:
    """The length of the sound is what counts."""
    spans, _ = placed(lengths)

    check(text, aligned(text, spans, duration_s), duration_s)


def test_words_share_the_time_by_how_long_they_take_to_say() -> None:
    """A number as long as it is read, though it has fewer letters."""
    number, word = aligned("2026 extraordinary", [(0.0, 3.0)], 3.0)

    assert number.end_s - number.start_s > word.end_s - word.start_s


def test_a_pause_falls_at_the_comma() -> None:
    """Even where the letters would have it elsewhere."""
    words = aligned("well then, Christopher came here", [(0.1, 1.1), (1.4, 2.4)], 2.5)

    assert (1.1, 1.4) == (words[1].end_s, words[2].start_s)


def test_pauses_fall_at_their_commas_though_a_number_takes_unexpectedly_long() -> None:
    """One error does not push all that follows out of its place."""
    words = aligned("Take 77, then rest, then sleep.", [(0.0, 1.9), (2.1, 2.6), (2.8, 3.4)], 3.5)

    assert [2.1, 2.8] == [words[2].start_s, words[4].start_s]


def test_a_pause_where_the_text_has_none_falls_between_words() -> None:
    """A voice that takes a breath does so between two words."""
    words = aligned("a visitor who has just called us again", [(0.0, 1.0), (1.5, 2.4)], 2.5)

    assert 1.0 in [word.end_s for word in words]
    assert 1.5 in [word.start_s for word in words]


def test_a_short_silence_within_a_long_word_is_no_pause() -> None:
    """Nothing but the word is there to be paused in."""
    words = aligned("internationalization, yes", [(0.0, 0.7), (0.78, 1.6), (1.9, 2.3)], 2.4)

    assert [(0.0, 1.6), (1.9, 2.3)] == [(word.start_s, word.end_s) for word in words]


def test_a_missing_pause_leaves_the_others_in_their_places() -> None:
    """Voices pass many a comma over."""
    words = aligned("Well, yes, tomorrow afternoon, then you can come", [(0.0, 2.0), (2.3, 3.2)], 3.3)

    assert 2.3 == words[4].start_s


def test_a_dash_takes_no_time() -> None:
    """It is the pause beside it."""
    words = aligned("wait – now", [(0.0, 0.5), (0.9, 1.3)], 1.4)

    assert (0.5, 0.5, 0.9) == (words[0].end_s, words[1].end_s, words[2].start_s)


def test_without_any_voice_the_words_share_the_sound() -> None:
    """They are all there, and none ends after it."""
    words = aligned("quite silent", [], 2.0)

    assert [words[0].start_s, words[1].end_s] == pytest.approx([0.0, 2.0])


def test_one_word_is_all_of_the_voice() -> None:
    """As a part of Chinese is."""
    assert (Word("你好，我可以帮你什么忙吗？", 0.2, 2.0),) == aligned(
        "你好，我可以帮你什么忙吗？", [(0.2, 1.0), (1.2, 2.0)], 2.5
    )


def test_the_pace_of_a_voice_is_learned() -> None:
    """After some parts it is that of the voice, whatever was taken for granted before."""
    pace = Pace()
    text = "some words that are spoken rather quickly"
    letters = sum(map(letters_said, text.split()))
    for _ in range(40):
        pace.learn(text, [(0.0, letters / 40), (1.5, 1.5 + letters / 40)])

    assert pytest.approx(20.0, rel=0.02) == pace.letters_per_s


@pytest.mark.parametrize(("text", "spans"), [("", [(0.0, 1.0)]), ("–", [(0.0, 1.0)]), ("words", [])])
def test_nothing_is_learned_from_nothing(text: str, spans: list[tuple[float, float]]) -> None:
    """A sound without words tells no pace, nor do words without a sound."""
    pace = Pace()
    pace.learn(text, spans)

    assert LETTERS_PER_S == pace.letters_per_s


@pytest.fixture(scope="module")
def errors_s() -> dict[str, list[float]]:
    """How far each method is from what espeak-ng says, word by word."""

    async def heard() -> dict[str, list[float]]:
        engine = open_engine({})
        try:
            return dict(errors(await speak(engine, ENGLISH, VoiceStyle())))
        finally:
            await engine.close()

    return asyncio.run(heard())


def test_aligned_words_start_when_they_are_spoken(errors_s: dict[str, list[float]]) -> None:
    """Half of them within 55 ms, nine of ten within 160 ms: sharing by letters is twice as far off."""
    assert median(errors_s["aligned"]) < 0.055
    assert quantiles(errors_s["aligned"], n=10)[-1] < 0.160
    assert median(errors_s["shared letters"]) > 0.110


def test_guessed_words_start_about_when_they_are_spoken(errors_s: dict[str, list[float]]) -> None:
    """Half of them within 90 ms, before the length of the sound is known: letters alone are twice as far off."""
    assert median(errors_s["first guess"]) < 0.090
    assert median(errors_s["letters"]) > 0.180
