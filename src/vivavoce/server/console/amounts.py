"""Amounts as people read them: waiting times, sizes, long times."""

__all__ = ["size", "uptime", "wait"]

_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_STEP = 1000


def wait(seconds: float | None) -> str:
    """A waiting time such as ``0.3 ms``, ``640 ms`` or ``1.2 s``; a dash for none."""
    if seconds is None:
        return "–"
    if seconds < 0.0095:
        return f"{1000 * seconds:.1f} ms"
    return f"{1000 * seconds:.0f} ms" if seconds < 0.9995 else f"{seconds:.1f} s"


def size(count: float) -> str:
    """A number of bytes such as ``4.2 GB``."""
    for unit in _UNITS[:-1]:
        if count < _STEP:
            return f"{count:.0f} {unit}" if unit == _UNITS[0] or count >= 100 else f"{count:.1f} {unit}"
        count /= _STEP
    return f"{count:.1f} {_UNITS[-1]}"


def uptime(seconds: float) -> str:
    """How long something runs, in its largest unit and the next, such as ``3 days 4 hours``."""
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86_400)
    if days:
        return f"{_some(days, 'day')} {_some(hours % 24, 'hour')}"
    if hours:
        return f"{_some(hours, 'hour')} {_some(minutes % 60, 'minute')}"
    return _some(minutes, "minute") if minutes else "less than a minute"


def _some(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else f'{noun}s'}"
