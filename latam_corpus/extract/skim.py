"""The stage `skim`: the visible text of HTML pages, menus included, for a first language identification.

Most crawled pages are in unwanted languages, and `extract` is the most expensive stage. A recipe with `skim`,
`identify` and `extract` in this order extracts only pages that may be kept; a second `identify` judges their text.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import polars as pl

from latam_corpus.extract.charset import decode, meta_charset
from latam_corpus.extract.media_type import HTML, parse_media_type
from latam_corpus.extract.web_pages.markup import read_markup
from latam_corpus.stages import Stage
from latam_corpus.vocabulary import SKIMMED

if TYPE_CHECKING:
    from latam_corpus.batch import Batch

_ENOUGH: Final = 4000  # bytes of text; the rest of a page isn't read


@dataclass(frozen=True)
class Skim(Stage):
    """The stage that reads the visible text of HTML pages; other formats are ignored.

    It runs in the worker's own process, without a parser; its time grows linearly with a page's bytes.
    """

    name: ClassVar[str] = SKIMMED
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"raw", "media_type"})
    gives: ClassVar[frozenset[str]] = frozenset({"text", "extractor"})

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with `text` and `extractor` of each HTML page; `extract` replaces both."""
        frame = batch.frame
        if "raw" not in frame.columns:
            return batch
        texts = [
            _text(raw, kind) if raw is not None else None
            for raw, kind in zip(frame["raw"], frame["media_type"], strict=True)
        ]
        skimmed = pl.Series("text", texts, dtype=pl.String)
        name = pl.select(pl.when(skimmed.is_not_null()).then(pl.lit(SKIMMED))).to_series()
        columns = {"text": skimmed, "extractor": name}
        return batch.with_columns(
            {key: pl.coalesce(new, pl.col(key)) if key in frame.columns else new for key, new in columns.items()}
        )


def _text(raw: bytes, media_type: str | None) -> str | None:
    kind, parameters = parse_media_type(media_type or "")
    return visible_text(raw, parameters.get("charset")) if kind in HTML else None


def visible_text(raw: bytes, charset: str | None = None) -> str:
    r"""Return the beginning of a page's visible text, a block per line.

    Args:
        raw: the page's bytes.
        charset: the charset, if it is known from outside.

    >>> visible_text(b"<title>Aviso</title><ul><li>Inicio<li>Contacto</ul><p>Ma&ntilde;ana no hay clases.")
    'Inicio\nContacto\nMañana no hay clases.'
    """
    markup = decode(raw, charset or meta_charset(raw))[0]
    page = read_markup(markup, _ENOUGH)
    return html.unescape("\n".join(page.block(number) for number in range(len(page))))
