"""A page keeps all its paragraphs and links, however deep its markup is nested and however long one of its texts is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree
from written_files import zip_file

from latam_corpus.extract.documents import epub
from latam_corpus.extract.scans import ocr_pages
from latam_corpus.extract.stated_rights import xmp
from latam_corpus.extract.web_pages import html
from latam_corpus.harvest.crawl.answers.links import page_links
from latam_corpus.text.markup import html_tree

if TYPE_CHECKING:
    from collections.abc import Callable

_PARAGRAPHS = [f"En la página {number} la vecina contó que la barca salió del puerto." for number in range(700)]
_CONTAINER = '<container><rootfiles><rootfile full-path="a.opf"/></rootfiles></container>'
_PACKAGE = (
    '<package><metadata/><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
    '<spine><itemref idref="a"/></spine></package>'
)
# Of each the markup before a paragraph, and before all that follow the hundredth.
_DEEP = {
    "unclosed font": ("<p><font color=red>", ""),
    "unclosed font, lines broken": ("<br><font>", ""),
    "unclosed span": ("<p></p><span>", ""),
    "unclosed div": ("<div>", ""),
    "wrapped in blocks and italics": ("<p>", "<div><i>" * 2000),
    "a list in lists": ("<p>", "<ul><li>" * 1000),
}


def _page(start: str, middle: str, paragraphs: list[str]) -> str:
    return "<html><body>" + "".join(middle * (at == 100) + start + paragraph for at, paragraph in enumerate(paragraphs))


def _book(page: str) -> bytes:
    return zip_file({"META-INF/container.xml": _CONTAINER, "a.opf": _PACKAGE, "a.xhtml": page})


def _hocr(page: str) -> bytes:
    return page.replace("En la", "<p class=ocr_par><span class=ocr_line>En la").encode()


_READERS: dict[str, Callable[[str], str]] = {
    "balanced": lambda page: html.balanced(page.encode(), {}).text,
    "careful": lambda page: html.careful(page.encode(), {}).text,
    "EPUB": lambda page: epub.extract(_book(page), {}).text,
    "hOCR": lambda page: ocr_pages.hocr(_hocr(page), {}).text,
}


@pytest.mark.parametrize("reader", _READERS)
@pytest.mark.parametrize("kind", _DEEP)
def test_no_paragraph_of_deep_markup_is_lost(kind: str, reader: str) -> None:
    """Every reader of HTML returns all 700 paragraphs."""
    if reader == "careful" and kind == "unclosed div":
        pytest.skip("trafilatura takes the innermost element, also where it reads the whole page")
    text = _READERS[reader](_page(*_DEEP[kind], _PARAGRAPHS))
    assert [paragraph for paragraph in _PARAGRAPHS if paragraph not in text] == []


@pytest.mark.parametrize("kind", _DEEP)
def test_no_link_in_deep_markup_is_lost(kind: str) -> None:
    """The crawler finds all 700 links."""
    page = _page(*_DEEP[kind], [f"<a href=/{number}>{number}</a> " for number in range(700)])
    links = page_links(page.encode(), "https://a.example/", None)
    assert links.pages == [f"https://a.example/{number}" for number in range(700)]
    assert links.left_out == 0


@pytest.mark.parametrize("reader", ["EPUB", "hOCR", "careful"])
def test_a_text_of_ten_megabytes_ends_no_page(reader: str) -> None:
    """Markup after a text that exceeds libxml2's default limit is read."""
    page = f"<html><body><p>{'En la barca. ' * 850_000}</p><p>{_PARAGRAPHS[0]}</p></body></html>"
    page = page.replace("En la barca", "La barca")  # no line of hOCR by itself
    assert _PARAGRAPHS[0] in _READERS[reader](page)


def test_an_empty_title_of_xhtml_swallows_no_deep_page() -> None:
    """`<title/>` is empty, as in XML, and text in scripts and comments is not markup."""
    head = "<html xmlns='http://www.w3.org/1999/xhtml'><head><title/><script src='a'/><!-- <p> --></head>"
    page = f"{head}<body>{'<div>' * 300}<p>La barca</p>"
    tree = html_tree.html_tree(page.encode())
    assert [element.text for element in tree.iter("p")] == ["La barca"]


def test_charset_of_a_deep_page_is_kept() -> None:
    """A flattened page is decoded from the charset that it declares."""
    page = "<meta charset=iso-8859-1>" + "<div>" * 300 + "<p>mañana</p>"
    assert "mañana" in html_tree.html_tree(page.encode("latin-1"), None).text_content()


def test_a_parser_that_stops_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """If even the flattened page isn't read to its end, an error is raised instead of a partial text."""
    monkeypatch.setattr(html_tree, "flattened", lambda page: page)
    page = _page(*_DEEP["wrapped in blocks and italics"], _PARAGRAPHS)
    with pytest.raises(html_tree.StoppedError):
        html_tree.html_tree(page.encode())
    with pytest.raises(Exception, match="not XML"):
        epub.extract(_book(page), {})


def test_truncated_metadata_of_a_picture_are_noted() -> None:
    """XMP that is nested deeper than its parser goes is reported as metadata that was not read."""
    packet = etree.tostring(etree.Element("xmpmeta")).replace(b"/>", b">") + b"<a>" * 400
    assert xmp.statements_of_packet(packet).notes == (xmp.NOT_READ,)
