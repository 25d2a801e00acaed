"""The configuration is read once, checked, and complains in sentences."""

from pathlib import Path

import pytest

from vivavoce.config import Config, load_config
from vivavoce.errors import ConfigError


def test_without_any_setting_there_are_defaults(tmp_path: Path) -> None:
    """One process on this machine, with SQLite in the data folder."""
    config = load_config({}, folder=tmp_path)

    assert Config() == config
    assert "sqlite:///data/vivavoce.sqlite3" == config.database_url
    assert Path("data/recordings") == config.recordings


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """A container's settings override the file that came with it."""
    (tmp_path / "vivavoce.toml").write_text(
        'port = 1\nrecord = false\ndata = "there"\n[engines.openai]\nmodel = "file"\nretries = 3\nfast = true\n'
    )
    config = load_config(
        {"VIVAVOCE_PORT": "2", "VIVAVOCE_ENGINE_OPENAI_MODEL": "environment", "VIVAVOCE_ENGINE_OPENAI_BASE_URL": "x"},
        folder=tmp_path,
    )

    assert (2, False, Path("there")) == (config.port, config.record, config.data)
    assert {
        "model": "environment",
        "retries": "3",
        "fast": "true",
        "base_url": "x",
    } == config.engine_settings("openai")
    assert {} == config.engine_settings("other")


def test_another_file_may_be_named(tmp_path: Path) -> None:
    """VIVAVOCE_CONFIG names a file, which must then be there."""
    other = tmp_path / "other.toml"
    other.write_text("drain_s = 1.5\n")

    assert 1.5 == load_config({"VIVAVOCE_CONFIG": str(other)}).drain_s
    with pytest.raises(ConfigError, match=r"none\.toml cannot be read"):
        load_config({"VIVAVOCE_CONFIG": str(tmp_path / "none.toml")})


def test_proxies_are_addresses_and_networks(tmp_path: Path) -> None:
    """One of IPv4 may also come by a socket of IPv6."""
    given = {"VIVAVOCE_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8,2001:db8::/32"}

    assert [] == Config().proxies
    assert [
        "127.0.0.1/32",
        "10.0.0.0/8",
        "2001:db8::/32",
        "::ffff:127.0.0.1/128",
        "::ffff:10.0.0.0/104",
    ] == load_config(given, folder=tmp_path).proxies


@pytest.mark.parametrize("text", ["on", "ON", "yes", "true", "1"])
def test_switches_know_several_words(text: str, tmp_path: Path) -> None:
    """People write switches in many ways."""
    assert load_config({"VIVAVOCE_RECORD": text}, folder=tmp_path).record
    assert not load_config({"VIVAVOCE_RECORD": "off"}, folder=tmp_path).record


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    """Compose files pass on variables that are not set as empty ones."""
    assert 8600 == load_config({"VIVAVOCE_PORT": ""}, folder=tmp_path).port


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("VIVAVOCE_PORT", "70000", "VIVAVOCE_PORT cannot be '70000': it takes a port number from 0 (any free port)"),
        ("VIVAVOCE_PORT", "http", "VIVAVOCE_PORT cannot be 'http': it takes a port number"),
        ("VIVAVOCE_RECORD", "maybe", 'VIVAVOCE_RECORD cannot be \'maybe\': it takes "on" or "off"'),
        ("VIVAVOCE_TALK_PAGE", "yes", 'VIVAVOCE_TALK_PAGE cannot be \'yes\': it takes "local", "on" or "off"'),
        ("VIVAVOCE_DRAIN_S", "-1", "VIVAVOCE_DRAIN_S cannot be '-1': it takes seconds, 0 or more"),
        ("VIVAVOCE_PUBLIC_URL", "voice.example", "VIVAVOCE_PUBLIC_URL cannot be 'voice.example': it takes a URL"),
        ("VIVAVOCE_TRUSTED_PROXIES", "proxy", "it takes addresses or networks, such as 127.0.0.1 or 10.0.0.0/8, with"),
        ("VIVAVOCE_TRUSTED_PROXIES", "10.0.0.1/8", "VIVAVOCE_TRUSTED_PROXIES cannot be '10.0.0.1/8': it takes"),
        ("VIVAVOCE_SYNTHFLOW_ORIGINS", "shop.example", 'it takes "*" for all, or origins such as https://'),
        ("VIVAVOCE_SYNTHFLOW_ORIGINS", "https://a.example https://b.example", "with commas in between"),
        ("VIVAVOCE_LLM_MODEL", "x", "there is no setting VIVAVOCE_LLM_MODEL"),
        ("VIVAVOCE_PROT", "1", "there is no setting VIVAVOCE_PROT; did you mean VIVAVOCE_PORT?"),
        ("VIVAVOCE_ENGINE_OPENAI", "1", "VIVAVOCE_ENGINE_OPENAI is not complete; write VIVAVOCE_ENGINE_<NAME>_<KEY>"),
    ],
)
def test_a_wrong_variable_is_named_with_what_it_takes(name: str, value: str, sentence: str, tmp_path: Path) -> None:
    """The reader of the message knows what to change, and into what."""
    with pytest.raises(ConfigError) as caught:
        load_config({name: value}, folder=tmp_path)

    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('port = "8600"\n', "port in FILE cannot be '8600': it takes a port number"),
        ("prot = 1\n", "FILE has no setting 'prot'; did you mean port?"),
        ("port = \n", "FILE is not valid TOML"),
        ('engines = "openai"\n', "engines in FILE takes tables"),
        ("[engines.openai]\nmodel = [1]\n", "engines.openai.model in FILE takes text, a number or true or false"),
    ],
)
def test_a_wrong_file_is_named_with_what_it_takes(text: str, sentence: str, tmp_path: Path) -> None:
    """The same for the file."""
    file = tmp_path / "vivavoce.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config({}, folder=tmp_path)

    assert sentence in str(caught.value).replace(str(file), "FILE")


def test_secrets_are_neither_shown_nor_repeated(tmp_path: Path) -> None:
    """Passwords and keys do not reach a log through a message or a repr."""
    config = load_config(
        {"VIVAVOCE_DATABASE": "postgresql://u:geheim@h/n", "VIVAVOCE_ENGINE_OPENAI_API_KEY": "geheim"}, folder=tmp_path
    )
    with pytest.raises(ConfigError) as caught:
        load_config({"VIVAVOCE_DATABASE": "mysql://u:geheim@h/n"}, folder=tmp_path)

    assert "geheim" not in repr(config)
    assert "geheim" not in str(caught.value)
    assert "it takes a URL that begins with postgresql:// or sqlite:///" in str(caught.value)


def test_names_that_others_read_are_no_mistake(tmp_path: Path) -> None:
    """Callers and tests have variables of the same prefix."""
    environment = {"VIVAVOCE_TEST_POSTGRES": "x", "VIVAVOCE_KEY": "sk_x", "PATH": "/bin"}

    assert Config() == load_config(environment, folder=tmp_path)
