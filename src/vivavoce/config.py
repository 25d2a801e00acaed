"""
The settings of one server: read once at start from ``vivavoce.toml`` and the environment, checked, then frozen.

The environment wins over the file. ``VIVAVOCE_CONFIG`` names another file.
Every mistake is a ``ConfigError`` that names the setting, its value and what it takes;
a name that does not exist is a mistake too, so that a slip of the pen cannot pass unnoticed.
"""

import tomllib
import types
from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from vivavoce.errors import ConfigError

__all__ = ["FILE_NAME", "Config", "EngineTables", "load_config"]

# The file that is read from the working folder when VIVAVOCE_CONFIG names none.
FILE_NAME = "vivavoce.toml"
_PREFIX = "VIVAVOCE_"
_ENGINE_PREFIX = "VIVAVOCE_ENGINE_"
# Names of the same prefix that others read: this module's own, the callers' and the tests'.
_NOT_SETTINGS = frozenset({"VIVAVOCE_CONFIG", "VIVAVOCE_KEY", "VIVAVOCE_SERVER"})
_TEST_PREFIX = "VIVAVOCE_TEST_"
_SWITCH = {"on": True, "yes": True, "true": True, "1": True, "off": False, "no": False, "false": False, "0": False}

# Settings of each engine by its name; the engine itself knows what they mean.
EngineTables = Mapping[str, Mapping[str, str]]

# The description of a setting ends the sentence "… takes" of its error message.
_Name = Annotated[str, Meta(min_length=1, description='the name of an engine (see "vivavoce models") or "auto"')]
_Switch = Annotated[bool, Meta(description='"on" or "off"')]


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """
    The settings, complete and valid.

    Relative paths count from the working folder; an empty ``database`` means SQLite in the data folder.
    """

    # Database, recordings and the server's own secret live here.
    data: Annotated[Path, Meta(description="a folder")] = Path("data")
    host: Annotated[str, Meta(min_length=1, description="an address to listen on, such as 127.0.0.1 or 0.0.0.0")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Meta(ge=0, le=65535, description="a port number from 0 (any free port) to 65535")] = 8600
    database: Annotated[
        str,
        Meta(
            pattern=r"^$|^postgresql(\+psycopg)?://|^sqlite(\+aiosqlite)?:///",
            description="a URL that begins with postgresql:// or sqlite:///",
        ),
    ] = ""
    # How the world reaches this server; empty means: as the request says.
    public_url: Annotated[
        str, Meta(pattern=r"^$|^https?://[^/\s]+", description="a URL that begins with https:// or http://")
    ] = ""

    vad: _Name = "auto"
    stt: _Name = "auto"
    llm: _Name = "auto"
    tts: _Name = "auto"

    record: _Switch = True
    # Who may open the talk page: this machine only, everybody who reaches the server, or nobody.
    talk_page: Annotated[Literal["local", "on", "off"], Meta(description='"local", "on" or "off"')] = "local"
    # Whose word counts about where a request came from and how, such as a proxy's on this machine.
    trusted_proxies: Annotated[
        str, Meta(description="addresses or networks, such as 127.0.0.1 or 10.0.0.0/8, with commas in between")
    ] = ""
    # Whether there is a console at /console.
    console: _Switch = True
    # Of the console's user ``admin``, stored as a hash at each start; without it he signs in by a link or a key.
    admin_password: Annotated[
        str, Meta(pattern=r"^$|^.{10,500}$", description="a password of 10 to 500 characters on one line")
    ] = ""
    # How long a call waits for a client that has lost its socket and can resume.
    resume_window_s: Annotated[float, Meta(ge=0, le=3600, description="seconds from 0 to 3600")] = 60.0
    # 0 means no limit.
    most_calls: Annotated[int, Meta(ge=0, description="a number of calls, or 0 for no fixed limit")] = 0
    # How long a stopping server waits for its calls.
    drain_s: Annotated[float, Meta(ge=0, description="seconds, 0 or more")] = 300.0

    # Three switches of the Atoms wire for clients of other editions (wire-spec H3, 1.11, 1.8.4).
    ws_auth_failure: Annotated[Literal["http", "close"], Meta(description='"http" or "close"')] = "http"
    ws_agent_role: Annotated[Literal["assistant", "agent"], Meta(description='"assistant" or "agent"')] = "assistant"
    client_tool_arguments: Annotated[
        Literal["auto", "object", "string"], Meta(description='"auto", "object" or "string"')
    ] = "auto"

    # The Synthflow wire (wire-spec 4.1, 4.3): messages of our own, and whose pages may ask for session URLs themselves.
    synthflow_events: _Switch = False
    synthflow_origins: Annotated[
        str,
        Meta(
            pattern=r"^(\*|https?://[^\s,/]+(\s*,\s*https?://[^\s,/]+)*)$",
            description='"*" for all, or origins such as https://shop.example with commas in between',
        ),
    ] = "*"

    # Whether webhooks may lead to this machine and its neighbours.
    webhook_private: _Switch = False
    # Whether a delivery that failed is tried again, for about a day.
    webhook_retries: _Switch = True
    # How long a call waits for the answers to ``pre-conversation``.
    webhook_wait_s: Annotated[float, Meta(gt=0, le=30, description="seconds, more than 0 and at most 30")] = 2.0

    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description='"debug", "info", "warning" or "error"')
    ] = "info"
    engines: EngineTables = types.MappingProxyType({})

    @property
    def recordings(self) -> Path:
        """The folder of the recordings."""
        return self.data / "recordings"

    @property
    def database_url(self) -> str:
        """The database, with the default filled in."""
        return self.database or f"sqlite:///{self.data / 'vivavoce.sqlite3'}"

    @property
    def proxies(self) -> list[str]:
        """The trusted proxies; one of IPv4 also as a socket that listens on IPv6 sees it."""
        networks = _networks(self.trusted_proxies)
        mapped = [
            f"::ffff:{network.network_address}/{96 + network.prefixlen}"
            for network in networks
            if isinstance(network, IPv4Network)
        ]
        return [*map(str, networks), *mapped]

    def engine_settings(self, name: str) -> Mapping[str, str]:
        """The settings of one engine; empty where the operator gave none."""
        return self.engines.get(name, {})

    def __repr__(self) -> str:
        # Passwords and keys sit in the database URL and in the engines' tables: neither may reach a log.
        return f"Config(data={str(self.data)!r}, host={self.host!r}, port={self.port}, engines={sorted(self.engines)})"


