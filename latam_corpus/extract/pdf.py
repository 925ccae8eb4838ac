"""PDF, by pdfium: the lines of its pages in reading order, as paragraphs and verses.

Running heads, page numbers and footnotes are cut and counted, hyphenated words joined. Pages without text are
recognised where the recipe names languages for that, else told. The document's scripts, attachments and links are never
run or followed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.document import Extracted, UnusableError
from latam_corpus.extract.gutenberg import strip_gutenberg
from latam_corpus.extract.interview import with_turns
from latam_corpus.extract.page_furniture import Line
from latam_corpus.extract.page_layout import COLUMN_GAP, flow
from latam_corpus.extract.recognised import ASK, DOTS, Recognised, engine, recognise
from latam_corpus.extract.reservations import is_reserved, notices_in
from latam_corpus.extract.stated_licences import stated
from latam_corpus.extract.xmp import statements_of_pdf
from latam_corpus.messages import N_, _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pypdfium2 as pdfium

# Counted up when the same bytes give another text.
EXTRACTOR: Final = "pdf 2"

SOME_WITHOUT_TEXT: Final = "pages without text"
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
# A number right after a word or its stop, which may be the mark of a note: raised, in smaller figures.
_RAISED: Final = re.compile(r"(?<=[^\W\d_])(?:\d{1,3}|[*†‡])(?!\w)|(?<=[.,;:!?»”)])\d{1,3}(?=[\s.,;:—]|$)")
_RAISED_SIZE: Final = 0.8
_NO_CHARACTER: Final = re.compile("[\0\ufffd]")
# What pdfium writes for a hyphen at a line's end.
_HYPHENS: Final = str.maketrans({"\ufffe": "\xad", "\x02": "\xad"})


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text of a PDF that has one.

    Args:
        raw: the file's bytes.
        parameters: `form`, where the source says that it is an interview; `ocr`, the languages in which pages without
            text are recognised, parted by commas.

    Raises:
        UnusableError: it is damaged or locked with a password, or no page has a text that is written or recognised.
    """
    document = _opened(raw)
    try:
        pages = [_lines(document, number) for number in range(len(document))]
        seen = _recognised(document, pages, parameters.get("ocr", ""))
        about = document.get_metadata_dict()
        fields = [document.get_metadata_value(name) for name in _RIGHTS]
        if not any(pages) and not any(_has_content(document, number) for number in range(len(document))):
            raise UnusableError("no text", N_("its pages are blank, or their content can't be unpacked"), _NO_CONTENT)
    finally:
        document.close()
    empty = [number for number, page in enumerate(pages, 1) if not page]
    if len(empty) == len(pages):
        raise UnusableError(
            "no text", str(_("none of its {n} {n:page|pages} has text: it is a scan", n=len(pages))), ASK
        )
    notes = (SOME_WITHOUT_TEXT,) if empty else ()
    metadata = statements_of_pdf(raw)
    named = [about.get(key) or "" for key in ("Subject", "Keywords")]
    shown = [*pages[:_FIRST_PAGES], *pages[_FIRST_PAGES:][-_FIRST_PAGES:]]
    title, author = (" ".join((about.get(key) or "").split()) for key in ("Title", "Author"))
    flowed = flow(pages)
    book = strip_gutenberg(flowed.text)
    extracted = Extracted(
        book.text,
        f"{EXTRACTOR}, {engine(parameters['ocr'])}" if seen.pages else EXTRACTOR,
        title=title or book.title,
        creators=(author,) if author else book.creators,
        notes=(*notes, *((SOME_RECOGNISED,) if seen.pages else ()), *flowed.told(), *metadata.notes),
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


def _lines(document: pdfium.PdfDocument, number: int) -> list[Line]:
    """Return the lines of a page, in the order in which they were written; one that spans two columns in its two parts.

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
        return list(_of_page(written))
    finally:
        written.close()
        page.close()


def _of_page(written: pdfium.PdfTextPage) -> Iterator[Line]:
    import pypdfium2.raw as c

    count = written.count_chars()
    text = written.get_text_range(0, count) if count else ""
    if len(text) != count:  # characters beyond the basic plane are two of pdfium's
        text = "".join(chr(c.FPDFText_GetUnicode(written.raw, at)) for at in range(count))
    start = 0
    for match in [*_END.finditer(text), None]:
        end = match.start() if match else count
        yield from _parts(written, text, start, end)
        start = match.end() if match else count


def _parts(written: pdfium.PdfTextPage, text: str, start: int, end: int) -> Iterator[Line]:
    """Yield a line, cut where a gap between two words is as wide as that between columns."""
    import pypdfium2.raw as c

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
        if right[0] - left[2] > COLUMN_GAP * max(right[3] - right[1], 1):
            yield from _line(written, text, cut, before + 1, c.FPDFText_GetFontSize(written.raw, cut))
            cut = after
    yield from _line(written, text, cut, end, c.FPDFText_GetFontSize(written.raw, (cut + end) // 2))


def _line(written: pdfium.PdfTextPage, text: str, start: int, end: int, size: float) -> Iterator[Line]:
    import pypdfium2.raw as c

    first, last = written.get_charbox(start, loose=True), written.get_charbox(end - 1, loose=True)
    words = text[start:end]
    for mark in reversed([*_RAISED.finditer(words)]):
        if c.FPDFText_GetFontSize(written.raw, start + mark.start()) < _RAISED_SIZE * size:
            words = words[: mark.start()] + words[mark.end() :]
    words = _NO_CHARACTER.sub("", words).translate(_HYPHENS)
    if words.strip():
        height = max(first[3] - first[1], 0.1)
        yield Line(words, first[0], last[2], first[1], first[3], size if size > 1 else height)
