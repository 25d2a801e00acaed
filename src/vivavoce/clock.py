"""The only file that reads a wall clock."""

import time
from datetime import UTC, datetime

__all__ = ["monotonic_s", "now", "unix_ms"]


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def unix_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def monotonic_s() -> float:
    """Seconds on a clock that never jumps; only differences mean something."""
    return time.monotonic()
