"""From espeak-ng's events to the words of the text."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from vivavoce.engines.espeak_words import Speech
from vivavoce.speech import Voice, Word

RATE_HZ = 1000


def sound(count: int) -> bytes:
    """So many samples, none of them zero."""
    return np.ones(count, "<i2").tobytes()


def spoken(text: str, events: list[tuple[int | None, int]], samples: int) -> list[Word]:
    """The words of a text with these events, all of which come with one piece of sound."""
    speech = Speech(text)
    speech.begin(RATE_HZ)
    for place, sample in events:
        if place is None:
            speech.clause_ended(sample)
        else:
            speech.word(place, sample)
    speech.sound(sound(samples))
    speech.end()
    voice = speech.take()
    return [] if voice is None else list(voice.words)


def test_each_word_starts_at_its_event_and_ends_at_the_next() -> None:
    """The last ends with the sound."""
    expected = [Word("one", 0.0, 0.3), Word("two", 0.3, 0.5), Word("three.", 0.5, 0.9)]

    assert expected == spoken("one two three.", [(0, 0), (4, 300), (8, 500)], 900)


def test_silence_before_the_first_word_belongs_to_no_word() -> None:
    """A word starts when it is heard."""
    assert [Word("one", 0.1, 0.4)] == spoken("one", [(0, 100)], 400)


def test_a_word_ends_with_its_clause_and_not_after_the_pause() -> None:
    """The pause between clauses is nobody's."""
    expected = [Word("One,", 0.0, 0.3), Word("two.", 0.5, 0.8)]

    assert expected == spoken("One, two.", [(0, 0), (None, 300), (5, 500), (None, 800)], 900)


def test_several_events_in_one_word_make_one_word() -> None:
    """espeak-ng says "ten" and "thirty", the reader sees 10:30."""
    expected = [Word("10:30", 0.0, 0.7), Word("now", 0.7, 1.0)]

    assert expected == spoken("10:30 now", [(0, 0), (3, 300), (6, 700)], 1000)


def test_a_word_that_goes_on_after_the_end_of_a_clause_does_not_end_with_it() -> None:
    """espeak-ng takes some dots within a word for the end of a sentence."""
    expected = [Word("a.B", 0.0, 0.8), Word("c", 0.8, 1.0)]

    assert expected == spoken("a.B c", [(0, 0), (None, 300), (2, 400), (4, 800)], 1000)


def test_words_without_an_event_share_the_time_by_their_letters() -> None:
    """Numbers are merged into one event."""
    expected = [Word("1", 0.0, 0.1), Word("000", 0.1, 0.4), Word("km", 0.4, 0.6)]

    assert expected == spoken("1 000 km", [(0, 0), (6, 400)], 600)


def test_a_sign_without_an_event_takes_no_time() -> None:
    """A dash between words is there, but it is not heard."""
    expected = [Word("so", 0.0, 0.4), Word("\u2014", 0.4, 0.4), Word("yes", 0.4, 0.9)]

    assert expected == spoken("so \u2014 yes", [(0, 0), (5, 400)], 900)


def test_times_count_from_the_start_of_the_whole_text() -> None:
    """A later part of a text starts later."""
    speech = Speech("on", start_s=12.5)
    speech.begin(RATE_HZ)
    speech.word(0, 0)
    speech.sound(sound(200))
    speech.end()
    voice = speech.take()

    assert voice is not None
    assert (Word("on", 12.5, 12.7),) == voice.words
    assert 0.2 == speech.duration_s


def test_sound_is_let_go_up_to_the_word_whose_end_is_unknown() -> None:
    """A word comes with or before its first sound, and with the right end."""
    speech = Speech("one two")
    speech.begin(RATE_HZ)
    speech.word(0, 0)
    speech.sound(sound(200))

    assert speech.take() is None

    speech.word(4, 250)
    speech.sound(sound(200))
    first = speech.take()

    assert first is not None
    assert 0.25 == first.pcm.duration_s
    assert (Word("one", 0.0, 0.25),) == first.words
    assert speech.take() is None

    speech.end()
    last = speech.take()

    assert last is not None
    assert 0.15 == last.pcm.duration_s
    assert (Word("two", 0.25, 0.4),) == last.words


