"""What a page names in its tables, and what the sources say: for comparing the two."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.doc_pages import ROOT, rows

__all__ = ["SOURCE", "calls_of", "first_names", "texts_in"]

SOURCE = ROOT / "src" / "vivavoce"


def first_names(text: str) -> set[str]:
    """Everything that the first cells of a text's tables name."""
    return {name for row in rows(text) for name in re.findall(r"`([^`]+)`", row[0])}


def calls_of(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """All calls in a source file, by the last part of the called name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).rpartition(".")[2], node


def texts_in(node: ast.AST) -> Iterator[str]:
    """The texts written within an expression."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value
