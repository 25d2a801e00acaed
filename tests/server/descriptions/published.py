"""
The machine-readable companion of the wire's contract, for tests that compare with it where it is at hand.

It lies beside the project and is no part of it: without it those tests are skipped, and the conversations in
``protocol/`` and the examples of the documentation are what is left to compare with.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.doc_pages import ROOT

__all__ = ["golden", "published"]

_FILE = ROOT.parent / "shared" / "wire-examples.json"


def published() -> dict[str, Any]:
    """All of it; the test that asks is skipped where there is none."""
    if not _FILE.is_file():
        pytest.skip("wire-examples.json is not at hand")
    return dict(json.loads(_FILE.read_text("utf-8")))


def golden(dialect: str = "atoms") -> list[tuple[Path, dict[str, Any], dict[str, Any] | None]]:
    """Every message of the golden conversations: the file, the line, and the line that follows it."""
    found = []
    for file in sorted((ROOT / "protocol").glob("*.jsonl")):
        head, *lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        if head["dialect"] == dialect:
            found += [(file, line, after) for line, after in zip(lines, [*lines[1:], None], strict=True)]
    return found