def test_speech_that_begins_again_goes_on_where_it_was() -> None:
    """After a crash nothing is heard twice, and no word is told twice."""
    speech = Speech("one two")
    for _ in range(2):
        speech.begin(RATE_HZ)
        speech.word(0, 0)
        speech.word(4, 250)
        speech.sound(np.arange(400, dtype="<i2").tobytes())
        if (voice := speech.take()) is not None:
            first = voice
    speech.end()
    last = speech.take()

    assert last is not None
    assert list(range(400)) == [*first.pcm.samples.tolist(), *last.pcm.samples.tolist()]
    assert ["one", "two"] == [word.text for voice in (first, last) for word in voice.words]


def test_a_shorter_second_attempt_still_tells_all_words_in_order() -> None:
    """espeak-ng never takes exactly as long twice."""
    speech = Speech("one two three")
    speech.begin(RATE_HZ)
    for place, sample in ((0, 0), (4, 250), (8, 399)):
        speech.word(place, sample)
    speech.sound(sound(400))
    first = speech.take()
    speech.begin(RATE_HZ)
    for place, sample in ((0, 0), (4, 240), (8, 380)):
        speech.word(place, sample)
    speech.sound(sound(390))
    speech.end()
    last = speech.take()

    assert first is not None
    assert last is not None
    assert ["one", "two", "three"] == [word.text for voice in (first, last) for word in voice.words]
    assert first.words[-1].end_s <= last.words[0].start_s <= last.words[0].end_s <= speech.duration_s


def test_no_sound_means_no_words() -> None:
    """A text that makes no sound at all yields nothing."""
    assert [] == spoken("...", [], 0)


def test_its_samples_may_be_changed() -> None:
    """Mixers work in place."""
    speech = Speech("on")
    speech.begin(RATE_HZ)
    speech.sound(sound(3))
    speech.end()
    voice = speech.take()

    assert voice is not None
    voice.pcm.samples[0] = 7


EVENTS = st.lists(st.tuples(st.none() | st.integers(0, 60), st.integers(0, 400)), max_size=12)


@given(st.text(max_size=50), st.lists(st.tuples(EVENTS, st.integers(0, 150)), max_size=6))
@example("0", [([], 1), ([(None, 0), (0, 1)], 0)])
@example("a b", [([(2, 5), (0, 3), (None, 0), (9, 400)], 10)])
def test_whatever_the_events_every_word_is_there_in_order_and_within_the_sound(
    text: str, callbacks: list[tuple[list[tuple[int | None, int]], int]]
) -> None:
    """Events may be missing, doubled, out of order or beyond the end; the words are those of the text all the same."""
    speech = Speech(text)
    speech.begin(RATE_HZ)
    voices: list[Voice] = []
    for events, count in callbacks:
        for place, sample in events:
            if place is None:
                speech.clause_ended(sample)
            else:
                speech.word(place, sample)
        speech.sound(sound(count))
        if (voice := speech.take()) is not None:
            voices.append(voice)
    speech.end()
    if (voice := speech.take()) is not None:
        voices.append(voice)

    total = sum(count for _, count in callbacks)
    words = [word for voice in voices for word in voice.words]
    at_s = 0.0
    for voice in voices:
        assert all(word.start_s >= at_s - 1e-9 for word in voice.words)
        at_s += voice.pcm.duration_s

    assert total == sum(len(voice.pcm.samples) for voice in voices)
    assert (text.split() if total else []) == [word.text for word in words]
    times = [time for word in words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert all(0 <= time <= total / RATE_HZ + 1e-9 for time in times)