_TYPES = {name: hint for name, hint in get_type_hints(Config, include_extras=True).items() if not name.startswith("_")}
_SETTINGS = tuple(name for name in _TYPES if name != "engines")


def load_config(environment: Mapping[str, str], *, folder: Path = Path()) -> Config:
    """
    Read the settings.

    Args:
        environment: Usually ``os.environ``.
        folder: Where ``vivavoce.toml`` is looked for when ``VIVAVOCE_CONFIG`` is not set.

    Raises:
        ConfigError: A file that cannot be read, a name that does not exist, a value that does not fit.
    """
    named = environment.get("VIVAVOCE_CONFIG", "")
    path = Path(named) if named else folder / FILE_NAME
    table = _read_file(path) if named or path.exists() else {}
    values: dict[str, object] = {}
    engines: dict[str, dict[str, str]] = {}
    for name, value in table.items():
        if name == "engines":
            engines = _engine_tables(value, source=str(path))
        elif name in _SETTINGS:
            values[name] = _checked(name, value, source=f"{name} in {path}", from_text=False)
        else:
            raise ConfigError(f"{path} has no setting {name!r}{_suggestion(name, [*_SETTINGS, 'engines'])}")
    for name, text in environment.items():
        if not text:
            # Compose files and shells write an empty value for "not set".
            continue
        if name.startswith(_ENGINE_PREFIX):
            engine, _, key = name.removeprefix(_ENGINE_PREFIX).lower().partition("_")
            if not engine or not key:
                raise ConfigError(f"{name} is not complete; write {_ENGINE_PREFIX}<NAME>_<KEY>")
            engines.setdefault(engine, {})[key] = text
        elif name.startswith(_PREFIX) and name not in _NOT_SETTINGS and not name.startswith(_TEST_PREFIX):
            setting = name.removeprefix(_PREFIX).lower()
            if setting not in _SETTINGS:
                known = [_PREFIX + known.upper() for known in _SETTINGS]
                raise ConfigError(f"there is no setting {name}{_suggestion(name, known)}")
            values[setting] = _checked(setting, text, source=name, from_text=True)
    return Config(**values, engines=engines)  # type: ignore[arg-type]  # each value has been checked above


def _read_file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"the configuration file {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"the configuration file {path} is not valid TOML: {error}") from error


def _checked(name: str, value: object, *, source: str, from_text: bool) -> object:
    """One value in its own type. Text from the environment is read as a number or a switch where one is wanted."""
    kind = _TYPES[name]
    if get_origin(kind) is Annotated and get_args(kind)[0] is bool:
        value = _SWITCH.get(str(value).strip().lower(), value)
    try:
        # Text of the environment may stand for a number; in the file a number is written as one.
        checked = msgspec.convert(value, kind, strict=not from_text, dec_hook=_folder)
        if name == "trusted_proxies":
            _networks(str(checked))
    except ValueError:
        # Those of msgspec are such errors too.
        takes = next(meta.description for meta in get_args(kind) if isinstance(meta, Meta))
        # A database URL may carry a password, so neither is repeated.
        shown = "this value" if name in ("database", "admin_password") else repr(value)
        raise ConfigError(f"{source} cannot be {shown}: it takes {takes}") from None
    return checked


def _networks(text: str) -> list[IPv4Network | IPv6Network]:
    return [ip_network(entry.strip()) for entry in text.split(",") if entry.strip()]


def _folder(_: type, value: object) -> Path:
    if not isinstance(value, str) or not value:
        raise ValueError("not the name of a folder")
    return Path(value)


def _engine_tables(value: object, *, source: str) -> dict[str, dict[str, str]]:
    """``[engines.NAME]`` of the file, every value as text."""
    if not isinstance(value, dict) or not all(isinstance(table, dict) for table in value.values()):
        raise ConfigError(f"engines in {source} takes tables: write [engines.NAME] and its settings below")
    tables: dict[str, dict[str, str]] = {}
    for engine, table in value.items():
        for key, entry in table.items():
            if isinstance(entry, dict | list):
                raise ConfigError(f"engines.{engine}.{key} in {source} takes text, a number or true or false")
            tables.setdefault(engine, {})[key] = str(entry).lower() if isinstance(entry, bool) else str(entry)
    return tables


def _suggestion(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"
