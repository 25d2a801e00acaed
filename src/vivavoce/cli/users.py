"""``vivavoce users``: who may use the console."""

import argparse
import os
import sys
from datetime import datetime

from vivavoce.cli.tables import print_json, print_table
from vivavoce.config import Config, load_config
from vivavoce.store.database import Database

__all__ = ["add", "run"]


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    verb = verbs.add_parser("users", help="list and make users of the console, and links to sign in")
    actions = verb.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the users")
    listing.add_argument("--json", action="store_true", help="as JSON")
    create = actions.add_parser("create", help="make a user and print a link that signs him in once")
    create.add_argument("name", metavar="NAME", help="with which he signs in")
    create.add_argument("--role", choices=("admin", "viewer"), default="viewer", help="default: %(default)s")
    create.add_argument("--json", action="store_true", help="as JSON")
    link = actions.add_parser("link", help="print a link that signs a user in once, such as after a lost password")
    link.add_argument("name", metavar="NAME", nargs="?", default="admin", help="default: %(default)s")
    link.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    match args.action:
        case "list":
            return _list(as_json=args.json)
        case "create":
            return _create(args.name, args.role, as_json=args.json)
        case _:
            return _link(args.name, as_json=args.json)


def _list(*, as_json: bool) -> int:
    from vivavoce.cli.opened import with_database
    from vivavoce.store import users

    listed = with_database(users.list_all)
    if as_json:
        print_json(
            [
                {
                    "id": user.id,
                    "name": user.name,
                    "role": user.role,
                    "hasPassword": bool(user.password),
                    "createdAt": _moment(user.created_at),
                    "lastSeenAt": _moment(user.last_seen_at),
                }
                for user in listed
            ]
        )
    else:
        print_table(
            ("NAME", "ROLE", "PASSWORD", "CREATED", "LAST SEEN"),
            [
                (
                    user.name,
                    user.role,
                    "set" if user.password else "-",
                    _moment(user.created_at) or "-",
                    _moment(user.last_seen_at) or "-",
                )
                for user in listed
            ],
        )
    return 0


def _create(name: str, role: str, *, as_json: bool) -> int:
    from vivavoce.cli.opened import with_database
    from vivavoce.store import sign_in_links, users

    if complaint := users.complaint_about(name):
        return _failed(complaint)

    async def made(database: Database) -> tuple[str, str] | None:
        user = await users.create(database, name, "admin" if role == "admin" else "viewer")
        return None if user is None else (user.name, await sign_in_links.create(database, user.id))

    found = with_database(made)
    if found is None:
        return _failed(f'there is a user {users.stored_name(name)} already: see "vivavoce users list"')
    return _print_link(*found, as_json=as_json)


def _link(name: str, *, as_json: bool) -> int:
    from vivavoce.cli.opened import with_database
    from vivavoce.store import sign_in_links, users

    async def made(database: Database) -> tuple[str, str] | None:
        is_first = users.stored_name(name) == users.ADMIN
        user = await (users.first_admin(database) if is_first else users.find_named(database, name))
        return None if user is None else (user.name, await sign_in_links.create(database, user.id))

    found = with_database(made)
    if found is None:
        return _failed(f'there is no user {name}: see "vivavoce users list", or make him with "vivavoce users create"')
    return _print_link(*found, as_json=as_json)


def _print_link(name: str, secret: str, *, as_json: bool) -> int:
    url = f"{_server_url(load_config(os.environ))}/console/sign-in/{secret}"
    if as_json:
        print_json({"name": name, "url": url})
    else:
        print(url)
    return 0


def _server_url(config: Config) -> str:
    """The server as a person on this machine would open it."""
    if config.public_url:
        return config.public_url.rstrip("/")
    host = "localhost" if config.host in ("0.0.0.0", "::", "127.0.0.1", "::1") else config.host
    return f"http://[{host}]:{config.port}" if ":" in host else f"http://{host}:{config.port}"


def _moment(when: datetime | None) -> str | None:
    from vivavoce.views.times import iso

    return iso(when) if when else None


def _failed(text: str) -> int:
    print(f"vivavoce: {text}", file=sys.stderr)
    return 1
