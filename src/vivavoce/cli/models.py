"""``vivavoce models``: the engines that are installed, and whether each can be opened with this configuration."""

import argparse
import asyncio
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from vivavoce.cli.tables import print_json, print_table
from vivavoce.errors import ConfigError, EngineError

if TYPE_CHECKING:
    from vivavoce.lineup import Choice

__all__ = ["add", "run"]

_KINDS = ("vad", "stt", "llm", "tts")


@dataclass(frozen=True, slots=True)
class Finding:
    """One engine: whether it opens, and if not, what to do about it."""

    kind: str
    name: str
    opens: bool
    reason: str


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    verb = verbs.add_parser("models", help="list the speech and language engines that are found")
    verb.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace) -> int:
    """List them; returns the exit code."""
    from vivavoce.config import load_config
    from vivavoce.lineup import Choice

    config = load_config(os.environ)
    settings = {**config.engines, "openai": {**_from_environment(), **config.engine_settings("openai")}}
    choice = Choice(vad=config.vad, stt=config.stt, llm=config.llm, tts=config.tts, settings=settings)
    findings = asyncio.run(_all(choice))
    if args.json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_table(
            ("KIND", "NAME", "OPENS", "BECAUSE"),
            [(found.kind, found.name, "yes" if found.opens else "no", found.reason) for found in findings],
        )
    return 0


def _from_environment() -> dict[str, str]:
    """What the environment says about the openai engine; the configuration wins over it."""
    named = {"api_key": "OPENAI_API_KEY", "base_url": "OPENAI_BASE_URL", "model": "OPENAI_MODEL"}
    return {key: value for key, name in named.items() if (value := os.environ.get(name))}


async def _all(choice: "Choice") -> list[Finding]:
    from vivavoce.plugins import names

    return [await _try(kind, name, choice.settings_of(kind, name)) for kind in _KINDS for name in names(kind)]


async def _try(kind: str, name: str, settings: Mapping[str, str]) -> Finding:
    from vivavoce.plugins import find

    try:
        engine = find(kind, name)(settings)
        await engine.close()
    except (ConfigError, EngineError) as error:
        return Finding(kind, name, False, str(error))
    return Finding(kind, name, True, "")
