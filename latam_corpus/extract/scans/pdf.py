"""PDF, by pdfium: the lines of its pages in reading order, as paragraphs and verses.

Running heads, page numbers and footnotes are cut and counted, hyphenated words joined. Pages without text are
recognised where the recipe names languages for that, else told. The document's scripts, attachments and links are never
run or followed.
"""

from __future__ import annotations

import re
from math import hypot
from typing import TYPE_CHECKING, Final

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
from latam_corpus.extract.scans.recognised import ASK, DOTS, Recognised, engine, recognise
from latam_corpus.extract.stated_rights.file_properties import title_and_creators
from latam_corpus.extract.stated_rights.reservations import notices_in
from latam_corpus.extract.stated_rights.stated_licences import stated
from latam_corpus.extract.stated_rights.xmp import statements_of_pdf
from latam_corpus.messages import N_, _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pypdfium2 as pdfium

# Counted up when the same bytes give another text.
EXTRACTOR: Final = "pdf 6"

SOME_WITHOUT_TEXT: Final = "pages without text"
MAC_ROMAN: Final = "accents read as Mac Roman"
SOME_RECOGNISED: Final = "pages recognised"

# Names of a document's properties for rights, which no standard has.
_RIGHTS: Final = ("Rights", "Copyright", "License", "Licence", "Licencia", "Derechos", "Direitos")
_NO_CONTENT: Final = N_("open it in a viewer; if it shows text, print it to a new PDF, else leave it out")
_FIRST_PAGES: Final = 6  # and as many last ones, on which a notice may be
_MOST_NOTICES: Final = 5
_POINTS: Final = 72
# Of a page as it is recognised; a poster is seen less finely.
_MOST_DOTS: Final = 40_000_000

# A line ends, or a word is hyphenated, which pdfium writes as one.
_END: Final = re.compile(r"[\r\n]+|(?<=[\ufffe\x02])")
_BREAK: Final = re.compile(r"[\r\n]+")
# In heights of a letter: how far two letters of a line overlap, and from which gap on there is a space.
_OVERLAP: Final = 0.3
_SPACE: Final = 0.07
# A wider space ends a piece; those of one line are joined again.
_WIDE_SPACE: Final = 0.5
_COMMON: Final = 0.25  # of the heights of two letters of one row
# A number right after a word or its stop, which may be the mark of a note: raised, in smaller figures.
_RAISED: Final = re.compile(r"(?<=[^\W\d_])(?:\d{1,3}|[*†‡])(?!\w)|(?<=[.,;:!?»”)])\d{1,3}(?=[\s.,;:—]|$)")
_RAISED_SIZE: Final = 0.8
_FILLER: Final = "\x1e"  # white space
_NO_CHARACTER: Final = re.compile(f"[\0{_FILLER}\ufffd]")
# Stands for each character of a hidden word; it is white space.
_HIDDEN: Final = "\x1f"
_HIDDEN_WORDS: Final = re.compile(r"\s*\x1f\s*")
# What pdfium writes for a hyphen at a line's end.
_HYPHENS: Final = str.maketrans({"\ufffe": "\xad", "\x02": "\xad"})


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text of a PDF that has one.

    Args:
        raw: the file's bytes.
        parameters: `form`, where the source says that it is an interview; `ocr`, the languages in which pages without
            text are recognised, parted by commas; `properties`, see `title_and_creators`.

    Raises:
        UnusableError: it is damaged or locked with a password, or no page has a text that is written or recognised.
    """
    document = _opened(raw)
    try:
        hidden: list[str] = []
        pages = [_lines(document, number, hidden) for number in range(len(document))]
        seen = _recognised(document, pages, parameters.get("ocr", ""))
        about = document.get_metadata_dict()
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
    empty = [number for number, page in enumerate(pages, 1) if not page]
    if len(empty) == len(pages):
        if hidden:
            raise UnusableError(
                "no text",
                N_("all its text is hidden"),
                N_("show it in the program that made the file, and save the file again"),
            )
        raise UnusableError(
            "no text", str(_("none of its {n} {n:page|pages} has text: it is a scan", n=len(pages))), ASK
        )
    notes = (*((SOME_WITHOUT_TEXT,) if empty else ()), *((MAC_ROMAN,) if recoded else ()))
    metadata = statements_of_pdf(raw)
    named = [about.get(key) or "" for key in ("Subject", "Keywords")]
    shown = [*pages[:_FIRST_PAGES], *pages[_FIRST_PAGES:][-_FIRST_PAGES:]]
    named_title, author = (" ".join((about.get(key) or "").split()) for key in ("Title", "Author"))
    title, creators = title_and_creators(parameters, named_title, (author,) if author else ())
    flowed = flow(pages, widths)
    book = strip_gutenberg(flowed.text)
    extracted = Extracted(
        book.text,
        f"{EXTRACTOR}, {engine(parameters['ocr'])}" if seen.pages else EXTRACTOR,
        title=title or book.title,
        creators=creators or book.creators,
        notes=(
            *notes,
            *((SOME_RECOGNISED,) if seen.pages else ()),
            *flowed.told(),
            *metadata.notes,
            *hidden_note(hidden),
        ),
        confidence=seen.confidence,
        licences=stated([*metadata.licences, *fields, *filter(is_reserved, named)]),
        notices=tuple(notice for page in shown for notice in notices_in([line.words for line in page]))[:_MOST_NOTICES],
        refusals=metadata.refusals,
    )
    return with_turns(extracted, parameters.get("form"))


def count_pages(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return two numbers as a text: how many pages a PDF has, and how many of these have no text.

    Raises:
        UnusableError: it is damaged or locked with a password.
    """
    del parameters
    document = _opened(raw)
    try:
        empty = sum(not _has_text(document, number) for number in range(len(document)))
        return Extracted(f"{len(document)} {empty}", EXTRACTOR)
    finally:
        document.close()


