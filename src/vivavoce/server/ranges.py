"""
Parts of files: what ``Range: bytes=…`` asks for.

Source: RFC 9110, section 14. One range is served; a request for several gets the whole file, as the RFC allows.
"""

import re

__all__ = ["Unsatisfiable", "byte_range"]

_ONE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE)
# No file is longer; numbers beyond it are not worth reading.
_MOST_DIGITS = 18


class Unsatisfiable(ValueError):
    """The range begins behind the end of the file."""


def byte_range(header: str | None, size_bytes: int) -> tuple[int, int] | None:
    """
    The first byte of a range and the byte behind its last one; None where the whole file is wanted.

    Args:
        header: The value of the header, if there is one.
        size_bytes: The length of the file.

    Raises:
        Unsatisfiable: Answer with 416.
    """
    match = _ONE_RANGE.fullmatch(header) if header else None
    if match is None or max(map(len, match.groups())) > _MOST_DIGITS:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        # The last so many bytes.
        length = int(last)
        if length == 0 or size_bytes == 0:
            raise Unsatisfiable
        return max(0, size_bytes - length), size_bytes
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size_bytes:
        raise Unsatisfiable
    return start, min(int(last) + 1 if last else size_bytes, size_bytes)
