"""
Finds an engine or a dialect by its name among the entry points.

Our own parts use the same door as strangers': any installed package may offer an engine in its ``pyproject.toml``:

    [project.entry-points."vivavoce.tts"]
    my-voice = "my_package.my_voice:open_engine"
"""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from vivavoce.errors import ConfigError

__all__ = ["KINDS", "find", "names"]

# What can be plugged in; the group of entry points is "vivavoce." and the kind.
KINDS = ("vad", "stt", "llm", "tts", "dialect")


def names(kind: str) -> list[str]:
    """The names that are installed for a kind, in alphabetical order."""
    return sorted({entry.name for entry in _group(kind)})


def find(kind: str, name: str) -> Any:  # what an entry point holds is the plug-in's own business
    """
    What the entry point of this name holds: for an engine, the function ``open(settings)``.

    Raises:
        ConfigError: Nothing of this name is installed, two packages claim it, or it cannot be imported.
    """
    found = {entry.value: entry for entry in _group(kind) if entry.name == name}
    if not found:
        raise ConfigError(f'there is no {kind} named "{name}"; installed are: {", ".join(names(kind)) or "none"}')
    if len(found) > 1:
        raise ConfigError(f'two packages offer a {kind} named "{name}" ({", ".join(sorted(found))}): uninstall one')
    ((value, entry),) = found.items()
    try:
        return entry.load()
    except Exception as error:
        # A stranger's module may fail in any way while it is imported.
        raise ConfigError(f'the {kind} "{name}" cannot be loaded from {value}: {error}') from error


def _group(kind: str) -> list[EntryPoint]:
    if kind not in KINDS:
        raise ConfigError(f'"{kind}" cannot be plugged in; the kinds are: {", ".join(KINDS)}')
    return list(entry_points(group=f"vivavoce.{kind}"))