def _has_content(document: pdfium.PdfDocument, number: int) -> bool:
    """Whether a page shows anything, as every scan does; a page whose content can't be unpacked shows nothing."""
    page = document[number]
    try:
        return next(iter(page.get_objects()), None) is not None
    finally:
        page.close()


def _has_text(document: pdfium.PdfDocument, number: int) -> bool:
    page = document[number]
    written = page.get_textpage()
    try:
        return bool(written.count_chars())
    finally:
        written.close()
        page.close()


def _opened(raw: bytes) -> pdfium.PdfDocument:
    import pypdfium2 as pdfium

    try:
        return pdfium.PdfDocument(raw)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise UnusableError("encrypted", N_("it is locked with a password"), N_("save it without one")) from None
        raise UnusableError("damaged file", str(error), N_("fetch the file again")) from None


def _recognised(document: pdfium.PdfDocument, pages: list[list[Line]], languages: str) -> Recognised:
    """Put the lines that are recognised into the pages without any; return what was seen."""
    seen = Recognised([], [])
    for number, lines in enumerate(pages):
        if lines or not languages:
            continue
        page = document[number]
        dots = min(DOTS, _POINTS * (_MOST_DOTS / max(page.get_width() * page.get_height(), 1)) ** 0.5)
        bitmap = page.render(scale=dots / _POINTS, grayscale=True)
        image = bitmap.to_numpy()
        head = f"P5 {image.shape[1]} {image.shape[0]} 255\n".encode()
        one = recognise(head + image.tobytes(), languages, dots)
        bitmap.close()
        page.close()
        pages[number] = [line for lines in one.pages for line in lines]
        if pages[number]:
            seen.pages.append(pages[number])
            seen.confidences.extend(one.confidences)
    return seen


def _lines(document: pdfium.PdfDocument, number: int, hidden: list[str]) -> list[Line]:
    """Return the lines of a page, in the order in which they were written; one that spans two columns in its two parts.

    Args:
        document: the document.
        number: of the page, from 0.
        hidden: takes the words of the page that aren't shown.

    Raises:
        UnusableError: the page is damaged.
    """
    import pypdfium2 as pdfium

    try:
        page = document[number]
        written = page.get_textpage()
    except pdfium.PdfiumError as error:
        raise UnusableError("damaged file", f"page {number + 1}: {error}", N_("fetch the file again")) from None
    try:
        return list(_of_page(page, written, hidden))
    finally:
        written.close()
        page.close()


