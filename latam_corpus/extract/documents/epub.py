"""EPUB: the chapters of a book in the order of its spine, and the metadata of its package (EPUB 3.3, OPF 2 and 3)."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

from lxml import etree

from latam_corpus.catalog.works.dublin_core import dublin_core
from latam_corpus.extract.block_text import CELL, BlockText
from latam_corpus.extract.bounded_xml import entity, parse_xml
from latam_corpus.extract.charset import decode, meta_charset
from latam_corpus.extract.document import Extracted, UnusableError
from latam_corpus.extract.documents.page_styles import cut_hidden, rules_of
from latam_corpus.extract.gutenberg import strip_gutenberg
from latam_corpus.extract.hidden_text import hidden_note
from latam_corpus.extract.interviews.interview import with_turns
from latam_corpus.extract.stated_rights.file_refusals import page_refusals, refusals_in
from latam_corpus.extract.stated_rights.reservations import notices_in
from latam_corpus.extract.stated_rights.stated_licences import stated_in
from latam_corpus.extract.zip_package import ZipPackage
from latam_corpus.messages import N_
from latam_corpus.text.markup.html_tree import html_tree
from latam_corpus.text.markup.xml_tree import attribute, name_of, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.extract.documents.page_styles import StyleRule

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "epub 6"

_CONTAINER: Final = "META-INF/container.xml"
_ENCRYPTION: Final = "META-INF/encryption.xml"
# Algorithms that obfuscate only fonts.
_FONTS_ALONE: Final = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_EDGE_PAGES: Final = 6
_PAGES: Final = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
# Suffixes of pages that some packages declare with another type, such as text/xml.
_PAGE_NAMES: Final = (".xhtml", ".html", ".htm")
_SKIPPED: Final = frozenset({"head", "script", "style", "nav", "svg", "math", "audio", "video", "template", "rt", "rp"})
_LINES: Final = frozenset({"li", "dt", "dd", "tr", "caption", "figcaption", "summary"})
_BLOCKS: Final = frozenset({
    *("address", "article", "aside", "blockquote", "body", "details", "div", "dl", "fieldset", "figure", "footer"),
    *("form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "ol", "p", "pre", "section", "table", "ul"),
})  # fmt: skip
_CELL_NAMES: Final = frozenset({"td", "th"})
# Word processors write a tab as several no-break spaces.
_SPACES: Final = re.compile(r" ?[\xa0\u2003]{3,} ?")
# Parts of a book that aren't its text (EPUB 3 Structural Semantics Vocabulary 1.1), and notes and their marks.
_LEFT_OUT: Final = frozenset({
    *("annotation", "colophon", "copyright-page", "cover", "endnote", "endnotes", "footnote", "footnotes"),
    *("halftitlepage", "imprint", "index", "landmarks", "loi", "lot", "noteref", "page-list", "pagebreak", "rearnote"),
    *("rearnotes", "titlepage", "toc"),
})  # fmt: skip
_BY_CLASS: Final = re.compile(r"(?:^|\s)(?:fnanchor|noteref|pagenum|pageno|x-ebookmaker-pageno|footnotes?)(?:\s|$)")
_BY_ID: Final = re.compile(r"pg-(?:header|footer|machine-header)$")
# Types of pages in a guide (EPUB 2) that aren't text.
_GUIDE: Final = frozenset({"cover", "title-page", "toc", "copyright-page", "loi", "lot", "index", "colophon", "notes"})


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text of a book: its chapters, with paragraphs, verses and stanzas as they were set.

    Hidden text is left out, and so are title pages, tables of contents, indexes, notes and page numbers that the book
    marks as such.

    Args:
        raw: the zip file.
        parameters: `form`, if the source declares an interview; pages declare their own charset.

    Raises:
        UnusableError: it is damaged or encrypted, or lacks a page that its spine names.
    """
    package = ZipPackage(raw)
    _refuse_encrypted(package)
    root, folder = _opf(package)
    output = BlockText()
    spine = _spine(root, folder)
    edge_pages = _edges(spine.pages)
    refusals = dict(refusals_in(root.find("{*}metadata")))
    lines: list[str] = []
    hidden: list[str] = []
    sheets: dict[str, list[StyleRule]] = {}
    for path in [*spine.paths, *(page for page in edge_pages if page not in spine.paths)]:
        try:
            raw_page = package.read(path)
            page = _page(raw_page, path)
        except UnusableError:
            if path in spine.paths:
                raise
            continue
        refusals = {**dict(page_refusals(raw_page)), **refusals}
        if path in edge_pages:
            lines += _lines(page)
        if path in spine.paths:
            hidden += cut_hidden(page, _rules(page, path, package, sheets), _is_no_text)
            _write(page, output)
            output.stop(2)
    catalogued = dublin_core(root.find("{*}metadata"))
    book = strip_gutenberg(output.text())
    extracted = Extracted(
        book.text,
        EXTRACTOR,
        title=catalogued.title or book.title,
        creators=catalogued.creators or book.creators,
        published=catalogued.published,
        declared_language=catalogued.language or book.language,
        url=catalogued.url or book.url,
        licences=stated_in(root.find("{*}metadata")),
        notices=notices_in(lines, catalogued.published),
        refusals=tuple(refusals.items()),
        notes=(
            *((f"pages left out: {', '.join(spine.unsupported)}",) if spine.unsupported else ()),
            *hidden_note(hidden),
        ),
    )
    return with_turns(extracted, parameters.get("form"))


