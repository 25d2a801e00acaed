"""Numbers out of an engine's settings, which the configuration gives as text."""

import math

from vivavoce.engines.engine import EngineSettings
from vivavoce.errors import ConfigError

__all__ = ["number"]


def number(settings: EngineSettings, name: str, default: float, *, low: float, high: float) -> float:
    """
    The number that a setting gives, or the default where it is absent or empty.

    Raises:
        ConfigError: The setting is no number between ``low`` and ``high``.
    """
    text = settings.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise ConfigError(f'engine setting {name} takes a number from {low:g} to {high:g}, not "{text}"')
    return value
