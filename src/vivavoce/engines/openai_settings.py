"""The settings of an engine that speaks to a server with the OpenAI interface."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from vivavoce.engines.engine import EngineSettings
from vivavoce.engines.settings import number
from vivavoce.errors import ConfigError, EngineError

__all__ = ["OPENAI_URL", "Remote", "is_loopback", "remote"]

OPENAI_URL = "https://api.openai.com/v1"

# One table of settings may serve all three kinds, so each takes the others' names as well.
_SETTINGS = frozenset(
    """
    base_url api_key model connect_s first_s gap_s backoff_s
    temperature reasoning_effort language voice rate_hz
    """.split()
)


@dataclass(frozen=True, slots=True)
class Remote:
    """
    One server and what is wanted of it.

    Args:
        stage: ``stt``, ``llm`` or ``tts``, for errors.
        base_url: Up to and with ``/v1``.
        api_key: Sent as a bearer token; may be empty for a server that wants none.
        model: The server's name of the model.
        connect_s: Limit for the connection itself.
        first_s: Limit from the request to the first byte of the answer.
        gap_s: Limit between two pieces of an answer.
        backoff_s: Wait before the second attempt; before the third it is twice as long.
    """

    stage: str
    base_url: str
    api_key: str = field(repr=False)
    model: str
    connect_s: float
    first_s: float
    gap_s: float
    backoff_s: float

    def failure(self, reason: str) -> EngineError:
        """An error of this engine."""
        return EngineError(self.stage, "openai", reason)


def remote(
    settings: EngineSettings,
    *,
    stage: str,
    model: str,
    environ: Mapping[str, str] = os.environ,
) -> Remote:
    """
    Read an engine's settings.

    Args:
        settings: ``base_url``, ``api_key``, ``model`` and the limits of ``Remote``, as text.
        stage: ``stt``, ``llm`` or ``tts``.
        model: The default, used with OpenAI's own server only: others have other models.
        environ: ``OPENAI_BASE_URL`` and ``OPENAI_API_KEY`` stand in for settings that are absent.

    Raises:
        ConfigError: A setting is unknown or wrong, or one that is needed is absent.
    """
    if unknown := sorted(settings.keys() - _SETTINGS):
        raise ConfigError(
            f'the {stage} engine "openai" has no setting {", ".join(unknown)}; it takes: {", ".join(sorted(_SETTINGS))}'
        )
    base_url = (settings.get("base_url") or environ.get("OPENAI_BASE_URL") or OPENAI_URL).rstrip("/")
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(
            f'base_url of the {stage} engine "openai" takes a URL with http:// or https://, not "{base_url}"'
        )
    # A key that is set but empty is meant: the environment's key is not for every server.
    api_key = settings["api_key"] if "api_key" in settings else environ.get("OPENAI_API_KEY", "")
    ours = base_url == OPENAI_URL
    if ours and not api_key:
        raise ConfigError(
            f'the {stage} engine "openai" needs a key: set OPENAI_API_KEY, or base_url for a server that needs none'
        )
    chosen = settings.get("model") or (model if ours else "")
    if not chosen:
        raise ConfigError(f'the {stage} engine "openai" needs the setting model: the name of a model at {base_url}')
    return Remote(
        stage,
        base_url,
        api_key,
        chosen,
        connect_s=number(settings, "connect_s", 3.0, low=0.01, high=60),
        first_s=number(settings, "first_s", 10.0, low=0.01, high=600),
        gap_s=number(settings, "gap_s", 10.0, low=0.01, high=600),
        backoff_s=number(settings, "backoff_s", 0.2, low=0, high=10),
    )


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this very machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
