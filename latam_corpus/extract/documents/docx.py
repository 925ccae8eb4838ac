"""Word documents (DOCX, ECMA-376): the words of the body with all changes accepted, a paragraph per line.

Hidden text, text deleted under tracked changes, notes, comments, headers, footers and field codes are left out. No
macro or link is run or followed: only the XML of the body is read.
"""

from __future__ import annotations

import posixpath
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from lxml import etree

from latam_corpus.catalog.works.dublin_core import dublin_core
from latam_corpus.extract.block_text import CELL, BlockText, is_one_line
from latam_corpus.extract.bounded_xml import entity
from latam_corpus.extract.document import Extracted, UnusableError
from latam_corpus.extract.documents.docx_hidden import cut_hidden
from latam_corpus.extract.hidden_text import hidden_note
from latam_corpus.extract.interviews.interview import with_turns
from latam_corpus.extract.stated_rights.file_properties import title_and_creators
from latam_corpus.extract.stated_rights.file_refusals import refusals_in
from latam_corpus.extract.stated_rights.reservations import notices_in
from latam_corpus.extract.stated_rights.stated_licences import stated_in
from latam_corpus.extract.zip_package import ZipPackage
from latam_corpus.messages import N_
from latam_corpus.text.markup.xml_tree import attribute, name_of, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "docx 5"

_CORE: Final = "docProps/core.xml"
_CUSTOM: Final = "docProps/custom.xml"
_HEAD_OR_FOOT: Final = re.compile(r"word/(?:header|footer)\d*\.xml")
_LEFT_OUT: Final = frozenset({
    *("del", "moveFrom", "delText", "delInstrText", "instrText", "rPr", "pPr", "tblPr", "trPr", "tcPr", "sectPr"),
    *("footnoteReference", "endnoteReference", "commentReference", "annotationRef", "rt", "sdtPr"),
})  # fmt: skip
_CHARACTERS: Final = {"tab": f" {CELL} ", "ptab": f" {CELL} ", "noBreakHyphen": "-", "softHyphen": "\xad"}
# References to another file, which Word replaces with that file's text.
_ELSEWHERE: Final = frozenset({"altChunk", "subDoc"})
# Empty elements that may be between two paragraphs.
_MARKS: Final = frozenset({"bookmarkStart", "bookmarkEnd", "proofErr", "commentRangeStart", "commentRangeEnd"})
_BOX: Final = "txbxContent"
_ALTERNATIVES: Final = "AlternateContent"
_SIGN_NAMES: Final = frozenset({"sym", "symEx"})
_LINE_BREAKS: Final = frozenset({"br", "cr"})
# Codes of characters in symbol fonts. The font Symbol has Greek letters at the codes of Latin ones.
_SIGNS: Final = range(0xF000, 0xF100)
_GREEK: Final = dict(
    zip(
        "ABCDEFGHIKLMNOPQRSTUWXYZabcdefghiklmnopqrstuwxyzJjVv",
        "ΑΒΧΔΕΦΓΗΙΚΛΜΝΟΠΘΡΣΤΥΩΞΨΖαβχδεφγηικλμνοπθρστυωξψζϑϕςϖ",
        strict=True,
    )
)
_PICTURES: Final = ("wingdings", "webdings", "zapfdingbats", "marlett")
# Types of diagram points without text: they only connect or display others.
_NO_POINTS: Final = frozenset({"parTrans", "sibTrans", "pres"})


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text of a Word document: paragraphs, verses and cells in order, with empty paragraphs as blank lines.

    Args:
        raw: the zip file.
        parameters: `form`, if the source declares an interview; `properties`, see `title_and_creators`.

    Raises:
        UnusableError: it is damaged or encrypted, isn't a Word document, or part of its text is in another file.
    """
    package = ZipPackage(raw)
    main = _main_part(package)
    body = package.xml(main).find("{*}body")
    if body is None:
        raise UnusableError(
            "damaged file", N_("the document has no body"), N_("open it in a word processor and save it again")
        )
    hidden = cut_hidden(body, _styles(package, main))
    _join_deleted_ends(body)
    _insert_diagrams(body, package, main)
    output = BlockText()
    for element in body:
        _write(element, output)
    catalogued = dublin_core(package.xml(_CORE)) if _CORE in package else dublin_core(None)
    properties = [*_properties(package)]
    # The properties' dates belong to the file, and their language to the user of the word processor.
    title, creators = title_and_creators(parameters, catalogued.title, catalogued.creators)
    extracted = Extracted(
        output.text(),
        EXTRACTOR,
        title=title,
        creators=creators,
        licences=stated_in(*properties),
        notices=notices_in([*_heads_and_feet(package)]),
        refusals=refusals_in(*properties),
        notes=hidden_note(hidden),
    )
    return with_turns(extracted, parameters.get("form"))


def _properties(package: ZipPackage) -> Iterator[etree._Element]:
    """Yield the parts with the document's properties; damaged ones are skipped."""
    for part in (_CORE, _CUSTOM):
        with suppress(UnusableError):
            if part in package:
                yield package.xml(part)


