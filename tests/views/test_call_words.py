"""The words of the agent stand at their moments in the recording."""

from typing import Literal

from vivavoce.speech import Word
from vivavoce.talk.facts import AgentSaid, Captioned
from vivavoce.views.call_words import ReplyWords, spread

WORDS = (Word("We", 0.0, 0.2), Word("open", 0.2, 0.6), Word("at", 0.8, 0.9), Word("nine", 0.9, 1.3))


def placed(*facts: Captioned | AgentSaid | Literal["pause", "go on"]) -> list[tuple[str, float]]:
    """The words of a reply that began after one second, with when each begins."""
    reply = ReplyWords()
    for fact in facts:
        match fact:
            case Captioned():
                reply.caption(fact)
            case AgentSaid():
                reply.hear(fact)
            case "pause":
                reply.pause()
            case "go on":
                reply.go_on()
    return [(word.text, round(word.start_s, 6)) for word in reply.placed(1.0, None)]


def heard(at: float, count: int, *, words: tuple[Word, ...] = WORDS, final: bool = False) -> AgentSaid:
    return AgentSaid(at, 1, " ".join(word.text for word in words[:count]), final)


def test_captions_with_a_number_replace_all_words_from_there_on() -> None:
    """Times that were guessed at first are corrected."""
    corrected = (Word("open", 0.3, 0.7), Word("at", 0.9, 1.0), Word("nine", 1.0, 1.4))

    assert [("We", 1.1), ("open", 1.4), ("at", 2.0), ("nine", 2.1)] == placed(
        Captioned(1.0, 1, WORDS, 0), Captioned(1.2, 1, corrected, 1), heard(2.5, 4, final=True)
    )


def test_captions_without_a_number_follow_those_before() -> None:
    """Records of earlier versions have none."""
    assert [("We", 1.1), ("open", 1.3), ("at", 1.9), ("nine", 2.0)] == placed(
        Captioned(1.0, 1, WORDS[:2]), Captioned(1.2, 1, WORDS[2:]), heard(2.5, 4, final=True)
    )


def test_words_behind_a_gap_in_the_sound_stand_behind_it() -> None:
    """A third of a second is a gap in the recording, too."""
    gap_s = 0.35

    assert [("We", 1.1), ("open", 1.3), ("at", 2.25), ("nine", 2.35)] == placed(
        Captioned(1.0, 1, WORDS, 0),
        heard(1.3, 1),
        heard(1.7, 2),
        heard(2.0 + gap_s, 3),
        heard(2.4 + gap_s, 4),
        heard(2.4 + gap_s, 4, final=True),
    )


def test_the_word_in_which_a_voice_was_held_begins_before_the_pause() -> None:
    """Its beginning had been heard; those behind it stand behind the pause."""
    held_s = 0.35

    assert [("We", 1.1), ("open", 1.3), ("at", 1.9), ("nine", 2.35)] == placed(
        Captioned(1.0, 1, WORDS, 0),
        heard(1.3, 1),
        heard(1.7, 2),
        "pause",
        "go on",
        heard(2.0 + held_s, 3),
        heard(2.4 + held_s, 4),
        heard(2.4 + held_s, 4, final=True),
    )


def test_a_client_that_is_gone_plays_out_what_it_has() -> None:
    """Words that were heard meanwhile stand before the pause, and the first that was not begins there."""
    away_s = 2.0

    assert [("We", 1.1), ("open", 1.3), ("at", 1.9), ("nine", 4.0)] == placed(
        Captioned(1.0, 1, WORDS, 0),
        heard(1.3, 1),
        "pause",
        heard(1.7, 2),
        "go on",
        heard(2.0 + away_s, 3),
        heard(2.4 + away_s, 4),
        heard(2.4 + away_s, 4, final=True),
    )


def test_a_word_that_was_told_late_moves_nothing() -> None:
    """The server was busy for a moment; the sound had no gap."""
    assert [("We", 1.1), ("open", 1.3), ("at", 1.9), ("nine", 2.0)] == placed(
        Captioned(1.0, 1, WORDS, 0),
        heard(1.3, 1),
        heard(1.7 + 0.2, 2),
        heard(2.0, 3),
        heard(2.4, 4),
        heard(2.4, 4, final=True),
    )


def test_a_correction_that_comes_after_a_word_was_heard_makes_no_gap() -> None:
    """It was taken for heard by the times that were known then, and the sound had no gap."""
    guessed = (Word("We", 0.0, 0.5), Word("open", 0.5, 1.0), Word("at", 1.0, 1.3), Word("nine", 1.3, 1.6))

    assert [("We", 1.1), ("open", 1.3), ("at", 1.9), ("nine", 2.0)] == placed(
        Captioned(1.0, 1, guessed, 0),
        heard(1.6, 1),
        Captioned(1.7, 1, WORDS, 0),
        heard(1.7, 2),
        heard(2.0, 3),
        heard(2.4, 4),
        heard(2.4, 4, final=True),
    )


def test_a_word_of_a_voice_may_be_several() -> None:
    """They share its time by their letters; nothing but space is no word."""
    assert [("We", 1.1), ("open", 1.4), ("at", 1.9)] == placed(
        Captioned(1.0, 1, (Word("We open", 0.0, 0.8), Word(" ", 0.8, 0.8), Word("at", 0.8, 0.9)), 0),
        AgentSaid(2.0, 1, "We open at", True),
    )


def test_what_was_not_heard_is_known_at_the_end_of_the_turn_only() -> None:
    """Until then it may still be heard."""
    reply = ReplyWords()
    reply.caption(Captioned(1.0, 1, WORDS, 0))
    reply.hear(heard(1.7, 2))

    assert "" == reply.unheard
    reply.hear(heard(1.9, 2, final=True))
    assert "at nine" == reply.unheard


def test_words_are_spread_over_no_time_at_all_where_there_is_none() -> None:
    """Typed words were not spoken."""
    assert [] == list(spread(["hello"], []))
