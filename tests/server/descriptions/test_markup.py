"""Nothing that is described can become markup."""

from vivavoce.server.descriptions.markup import Html, code, element, link, prose, table


def test_text_and_attributes_are_escaped() -> None:
    """Rule: whatever a description says is text."""
    assert "<p>&lt;script&gt; &amp;</p>" == element("p", "<script> &")
    assert '<p title="&quot;&gt;">x</p>' == element("p", "x", title='">')
    assert "<p><b>x</b></p>" == element("p", element("b", "x"))


def test_attributes_have_their_names() -> None:
    """Rule: Python's words end in an underscore, the others become dashes."""
    assert '<a class="x" aria-label="y"></a>' == element("a", class_="x", aria_label="y")
    assert '<meta charset="utf-8">' == element("meta", charset="utf-8")
    assert '<a href="#x">y</a>' == link("y", "#x")


def test_prose_has_paragraphs_and_names() -> None:
    """Rule: an empty line divides paragraphs, backticks mark names, both are escaped."""
    assert "<p>Of <code>&lt;a&gt;</code> &amp; b.</p><p>More.</p>" == prose("Of `<a>` & b.\n\nMore.\n\n")
    assert "" == prose("")


def test_a_table_has_rows_or_is_not_there() -> None:
    """Rule: no empty tables; a cell that is markup stays it."""
    shown = table(("a",), [("<",), (code("b"),)])

    assert "<tr><td>&lt;</td></tr><tr><td><code>b</code></td></tr>" in shown
    assert Html() == table(("a",), [])
