"""What verbs print: JSON for scripts, columns for people."""

import json
from collections.abc import Sequence

__all__ = ["print_json", "print_table"]


def print_json(value: object) -> None:
    """One JSON value, readable."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest cell; nothing but the titles where there are no rows."""
    lines = [tuple(titles), *map(tuple, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
