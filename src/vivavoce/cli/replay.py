"""``vivavoce replay``: a recorded call's events through the core again."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path

from vivavoce.cli.opened import with_database
from vivavoce.config import load_config
from vivavoce.errors import StoreError
from vivavoce.store import facts
from vivavoce.talk.facts import CallEnded, Fact

__all__ = ["add", "run"]


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    verb = verbs.add_parser("replay", help="play a recorded call again through the core and compare the facts")
    verb.add_argument("call_id", help="the call's id, CALL-...")
    verb.add_argument("--json", action="store_true", help="print the replayed facts, one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Replay a call; returns 0 if the core decides as it did then, 1 if it decides otherwise."""
    stored = with_database(lambda database: facts.read(database, args.call_id))
    replayed = _replayed_facts(load_config(os.environ).recordings / args.call_id)
    if args.json:
        for fact in replayed:
            print(json.dumps({"kind": type(fact).__name__, **asdict(fact)}))
    return _compare([fact for _, fact in stored], replayed)


def _replayed_facts(folder: Path) -> list[Fact]:
    from vivavoce.journal import read_journal, replay
    from vivavoce.recording import JOURNAL_FILE

    file = folder / JOURNAL_FILE
    if not file.exists():
        raise StoreError(f"there is no journal {file}: the call is unknown here, or its folder was removed")
    with file.open("rb") as lines:
        return list(replay(*read_journal(lines)))


def _compare(stored: Sequence[Fact], replayed: Sequence[Fact]) -> int:
    for number, (then, now) in enumerate(zip_longest(stored, replayed), start=1):
        if then == now:
            continue
        if now is None and isinstance(then, CallEnded):
            # The process was killed: the end was written by the next start, and no event tells of it.
            break
        print(f"fact {number} was {then!r}, and is now {now!r}", file=sys.stderr)
        return 1
    print(f"{len(replayed)} facts, all as they were", file=sys.stderr)
    return 0
