"""
Files that an agent is to know: Markdown, plain text and PDF, as text.

What comes out has the format of ``engines.knowledge_text``: of files that are no Markdown, nothing looks like it.
"""

import asyncio
import json
import re
import sys
from collections.abc import Iterator, Sequence

from vivavoce.engines.knowledge_text import sentences
from vivavoce.errors import Refused

__all__ = ["ACCEPTED", "MOST_BYTES", "closed", "markdown_of", "read_file"]

MOST_BYTES = 10_000_000
# For the dialog of the browser.
ACCEPTED = ".md,.markdown,.txt,.text,.pdf,text/markdown,text/plain,application/pdf"
_MARKDOWN, _PLAIN, _PDF = (".md", ".markdown"), (".txt", ".text"), (".pdf",)
# A PDF of a thousand pages takes about as long.
_PDF_LIMIT_S = 60.0
# A paragraph that is longer answers more than one question.
_MOST_WORDS = 90

_FENCE = re.compile(r"^\s*(```|~~~)")
_HASHES = re.compile(r"^\s*#+\s*")
_BULLET = re.compile(r"^(?:[-*+•‣▪]|\d{1,2}[.)])\s+")
_ENDS = (".", "!", "?", ":", "…", "”", '"')
_PAGE_NUMBER = re.compile(r"(?:page\s*)?[-–—\s]*\d{1,4}[-–—\s]*(?:(?:of|/)\s*\d{1,4})?", re.IGNORECASE)


async def read_file(name: str, content: bytes) -> str:
    """
    The text of a file.

    Args:
        name: Its name, which tells its kind.
        content: Its bytes.

    Raises:
        Refused: 400: it is of another kind, too large, empty, locked, damaged, or made of pictures.
    """
    kind = name.lower()
    if not kind.endswith(_MARKDOWN + _PLAIN + _PDF):
        raise Refused(400, f"{name}: only Markdown (.md), plain text (.txt) and PDF files can be read")
    if not content:
        raise Refused(400, f"{name}: the file is empty")
    if len(content) > MOST_BYTES:
        raise Refused(400, f"{name}: a file may have {MOST_BYTES // 1_000_000} MB: send the parts that matter")
    if kind.endswith(_PDF):
        pages = await _pages_of(name, content)
        text = await asyncio.to_thread(_from_pages, pages)
    elif kind.endswith(_PLAIN):
        text = await asyncio.to_thread(_from_plain, _decoded(name, content))
    else:
        text = closed(_decoded(name, content))
    if not text.strip():
        raise Refused(400, f"{name}: the file is empty")
    return text


def closed(markdown: str) -> str:
    """Markdown whose blocks of code have an end: a block without one would hide all that comes behind it."""
    text = markdown.replace("\r\n", "\n").replace("\r", "\n").strip()
    fences = sum(1 for line in text.split("\n") if _FENCE.match(line))
    return f"{text}\n```" if fences % 2 else text


def markdown_of(lines: Sequence[str]) -> str:
    """
    Lines of plain text as paragraphs that nothing in looks like Markdown.

    A line goes on where it is as long as others and its sentence has not ended.
    """
    widest = max((len(line) for line in lines), default=0)
    paragraphs = [part for paragraph in _paragraphs(lines, widest) for part in _shortened(paragraph)]
    return "\n\n".join(paragraphs)


async def _pages_of(name: str, content: bytes) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "vivavoce.server.console.knowledge_pdf",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_PDF_LIMIT_S):
            output, _ = await process.communicate(content)
    except TimeoutError:
        raise Refused(
            400, f"{name}: reading the PDF takes longer than {_PDF_LIMIT_S:g} seconds: send the parts that matter"
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        answer = json.loads(output)
    except ValueError:
        raise Refused(400, f"{name}: the PDF could not be read: save it anew, or as text, and send that") from None
    if "fault" in answer:
        raise Refused(400, f"{name}: {answer['fault']}")
    return [str(page) for page in answer["pages"]]


def _decoded(name: str, content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            # The letters of older Windows programs; every byte is one.
            text = content.decode("cp1252", "replace")
    if "\0" in text:
        raise Refused(400, f"{name}: this is no text file")
    return text


def _from_plain(text: str) -> str:
    return markdown_of(text.splitlines())


def _from_pages(pages: Sequence[str]) -> str:
    lines = list[str]()
    for page in pages:
        found = [line.strip() for line in page.replace("\0", "").splitlines()]
        while found and (not found[-1] or _PAGE_NUMBER.fullmatch(found[-1])):
            found.pop()
        while found and (not found[0] or _PAGE_NUMBER.fullmatch(found[0])):
            found.pop(0)
        lines += found
    return markdown_of(lines)


def _paragraphs(lines: Sequence[str], widest: int) -> Iterator[str]:
    collected = ""
    for raw in lines:
        line = _HASHES.sub("", raw).strip()
        if not line or _FENCE.match(line):
            if collected:
                yield collected
            collected = ""
        elif not collected:
            collected = line
        elif _BULLET.match(line):
            collected += f"\n{line}"
        elif collected.endswith("-") and line[0].islower():
            collected = collected[:-1] + line
        else:
            collected += f" {line}"
        # A short line at the end of a sentence is the last of its paragraph.
        if collected and line.endswith(_ENDS) and len(line) < 0.7 * widest:
            yield collected
            collected = ""
    if collected:
        yield collected


def _shortened(paragraph: str) -> Iterator[str]:
    """A long paragraph as several, which end where sentences do."""
    if len(paragraph.split()) <= _MOST_WORDS or "\n" in paragraph:
        yield paragraph
        return
    portion, words = list[str](), 0
    for sentence in sentences(paragraph):
        length = len(sentence.split())
        if portion and words + length > _MOST_WORDS:
            yield " ".join(portion)
            portion, words = [], 0
        portion.append(sentence)
        words += length
    yield " ".join(portion)
