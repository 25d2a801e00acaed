"""Numbers out of an engine's settings."""

import pytest

from vivavoce.engines.settings import number
from vivavoce.errors import ConfigError


@pytest.mark.parametrize("settings", [{}, {"limit": ""}, {"limit": "  "}, {"other": "9"}])
def test_an_absent_setting_gives_the_default(settings: dict[str, str]) -> None:
    """Absent and empty are the same."""
    assert 1.5 == number(settings, "limit", 1.5, low=0, high=10)


@pytest.mark.parametrize(("text", "value"), [("2", 2.0), (" 0.25 ", 0.25), ("1e1", 10.0), ("0", 0.0)])
def test_a_number_within_the_bounds_is_taken(text: str, value: float) -> None:
    """The bounds themselves are allowed."""
    assert value == number({"limit": text}, "limit", 1.5, low=0, high=10)


@pytest.mark.parametrize("text", ["much", "-1", "10.1", "nan", "inf", "1,5"])
def test_anything_else_is_a_config_error_that_names_setting_and_bounds(text: str) -> None:
    """The operator reads what the setting takes."""
    with pytest.raises(ConfigError, match="limit takes a number from 0 to 10"):
        number({"limit": text}, "limit", 1.5, low=0, high=10)
