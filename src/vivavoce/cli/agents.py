"""``vivavoce agents``: the agents."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from vivavoce.cli.tables import print_json, print_table
from vivavoce.errors import ConfigError, Refused

if TYPE_CHECKING:
    from vivavoce.store.agents import Agent
    from vivavoce.store.database import Database

__all__ = ["add", "run"]

T = TypeVar("T")


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    verb = verbs.add_parser("agents", help="make, list, change and archive agents")
    actions = verb.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the agents")
    listing.add_argument("--archived", action="store_true", help="the archived ones instead")
    listing.add_argument("--json", action="store_true", help="as JSON")
    create = actions.add_parser("create", help="make an agent and print its id")
    what = create.add_mutually_exclusive_group(required=True)
    what.add_argument("name", metavar="NAME", nargs="?", help="name of an agent with default settings")
    what.add_argument("--json", metavar="FILE", help="the agent's document; - reads it from stdin")
    show = actions.add_parser("show", help="show an agent's document")
    show.add_argument("id", metavar="ID")
    show.add_argument("--json", action="store_true", help="as JSON (it always is; said for clarity in scripts)")
    update = actions.add_parser("update", help="change the fields that a document has, and print the agent's id")
    update.add_argument("id", metavar="ID")
    update.add_argument("--json", metavar="FILE", required=True, help="the changes; - reads them from stdin")
    archive = actions.add_parser("archive", help="let an agent take no more calls")
    archive.add_argument("id", metavar="ID")


def run(args: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    match args.action:
        case "list":
            return _list(archived=args.archived, as_json=args.json)
        case "create":
            return _create({"name": args.name} if args.json is None else _document(args.json))
        case "show":
            return _show(args.id)
        case "update":
            return _update(args.id, _document(args.json))
        case _:
            return _archive(args.id)


def _list(*, archived: bool, as_json: bool) -> int:
    from vivavoce.cli.opened import with_database
    from vivavoce.store import agents
    from vivavoce.views.agent import agent_summary

    async def read(database: "Database") -> list[dict[str, object]]:
        shown: list[dict[str, object]] = []
        page = 0
        more = True
        while more:
            page += 1
            found = await agents.list_page(database, page=page, size=500, archived=archived, descending=False)
            shown += [agent_summary(agent, total_calls=found.total_calls[agent.id]) for agent in found.agents]
            more = len(shown) < found.total and bool(found.agents)
        return shown

    shown = with_database(read)
    if as_json:
        print_json(shown)
    else:
        print_table(
            ("ID", "NAME", "CALLS", "CHANGED"),
            [(str(a["_id"]), str(a["name"]), str(a["totalCalls"]), str(a["updatedAt"])) for a in shown],
        )
    return 0


def _create(document: dict[str, object]) -> int:
    from vivavoce.agent_settings import cleaned
    from vivavoce.cli.opened import with_database
    from vivavoce.store import agents

    settings = _accepted(lambda: cleaned(document))
    print(_accepted(lambda: with_database(lambda database: agents.create(database, settings))).id)
    return 0


def _show(agent_id: str) -> int:
    from vivavoce.cli.opened import with_database
    from vivavoce.store import agents
    from vivavoce.views.agent import agent_document

    async def read(database: "Database") -> "tuple[Agent | None, int]":
        return await agents.find(database, agent_id), await agents.total_calls(database, agent_id)

    agent, calls = with_database(read)
    if agent is None:
        return _unknown(agent_id)
    print_json(agent_document(agent, total_calls=calls))
    return 0


def _update(agent_id: str, changes: dict[str, object]) -> int:
    from vivavoce.agent_settings import merged
    from vivavoce.cli.opened import with_database
    from vivavoce.store import agents

    agent = _accepted(
        lambda: with_database(
            lambda database: agents.change(database, agent_id, lambda document: merged(document, changes))
        )
    )
    if agent is None:
        return _unknown(agent_id)
    print(agent.id)
    return 0


def _archive(agent_id: str) -> int:
    from vivavoce.cli.opened import with_database
    from vivavoce.store import agents

    if not with_database(lambda database: agents.archive(database, agent_id)):
        print(f"vivavoce: there is no active agent with the id {agent_id}", file=sys.stderr)
        return 1
    return 0


def _document(source: str) -> dict[str, object]:
    """A JSON object from a file, or from stdin for ``-``."""
    try:
        document = json.loads(sys.stdin.read() if source == "-" else Path(source).read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{source} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{source} is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"{source} must hold a JSON object: the agent's document")
    return document


def _accepted(work: Callable[[], T]) -> T:
    """The result; a document that is refused is the operator's mistake, said without a status code."""
    try:
        return work()
    except Refused as error:
        raise ConfigError(f"the agent's document cannot be accepted: {error.message}") from error


def _unknown(agent_id: str) -> int:
    print(f'vivavoce: there is no agent with the id {agent_id}: see "vivavoce agents list"', file=sys.stderr)
    return 1
