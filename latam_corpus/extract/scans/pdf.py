"""PDF, read by pdfium: the lines of its pages in reading order, as paragraphs and verses.

Running heads, page numbers and footnotes are removed and counted; hyphenated words are joined. Pages without text are
recognised if the recipe names languages for OCR; otherwise a note reports them. Scripts, attachments and links of the
document are never run or followed.
"""

from __future__ import annotations

import base64
import ctypes
import re
import struct
import zlib
from math import hypot
from typing import TYPE_CHECKING, Final

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from latam_corpus.catalog.rights_in_words import is_reserved
from latam_corpus.extract.document import Extracted, UnusableError
from latam_corpus.extract.gutenberg import strip_gutenberg
from latam_corpus.extract.hidden_text import hidden_note
from latam_corpus.extract.interviews.interview import with_turns
from latam_corpus.extract.scans.mac_roman import with_accents
from latam_corpus.extract.scans.page_furniture import Line
from latam_corpus.extract.scans.page_layout import flow
from latam_corpus.extract.scans.page_rows import COLUMN_GAP
from latam_corpus.extract.scans.pdf_hidden import hidden_words
from latam_corpus.extract.scans.recognised import DOTS, OCR_REMEDY, Recognised, engine, recognise
from latam_corpus.extract.scans.spacing_accents import with_composed_letters
from latam_corpus.extract.stated_rights.file_properties import title_and_creators
from latam_corpus.extract.stated_rights.reservations import notices_in
from latam_corpus.extract.stated_rights.stated_licences import stated
from latam_corpus.extract.stated_rights.xmp import statements_of_pdf
from latam_corpus.messages import N_, _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "pdf 7"

SOME_WITHOUT_TEXT: Final = "pages without text"
MAC_ROMAN: Final = "accents read as Mac Roman"
SOME_RECOGNISED: Final = "pages recognised"

# Names of document properties that state rights; no standard defines them.
_RIGHTS: Final = ("Rights", "Copyright", "License", "Licence", "Licencia", "Derechos", "Direitos")
_NO_CONTENT: Final = N_("open it in a viewer; if it shows text, print it to a new PDF, else leave it out")
_FIRST_PAGES: Final = 6  # searched for notices, and as many last pages
_MAX_NOTICES: Final = 5
_POINTS: Final = 72
# Pixels of a page rendered for OCR; a poster gets a lower resolution.
_PICTURE_WIDTH: Final = 900  # pixels
_PICTURE_HEIGHT: Final = 2000
_MAX_DOTS: Final = 40_000_000

