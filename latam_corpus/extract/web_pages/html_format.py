"""The format of web pages."""

from __future__ import annotations

from typing import Final

from latam_corpus.formats.format import Format, Marks
from latam_corpus.formats.markup import COMMENT
from latam_corpus.messages import _

# hOCR, which is HTML with its own classes, is recognised first because its module comes before this one.
FORMAT: Final = Format(
    name="html",
    label=_("a web page"),
    suffixes=(".html", ".htm", ".xhtml"),
    media_type="text/html",
    also=("application/xhtml+xml",),
    extractor="latam_corpus.extract.web_pages.html:{mode}",
    extractor_names=("skim",),
    marks=(Marks(text=rf"(?is)\s*+{COMMENT}*+<(?:!doctype\s+html|html)\b", roots=("html",)),),
)
