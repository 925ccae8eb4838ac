"""OCR by tesseract: pictures, and the pages without text that `pdf.py` renders.

It runs only if the recipe names the languages of the text. Recognised lines have positions and are assembled like those
of native PDF.
"""

from __future__ import annotations

import re
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

from latam_corpus.extract.document import Extracted, UnusableError
from latam_corpus.extract.isolation.programs import TESSERACT, run, tesseract
from latam_corpus.extract.scans.page_furniture import Line
from latam_corpus.extract.scans.page_layout import flow
from latam_corpus.extract.stated_rights.xmp import statements_of_picture
from latam_corpus.messages import N_
from latam_corpus.text.markup.html_tree import html_tree
from latam_corpus.text.markup.xml_tree import words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from lxml import etree

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "recognised 2"

# Dots per inch assumed for a picture that doesn't state its resolution; only relative positions matter.
DOTS: Final = 300
_SECONDS: Final = 240  # enough for a newspaper page on a busy machine
# Type sizes that differ by less count as equal: the engine measures them with some error.
_ALIKE: Final = 0.18
_BOX: Final = re.compile(r"\bbbox (-?\d+) (-?\d+) (-?\d+) (-?\d+)")
_SIZE: Final = re.compile(r"\bx_size ([\d.]+)")
_CONFIDENCE: Final = re.compile(r"\bx_wconf\s+([\d.]+)")
# Classes of lines in tesseract's output; its `ocr_header` is a heading in the text.
LINES: Final = frozenset({"ocr_line", "ocr_caption", "ocr_textfloat", "ocr_header"})
OCR_REMEDY: Final = N_(
    'name its languages in the stage extract, ocr = ["spa"], or provide ALTO, hOCR or a PDF with text'
)


class Recognised(NamedTuple):
    """The lines of each recognised page, and the engine's confidence in each word, 0 to 1."""

    pages: list[list[Line]]
    confidences: list[float]

    @property
    def confidence(self) -> float | None:
        """The mean confidence of all words; None without words."""
        return mean(self.confidences)


def picture(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text recognised in a picture: TIFF of one or several pages, PNG or JPEG.

    Args:
        raw: the file's bytes.
        parameters: `ocr`, the languages, separated by commas.

    Raises:
        UnusableError: the recipe names no languages, the picture can't be read, or nothing is recognised in it.
    """
    languages = parameters.get("ocr", "")
    if not languages:
        raise UnusableError("no text", N_("it is a picture"), OCR_REMEDY)
    recognised = recognise(raw, languages)
    flowed = flow(recognised.pages)
    if not flowed.text:
        raise UnusableError(
            "no text", N_("nothing was recognised in it"), N_("scan it again at 300 dots per inch, or leave it out")
        )
    metadata = statements_of_picture(raw)
    return Extracted(
        flowed.text,
        f"{EXTRACTOR}, {engine(languages)}",
        notes=(*flowed.removal_notes(), *metadata.notes),
        confidence=recognised.confidence,
        licences=metadata.licences,
        refusals=metadata.refusals,
    )


def engine(languages: str) -> str:
    """Return tesseract's name and version, and the languages."""
    return " ".join(tesseract(tuple(languages.split(","))).split(" ")[:-1])


def recognise(image: bytes, languages: str, dots: float = DOTS) -> Recognised:
    """Return the lines that tesseract recognises in a picture.

    Args:
        image: a picture in any format that tesseract reads.
        languages: tesseract's names, separated by commas.
        dots: dots per inch.

    Raises:
        UnusableError: tesseract isn't installed, can't read the picture, or takes too long.
    """
    command = (TESSERACT, "stdin", "stdout", "-l", languages.replace(",", "+"), "--dpi", str(round(dots)), "hocr")
    try:
        hocr = run(command, _SECONDS, image)
    except FileNotFoundError:
        raise UnusableError(
            "no extractor", N_("tesseract isn't installed here"), N_("install it on every machine that runs parts")
        ) from None
    except TimeoutError as error:
        raise UnusableError("timeout", str(error), N_("scan the page again, or leave it out")) from None
    except OSError as error:
        raise UnusableError("damaged file", str(error), N_("open the picture and save it again")) from None
    return read_hocr(hocr, dots)


def read_hocr(hocr: bytes, dots: float = DOTS) -> Recognised:
    """Return the lines and confidences in tesseract's output; positions are in points from the bottom of each page.

    >>> word = '<span class="ocrx_word" title="bbox 10 10 90 40; x_wconf 91">barca</span>'
    >>> line = f'<span class="ocr_line" title="bbox 10 10 90 40; x_size 30">{word}</span>'
    >>> page = f'<div class="ocr_page" title="bbox 0 0 100 144">{line}</div>'
    >>> seen = read_hocr(page.encode(), dots=72)
    >>> seen.pages, seen.confidence
    ([[Line(words='barca', left=10.0, right=90.0, bottom=104.0, top=134.0, size=30.0)]], 0.91)
    """
    root = html_tree(hocr)
    pages: list[list[Line]] = []
    confidences: list[float] = []
    for page in of_class(root, {"ocr_page"}):
        box = _BOX.search(page.get("title") or "")
        height = float(box[4]) if box else 0.0
        lines = [line for element in of_class(page, LINES) if (line := _line(element, height, 72 / dots))]
        usual_size = median([line.size for line in lines]) if lines else 0.0
        pages.append(
            [
                line._replace(size=usual_size) if abs(line.size - usual_size) < _ALIKE * usual_size else line
                for line in lines
            ]
        )
        confidences += confidences_of(page)
    return Recognised(pages, confidences)


def confidences_of(element: etree._Element) -> Iterator[float]:
    """Yield the engine's confidence in each word of an hOCR element, 0 to 1."""
    for word in of_class(element, {"ocrx_word"}):
        if words(word) and (match := _CONFIDENCE.search(word.get("title") or "")):
            yield float(match[1]) / 100


def mean(confidences: Sequence[float]) -> float | None:
    """Return the mean, rounded to four decimals; None without values."""
    return round(sum(confidences) / len(confidences), 4) if confidences else None


def of_class(root: etree._Element, kinds: Collection[str]) -> Iterator[etree._Element]:
    """Yield the root and its descendants that have one of these classes."""
    for element in root.iter():
        if isinstance(element.tag, str) and any(kind in kinds for kind in (element.get("class") or "").split()):
            yield element


def _line(element: etree._Element, height: float, scale: float) -> Line | None:
    title = element.get("title") or ""
    box, text = _BOX.search(title), words(element)
    if box is None or not text:
        return None
    left, top, right, bottom = (float(value) for value in box.groups())
    match = _SIZE.search(title)
    size = float(match[1]) if match else bottom - top
    places = (left, right, height - bottom, height - top, size)
    return Line(text, *(round(value * scale, 2) for value in places))