# The end of a line. pdfium joins the two parts of a hyphenated word.
_END: Final = re.compile(r"[\r\n]+|(?<=[\ufffe\x02])")
_BREAK: Final = re.compile(r"[\r\n]+")
# In letter heights: the maximum overlap of two letters of a line, and the minimum gap that is a space.
_OVERLAP: Final = 0.3
_SPACE: Final = 0.07
# A wider space ends a piece; `page_rows` joins the pieces of a line again.
_WIDE_SPACE: Final = 0.5
_COMMON: Final = 0.25  # minimum vertical overlap of two letters of a row, as a share of their heights
# A number or sign right after a word or its stop; it is a note mark if it is smaller.
_RAISED: Final = re.compile(r"(?<=[^\W\d_])(?:\d{1,3}|[*†‡])(?!\w)|(?<=[.,;:!?»”)])\d{1,3}(?=[\s.,;:—]|$)")
_RAISED_SIZE: Final = 0.8
_FILLER: Final = "\x1e"  # white space
_NO_CHARACTER: Final = re.compile(f"[\0{_FILLER}\ufffd]")
# Replaces each character of a hidden word; it is white space.
_HIDDEN: Final = "\x1f"
_HIDDEN_WORDS: Final = re.compile(r"\s*\x1f\s*")
# Fonts of TeX whose characters are the lines and arcs of drawings; pdfium reads them as signs such as ✄.
_SIGN: Final = re.compile("[\u2460-\u27bf]")
_DRAWING_FONT: Final = re.compile(rb"(?:[A-Z]{6}\+)?L(?:INE|CIRCLE)W?\d+")
_MAX_FONT_NAME: Final = 64  # bytes
# Characters that pdfium writes for a hyphen at a line end.
_HYPHENS: Final = str.maketrans({"\ufffe": "\xad", "\x02": "\xad"})


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text of a PDF.

    Args:
        raw: the file's bytes.
        parameters: `form`, if the source declares an interview; `ocr`, comma-separated languages for recognising pages
            without text; `properties`, see `title_and_creators`.

    Raises:
        UnusableError: it is damaged or locked with a password, or no page has text, written or recognised.
    """
    document = _opened(raw)
    try:
        hidden: list[str] = []
        pages = [_lines(document, number, hidden) for number in range(len(document))]
        recognised = _recognise_empty(document, pages, parameters.get("ocr", ""))
        properties = document.get_metadata_dict()
        fields = [document.get_metadata_value(name) for name in _RIGHTS]
        widths = [document.get_page_size(number)[0] for number in range(len(document))]
        if not any(pages) and not any(_has_content(document, number) for number in range(len(document))):
            raise UnusableError("no text", N_("its pages are blank, or their content can't be unpacked"), _NO_CONTENT)
    finally:
        document.close()
    recoded = with_accents([line.words for page in pages for line in page])
    if recoded:
        words = iter(recoded)
        pages = [[line._replace(words=next(words)) for line in page] for page in pages]
    empty_pages = [number for number, page in enumerate(pages, 1) if not page]
    if len(empty_pages) == len(pages):
        if hidden:
            raise UnusableError(
                "no text",
                N_("all its text is hidden"),
                N_("show it in the program that made the file, and save the file again"),
            )
        raise UnusableError(
            "no text", _("none of its {n} {n:page|pages} has text: it is a scan", n=len(pages)), OCR_REMEDY
        )
    notes = (*((SOME_WITHOUT_TEXT,) if empty_pages else ()), *((MAC_ROMAN,) if recoded else ()))
    metadata = statements_of_pdf(raw)
    subject_and_keywords = [properties.get(key) or "" for key in ("Subject", "Keywords")]
    edge_pages = [*pages[:_FIRST_PAGES], *pages[_FIRST_PAGES:][-_FIRST_PAGES:]]
    property_title, author = (" ".join((properties.get(key) or "").split()) for key in ("Title", "Author"))
    title, creators = title_and_creators(parameters, property_title, (author,) if author else ())
    flowed = flow(pages, widths)
    book = strip_gutenberg(flowed.text)
    extracted = Extracted(
        book.text,
        f"{EXTRACTOR}, {engine(parameters['ocr'])}" if recognised.pages else EXTRACTOR,
        title=title or book.title,
        creators=creators or book.creators,
        notes=(
            *notes,
            *((SOME_RECOGNISED,) if recognised.pages else ()),
            *flowed.removal_notes(),
            *metadata.notes,
            *hidden_note(hidden),
        ),
        confidence=recognised.confidence,
        licences=stated([*metadata.licences, *fields, *filter(is_reserved, subject_and_keywords)]),
        notices=tuple(notice for page in edge_pages for notice in notices_in([line.words for line in page]))[
            :_MAX_NOTICES
        ],
        refusals=metadata.refusals,
    )
    return with_turns(extracted, parameters.get("form"))


def count_pages(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the number of pages of a PDF, and the number of pages without text, as a string of two numbers.

    Raises:
        UnusableError: it is damaged or locked with a password.
    """
    del parameters
    document = _opened(raw)
    try:
        empty_count = sum(not _has_text(document, number) for number in range(len(document)))
        return Extracted(f"{len(document)} {empty_count}", EXTRACTOR)
    finally:
        document.close()


