"""``vivavoce serve``: the server."""

import argparse
import asyncio
import logging
import os
import sys

from vivavoce import __version__, ids
from vivavoce.config import Config, load_config
from vivavoce.store.database import Database

__all__ = ["add", "run"]


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    verb = verbs.add_parser("serve", help="run the server; settings come from vivavoce.toml and VIVAVOCE_*")
    verb.add_argument("--host", help="address to listen on; wins over the settings")
    verb.add_argument("--port", help="port to listen on; wins over the settings")


def run(args: argparse.Namespace) -> int:
    """Serve until stopped; returns the exit code."""
    given = {f"VIVAVOCE_{name.upper()}": value for name in ("host", "port") if (value := getattr(args, name))}
    config = load_config({**os.environ, **given})
    logging.basicConfig(
        level=config.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    # Others' chatter would hide the one line that says the server is ready, and at ``debug`` it would carry
    # transcripts: the database's driver logs every statement with its values.
    for noisy in ("aiosqlite", "alembic", "httpcore", "httpx", "httpx2", "openai", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # It warns of every request that is no HTTP: a port scanner is nothing that an operator could change.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(config))
    return 0


def _loop_factory() -> "type[asyncio.AbstractEventLoop] | None":
    try:
        import uvloop  # not on Windows
    except ImportError:
        return None
    return uvloop.Loop


async def _serve(config: Config) -> None:
    # The server's libraries take a second to import: the other verbs must not pay for them.
    from vivavoce.server.console.first_start import open_console
    from vivavoce.server.house import open_house, serve

    async with open_house(config) as house:
        agent_id, key = await _demo(config, house.database)
        console = await open_console(config, house.database)

        def ready(url: str) -> None:
            lines = [
                f"Vivavoce {__version__} is ready: open {url} and talk.",
                *(f"  {note}" for note in house.lineup.notes),
                *([_console_line(url, console)] if console else []),
                *([f"  demo agent: {agent_id}"] if agent_id else []),
                *(
                    [f"  demo key:   {key}", f"  smoke page: {url}/smoke.html?key={key}&agent={agent_id}"]
                    if key
                    else []
                ),
            ]
            print("\n".join(lines), flush=True)
            logging.getLogger("vivavoce").info("ready on %s", url)

        await serve(house, ready)


def _console_line(url: str, path: str) -> str:
    """Where the console is; a path that is longer than its own is a link for one use."""
    once = " (signs in once, within a day)" if path != "/console" else ""
    return f"  console:    {url}{path}{once}"


async def _demo(config: Config, database: Database) -> tuple[str, str]:
    """The demo agent and its key, made at the first start; both empty where the operator has removed them."""
    from vivavoce.demo.agent import DEMO_AGENT
    from vivavoce.store import agents, keys

    note = config.data / "demo"
    if note.exists():
        agent_id, key = note.read_text().split()
        agent = await agents.find(database, agent_id)
        known = await keys.recognise(database, key)
        return (agent_id if agent and not agent.archived_at else ""), (key if known else "")
    agent = await agents.create(database, DEMO_AGENT, agent_id=ids.agent_id())
    _, key = await keys.create(database, "demo")
    # The database holds only the key's digest; this file lets the next start print it again.
    # Under its name it is complete, even if the process is killed just now.
    draft = note.with_name("demo.part")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(f"{agent.id} {key}\n")
    draft.rename(note)
    return agent.id, key
