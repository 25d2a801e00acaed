"""What a form of the console has sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from litestar.datastructures import UploadFile

from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest

__all__ = ["Form", "close_files", "read_form"]

# More fields than the longest page has: an agent with a thousand words has four thousand.
_MOST_FIELDS = 10_000
_MULTIPART = "multipart/form-data"
# Where a request keeps the files that came with it.
_FILES = "console_files"


@dataclass(frozen=True, slots=True)
class Form:
    """
    The fields of a form: all are text but files, and a box that is not ticked is not sent.

    Args:
        values: Each field with its values, in the order of the page.
        files: The files of each field.
    """

    values: Mapping[str, Sequence[str]]
    files: Mapping[str, Sequence[UploadFile]] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """The last value of a field, without the space around it."""
        return self.raw(name, default).strip()

    def raw(self, name: str, default: str = "") -> str:
        """The same as it was typed, such as a password."""
        values = self.values.get(name)
        return values[-1] if values else default

    def texts(self, name: str) -> list[str]:
        """All values of a field that may be there several times; empty ones are left out."""
        return [text for value in self.values.get(name, ()) if (text := value.strip())]

    def flag(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self.text(name))

    def file(self, name: str) -> UploadFile | None:
        """The file of a field; None where none was chosen."""
        files = self.files.get(name)
        return files[-1] if files else None


async def read_form(request: AnyRequest) -> Form:
    """
    The form of a request; empty for a body of another kind.

    Raises:
        Refused: 400 for more fields than any page has.
    """
    if request.headers.get("content-type", "").lower().startswith(_MULTIPART):
        sent = await request.form()
        request.scope.setdefault("state", {})[_FILES] = sent
        return _sorted(sent.multi_items())
    # Not by Litestar, which keeps the bodies of the last thousand forms: there are passwords in some.
    try:
        body = (await request.body()).decode("utf-8", "replace")
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise Refused(400, "The form has too many fields") from error
    return _sorted(pairs)


async def close_files(request: AnyRequest) -> None:
    """Let go of the files that came with a request, at its end."""
    sent = request.scope.get("state", {}).pop(_FILES, None)
    if sent is not None:
        await sent.close()


def _sorted(pairs: Iterable[tuple[str, object]]) -> Form:
    values: dict[str, list[str]] = {}
    files: dict[str, list[UploadFile]] = {}
    for name, value in pairs:
        if isinstance(value, UploadFile):
            files.setdefault(name, []).append(value)
        else:
            # No text of ours has a NUL, and PostgreSQL stores none.
            values.setdefault(name, []).append(str(value).replace("\0", ""))
    return Form(values, files)
