"""Word documents (DOCX, ECMA-376): the words of the body as they stand accepted, a paragraph a line.

Hidden text, text deleted under tracked changes, notes, comments, headers, footers and field codes are left out. No
macro or link is run or followed: the XML of the body is all that is read.
"""

from __future__ import annotations

import posixpath
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from lxml import etree

from latam_corpus.catalog.works.dublin_core import dublin_core
from latam_corpus.extract.block_text import CELL, BlockText
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

# Counted up when the same bytes give another text.
EXTRACTOR: Final = "docx 5"

_CORE: Final = "docProps/core.xml"
_CUSTOM: Final = "docProps/custom.xml"
_HEAD_OR_FOOT: Final = re.compile(r"word/(?:header|footer)\d*\.xml")
_LEFT_OUT: Final = frozenset({
    *("del", "moveFrom", "delText", "delInstrText", "instrText", "rPr", "pPr", "tblPr", "trPr", "tcPr", "sectPr"),
    *("footnoteReference", "endnoteReference", "commentReference", "annotationRef", "rt", "sdtPr"),
})  # fmt: skip
_CHARACTERS: Final = {"tab": f" {CELL} ", "ptab": f" {CELL} ", "noBreakHyphen": "-", "softHyphen": "\xad"}
# They stand for the text of another file, which Word shows in their place.
_ELSEWHERE: Final = frozenset({"altChunk", "subDoc"})
# Between two paragraphs they hold nothing.
_MARKS: Final = frozenset({"bookmarkStart", "bookmarkEnd", "proofErr", "commentRangeStart", "commentRangeEnd"})
_BOX: Final = "txbxContent"
_ALTERNATIVES: Final = "AlternateContent"
_SIGN_NAMES: Final = frozenset({"sym", "symEx"})
_LINE_BREAKS: Final = frozenset({"br", "cr"})
# The codes of characters in fonts of signs begin here. The font Symbol has Greek letters at those of Latin ones.
_SIGNS: Final = range(0xF000, 0xF100)
_GREEK: Final = dict(
    zip(
        "ABCDEFGHIKLMNOPQRSTUWXYZabcdefghiklmnopqrstuwxyzJjVv",
        "ΑΒΧΔΕΦΓΗΙΚΛΜΝΟΠΘΡΣΤΥΩΞΨΖαβχδεφγηικλμνοπθρστυωξψζϑϕςϖ",
        strict=True,
    )
)
_PICTURES: Final = ("wingdings", "webdings", "zapfdingbats", "marlett")
# Points of a diagram that only connect or show others.
_NO_POINTS: Final = frozenset({"parTrans", "sibTrans", "pres"})
# A cell before the last one of a row that is as short as a name or time is on the line of what follows it.
_SHORT_CELL: Final = 40


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text of a Word document: paragraphs, verses and cells in order, empty paragraphs as blank lines.

    Args:
        raw: the zip file.
        parameters: `form`, where the source says that it is an interview; `properties`, see `title_and_creators`.

    Raises:
        UnusableError: it is damaged, encrypted, or no Word document, or a part of its text lies in another file.
    """
    package = ZipPackage(raw)
    main = _main_part(package)
    body = package.xml(main).find("{*}body")
    if body is None:
        raise UnusableError(
            "damaged file", N_("the document has no body"), N_("open it in a word processor and save it anew")
        )
    hidden = cut_hidden(body, _styles(package, main))
    _join_deleted_ends(body)
    _insert_diagrams(body, package, main)
    written = BlockText()
    for element in body:
        _write(element, written)
    catalogued = dublin_core(package.xml(_CORE)) if _CORE in package else dublin_core(None)
    properties = [*_properties(package)]
    # Dates are the file's, and the language is that of whose word processor it was.
    title, creators = title_and_creators(parameters, catalogued.title, catalogued.creators)
    extracted = Extracted(
        written.text(),
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
    """Yield the parts that say something of the document; of a broken one the text is as good as before."""
    for part in (_CORE, _CUSTOM):
        with suppress(UnusableError):
            if part in package:
                yield package.xml(part)


def _heads_and_feet(package: ZipPackage) -> Iterator[str]:
    """Yield the paragraphs of page headers and footers, which are no part of the text."""
    for part in package.names():
        if _HEAD_OR_FOOT.fullmatch(part):
            with suppress(UnusableError):
                yield from map(words, package.xml(part).iter("{*}p"))


def _main_part(package: ZipPackage) -> str:
    for relationship in package.xml("_rels/.rels").iter("{*}Relationship"):
        if (relationship.get("Type") or "").endswith("/officeDocument"):
            return posixpath.normpath((relationship.get("Target") or "").lstrip("/"))
    raise UnusableError(
        "damaged file", N_("the package names no document"), N_("open it in a word processor and save it anew")
    )


def _styles(package: ZipPackage, main: str) -> etree._Element | None:
    """Return the styles of the document, None if it has none."""
    folder, name = posixpath.split(main)
    path = f"{folder}/styles.xml"
    if (links := f"{folder}/_rels/{name}.rels") in package:
        for relationship in package.xml(links).iter("{*}Relationship"):
            if (relationship.get("Type") or "").endswith("/styles"):
                path = posixpath.normpath(posixpath.join("/", folder, relationship.get("Target") or "")).lstrip("/")
    return package.xml(path) if path in package else None


def _write(element: etree._Element, written: BlockText) -> None:
    name = name_of(element)
    if name in _LEFT_OUT or name == _BOX:  # the text of a box follows its paragraph
        return
    if name in _ELSEWHERE:
        raise UnusableError(
            "text elsewhere", f"it has a <{name}>", N_("put the other file's text in its place, in a word processor")
        )
    if name in _LINE_BREAKS:
        if attribute(element, "type") in ("", "textWrapping"):
            written.stop(1)
        else:
            written.add(" ")  # of a page or column, within a paragraph
    elif name == "p":
        _paragraph(element, written)
    elif name == "tr":
        _row(element, written)
    elif name in _CHARACTERS or name in _SIGN_NAMES or name == "t":
        written.add(_characters(element))
    else:
        for child in _shown(element) if name == _ALTERNATIVES else element:
            _write(child, written)


def _characters(element: etree._Element) -> str:
    name = name_of(element)
    if name == "t":
        rest = (f"{'' if name_of(child) else entity(child)}{child.tail or ''}" for child in element)
        return f"{element.text or ''}{''.join(rest)}"
    return _sign(element) if name in _SIGN_NAMES else _CHARACTERS[name]


def _paragraph(element: etree._Element, written: BlockText) -> None:
    # A heading stands apart, and so does a paragraph of several lines, which is a stanza.
    ends = 2 if _is_heading(element) or _has_lines(element) else 1
    written.stop(ends)
    for child in element:
        _write(child, written)
    if not written.stop(ends) and ends == 1:
        written.stop(2)
    for box in _boxes(element):
        written.stop(1)
        written.add(attribute(box, "string"))  # of WordArt
        for child in box:
            _write(child, written)
        written.stop(1)


def _boxes(element: etree._Element) -> Iterator[etree._Element]:
    """Yield the text boxes and WordArt that are held by a paragraph; those in others are held by theirs."""
    for child in _shown(element) if name_of(element) == _ALTERNATIVES else element:
        name = name_of(child)
        if name in (_BOX, "textpath"):
            yield child
        elif name not in _LEFT_OUT:
            yield from _boxes(child)


def _shown(alternatives: etree._Element) -> list[etree._Element]:
    """Return the first alternative that has text, which are otherwise the same."""
    return next(([one] for one in alternatives if any(map(_has_text, one.iter("{*}t", "{*}textpath", "{*}symEx")))), [])


def _has_text(element: etree._Element) -> bool:
    return bool(words(element) or attribute(element, "string") or attribute(element, "char"))


def _sign(element: etree._Element) -> str:
    """Return the character of a font of signs; pictures are none, and one that isn't known is U+FFFD."""
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
    """Join paragraphs whose end was deleted under tracked changes with the next one."""
    ends = body.iterfind(".//{*}pPr/{*}rPr")
    for end in reversed([one for one in ends if any(name_of(mark) in ("del", "moveFrom") for mark in one)]):
        properties = end.getparent()
        paragraph = properties.getparent() if properties is not None else None
        following = paragraph.getnext() if paragraph is not None else None
        while following is not None and name_of(following) in _MARKS:
            following = following.getnext()
        if paragraph is None or following is None or name_of(following) != "p":
            continue
        first = 1 if len(following) and name_of(following[0]) == "pPr" else 0
        for child in reversed([one for one in paragraph if name_of(one) != "pPr"]):
            following.insert(first, child)
        _remove(paragraph)


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _insert_diagrams(body: etree._Element, package: ZipPackage, main: str) -> None:
    """Put the text of diagrams (SmartArt), which is in parts of their own, into boxes at their places."""
    folder, name = posixpath.split(main)
    links = f"{folder}/_rels/{name}.rels"
    places = list(body.iter("{*}relIds"))
    if not places or links not in package:
        return
    targets = {one.get("Id"): one.get("Target") or "" for one in package.xml(links).iter("{*}Relationship")}
    for place in places:
        part = posixpath.normpath(posixpath.join("/", folder, targets.get(attribute(place, "dm"), ""))).lstrip("/")
        box = etree.SubElement(place, _BOX)
        points = package.xml(part).iter("{*}pt") if part in package else ()
        for point in points:
            if point.get("type") not in _NO_POINTS:
                box.extend([line for line in point.iterfind("{*}t/{*}p") if words(line)])


