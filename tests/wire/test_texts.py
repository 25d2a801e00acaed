"""Texts from outside."""

import pytest

from vivavoce.wire.texts import is_longer, storable


@pytest.mark.parametrize(
    ("text", "longer"),
    [("", False), ("a" * 12, False), ("a" * 13, True), ("€" * 4, False), ("€" * 5, True), ("🎈" * 3, False)],
)
def test_length_is_counted_in_bytes_of_utf_8(text: str, longer: bool) -> None:
    """Not in characters, of which some take four."""
    assert longer == is_longer(text, 12)


def test_zero_characters_are_dropped_and_nothing_else() -> None:
    """They could not be stored."""
    assert "a\tb\n" == storable("\0a\t\0b\n")