def _refuse_encrypted(package: ZipPackage) -> None:
    if _ENCRYPTION not in package:
        return
    for method in package.xml(_ENCRYPTION).iter("{*}EncryptionMethod"):
        parent = method.getparent()
        if parent is not None and name_of(parent) == "EncryptedData" and method.get("Algorithm") not in _FONTS_ALONE:
            raise UnusableError("encrypted", f"its pages are encrypted ({_ENCRYPTION})", N_("ask for it without DRM"))


def _opf(package: ZipPackage) -> tuple[etree._Element, str]:
    """Return the package document, and the folder to which its paths are relative."""
    for file in package.xml(_CONTAINER).iter("{*}rootfile"):
        path = file.get("full-path") or ""
        return package.xml(path), posixpath.dirname(path)
    raise UnusableError("damaged file", f"{_CONTAINER} names no package document", N_("fetch the file again"))


class _Spine(NamedTuple):
    """The pages of a book.

    Attributes:
        paths: the paths of the pages that are read.
        pages: the paths of all pages.
        unsupported: names of pages in unsupported formats.
    """

    paths: list[str]
    pages: list[str]
    unsupported: list[str]


def _edges(pages: list[str]) -> list[str]:
    """Return the first and last pages of a book, which may have notices, even if they aren't part of its text."""
    return list(dict.fromkeys([*pages[:_EDGE_PAGES], *pages[-_EDGE_PAGES:]]))


def _lines(page: etree._Element) -> list[str]:
    """Return the innermost blocks of a page as lines."""
    blocks = (element for element in page.iter() if name_of(element) in _BLOCKS | _LINES)
    innermost = (
        block
        for block in blocks
        if not any(name_of(descendant) in _BLOCKS | _LINES for descendant in block.iterdescendants())
    )
    return [line for block in innermost if (line := words(block))]


def _spine(root: etree._Element, folder: str) -> _Spine:
    """Return the pages in the order of the book's spine."""
    manifest = {item.get("id"): item for item in root.iterfind("{*}manifest/{*}item")}
    skipped = {
        (reference.get("href") or "").partition("#")[0]
        for reference in root.iterfind("{*}guide/{*}reference")
        if (reference.get("type") or "").lower() in _GUIDE and "#" not in (reference.get("href") or "")
    }
    paths: list[str] = []
    pages: list[str] = []
    unsupported: list[str] = []
    for entry in root.iterfind("{*}spine/{*}itemref"):
        item = manifest.get(entry.get("idref"))
        if item is None:
            problem = f"its spine names «{entry.get('idref')}», which its manifest lacks"
            raise UnusableError("damaged file", problem, N_("fetch the file again"))
        properties = (item.get("properties") or "").split()
        path_in_book = item.get("href") or ""
        is_text = not (
            entry.get("linear") == "no" or "nav" in properties or "cover-image" in properties or path_in_book in skipped
        )
        page = _readable(item, manifest)
        if page is not None:
            pages.append(posixpath.normpath(posixpath.join(folder, unquote(page.get("href") or ""))))
            paths += pages[-1:] if is_text else []
        elif is_text:
            unsupported.append(path_in_book)
    # A guide that leaves no page of text is wrong.
    if not paths:
        raise UnusableError("no text", N_("its spine names no page"), N_("check the book in a reader"))
    return _Spine(paths, pages, unsupported)


