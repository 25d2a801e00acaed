"""``vivavoce keys``: the API keys."""

import argparse
import sys

from vivavoce.cli.tables import print_json, print_table

__all__ = ["add", "run"]


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    verb = verbs.add_parser("keys", help="make, list and revoke API keys")
    actions = verb.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make a key and print it: it cannot be read again")
    create.add_argument("name", metavar="NAME", help="what the key is for")
    listing = actions.add_parser("list", help="list the keys, without the keys themselves")
    listing.add_argument("--json", action="store_true", help="as JSON")
    revoke = actions.add_parser("revoke", help="let a key stop working at once")
    revoke.add_argument("id", metavar="ID", help="the key's id, as the list shows it")


def run(args: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    match args.action:
        case "create":
            return _create(args.name)
        case "list":
            return _list(as_json=args.json)
        case _:
            return _revoke(args.id)


def _create(name: str) -> int:
    from vivavoce.cli.opened import with_database
    from vivavoce.store import keys

    _, secret = with_database(lambda database: keys.create(database, name))
    print(secret)
    return 0


def _list(*, as_json: bool) -> int:
    from vivavoce.cli.opened import with_database
    from vivavoce.store import keys
    from vivavoce.views.times import iso

    shown = [
        {
            "id": key.id,
            "name": key.name,
            "prefix": key.prefix,
            "createdAt": iso(key.created_at),
            "lastUsedAt": iso(key.last_used_at) if key.last_used_at else None,
            "revokedAt": iso(key.revoked_at) if key.revoked_at else None,
        }
        for key in with_database(keys.list_all)
    ]
    if as_json:
        print_json(shown)
    else:
        print_table(
            ("ID", "NAME", "KEY", "CREATED", "LAST USED", "REVOKED"),
            [
                (
                    str(key["id"]),
                    str(key["name"]),
                    f"{key['prefix']}…",
                    *(str(key[moment] or "-") for moment in ("createdAt", "lastUsedAt", "revokedAt")),
                )
                for key in shown
            ],
        )
    return 0


def _revoke(key_id: str) -> int:
    from vivavoce.cli.opened import with_database
    from vivavoce.store import keys

    if not with_database(lambda database: keys.revoke(database, key_id)):
        print(f'vivavoce: there is no working key with the id {key_id}: see "vivavoce keys list"', file=sys.stderr)
        return 1
    return 0
