"""Transcribed pages in ALTO (2 to 4) and hOCR (1.2): a line of the print per line.

Running titles, page numbers, quire marks and scanning artefacts are left out if the file labels them. Words hyphenated
at a line end are left to `repair`, unless the file states the whole word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.bounded_xml import parse_xml
from latam_corpus.extract.charset import decode, meta_charset
from latam_corpus.extract.document import Extracted, UnusableError
from latam_corpus.extract.scans.recognised import LINES, confidences_of, mean, of_class
from latam_corpus.extract.stated_rights.file_refusals import page_refusals
from latam_corpus.extract.stated_rights.stated_licences import stated_in
from latam_corpus.messages import N_
from latam_corpus.text.markup.html_tree import html_tree
from latam_corpus.text.markup.xml_tree import name_of, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lxml import etree

# Increased when the same bytes yield a different text.
ALTO: Final = "alto 2"
HOCR: Final = "hocr 5"

# Names of the SegmOnto vocabulary (segmonto.github.io) and of Transkribus' and ABBYY's block types.
_LEFT_OUT: Final = re.compile(
    r"(?:Numbering|RunningTitle|QuireMarks?|DigitizationArtefact|Damage|Stamp|Seal|Graphic|Music)Zone"
    r"|CustomZone:(?:\w*Numbering|folio|page)|page[-_ ]?number|(?<!sub)header|footer"
    r"|running[-_ ]?(?:title|head)|signature",
    re.IGNORECASE,
)
_LINES: Final = frozenset({"ocr_line", "ocr_textfloat", "ocr_caption"})
_LEFT_OUT_HOCR: Final = frozenset({"ocr_header", "ocr_footer", "ocr_pageno", "ocr_photo", "ocr_separator", "ocr_noise"})


def alto(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text of ALTO pages: lines in reading order, with a blank line between blocks.

    Args:
        raw: the XML.
        parameters: not used.

    Raises:
        UnusableError: it isn't ALTO.

    >>> page = "<alto><Layout><Page><TextBlock><TextLine><String CONTENT='la'/><SP/><String CONTENT='barca' WC='0.9'/>"
    >>> found = alto(f"{page}</TextLine></TextBlock></Page></Layout></alto>".encode(), {})
    >>> found.text, found.confidence
    ('la barca', 0.9)
    """
    del parameters
    root = parse_xml(raw)
    if name_of(root) != "alto":
        raise UnusableError("not XML", f"its root is <{name_of(root)}> and not <alto>", N_("export it as ALTO"))
    labels = {tag.get("ID"): tag.get("LABEL") or tag.get("TYPE") or "" for tag in root.iterfind("{*}Tags/*")}
    confidences: list[float] = []
    blocks = [
        "\n".join(filter(None, (_alto_line(line, confidences) for line in block.iterfind("{*}TextLine"))))
        for block in _in_reading_order(root)
        if not any(_LEFT_OUT.search(label) for label in _labels(block, labels))
    ]
    software = root.find("{*}Description//{*}processingSoftware")
    engine = (
        " ".join(words(element) for element in software if name_of(element) != "softwareCreator")
        if software is not None
        else ""
    )
    return Extracted(
        "\n\n".join(filter(None, blocks)), f"{ALTO}, {engine}" if engine else ALTO, confidence=mean(confidences)
    )


def _labels(block: etree._Element, labels: Mapping[str | None, str]) -> Iterator[str]:
    yield from (labels.get(reference, "") for reference in (block.get("TAGREFS") or "").split())
    yield block.get("TYPE") or ""
    parent = block.getparent()
    if parent is not None and name_of(parent) == "ComposedBlock":
        yield from _labels(parent, labels)


def _in_reading_order(root: etree._Element) -> list[etree._Element]:
    """Return the text blocks in the order that the file declares (ALTO 4.3), or else in document order."""
    blocks = list(root.iterfind(".//{*}TextBlock"))
    order = [reference.get("REF") for reference in root.iterfind("{*}ReadingOrder//{*}ElementRef")]
    if not order:
        return blocks
    rank = {block_id: number for number, block_id in enumerate(order)}
    return sorted(blocks, key=lambda block: rank.get(block.get("ID"), len(order)))


def _alto_line(line: etree._Element, confidences: list[float]) -> str:
    """Return the words of a line; a hyphenated word whose whole form is stated appears where it begins."""
    pieces: list[str] = []
    for element in line:
        name = name_of(element)
        if name == "String":
            if element.get("SUBS_TYPE") == "HypPart2" and element.get("SUBS_CONTENT"):
                continue
            pieces.append(
                (element.get("SUBS_CONTENT") if element.get("SUBS_TYPE") == "HypPart1" else None)
                or element.get("CONTENT")
                or ""
            )
            if (confidence := element.get("WC")) and re.fullmatch(r"\d?\.?\d+", confidence):
                confidences.append(float(confidence))
        elif name == "SP":
            pieces.append(" ")
        elif name == "HYP" and not any(map(_is_whole, line)):
            pieces[-1:] = ["".join(pieces[-1:]) + (element.get("CONTENT") or "-")]
    # Some programs write no SP between words.
    has_spaces = any(name_of(element) == "SP" for element in line)
    return " ".join(("" if has_spaces else " ").join(pieces).split()).replace(" \xad", "\xad")


def _is_whole(string: etree._Element) -> bool:
    """Return whether the first part of a hyphenated word states the whole word."""
    return string.get("SUBS_TYPE") == "HypPart1" and bool(string.get("SUBS_CONTENT"))


def hocr(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text of hOCR pages: lines in order, with a blank line between paragraphs.

    Args:
        raw: the page.
        parameters: `charset`; by default the one that the page declares.

    Raises:
        UnusableError: it has no line of text.

    >>> page = '<div class="ocr_page"><p class="ocr_par"><span class="ocr_line"><span class="ocrx_word">la</span> barca'
    >>> hocr(f"{page}</span></p></div>".encode(), {}).text
    'la barca'
    """
    text = decode(raw, parameters.get("charset") or meta_charset(raw))[0]
    root = html_tree(text.encode(errors="replace"))
    system = next((meta.get("content") for meta in root.iter("meta") if meta.get("name") == "ocr-system"), None)
    blocks: list[list[str]] = []
    last_parent: object = None
    confidences: list[float] = []
    kinds = LINES if (system or "").lower().startswith("tesseract") else _LINES
    for line in of_class(root, kinds):
        if any(
            not _LEFT_OUT_HOCR.isdisjoint((ancestor.get("class") or "").split()) for ancestor in line.iterancestors()
        ):
            continue
        parent = line.getparent()
        if parent is not last_parent:
            blocks.append([])
            last_parent = parent
        blocks[-1].append(_words(line))
        confidences += confidences_of(line)
    joined = "\n\n".join("\n".join(filter(None, block)) for block in blocks)
    if not joined:
        raise UnusableError("no text", N_("it has no line of text"), N_("run OCR on the pages again"))
    return Extracted(
        joined,
        f"{HOCR}, {system}" if system else HOCR,
        confidence=mean(confidences),
        licences=stated_in(root.find("head")),
        refusals=page_refusals(raw),
    )


def _words(line: etree._Element) -> str:
    """Return the words of a line, with spaces between word elements even if the markup has none."""
    text, spaced = words(line), " ".join(words(word) for word in of_class(line, {"ocrx_word"}))
    return spaced if spaced.replace(" ", "") == text.replace(" ", "") else text
