"""What a Range header asks for (RFC 9110, section 14)."""

import pytest

from vivavoce.server.ranges import Unsatisfiable, byte_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-0", (0, 1)),
        ("bytes=2-5", (2, 6)),
        ("bytes=2-", (2, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        ("bytes=5-99", (5, 10)),
        ("Bytes = 1 - 2", (1, 3)),
        # Not understood, or nonsense: the whole file.
        ("bytes=5-2", None),
        ("bytes=0-1,3-4", None),
        ("bytes=-", None),
        ("lines=1-2", None),
        ("bytes=0-" + "9" * 50, None),
    ],
)
def test_a_range_is_half_open_and_within_the_file(header: str | None, expected: tuple[int, int] | None) -> None:
    """Of ten bytes."""
    assert expected == byte_range(header, 10)


@pytest.mark.parametrize(
    ("header", "size_bytes"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=-1", 0)]
)
def test_a_range_behind_the_end_cannot_be_served(header: str, size_bytes: int) -> None:
    """The answer is 416."""
    with pytest.raises(Unsatisfiable):
        byte_range(header, size_bytes)