def _heads_and_feet(package: ZipPackage) -> Iterator[str]:
    """Yield the paragraphs of page headers and footers, which are not part of the text."""
    for part in package.names():
        if _HEAD_OR_FOOT.fullmatch(part):
            with suppress(UnusableError):
                yield from map(words, package.xml(part).iter("{*}p"))


def _main_part(package: ZipPackage) -> str:
    for relationship in package.xml("_rels/.rels").iter("{*}Relationship"):
        if (relationship.get("Type") or "").endswith("/officeDocument"):
            return posixpath.normpath((relationship.get("Target") or "").lstrip("/"))
    raise UnusableError(
        "damaged file", N_("the package names no document"), N_("open it in a word processor and save it again")
    )


def _styles(package: ZipPackage, main: str) -> etree._Element | None:
    """Return the styles of the document, or None if it has none."""
    folder, name = posixpath.split(main)
    path = f"{folder}/styles.xml"
    if (links := f"{folder}/_rels/{name}.rels") in package:
        for relationship in package.xml(links).iter("{*}Relationship"):
            if (relationship.get("Type") or "").endswith("/styles"):
                path = _member(folder, relationship.get("Target"))
    return package.xml(path) if path in package else None


def _member(folder: str, target: str | None) -> str:
    """Return the name of the member that a relationship targets, from a part in this folder."""
    return posixpath.normpath(posixpath.join("/", folder, target or "")).lstrip("/")


def _write(element: etree._Element, output: BlockText) -> None:
    name = name_of(element)
    if name in _LEFT_OUT or name == _BOX:  # the text of a box follows its paragraph
        return
    if name in _ELSEWHERE:
        raise UnusableError(
            "text elsewhere", f"it has a <{name}>", N_("put the other file's text in its place, in a word processor")
        )
    if name in _LINE_BREAKS:
        if attribute(element, "type") in ("", "textWrapping"):
            output.stop(1)
        else:
            output.add(" ")  # a page or column break within a paragraph
    elif name == "p":
        _paragraph(element, output)
    elif name == "tr":
        _row(element, output)
    elif name in _CHARACTERS or name in _SIGN_NAMES or name == "t":
        output.add(_characters(element))
    else:
        for child in _shown(element) if name == _ALTERNATIVES else element:
            _write(child, output)


def _characters(element: etree._Element) -> str:
    name = name_of(element)
    if name == "t":
        following_pieces = (f"{'' if name_of(child) else entity(child)}{child.tail or ''}" for child in element)
        return f"{element.text or ''}{''.join(following_pieces)}"
    return _sign(element) if name in _SIGN_NAMES else _CHARACTERS[name]


def _paragraph(element: etree._Element, output: BlockText) -> None:
    # A heading is set off by blank lines, and so is a paragraph of several lines, which is a stanza.
    ends = 2 if _is_heading(element) or _has_lines(element) else 1
    output.stop(ends)
    for child in element:
        _write(child, output)
    if not output.stop(ends) and ends == 1:
        output.stop(2)
    for box in _boxes(element):
        output.stop(1)
        output.add(attribute(box, "string"))  # the text of WordArt
        for child in box:
            _write(child, output)
        output.stop(1)


def _boxes(element: etree._Element) -> Iterator[etree._Element]:
    """Yield the text boxes and WordArt of a paragraph, without those nested in other boxes."""
    for child in _shown(element) if name_of(element) == _ALTERNATIVES else element:
        name = name_of(child)
        if name in (_BOX, "textpath"):
            yield child
        elif name not in _LEFT_OUT:
            yield from _boxes(child)


