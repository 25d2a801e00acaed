"""HTML from values: all text is escaped, so nothing that is described can become markup."""

import re
from collections.abc import Sequence
from html import escape

__all__ = ["Html", "code", "element", "link", "prose", "table"]

_VOID = frozenset({"meta", "link"})
_CODE = re.compile(r"`([^`]+)`")


class Html(str):
    """Text that is markup already; all other text is escaped where it is put into an element."""

    __slots__ = ()


def element(name: str, /, *children: str, **attributes: str) -> Html:
    """An element; a trailing underscore keeps an attribute's name off Python's words, such as ``class_``."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{_joined(*children)}</{name}>")


def code(text: str) -> Html:
    """A name or a value, as it is written."""
    return element("code", text)


def link(text: str, target: str) -> Html:
    """A link."""
    return element("a", text, href=target)


def prose(text: str) -> Html:
    """Paragraphs, divided by empty lines, with names between backticks."""
    paragraphs = [part.strip() for part in text.split("\n\n")]
    return Html("".join(element("p", _spans(part)) for part in paragraphs if part))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    """A table; nothing where there are no rows."""
    if not rows:
        return Html()
    titles = element("tr", *(element("th", title) for title in head))
    lines = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    # A wide table scrolls by itself, not with the page.
    return element("div", element("table", element("thead", titles), element("tbody", *lines)), class_="wide")


def _spans(text: str) -> Html:
    # Every second piece stood between backticks.
    pieces = _CODE.split(text)
    return _joined(*(code(piece) if number % 2 else piece for number, piece in enumerate(pieces)))


def _joined(*children: str) -> Html:
    return Html("".join(child if isinstance(child, Html) else escape(child, quote=False) for child in children))
