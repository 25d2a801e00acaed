"""What is kept until the server has it."""

import pytest

from vivavoce.client.unacknowledged import Unacknowledged


def all_unsent(kept: Unacknowledged) -> list[int]:
    """Send everything that is to be sent; returns its numbers."""
    numbers = []
    while (message := kept.next) is not None:
        numbers.append(message.seq)
        kept.sent()
    return numbers


def filled(count: int) -> Unacknowledged:
    kept = Unacknowledged()
    for number in range(count):
        kept.add(b"%d" % number)
    return kept


def test_messages_are_sent_in_order_and_once() -> None:
    """On one socket."""
    kept = filled(3)

    assert ([1, 2, 3], []) == (all_unsent(kept), all_unsent(kept))


def test_a_new_socket_gets_all_that_was_not_acknowledged() -> None:
    """What was sent and what was not, in order."""
    kept = filled(4)
    kept.sent()
    kept.sent()
    kept.acknowledged(1)
    kept.rewind()

    assert [2, 3, 4] == all_unsent(kept)


def test_what_the_server_has_is_not_kept() -> None:
    """Also where it has more than was known to be sent."""
    kept = filled(4)
    kept.sent()
    kept.acknowledged(3)

    assert (1, [4], 4) == (len(kept), all_unsent(kept), kept.newest)


def test_of_sound_a_minute_is_kept() -> None:
    """The oldest goes, whether it was sent or not; words stay."""
    kept = Unacknowledged()
    kept.add(b"words")
    for _ in range(62):
        kept.add(b"sound", audio_s=1.0)

    assert [1, *range(4, 64)] == all_unsent(kept)


def test_too_many_words_are_an_error() -> None:
    """Whoever says so much to nobody is stopped."""
    kept = filled(1000)
    with pytest.raises(ConnectionError, match="too many messages wait"):
        kept.add(b"one more")
