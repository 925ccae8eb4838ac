"""OpenDocument texts (ODT and flat FODT, ISO/IEC 26300): the words of the body, a paragraph per line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.works.dublin_core import dublin_core
from latam_corpus.extract.block_text import CELL, BlockText, is_one_line
from latam_corpus.extract.bounded_xml import entity, parse_xml
from latam_corpus.extract.document import Extracted, UnusableError
from latam_corpus.extract.documents.odt_hidden import cut_hidden
from latam_corpus.extract.hidden_text import hidden_note
from latam_corpus.extract.interviews.interview import with_turns
from latam_corpus.extract.stated_rights.file_properties import title_and_creators
from latam_corpus.extract.stated_rights.file_refusals import refusals_in
from latam_corpus.extract.stated_rights.reservations import notices_in
from latam_corpus.extract.stated_rights.stated_licences import stated_in
from latam_corpus.extract.zip_package import ZipPackage
from latam_corpus.messages import N_
from latam_corpus.text.markup.xml_tree import name_of, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lxml import etree

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "odt 5"

_CONTENT: Final = "content.xml"
_META: Final = "meta.xml"
_STYLES: Final = "styles.xml"
_MANIFEST: Final = "META-INF/manifest.xml"
_DRAWN: Final = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_LEFT_OUT: Final = frozenset({
    *("note", "annotation", "annotation-end", "tracked-changes", "sequence-decls", "ruby-text", "forms"),
    *("table-of-content", "illustration-index", "table-index", "alphabetical-index", "bibliography"),
})  # fmt: skip


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text of an OpenDocument text: paragraphs and verses in order, with empty paragraphs as blank lines.

    Hidden text, notes, comments, text deleted under tracked changes, and tables of contents are left out.

    Args:
        raw: the zip file, or the XML of a flat one.
        parameters: `form`, if the source declares an interview; `properties`, see `title_and_creators`.

    Raises:
        UnusableError: it is damaged or encrypted, or isn't a text document.
    """
    if raw.startswith(b"PK"):
        package = ZipPackage(raw)
        if _MANIFEST in package and package.xml(_MANIFEST).find(".//{*}encryption-data") is not None:
            raise UnusableError("encrypted", N_("it is protected with a password"), N_("save it without a password"))
        root = package.xml(_CONTENT)
        meta = package.xml(_META) if _META in package else None
        styles = package.xml(_STYLES) if _STYLES in package else None
    else:
        root = styles = parse_xml(raw)
        meta = root.find("{*}meta")
    body = root.find("{*}body/{*}text")
    if body is None:
        raise UnusableError(
            "damaged file", N_("it has no text body"), N_("open it in a word processor and save it again")
        )
    hidden = cut_hidden(body, styles, root)
    output = BlockText()
    for element in body:
        _write(element, output)
    catalogued = dublin_core(meta)
    # The properties' dates belong to the file, and their language to the user of the word processor.
    title, creators = title_and_creators(parameters, catalogued.title, catalogued.creators)
    extracted = Extracted(
        output.text(),
        EXTRACTOR,
        title=title,
        creators=creators,
        licences=stated_in(meta),
        notices=notices_in([words(paragraph) for paragraph in _heads_and_feet(styles)]),
        refusals=refusals_in(meta),
        notes=hidden_note(hidden),
    )
    return with_turns(extracted, parameters.get("form"))


def _heads_and_feet(styles: etree._Element | None) -> Iterator[etree._Element]:
    """Yield the paragraphs of page headers and footers, which are not part of the text."""
    for page in styles.iterfind("{*}master-styles/{*}master-page") if styles is not None else ():
        yield from page.iter("{*}p", "{*}h")


def _write(element: etree._Element, output: BlockText) -> None:
    name = name_of(element)
    if not name:
        output.add(entity(element))
        return
    if _is_left_out(element):
        return
    if name == "line-break":
        output.stop(1)
    elif name in ("tab", "s"):
        output.add(f" {CELL} " if name == "tab" else " ")
    elif name in ("p", "h"):
        # A heading is set off by blank lines, and so is a paragraph of several lines, which is a stanza.
        ends = 2 if name == "h" or element.find(".//{*}line-break") is not None else 1
        output.stop(ends)
        shapes = _write_content(element, output)
        if not output.stop(ends) and ends == 1:
            output.stop(2)
        for shape in shapes:
            _write(shape, output)
            output.stop(1)
    elif name == "table-row":
        _row(element, output)
    else:
        for child in element:
            _write(child, output)


def _row(element: etree._Element, output: BlockText) -> None:
    """Write the cells of a row, side by side if each is one paragraph."""
    output.stop(1)
    cells = [cell for cell in element if name_of(cell) == "table-cell"]
    if is_one_line(cells, _is_paragraph, _begins_with_paragraph):
        for cell in cells:
            _write_content(cell[0], output)
            for child in [*cell][1:]:
                _write(child, output)
            output.add(f" {CELL} ")
    else:
        for cell in cells:
            _write(cell, output)
    output.stop(1)


def _write_content(element: etree._Element, output: BlockText) -> list[etree._Element]:
    """Write the content of a paragraph; return its shapes, whose text would interrupt its sentences."""
    shapes: list[etree._Element] = []
    output.add(element.text or "")
    for child in element:
        if name_of(child) in ("span", "a", "meta", "ruby", "ruby-base", "meta-field") or _is_field(child):
            shapes += _write_content(child, output)
        elif str(child.tag).startswith(_DRAWN):
            shapes.append(child)
        else:
            _write(child, output)
        output.add(child.tail or "")
    return shapes


def _begins_with_paragraph(cell: etree._Element) -> bool:
    return len(cell) > 0 and name_of(cell[0]) in ("p", "h") and not _has_shapes(cell[0])


def _is_paragraph(cell: etree._Element) -> bool:
    return len(cell) == 1 and _begins_with_paragraph(cell)


def _has_shapes(element: etree._Element) -> bool:
    return any(str(descendant.tag).startswith(_DRAWN) for descendant in element.iter())


def _is_left_out(element: etree._Element) -> bool:
    """Return whether an element isn't text; titles and descriptions are left out only in shapes."""
    name = name_of(element)
    return name in _LEFT_OUT or (name in ("title", "desc") and "svg" in str(element.tag))


def _is_field(element: etree._Element) -> bool:
    """Return whether an element is a field, such as a date or a reference, whose text belongs to the paragraph."""
    return (
        not len(element) and bool(element.text) and name_of(element) not in ("", "p", "h") and not _is_left_out(element)
    )
