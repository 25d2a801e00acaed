"""Moonshine's vocabulary."""

import pytest

from vivavoce.engines.moonshine_tokens import read_tokens, text_of

TOKENS = [b"<unk>", b"<s>", b"</s>", b"\xe2\x96\x81Hello", b",", b"\xe2\x96\x81w", b"orld", b"<0xC3>", b"<0xA9>", b""]


def test_tokens_are_read_in_the_order_of_their_numbers() -> None:
    """Each is its length and its bytes; an empty token has a number, too."""
    assert [b"a", b"", b"bc"] == read_tokens(b"\x01a\x00\x02bc")


def test_a_long_token_has_a_length_of_two_bytes() -> None:
    """The first byte less 128 plus 128 times the second."""
    token = b"x" * 300

    assert [token, b"y"] == read_tokens(bytes([128 + 300 % 128, 300 // 128]) + token + b"\x01y")


@pytest.mark.parametrize("data", [b"\x03ab", b"\x80", b"\x81\x01ab"])
def test_a_vocabulary_that_ends_too_soon_is_an_error(data: bytes) -> None:
    """A damaged file is not taken for a shorter one."""
    with pytest.raises(ValueError, match="ends within"):
        read_tokens(data)


def test_tokens_become_text_with_spaces_between_words() -> None:
    """The sign for a space becomes one, and there is none at the ends."""
    assert "Hello, world" == text_of([3, 4, 5, 6], TOKENS)


def test_bytes_are_joined_before_they_become_letters() -> None:
    """A letter may be spread over several tokens; half a letter is shown as unreadable."""
    assert "Hello\u00e9" == text_of([3, 7, 8], TOKENS)
    assert "Hello\ufffd" == text_of([3, 7], TOKENS)


def test_marks_and_unknown_numbers_are_no_text() -> None:
    """Start, end and numbers beyond the vocabulary are left out."""
    assert "Hello" == text_of([1, 3, 2, 99, 9], TOKENS)