def _shown(alternatives: etree._Element) -> list[etree._Element]:
    """Return the first alternative that has text; the alternatives have the same content."""
    return next(
        (
            [alternative]
            for alternative in alternatives
            if any(map(_has_text, alternative.iter("{*}t", "{*}textpath", "{*}symEx")))
        ),
        [],
    )


def _has_text(element: etree._Element) -> bool:
    return bool(words(element) or attribute(element, "string") or attribute(element, "char"))


def _sign(element: etree._Element) -> str:
    """Return the character of a symbol font: a space for pictures, U+FFFD if it is unknown."""
    try:
        code = int(attribute(element, "char"), 16)
        character = chr(code)
    except (ValueError, OverflowError):
        return "\ufffd"
    font = attribute(element, "font").lower()
    if code not in _SIGNS:
        return character
    if font.startswith(_PICTURES):
        return " "
    return _GREEK.get(chr(code - _SIGNS.start), "\ufffd") if font == "symbol" else "\ufffd"


def _join_deleted_ends(body: etree._Element) -> None:
    """Join paragraphs whose end was deleted under tracked changes with the next ones."""
    ends = body.iterfind(".//{*}pPr/{*}rPr")
    for end in reversed([end for end in ends if any(name_of(mark) in ("del", "moveFrom") for mark in end)]):
        properties = end.getparent()
        paragraph = properties.getparent() if properties is not None else None
        following = paragraph.getnext() if paragraph is not None else None
        while following is not None and name_of(following) in _MARKS:
            following = following.getnext()
        if paragraph is None or following is None or name_of(following) != "p":
            continue
        first = 1 if len(following) and name_of(following[0]) == "pPr" else 0
        for child in reversed([child for child in paragraph if name_of(child) != "pPr"]):
            following.insert(first, child)
        _remove(paragraph)


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _insert_diagrams(body: etree._Element, package: ZipPackage, main: str) -> None:
    """Insert the text of diagrams (SmartArt), which is in separate parts, as boxes where the diagrams appear."""
    folder, name = posixpath.split(main)
    links = f"{folder}/_rels/{name}.rels"
    places = list(body.iter("{*}relIds"))
    if not places or links not in package:
        return
    targets = {link.get("Id"): link.get("Target") for link in package.xml(links).iter("{*}Relationship")}
    for place in places:
        part = _member(folder, targets.get(attribute(place, "dm")))
        box = etree.SubElement(place, _BOX)
        points = package.xml(part).iter("{*}pt") if part in package else ()
        for point in points:
            if point.get("type") not in _NO_POINTS:
                box.extend([line for line in point.iterfind("{*}t/{*}p") if words(line)])


def _row(element: etree._Element, output: BlockText) -> None:
    """Write the cells of a row, side by side if each is one paragraph."""
    output.stop(1)
    cells = list(_cells(element))
    if is_one_line(cells, _is_paragraph, _begins_with_paragraph):
        for cell in cells:
            paragraph, *following = (child for child in cell if name_of(child) not in _LEFT_OUT)
            for child in (*paragraph, *following):
                _write(child, output)
            output.add(f" {CELL} ")
    else:
        for cell in cells:
            _write(cell, output)
    output.stop(1)


def _cells(element: etree._Element) -> Iterator[etree._Element]:
    """Yield the cells of a row, including those in form fields."""
    for child in element:
        if name_of(child) == "tc":
            yield child
        elif name_of(child) not in _LEFT_OUT:
            yield from _cells(child)


def _is_paragraph(cell: etree._Element) -> bool:
    """Return whether a cell contains one paragraph and nothing else."""
    names = [name_of(child) for child in cell if name_of(child) not in _LEFT_OUT]
    return names == ["p"] and not _has_box(cell)


def _begins_with_paragraph(cell: etree._Element) -> bool:
    children = [child for child in cell if name_of(child) not in _LEFT_OUT]
    return bool(children) and name_of(children[0]) == "p" and not _has_box(children[0])


def _has_box(element: etree._Element) -> bool:
    return next(element.iter(f"{{*}}{_BOX}"), None) is not None


def _is_heading(paragraph: etree._Element) -> bool:
    style = paragraph.find("{*}pPr/{*}pStyle")
    style_name = attribute(style, "val").lower() if style is not None else ""
    return style_name.startswith(("heading", "title", "ttulo", "título", "titulo"))


def _has_lines(paragraph: etree._Element) -> bool:
    return any(attribute(line_break, "type") in ("", "textWrapping") for line_break in paragraph.iterfind("{*}r/{*}br"))
