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
    left_out = 0
    if _is_cut_short(stored, replayed):
        # Facts and events are written at their own times: either may lack the last moments.
        told = [fact for fact in stored if not isinstance(fact, CallEnded)]
        both = min(len(told), len(replayed))
        left_out = max(len(told), len(replayed)) - both
        stored, replayed = told[:both], replayed[:both]
    for number, (then, now) in enumerate(zip_longest(stored, replayed), start=1):
        if then != now:
            print(f"fact {number} was {then!r}, and is now {now!r}", file=sys.stderr)
            return 1
    rest = f"; {left_out} of the last moments were written on one side only" if left_out else ""
    print(f"{len(replayed)} facts, all as they were{rest}", file=sys.stderr)
    return 0


def _is_cut_short(stored: Sequence[Fact], replayed: Sequence[Fact]) -> bool:
    """Whether the call goes on, or its process was killed: no event tells of the end that the next start wrote."""
    if replayed and isinstance(replayed[-1], CallEnded):
        return False
    end = stored[-1] if stored else None
    return not isinstance(end, CallEnded) or end.reason == "server_error"
