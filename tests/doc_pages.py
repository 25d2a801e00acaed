"""Reads the documentation: its sections, tables, code and links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["PAGES", "ROOT", "Code", "codes", "page", "prose", "rows", "section", "sections", "slugs"]

ROOT = Path(__file__).parents[1]
# What a reader is sent to.
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_FENCE = re.compile(r"^```(.*)$")
_HEADING = re.compile(r"^(#{1,6})\s+(.*)$")


@dataclass(frozen=True, slots=True)
class Code:
    """One piece of code: its page, the line on which it begins, the words behind the fence, and its text."""

    page: str
    line: int
    info: str
    text: str

    @property
    def place(self) -> str:
        """For messages, such as ``docs/start.md:12``."""
        return f"{self.page}:{self.line}"


def page(name: str) -> str:
    """The text of a page of ``docs/``."""
    return (ROOT / "docs" / name).read_text("utf-8")


def codes(path: Path, *, kind: str = "") -> list[Code]:
    """The pieces of code of a page; with ``kind`` those of one language, such as ``bash``."""
    found, info, begun, lines = [], None, 0, list[str]()
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        match = _FENCE.match(line)
        if match is None:
            lines.append(line)
        elif info is None:
            info, begun, lines = match[1].strip(), number, []
        else:
            text = "\n".join(lines) + "\n"
            found.append(Code(str(path.relative_to(ROOT)), begun, info, text))
            info = None
    return [code for code in found if not kind or code.info.split()[:1] == [kind]]


def prose(text: str) -> Iterator[str]:
    """The lines that are no code, in order; pieces of code within a line are taken out."""
    fenced = False
    for line in text.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield re.sub(r"`[^`]*`", "", line)


@cache
def sections(text: str) -> dict[str, str]:
    """The text below each heading, up to the next heading of any level; headings without their back ticks."""
    found: dict[str, list[str]] = {}
    current, fenced = found.setdefault("", []), False
    for line in text.splitlines():
        fenced = fenced != bool(_FENCE.match(line))
        match = None if fenced else _HEADING.match(line)
        if match:
            current = found.setdefault(match[2].replace("`", ""), [])
        else:
            current.append(line)
    return {heading: "\n".join(lines) for heading, lines in found.items()}


def section(name: str, heading: str) -> str:
    """The text below one heading of a page of ``docs/``."""
    known = sections(page(name))
    assert heading in known, f"docs/{name} has no heading {heading!r}"
    return known[heading]


def rows(text: str) -> list[list[str]]:
    """The cells of all table rows of a text, without heads and rules."""
    found = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        is_head = number + 1 < len(lines) and re.match(r"^\|[-| ]+\|$", lines[number + 1])
        if line.startswith("|") and not is_head and not re.match(r"^\|[-| ]+\|$", line):
            found.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found


def slugs(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in sections(text) if heading}
