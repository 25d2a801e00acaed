"""Files become text that nothing in mistakes for something else."""

import asyncio
import sys
from io import BytesIO

import pytest
from pypdf import PdfWriter

from tests.server.pdfs import pdf
from vivavoce.engines.knowledge_text import FURTHER, read
from vivavoce.errors import Refused
from vivavoce.server.console import knowledge_files
from vivavoce.server.console.knowledge_files import MOST_BYTES, closed, markdown_of, read_file


def text_of(name: str, content: bytes) -> str:
    return asyncio.run(read_file(name, content))


def refusal_of(name: str, content: bytes) -> str:
    with pytest.raises(Refused) as caught:
        text_of(name, content)
    return caught.value.message


def locked(password: str) -> bytes:
    """A PDF that is locked: for reading, or with an empty password against changes alone."""
    writer = PdfWriter(clone_from=BytesIO(pdf("We are open.")))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    content = BytesIO()
    writer.write(content)
    return content.getvalue()


def test_a_pdf_is_read_as_paragraphs() -> None:
    """Rule: lines join, words that were parted join, and page numbers are no knowledge."""
    content = pdf(
        "We are open from seven to six\non all weekdays.\n1", "We are closed on Sun-\ndays and holidays.\n- 2 -"
    )

    assert "We are open from seven to six on all weekdays. We are closed on Sundays and holidays." == text_of(
        "Hours.PDF", content
    ).replace("\n\n", " ")


def test_a_pdf_that_is_locked_against_printing_is_read() -> None:
    """Rule: who may read it may give it to his agent."""
    assert "We are open." == text_of("a.pdf", locked(""))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (locked("secret"), "a.pdf: The PDF is locked with a password"),
        (pdf("", ""), "a.pdf: There is no text in the PDF: its pages are pictures"),
        (b"%PDF-1.4 nonsense", "a.pdf: The PDF is damaged"),
        (pdf("We are open.")[:300], "a.pdf: The PDF is damaged"),
        (b"\0" * 1000, "a.pdf: The PDF is damaged"),
        (b"", "a.pdf: the file is empty"),
    ],
)
def test_a_pdf_that_gives_no_text_says_why(content: bytes, said: str) -> None:
    """Rule: each reason has its sentence, and what to do."""
    assert refusal_of("a.pdf", content).startswith(said)


def test_a_pdf_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule: the wait has an end, and so has the process."""
    monkeypatch.setattr(knowledge_files, "_PDF_LIMIT_S", 0.0)

    assert "takes longer than 0 seconds" in refusal_of("a.pdf", pdf("We are open."))


def test_a_reader_that_dies_is_said_to_have_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule: a process that ends without an answer is no answer."""
    monkeypatch.setattr(sys, "executable", "/bin/true")

    assert "the PDF could not be read" in refusal_of("a.pdf", pdf("We are open."))


@pytest.mark.parametrize(
    "content",
    ["Grüße".encode(), b"\xef\xbb\xbf" + "Grüße".encode(), "Grüße".encode("utf-16"), "Grüße".encode("cp1252")],
)
def test_texts_of_all_usual_encodings_are_read(content: bytes) -> None:
    """Rule: nobody needs to know what an encoding is."""
    assert "Grüße" == text_of("a.txt", content)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.docx", b"x", "only Markdown (.md), plain text (.txt) and PDF files can be read"),
        ("a", b"x", "only Markdown (.md), plain text (.txt) and PDF files can be read"),
        ("a.txt", b" \n", "the file is empty"),
        ("a.md", b"\0\1\2", "this is no text file"),
        ("a.txt", b"x" * (MOST_BYTES + 1), "a file may have 10 MB"),
    ],
)
def test_what_is_no_such_file_is_refused(name: str, content: bytes, said: str) -> None:
    """Rule: with the name of the file, because there may be several."""
    assert refusal_of(name, content).startswith(f"{name}: {said}")


def test_plain_text_never_looks_like_markdown() -> None:
    """Rule: a hash at the beginning of a line is no heading, and three quotes hide nothing."""
    text = text_of("a.txt", b"# 1 is the first\n```\nand this is seen\n## Knowledge")

    assert ["1 is the first", "and this is seen Knowledge"] == [
        entry.answer for entry in read(f"{FURTHER}\n\n{text}").entries
    ]


def test_a_block_of_code_that_nobody_closed_hides_nothing_behind_it() -> None:
    """Rule: one file cannot make the next one vanish."""
    assert closed("# a\n```\nx").endswith("\n```")
    assert "# a\n```\nx\n```" == closed("# a\r\n```\r\nx\r\n```\r\n")


def test_a_long_paragraph_is_cut_where_sentences_end() -> None:
    """Rule: a page is no answer."""
    paragraphs = markdown_of([f"Sentence number {number} says little." for number in range(60)]).split("\n\n")

    assert 3 < len(paragraphs) < 8
    assert all(paragraph.endswith(".") for paragraph in paragraphs)


def test_a_short_line_that_ends_a_sentence_ends_a_paragraph() -> None:
    """Rule: PDFs and many texts have no empty lines."""
    lines = [
        "This line is as long as the page is wide and goes on",
        "and ends here.",
        "This is the next paragraph of it all",
    ]

    assert 2 == len(markdown_of(lines).split("\n\n"))
