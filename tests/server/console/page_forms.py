"""What a browser would send of a page's form, as long as nobody types."""

from html.parser import HTMLParser

__all__ = ["fields_of", "text_of"]

_SILENT = frozenset({"submit", "button", "file", "reset"})


def fields_of(page: str, action: str) -> dict[str, list[str]]:
    """The fields of the form that posts to this path, without its token; line breaks as browsers send them."""
    reader = _Reader(action)
    reader.feed(page)
    return reader.fields


def text_of(page: str, element_id: str) -> str:
    """The text of an element."""
    return page.partition(f'id="{element_id}"')[2].partition(">")[2].partition("<")[0].strip()


class _Reader(HTMLParser):
    """Walks through a page; only what stands in the one form counts."""

    def __init__(self, action: str) -> None:
        super().__init__(convert_charrefs=True)
        self.fields: dict[str, list[str]] = {}
        self._action = action
        self._inside = False
        # Of the <textarea> or <select> that is open.
        self._area: list[str] | None = None
        self._name = ""
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A field begins, or the form does."""
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "form":
            self._inside = given.get("action") == self._action
        if not self._inside:
            return
        match tag:
            case "input" if name and name != "csrf" and given.get("type") not in _SILENT:
                is_box = given.get("type") in ("checkbox", "radio")
                if not is_box or "checked" in given:
                    self._add(name, given.get("value") or "")
            case "textarea":
                self._name, self._area = name, []
            case "select":
                self._name, self._options = name, []
            case "option" if self._name:
                self._options.append((given.get("value") or "", "selected" in given))

    def handle_data(self, data: str) -> None:
        """The text of a text area."""
        if self._area is not None:
            self._area.append(data)

    def handle_endtag(self, tag: str) -> None:
        """A field ends, or the form does."""
        match tag:
            case "form":
                self._inside = False
            case "textarea" if self._area is not None:
                # The first line break of a text area is no part of it.
                self._add(self._name, "".join(self._area).removeprefix("\n").replace("\n", "\r\n"))
                self._name, self._area = "", None
            case "select" if self._inside:
                chosen = [value for value, is_chosen in self._options if is_chosen]
                if self._options:
                    self._add(self._name, (chosen or [self._options[0][0]])[-1])
                self._name = ""

    def _add(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)
