"""``vivavoce doctor``: can this machine, with this configuration, serve calls?"""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from vivavoce.errors import VivavoceError

if TYPE_CHECKING:
    from vivavoce.config import Config

__all__ = ["add", "run"]


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    verbs.add_parser("doctor", help="check that this machine and this configuration can serve calls")


def run(_: argparse.Namespace) -> int:
    """Check everything, and say one sentence about each; returns 0 if all is well."""
    from vivavoce.config import load_config

    return asyncio.run(_examine(load_config(os.environ)))


async def _examine(config: "Config") -> int:
    healthy = True
    checks: tuple[Callable[[Config], Awaitable[str]], ...] = (_data_folder, _database, _engines, _pages, _port)
    for check in checks:
        try:
            print(f"ok    {await check(config)}")
        except (VivavoceError, OSError) as error:
            healthy = False
            print(f"fail  {error}")
    return 0 if healthy else 1


async def _data_folder(config: "Config") -> str:
    from vivavoce.server.checks import check_data_folder

    return await check_data_folder(config.data)


async def _database(config: "Config") -> str:
    from vivavoce.store.database import open_database

    database = await open_database(config.database_url)
    await database.close()
    return f"the database {database.name} opens"


async def _engines(config: "Config") -> str:
    from vivavoce.lineup import Choice, open_lineup

    choice = Choice(vad=config.vad, stt=config.stt, llm=config.llm, tts=config.tts, settings=config.engines)
    lineup = await open_lineup(choice, os.environ, own_port=config.port)
    await lineup.close()
    return "the engines open: " + " ".join(lineup.notes)


async def _pages(_: "Config") -> str:
    from vivavoce.server.checks import check_pages
    from vivavoce.server.services import STATIC

    return await check_pages(STATIC)


async def _port(config: "Config") -> str:
    from vivavoce.server.house import open_listener

    open_listener(config).close()
    return f"the port {config.port} on {config.host} is free"
