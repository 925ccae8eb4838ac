"""Pages without text, recognised by tesseract where the recipe names its languages: of pictures, and for `pdf.py`.

What is recognised are lines with their places, which are put together as those of native PDF are.
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

# Counted up when the same bytes give another text.
EXTRACTOR: Final = "recognised 2"

# Of a picture that doesn't say how fine it is; places are compared with one another alone.
DOTS: Final = 300
_SECONDS: Final = 240  # of a page of a newspaper, on a busy machine
# Sizes of letters that differ by less are one, which the engine has measured with some error.
_ALIKE: Final = 0.18
_BOX: Final = re.compile(r"\bbbox (-?\d+) (-?\d+) (-?\d+) (-?\d+)")
_SIZE: Final = re.compile(r"\bx_size ([\d.]+)")
_CONFIDENCE: Final = re.compile(r"\bx_wconf\s+([\d.]+)")
# Of tesseract, whose `ocr_header` is a heading in the text.
LINES: Final = frozenset({"ocr_line", "ocr_caption", "ocr_textfloat", "ocr_header"})
ASK: Final = N_('name its languages in the stage extract, ocr = ["spa"], or hand over ALTO, hOCR or a PDF with text')


class Recognised(NamedTuple):
    """What an engine saw: the lines of each page, and how sure it is of each word, 0 to 1."""

    pages: list[list[Line]]
    confidences: list[float]

    @property
    def confidence(self) -> float | None:
        """The mean over all words."""
        return mean(self.confidences)


def picture(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text that is seen in a picture: TIFF, of one page or several, PNG or JPEG.

    Args:
        raw: the file's bytes.
        parameters: `ocr`, the languages, parted by commas.

    Raises:
        UnusableError: the recipe names no languages, the picture can't be read, or nothing is seen in it.
    """
    languages = parameters.get("ocr", "")
    if not languages:
        raise UnusableError("no text", N_("it is a picture"), ASK)
    seen = recognise(raw, languages)
    flowed = flow(seen.pages)
    if not flowed.text:
        raise UnusableError(
            "no text", N_("nothing was recognised in it"), N_("scan it anew at 300 dots an inch, or leave it out")
        )
    metadata = statements_of_picture(raw)
    return Extracted(
        flowed.text,
        f"{EXTRACTOR}, {engine(languages)}",
        notes=(*flowed.told(), *metadata.notes),
        confidence=seen.confidence,
        licences=metadata.licences,
        refusals=metadata.refusals,
    )


def engine(languages: str) -> str:
    """Return the engine's name, version and languages."""
    return " ".join(tesseract(tuple(languages.split(","))).split(" ")[:-1])


def recognise(image: bytes, languages: str, dots: float = DOTS) -> Recognised:
    """Return what tesseract sees in a picture.

    Args:
        image: of any format that it reads.
        languages: parted by commas.
        dots: an inch.

    Raises:
        UnusableError: it can't read the picture, or takes too long.
    """
    command = (TESSERACT, "stdin", "stdout", "-l", languages.replace(",", "+"), "--dpi", str(round(dots)), "hocr")
    try:
        hocr = run(command, _SECONDS, image)
    except FileNotFoundError:
        raise UnusableError(
            "no extractor", N_("tesseract isn't installed here"), N_("install it where parts are worked")
        ) from None
    except TimeoutError as error:
        raise UnusableError("timeout", str(error), N_("scan the page anew, or leave it out")) from None
    except OSError as error:
        raise UnusableError("damaged file", str(error), N_("open the picture and save it anew")) from None
    return read_hocr(hocr, dots)


def read_hocr(hocr: bytes, dots: float = DOTS) -> Recognised:
    """Return the lines of what tesseract wrote, in points from the bottom of each page.

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
        lines = [line for one in of_class(page, LINES) if (line := _line(one, height, 72 / dots))]
        usual = median([line.size for line in lines]) if lines else 0.0
        pages.append([line._replace(size=usual) if abs(line.size - usual) < _ALIKE * usual else line for line in lines])
        confidences += confidences_of(page)
    return Recognised(pages, confidences)


def confidences_of(element: etree._Element) -> Iterator[float]:
    """Yield how sure the engine is of each word in an element of hOCR, 0 to 1."""
    for one in of_class(element, {"ocrx_word"}):
        if words(one) and (match := _CONFIDENCE.search(one.get("title") or "")):
            yield float(match[1]) / 100


def mean(confidences: Sequence[float]) -> float | None:
    """Return the mean of all words; None for none."""
    return round(sum(confidences) / len(confidences), 4) if confidences else None


def of_class(root: etree._Element, kinds: Collection[str]) -> Iterator[etree._Element]:
    """Yield the elements of hOCR, from the root on, that have one of these classes."""
    for one in root.iter():
        if isinstance(one.tag, str) and any(kind in kinds for kind in (one.get("class") or "").split()):
            yield one


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
