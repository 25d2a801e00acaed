"""What speech-to-text hears, and how its texts join."""

import pytest

from vivavoce.audio.pcm import Pcm, silence
from vivavoce.speech import Transcript
from vivavoce.talk.commands import Command, Feed, Listen, StopListening
from vivavoce.talk.dictation import Dictation
from vivavoce.talk.policy import WINDOW_S, Policy

WINDOW = silence(WINDOW_S, 16_000)


def window(number: int) -> Pcm:
    """A window that can be told from others."""
    return Pcm(WINDOW.samples + number, 16_000)


def numbers(commands: list[Command], utterance: int) -> list[int]:
    """Which windows an utterance is fed."""
    return [
        int(command.pcm.samples[0])
        for command in commands
        if isinstance(command, Feed) and command.utterance == utterance
    ]


def begun(policy: Policy | None = None) -> Dictation:
    """A turn that has begun, as utterance 1."""
    dictation = Dictation(policy or Policy())
    dictation.begin()
    return dictation


def test_an_utterance_begins_with_what_was_overheard() -> None:
    """Rule: the onset's own sound and the pre-roll, 0.5 s together; older sound is forgotten."""
    dictation = Dictation(Policy())
    for number in range(100):
        dictation.overhear(window(number))
    commands = dictation.begin()

    assert Listen(1) == commands[0]
    assert list(range(84, 100)) == numbers(commands, 1)


def test_what_was_overheard_is_fed_once() -> None:
    """Rule: the next utterance does not begin with the sound of this one."""
    dictation = Dictation(Policy())
    dictation.overhear(window(1))
    dictation.begin()
    dictation.clear()

    assert [Listen(2)] == dictation.begin()


def test_the_end_of_a_turn_keeps_what_was_overheard_since() -> None:
    """Rule: who begins to speak while the turn before is being settled does not lose his first word."""
    dictation = begun()
    dictation.pause()
    dictation.overhear(window(7))
    dictation.clear()

    assert [7] == numbers(dictation.begin(), 2)


def test_what_nobody_was_meant_to_hear_is_forgotten() -> None:
    """Rule: sound from before a deaf time does not join the sound after it."""
    dictation = Dictation(Policy())
    dictation.overhear(window(7))
    dictation.forget()

    assert [Listen(1)] == dictation.begin()


def test_a_pause_asks_for_the_final_text_once() -> None:
    """Rule: the second pause of the same silence asks for nothing."""
    dictation = begun()
    dictation.feed(window(1))

    assert [StopListening(1)] == dictation.pause()
    assert [] == dictation.pause()


def test_going_on_writes_the_turn_anew_with_its_pause() -> None:
    """Rule: the new utterance hears all of it; the old one's text counts no more."""
    dictation = begun()
    dictation.feed(window(1))
    dictation.pause()
    dictation.written(1, Transcript("I would", final=True))
    assert [] == dictation.feed(window(2))
    commands = dictation.resume()

    assert [StopListening(1, keep=False), Listen(2)] == commands[:2]
    assert [1, 2] == numbers(commands, 2)
    assert "" == dictation.text


def test_a_long_turn_is_continued() -> None:
    """Rule: beyond the limit the new utterance has only the pre-roll, and the old text stays in front."""
    dictation = begun(Policy(rewrite_up_to_s=10 * WINDOW_S, pre_roll_s=3 * WINDOW_S))
    for number in range(11):
        dictation.feed(window(number))
    dictation.pause()
    dictation.written(1, Transcript("a long story", final=True))
    commands = dictation.resume()
    dictation.written(2, Transcript("and its end", final=True))

    assert [8, 9, 10] == numbers(commands, 2)
    assert "a long story and its end" == dictation.text


def test_an_utterance_that_grows_too_long_is_followed_by_the_next() -> None:
    """Rule: the networks' limit; nothing is heard twice, nothing not at all."""
    dictation = begun(Policy(longest_utterance_s=5 * WINDOW_S))
    commands = [command for number in range(12) for command in dictation.feed(window(number))]

    assert [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11]] == [numbers(commands, utterance) for utterance in (1, 2, 3)]
    assert [StopListening(1), StopListening(2)] == [
        command for command in commands if isinstance(command, StopListening)
    ]


def test_a_turn_is_settled_when_all_of_it_is_final() -> None:
    """Rule: not while it takes sound, not while a text is missing."""
    dictation = begun()
    assert not dictation.settled
    dictation.pause()
    assert not dictation.settled
    dictation.written(1, Transcript("tea", final=False))
    assert not dictation.settled
    dictation.written(1, Transcript("tea please", final=True))

    assert dictation.settled
    assert "tea please" == dictation.text


@pytest.mark.parametrize("utterance", [0, 2, 99])
def test_a_text_that_nobody_waits_for_changes_nothing(utterance: int) -> None:
    """Rule: old and unknown numbers are ignored."""
    dictation = begun()

    assert not dictation.written(utterance, Transcript("late", final=True))
    assert not dictation.failed(utterance)
    assert "" == dictation.text


def test_a_final_text_is_final() -> None:
    """Rule: what comes after it, text or failure, changes nothing."""
    dictation = begun()
    dictation.pause()
    dictation.written(1, Transcript("tea", final=True))

    assert not dictation.written(1, Transcript("coffee", final=True))
    assert not dictation.failed(1)
    assert "tea" == dictation.text
    assert not dictation.lost


def test_only_a_changed_text_is_news() -> None:
    """Rule: the same partial again is not told again."""
    dictation = begun()

    assert dictation.written(1, Transcript("tea", final=False))
    assert not dictation.written(1, Transcript("tea", final=False))
    assert not dictation.written(1, Transcript("tea", final=True))


def test_a_failure_leaves_the_partial_text() -> None:
    """Rule: it has to do, and the turn knows that it may not be all."""
    dictation = begun()
    dictation.written(1, Transcript("I would", final=False))

    assert dictation.failed(1)
    assert dictation.settled
    assert dictation.lost
    assert "I would" == dictation.text


def test_a_failure_is_forgotten_with_its_turn() -> None:
    """Rule: the next turn has lost nothing yet."""
    dictation = begun()
    dictation.failed(1)
    dictation.clear()
    dictation.begin()

    assert not dictation.lost


def test_giving_up_closes_what_is_open() -> None:
    """Rule: engines whose text is not waited for are stopped; those that were done are not."""
    dictation = begun(Policy(longest_utterance_s=2 * WINDOW_S))
    dictation.feed(window(1))
    dictation.feed(window(2))
    dictation.written(1, Transcript("tea", final=True))

    assert [StopListening(2, keep=False)] == dictation.give_up_waiting()
    assert dictation.settled
    assert dictation.lost


def test_a_turn_that_was_taken_back_stands_in_front() -> None:
    """Rule: the turn goes on with what it had become, in the order in which it was said."""
    dictation = begun()
    dictation.take_back("I would like")
    dictation.written(1, Transcript("tea", final=True))

    assert "I would like tea" == dictation.text


def test_utterances_are_numbered_through_the_call() -> None:
    """Rule: numbers only rise, so that no late text meets a new utterance."""
    dictation = begun()
    dictation.clear()

    assert Listen(2) == dictation.begin()[0]
