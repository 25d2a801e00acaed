"""
A process that takes the text out of one PDF: its bytes come in, JSON with ``text`` or ``fault`` goes out.

A process of its own, because reading a PDF is slow Python that live calls would feel, and because one that was made to
be harmful can be stopped.
"""

import json
import logging
import os
import sys
from io import BytesIO

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

__all__ = ["MOST_PAGES", "main", "text_of"]

MOST_PAGES = 2_000
# Of the process, where the system can be told so.
_MOST_MEMORY_BYTES = 2_000_000_000

_LOCKED = "The PDF is locked with a password: save it without one and send that"
_BROKEN = "The PDF is damaged: open it, save it anew and send that"
_EMPTY = (
    "There is no text in the PDF: its pages are pictures, such as a scanner makes. "
    "Run it through text recognition (OCR) and send the result"
)
_LONG = f"The PDF has more than {MOST_PAGES:,} pages: send the parts that matter"


class _Unreadable(Exception):
    """Why a PDF gives no text."""


def text_of(content: bytes) -> list[str]:
    """
    The text of each page.

    Raises:
        _Unreadable: It is locked, damaged, too long, or made of pictures.
    """
    try:
        reader = PdfReader(BytesIO(content))
        # Some are locked against printing alone, and open without a password.
        if reader.is_encrypted and not reader.decrypt(""):
            raise _Unreadable(_LOCKED)
        if len(reader.pages) > MOST_PAGES:
            raise _Unreadable(_LONG)
        pages = [page.extract_text() for page in reader.pages]
    except DependencyError as error:
        raise _Unreadable(_LOCKED) from error
    except _Unreadable:
        raise
    except (PyPdfError, ArithmeticError, LookupError, OSError, RecursionError, TypeError, ValueError) as error:
        raise _Unreadable(_BROKEN) from error
    except (AttributeError, AssertionError, NotImplementedError) as error:
        # What pypdf stumbles over in files that are not what they say.
        raise _Unreadable(_BROKEN) from error
    if not any(page.strip() for page in pages):
        raise _Unreadable(_EMPTY)
    return pages


def main() -> None:
    """Read the PDF from the standard input."""
    logging.disable()
    _be_modest()
    try:
        answer: dict[str, object] = {"pages": text_of(sys.stdin.buffer.read())}
    except _Unreadable as error:
        answer = {"fault": str(error)}
    except MemoryError:
        answer = {"fault": _BROKEN}
    sys.stdout.write(json.dumps(answer))


def _be_modest() -> None:
    """Take what the calls leave, and no more memory than there is room for; Windows has neither word."""
    if sys.platform != "win32":
        import resource

        os.nice(10)
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY_BYTES, _MOST_MEMORY_BYTES))


if __name__ == "__main__":
    main()
