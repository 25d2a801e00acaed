"""The golden conversations of the Atoms wire, and the words in which they tell what a codec has understood."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vivavoce.wire.dialect import Mic, Received

__all__ = ["EXTENDED", "PLAIN", "ROOT", "described"]

ROOT = Path(__file__).parents[2]
EXTENDED = sorted((ROOT / "protocol").glob("atoms-extension*.jsonl"))
PLAIN = sorted({*(ROOT / "protocol").glob("atoms-*.jsonl")} - {*EXTENDED})


def described(received: Received | None) -> dict[str, Any] | None:
    """What a codec has understood."""
    match received:
        case None:
            return None
        case Mic(pcm):
            return {"kind": "Mic", "samples": pcm.samples.tolist()}
        case _:
            # By way of JSON, for tuples are lists there.
            fields = json.loads(json.dumps(asdict(received)))
            return {"kind": type(received).__name__, **fields}