def _row(element: etree._Element, written: BlockText) -> None:
    """Add the cells of a row, side by side where each is one paragraph."""
    written.stop(1)
    cells = list(_cells(element))
    *labels, last = cells or [element]
    if all(map(_is_paragraph, cells)) or (_begins_with_paragraph(last) and all(map(_is_short, labels))):
        for cell in cells:
            first, *others = (child for child in cell if name_of(child) not in _LEFT_OUT)
            for child in first:
                _write(child, written)
            for child in others:
                _write(child, written)
            written.add(f" {CELL} ")
    else:
        for cell in cells:
            _write(cell, written)
    written.stop(1)


def _cells(element: etree._Element) -> Iterator[etree._Element]:
    """Yield the cells of a row, also those in the fields of a form."""
    for child in element:
        if name_of(child) == "tc":
            yield child
        elif name_of(child) not in _LEFT_OUT:
            yield from _cells(child)


def _is_paragraph(cell: etree._Element) -> bool:
    """Whether a cell holds one paragraph and nothing else."""
    held = [name_of(child) for child in cell if name_of(child) not in _LEFT_OUT]
    return held == ["p"] and not any(True for _box in cell.iter(f"{{*}}{_BOX}"))


def _begins_with_paragraph(cell: etree._Element) -> bool:
    held = [child for child in cell if name_of(child) not in _LEFT_OUT]
    return bool(held) and name_of(held[0]) == "p" and not any(True for _box in held[0].iter(f"{{*}}{_BOX}"))


def _is_short(cell: etree._Element) -> bool:
    return _is_paragraph(cell) and len(words(cell)) <= _SHORT_CELL


def _is_heading(paragraph: etree._Element) -> bool:
    style = paragraph.find("{*}pPr/{*}pStyle")
    named = attribute(style, "val").lower() if style is not None else ""
    return named.startswith(("heading", "title", "ttulo", "título", "titulo"))


def _has_lines(paragraph: etree._Element) -> bool:
    return any(attribute(one, "type") in ("", "textWrapping") for one in paragraph.iterfind("{*}r/{*}br"))