def picture(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return a page of a PDF as a PNG in shades of grey, in Base64.

    Args:
        raw: the file's bytes.
        parameters: `page`, from 1.

    Raises:
        UnusableError: it is damaged, locked with a password, or has no such page.
    """
    document = _opened(raw)
    try:
        number = int(parameters["page"]) - 1
        if not 0 <= number < len(document):
            raise UnusableError("no text", f"it has {len(document)} pages", N_("check the number"))
        page = document[number]
        scale = min(_PICTURE_WIDTH / max(page.get_width(), 1), _PICTURE_HEIGHT / max(page.get_height(), 1))
        pixels = page.render(scale=scale, grayscale=True).to_numpy()
        height, width = pixels.shape[:2]
        lines = b"".join(b"\0" + line.tobytes() for line in pixels)
        head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
        chunks = [_chunk(b"IHDR", head), _chunk(b"IDAT", zlib.compress(lines, 9)), _chunk(b"IEND", b"")]
        return Extracted(base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).decode(), EXTRACTOR)
    finally:
        document.close()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _has_content(document: pdfium.PdfDocument, number: int) -> bool:
    """Return whether a page draws anything, as every scan does.

    A page whose content can't be decompressed draws nothing.
    """
    page = document[number]
    try:
        return next(iter(page.get_objects()), None) is not None
    finally:
        page.close()


def _has_text(document: pdfium.PdfDocument, number: int) -> bool:
    page = document[number]
    text_page = page.get_textpage()
    try:
        return bool(text_page.count_chars())
    finally:
        text_page.close()
        page.close()


def _opened(raw: bytes) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(raw)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise UnusableError(
                "encrypted", N_("it is protected with a password"), N_("save it without a password")
            ) from None
        raise UnusableError("damaged file", str(error), N_("fetch the file again")) from None


def _recognise_empty(document: pdfium.PdfDocument, pages: list[list[Line]], languages: str) -> Recognised:
    """Add recognised lines to the pages that have none; return them and their confidences."""
    recognised = Recognised([], [])
    for number, lines in enumerate(pages):
        if lines or not languages:
            continue
        page = document[number]
        dots = min(DOTS, _POINTS * (_MAX_DOTS / max(page.get_width() * page.get_height(), 1)) ** 0.5)
        bitmap = page.render(scale=dots / _POINTS, grayscale=True)
        image = bitmap.to_numpy()
        head = f"P5 {image.shape[1]} {image.shape[0]} 255\n".encode()
        result = recognise(head + image.tobytes(), languages, dots)
        bitmap.close()
        page.close()
        pages[number] = [line for lines in result.pages for line in lines]
        if pages[number]:
            recognised.pages.append(pages[number])
            recognised.confidences.extend(result.confidences)
    return recognised


def _lines(document: pdfium.PdfDocument, number: int, hidden: list[str]) -> list[Line]:
    """Return the lines of a page in writing order; a line across two columns is returned in two parts.

    Args:
        document: the document.
        number: the number of the page, from 0.
        hidden: a list to which the page's hidden words are appended.

    Raises:
        UnusableError: the page is damaged.
    """
    try:
        page = document[number]
        text_page = page.get_textpage()
    except pdfium.PdfiumError as error:
        raise UnusableError("damaged file", f"page {number + 1}: {error}", N_("fetch the file again")) from None
    try:
        return list(_of_page(page, text_page, hidden))
    finally:
        text_page.close()
        page.close()


def _of_page(page: pdfium.PdfPage, text_page: pdfium.PdfTextPage, hidden: list[str]) -> Iterator[Line]:
    count = text_page.count_chars()
    text = text_page.get_text_range(0, count) if count else ""
    if len(text) != count:  # pdfium counts a character beyond the basic plane twice
        text = "".join(chr(pdfium_c.FPDFText_GetUnicode(text_page.raw, at)) for at in range(count))
    for start, end in hidden_words(page, text_page, text):
        hidden.append(text[start:end])
        text = text[:start] + _HIDDEN * (end - start) + text[end:]
    text = _SIGN.sub(lambda sign: _FILLER if _is_drawing(text_page, sign.start()) else sign[0], text)
    text = with_composed_letters(text, lambda at: text_page.get_charbox(at, loose=True))
    text = "".join(_in_rows(text_page, text))
    start = 0
    for match in [*_END.finditer(text), None]:
        end = match.start() if match else count
        yield from _parts(text_page, text, start, end)
        start = match.end() if match else count


def _is_drawing(text_page: pdfium.PdfTextPage, at: int) -> bool:
    name = ctypes.create_string_buffer(_MAX_FONT_NAME)
    pdfium_c.FPDFText_GetFontInfo(text_page.raw, at, name, _MAX_FONT_NAME, None)
    return _DRAWING_FONT.fullmatch(name.value) is not None


def _in_rows(text_page: pdfium.PdfTextPage, text: str) -> Iterator[str]:
    """Yield the text without line breaks within a row.

    pdfium inserts them if it takes a page for vertical writing, and `with_composed_letters` in place of an accent.
    """
    start = 0
    for match in _BREAK.finditer(text):
        yield text[start : match.start()]
        start = match.end()
        separator = match[0]
        if match.start() > 0 and start < len(text):
            left, right = (text_page.get_charbox(at, loose=True) for at in (match.start() - 1, start))
            height = max(right[3] - right[1], 0.1)
            gap = (right[0] - left[2]) / height
            if abs(right[1] - left[1]) < height / 2 and -_OVERLAP < gap < COLUMN_GAP:
                separator = "\0" * len(match[0]) if gap < _SPACE else " ".ljust(len(match[0]), _FILLER)
        yield separator
    yield text[start:]


def _parts(text_page: pdfium.PdfTextPage, text: str, start: int, end: int) -> Iterator[Line]:
    """Yield the pieces of a line, divided at each gap wider than the space between words."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start >= end:
        return
    piece_start = start
    for space in re.finditer(r"\s+", text[start:end]):
        last_char, next_start = start + space.start() - 1, start + space.end()
        left, right = text_page.get_charbox(last_char, loose=True), text_page.get_charbox(next_start, loose=True)
        is_wide = right[0] - left[2] > _WIDE_SPACE * max(right[3] - right[1], 1)
        overlap = min(left[3], right[3]) - max(left[1], right[1])
        # pdfium joins some lines that are above each other.
        is_other_row = overlap < _COMMON * min(left[3] - left[1], right[3] - right[1])
        if is_wide or is_other_row:
            yield from _line(text_page, text, piece_start, last_char + 1, _font_size(text_page, text, piece_start))
            piece_start = next_start
    yield from _line(text_page, text, piece_start, end, _font_size(text_page, text, (piece_start + end) // 2))


def _font_size(text_page: pdfium.PdfTextPage, text: str, at: int) -> float:
    """Return the displayed size of a character, or of the first one after spaces; browsers scale their pages."""
    while text[at].isspace() or text[at] == "\0":  # pdfium adds spaces, which have no size
        at += 1
    matrix = pdfium_c.FS_MATRIX()
    scale = hypot(matrix.b, matrix.d) if pdfium_c.FPDFText_GetMatrix(text_page.raw, at, matrix) else 1.0
    return float(pdfium_c.FPDFText_GetFontSize(text_page.raw, at)) * (scale or 1.0)


def _line(text_page: pdfium.PdfTextPage, text: str, start: int, end: int, size: float) -> Iterator[Line]:
    first, last = text_page.get_charbox(start, loose=True), text_page.get_charbox(end - 1, loose=True)
    words = text[start:end]
    for mark in reversed([*_RAISED.finditer(words)]):
        if _font_size(text_page, text, start + mark.start()) < _RAISED_SIZE * size:
            words = words[: mark.start()] + words[mark.end() :]
    words = _HIDDEN_WORDS.sub(" ", words)
    words = _NO_CHARACTER.sub("", words).translate(_HYPHENS)
    if words.strip():
        height = max(first[3] - first[1], 0.1)
        yield Line(words, first[0], last[2], first[1], first[3], size if size > 1 else height)