def _readable(item: etree._Element, manifest: Mapping[str | None, etree._Element]) -> etree._Element | None:
    """Return a page, or its fallback if it is in an unsupported format; None without either."""
    candidate: etree._Element | None = item
    for _ in range(len(manifest)):  # fallbacks may form a cycle
        if (
            candidate is None
            or candidate.get("media-type") in _PAGES
            or (candidate.get("href") or "").lower().endswith(_PAGE_NAMES)
        ):
            return candidate
        candidate = manifest.get(candidate.get("fallback")) if candidate.get("fallback") else None
    return None


def _page(raw: bytes, path: str) -> etree._Element:
    """Return a page as a tree; a page that isn't well-formed XML is parsed as HTML."""
    try:
        return parse_xml(raw, path)
    except UnusableError as error:
        try:
            page: etree._Element = html_tree(decode(raw, meta_charset(raw))[0].encode(errors="replace"))
        except (etree.LxmlError, ValueError):
            raise error from None
        return page


def _write(element: etree._Element, output: BlockText, *, keeps_lines: bool = False) -> None:
    """Write an element; preformatted text keeps its lines."""
    name = name_of(element)
    keeps_lines = keeps_lines or name == "pre"
    if not name:
        if isinstance(element, etree._Entity):  # noqa: SLF001  (lxml has no other name for it)
            output.add(entity(element))
        return
    if _is_no_text(element):
        return
    if name == "br":
        output.stop(1)
        return
    if name == "tr":
        _row(element, output, keeps_lines=keeps_lines)
        return
    ends = 2 if name in _BLOCKS else 1 if name in _LINES else 0
    if ends:
        output.stop(ends)
    _add(element.text or "", output, keeps_lines=keeps_lines)
    for child in element:
        _write(child, output, keeps_lines=keeps_lines)
        _add(child.tail or "", output, keeps_lines=keeps_lines)
    if ends:
        output.stop(ends)


def _row(element: etree._Element, output: BlockText, *, keeps_lines: bool) -> None:
    """Write the cells of a row: side by side if each is one line, else one below another."""
    output.stop(1)
    cells = [child for child in element if name_of(child) in _CELL_NAMES and not _is_no_text(child)]
    are_lines = all(map(_is_one_line, cells))
    for cell in cells:
        content = cell[0] if are_lines and len(cell) == 1 and name_of(cell[0]) in _BLOCKS else cell
        _add(content.text or "", output, keeps_lines=keeps_lines)
        for child in content:
            _write(child, output, keeps_lines=keeps_lines)
            _add(child.tail or "", output, keeps_lines=keeps_lines)
        output.add(f" {CELL} ")
    output.stop(1)


def _is_one_line(cell: etree._Element) -> bool:
    """Return whether a cell contains no block, or exactly one paragraph."""
    blocks = [element for element in cell.iterdescendants() if name_of(element) in _BLOCKS | _LINES]
    return not blocks or (len(cell) == 1 and blocks == [cell[0]])


def _rules(page: etree._Element, path: str, package: ZipPackage, sheets: dict[str, list[StyleRule]]) -> list[StyleRule]:
    """Return the rules of a page's stylesheets that show or hide elements; `sheets` caches the rules of files."""
    rules: list[StyleRule] = []
    for element in page.iter("{*}link", "{*}style"):
        if name_of(element) == "style":
            rules += rules_of(element.text or "")
            continue
        kinds = (element.get("rel") or "").lower().split()
        sheet = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(element.get("href") or "")))
        if "stylesheet" in kinds and "alternate" not in kinds and sheet in package:
            if sheet not in sheets:
                sheets[sheet] = rules_of(decode(package.read(sheet))[0])
            rules += sheets[sheet]
    return rules


def _is_no_text(element: etree._Element) -> bool:
    return name_of(element) in _SKIPPED or _is_left_out(element)


def _add(text: str, output: BlockText, *, keeps_lines: bool) -> None:
    text = _SPACES.sub(f" {CELL} ", text)
    first, *other_lines = text.split("\n") if keeps_lines else [text]
    output.add(first)
    for line in other_lines:
        if not output.stop(1):
            output.stop(2)
        output.add(line)


def _is_left_out(element: etree._Element) -> bool:
    kinds = attribute(element, "type").split() + [
        role.removeprefix("doc-") for role in (element.get("role") or "").split() if role.startswith("doc-")
    ]
    if not _LEFT_OUT.isdisjoint(kinds):
        return True
    return bool(_BY_CLASS.search(element.get("class") or "") or _BY_ID.match(element.get("id") or ""))
