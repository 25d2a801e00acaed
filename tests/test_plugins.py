"""Engines and dialects are found by name among the entry points of installed packages."""

from importlib.metadata import EntryPoint

import pytest

from vivavoce import plugins
from vivavoce.engines.knowledge import Knowledge
from vivavoce.errors import ConfigError


def test_our_own_engines_come_through_the_same_door() -> None:
    """What ``pyproject.toml`` declares is what is found."""
    assert {"moonshine", "openai", "scripted", "sphinx"} <= set(plugins.names("stt"))
    assert {"knowledge", "openai", "scripted"} <= set(plugins.names("llm"))
    assert {"espeak", "openai", "scripted"} <= set(plugins.names("tts"))
    assert "silero" in plugins.names("vad")


@pytest.mark.parametrize("kind", plugins.KINDS)
def test_everything_that_is_declared_can_be_loaded(kind: str) -> None:
    """No entry point leads nowhere."""
    loaded = [plugins.find(kind, name) for name in plugins.names(kind)]

    assert loaded
    assert all(callable(one) or kind == "dialect" for one in loaded)


def test_an_engine_is_made_by_its_entry_point() -> None:
    """``find`` gives the function that opens the engine with its settings."""
    engine = plugins.find("llm", "knowledge")({})

    assert isinstance(engine, Knowledge)


def test_an_unknown_name_is_answered_with_those_that_exist() -> None:
    """The reader sees at once what could have been meant."""
    with pytest.raises(ConfigError, match=r'no llm named "clever"; installed are: .*knowledge'):
        plugins.find("llm", "clever")


def test_an_unknown_kind_is_answered_with_those_that_exist() -> None:
    """A slip in a plug-in's own code is named as well."""
    with pytest.raises(ConfigError, match='"asr" cannot be plugged in; the kinds are: vad, stt'):
        plugins.names("asr")


def _install(monkeypatch: pytest.MonkeyPatch, *entries: EntryPoint) -> None:
    monkeypatch.setattr(plugins, "entry_points", lambda group: [entry for entry in entries if entry.group == group])


def test_two_packages_with_one_name_are_not_guessed_between(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of them answered would depend on the order of installation."""
    _install(
        monkeypatch,
        EntryPoint("own", "one.engine:open", "vivavoce.tts"),
        EntryPoint("own", "other.engine:open", "vivavoce.tts"),
    )

    with pytest.raises(ConfigError, match=r"two packages offer .*one\.engine:open, other\.engine:open"):
        plugins.find("tts", "own")


@pytest.mark.parametrize("value", ["no_such_package:open", "vivavoce.errors:no_such_function"])
def test_a_plug_in_that_cannot_be_loaded_says_from_where(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A missing package or function is named, with the place that it was looked for in."""
    _install(monkeypatch, EntryPoint("own", value, "vivavoce.tts"))

    with pytest.raises(ConfigError, match=f'the tts "own" cannot be loaded from {value}: .*no_such'):
        plugins.find("tts", "own")
