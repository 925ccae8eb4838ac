"""Formats of printed pages: PDF, pictures, and the output of OCR programs."""

from __future__ import annotations

import re
from typing import Final

from latam_corpus.formats.format import Format, Marks
from latam_corpus.messages import _, same

_TAR: Final = (b"ustar", 257)


def _is_pdf(head: bytes) -> bool:
    """Return whether the mark of a PDF is at the start of the bytes, or follows a byte that isn't printable ASCII.

    After printable characters, the mark is part of a text; in a TAR file, it belongs to the first member.
    """
    return re.search(rb"(?:\A|[^ -~])%PDF-", head[:1024]) is not None and not head.startswith(*_TAR)


def _is_hocr(text: str) -> bool:
    is_markup = text.lstrip().startswith("<")
    return is_markup and re.search(r"class=[\"']ocr_(?:page|carea|par|line)\b", text) is not None


FORMATS: Final = (
    Format(
        name="pdf",
        label=same("PDF"),
        suffixes=(".pdf",),
        media_type="application/pdf",
        extractor="latam_corpus.extract.scans.pdf:extract",
        marks=(Marks(head=_is_pdf),),
        ocr=True,
        in_pieces=True,
    ),
    Format(
        name="alto",
        label=same("ALTO"),
        suffixes=(".alto",),
        media_type="application/alto+xml",
        extractor="latam_corpus.extract.scans.ocr_pages:alto",
        marks=(Marks(roots=("alto",)),),
    ),
    Format(
        name="hocr",
        label=same("hOCR"),
        suffixes=(".hocr",),
        media_type="text/vnd.hocr+html",
        extractor="latam_corpus.extract.scans.ocr_pages:hocr",
        marks=(Marks(text=_is_hocr),),
    ),
    Format(
        name="image",
        label=_("scanned pages, by OCR"),
        suffixes=(".png", ".jpg", ".jpeg", ".tif", ".tiff"),
        media_type="image/png",
        also=("image/jpeg", "image/tiff"),
        extractor="latam_corpus.extract.scans.recognised:picture",
        extractor_names=("recognised",),
        marks=(
            Marks(magic=(b"\x89PNG",)),
            Marks(magic=(b"\xff\xd8\xff",), media_type="image/jpeg"),
            Marks(magic=(b"II*\0", b"MM\0*"), media_type="image/tiff"),
        ),
        program="ocr",
        ocr=True,
    ),
)