def _of_page(page: pdfium.PdfPage, written: pdfium.PdfTextPage, hidden: list[str]) -> Iterator[Line]:
    import pypdfium2.raw as c

    count = written.count_chars()
    text = written.get_text_range(0, count) if count else ""
    if len(text) != count:  # characters beyond the basic plane are two of pdfium's
        text = "".join(chr(c.FPDFText_GetUnicode(written.raw, at)) for at in range(count))
    for start, end in hidden_words(page, written, text):
        hidden.append(text[start:end])
        text = text[:start] + _HIDDEN * (end - start) + text[end:]
    text = "".join(_in_rows(written, text))
    start = 0
    for match in [*_END.finditer(text), None]:
        end = match.start() if match else count
        yield from _parts(written, text, start, end)
        start = match.end() if match else count


def _in_rows(written: pdfium.PdfTextPage, text: str) -> Iterator[str]:
    """Yield the text without breaks within a row: pdfium takes parts of some pages for vertical writing."""
    start = 0
    for match in _BREAK.finditer(text):
        yield text[start : match.start()]
        start = match.end()
        filled = match[0]
        if match.start() > 0 and start < len(text):
            left, right = (written.get_charbox(at, loose=True) for at in (match.start() - 1, start))
            height = max(right[3] - right[1], 0.1)
            gap = (right[0] - left[2]) / height
            if abs(right[1] - left[1]) < height / 2 and -_OVERLAP < gap < COLUMN_GAP:
                filled = "\0" * len(match[0]) if gap < _SPACE else " ".ljust(len(match[0]), _FILLER)
        yield filled
    yield text[start:]


def _parts(written: pdfium.PdfTextPage, text: str, start: int, end: int) -> Iterator[Line]:
    """Yield the pieces of a line, cut at each gap that is wider than the space between words."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start >= end:
        return
    cut = start
    for space in re.finditer(r"\s+", text[start:end]):
        before, after = start + space.start() - 1, start + space.end()
        left, right = written.get_charbox(before, loose=True), written.get_charbox(after, loose=True)
        wide = right[0] - left[2] > _WIDE_SPACE * max(right[3] - right[1], 1)
        common = min(left[3], right[3]) - max(left[1], right[1])
        # pdfium joins some lines that stand one above the other.
        other_row = common < _COMMON * min(left[3] - left[1], right[3] - right[1])
        if wide or other_row:
            yield from _line(written, text, cut, before + 1, _font_size(written, text, cut))
            cut = after
    yield from _line(written, text, cut, end, _font_size(written, text, (cut + end) // 2))


def _font_size(written: pdfium.PdfTextPage, text: str, at: int) -> float:
    """Return the size of a character, or the one after a space, as the page shows it: browsers scale their pages."""
    import pypdfium2.raw as c

    while text[at].isspace() or text[at] == "\0":  # pdfium adds spaces, which have no size
        at += 1
    matrix = c.FS_MATRIX()
    scale = hypot(matrix.b, matrix.d) if c.FPDFText_GetMatrix(written.raw, at, matrix) else 1.0
    return float(c.FPDFText_GetFontSize(written.raw, at)) * (scale or 1.0)


def _line(written: pdfium.PdfTextPage, text: str, start: int, end: int, size: float) -> Iterator[Line]:

    first, last = written.get_charbox(start, loose=True), written.get_charbox(end - 1, loose=True)
    words = text[start:end]
    for mark in reversed([*_RAISED.finditer(words)]):
        if _font_size(written, text, start + mark.start()) < _RAISED_SIZE * size:
            words = words[: mark.start()] + words[mark.end() :]
    words = _HIDDEN_WORDS.sub(" ", words)
    words = _NO_CHARACTER.sub("", words).translate(_HYPHENS)
    if words.strip():
        height = max(first[3] - first[1], 0.1)
        yield Line(words, first[0], last[2], first[1], first[3], size if size > 1 else height)
