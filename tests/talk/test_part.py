"""One part of a reply: its words, told or guessed, and what of them is heard."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.audio.pcm import Pcm
from vivavoce.speech import Word
from vivavoce.talk.part import Caption, Part
from vivavoce.talk.word_times import Pace

HZ = 1000
TEXT = "one two three four"


def part(text: str = TEXT, *, start: int = 0, first_word: int = 0) -> Part:
    """A part whose first sound is about to come."""
    begun = Part(text, HZ, Pace())
    begun.begin(start, first_word)
    return begun


def sound(duration_s: float, level: int = 3000) -> Pcm:
    """Voice, or, at level 0, silence."""
    return Pcm(np.resize(np.array([level, -level], np.int16), round(duration_s * HZ)), HZ)


def words(text: str = TEXT, *, start_s: float = 0.0) -> tuple[Word, ...]:
    """Words of half a second each."""
    return tuple(
        Word(word, start_s + number * 0.5, start_s + number * 0.5 + 0.5) for number, word in enumerate(text.split())
    )


def test_a_part_that_has_no_sound_is_unheard() -> None:
    """Rule: all of its text."""
    assert [TEXT] == Part(TEXT, HZ, Pace()).unheard(99.0)


def test_told_words_are_captioned_as_they_are() -> None:
    """Rule: their times count from the start of the reply, and their numbers go on from the parts before."""
    spoken = part("one two", start=3000, first_word=7)

    assert Caption(7, words("one two", start_s=3.0)) == spoken.add(sound(1.0), words("one two"))
    assert spoken.finish() is None


def test_words_that_come_with_their_sound_follow_each_other() -> None:
    """Rule: each word once, with its number."""
    spoken = part()

    assert Caption(0, words("one two")) == spoken.add(sound(1.0), words("one two"))
    assert spoken.add(sound(0.2), ()) is None
    assert Caption(2, words("three", start_s=1.0)) == spoken.add(sound(0.3), words("three", start_s=1.0))
    assert words("one two three") == spoken.words


def test_a_guess_is_made_with_the_first_sound_and_corrected_with_the_last() -> None:
    """Rule: both replace the part from its first word on; the second one lies within the sound."""
    spoken = part(start=500, first_word=3)
    guess = spoken.add(sound(1.0), ())
    assert guess is not None
    assert spoken.add(sound(1.0), ()) is None
    corrected = spoken.finish()
    assert corrected is not None

    assert (3, 3) == (guess.first, corrected.first)
    assert TEXT.split() == [word.text for word in guess.words] == [word.text for word in corrected.words]
    assert 0.5 <= corrected.words[0].start_s
    assert corrected.words[-1].end_s == pytest.approx(2.5, abs=0.02)
    assert corrected.words == spoken.words


def test_a_guess_begins_where_the_voice_begins() -> None:
    """Rule: a voice that takes breath first is not ahead of its words."""
    quiet, loud = part(), part()
    later = quiet.add(Pcm(np.concatenate((sound(0.5, 0).samples, sound(0.5).samples)), HZ), ())
    sooner = loud.add(sound(1.0), ())
    assert later is not None
    assert sooner is not None

    assert later.words[0].start_s - sooner.words[0].start_s == pytest.approx(0.5, abs=0.03)


def test_words_that_are_told_late_replace_what_was_guessed() -> None:
    """Rule: a voice that tells its words after its first sound is taken at its word, from the first one on."""
    spoken = part()
    spoken.add(sound(0.2), ())

    assert Caption(0, words()) == spoken.add(sound(1.8), words())
    assert spoken.finish() is None
    assert words() == spoken.words


def test_what_the_voice_has_not_told_yet_is_unheard() -> None:
    """Rule: as long as it speaks; once it is done, the words that it told are all."""
    spoken = part()
    spoken.add(sound(1.0), words("one two"))

    assert ["two", "three", "four"] == spoken.unheard(0.7)

    spoken.finish()
    assert ["two"] == spoken.unheard(0.7)


@pytest.mark.parametrize("told", [True, False])
def test_a_part_that_breaks_off_is_the_words_that_have_a_sound(told: bool) -> None:
    """Rule: text and words end together, before the sound does."""
    spoken = part("thirteen-long and the rest of it")
    spoken.add(sound(1.1), words("thirteen-long and the rest of it") if told else ())
    spoken.break_off(1.1)

    assert spoken.text == " ".join(word.text for word in spoken.words)
    assert "thirteen-long and" == spoken.text
    assert [] == spoken.unheard(1.1)


def test_a_part_that_broke_off_teaches_no_pace() -> None:
    """Rule: half a sound of a whole text says nothing of how fast the voice is."""
    pace = Pace()
    before = pace.letters_per_s
    spoken = Part("thirteen-long and the rest of it", HZ, pace)
    spoken.begin(0, 0)
    spoken.add(sound(1.1), ())
    spoken.break_off(1.1)
    spoken.finish()

    assert before == pace.letters_per_s


@settings(max_examples=100)
@given(
    text=st.lists(st.sampled_from(("a", "word", "Some,", "thing.", "long-winded", "12")), min_size=1, max_size=12),
    pieces=st.lists(st.integers(1, 2000), min_size=1, max_size=5),
    start=st.integers(0, 5000),
    told=st.booleans(),
)
def test_every_word_is_heard_or_unheard(text: list[str], pieces: list[int], start: int, told: bool) -> None:
    """Rule: once all sound is there, at every moment: in order, and nothing twice, guessed or told."""
    spoken = part(" ".join(text), start=start)
    duration_s = sum(pieces) / HZ
    share_s = duration_s / len(text)
    for number, piece in enumerate(pieces):
        given_words = [Word(word, at * share_s, (at + 1) * share_s) for at, word in enumerate(text)]
        spoken.add(sound(piece / HZ), tuple(given_words) if told and number == 0 else ())
    spoken.finish()
    for step in range(12):
        heard_s = start / HZ + duration_s * step / 10
        heard = [word.text for word in spoken.words if word.end_s <= heard_s + 1e-6]

        assert text == heard + spoken.unheard(heard_s)
    assert [] == spoken.unheard(start / HZ + duration_s)
