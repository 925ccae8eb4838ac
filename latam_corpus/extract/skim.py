"""The stage `skim`: the visible text of HTML pages, menus included, for a first language identification.

Most crawled pages are in unwanted languages, and `extract` is the most expensive stage. A recipe with `skim`,
`identify` and `extract` in this order extracts only pages that may be kept; a second `identify` judges their text.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import polars as pl

from latam_corpus.errors import ConfigError
from latam_corpus.extract.charset import decode, meta_charset
from latam_corpus.extract.media_type import HTML, parse_media_type
from latam_corpus.extract.web_pages.markup import read_markup
from latam_corpus.messages import _, decimal
from latam_corpus.stages import Stage
from latam_corpus.vocabulary import SKIMMED

if TYPE_CHECKING:
    from latam_corpus.batch import Batch

_MAX_ENOUGH: Final = 10**6


@dataclass(frozen=True)
class Skim(Stage):
    """The stage that reads the visible text of HTML pages; other formats are ignored.

    It runs in the worker's own process, without a parser; its time grows linearly with a page's bytes.

    Attributes:
        enough: bytes of text after which the rest of a page isn't read.
    """

    name: ClassVar[str] = SKIMMED
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"raw", "media_type"})
    gives: ClassVar[frozenset[str]] = frozenset({"text", "extractor"})

    enough: int = 4000

    def __post_init__(self) -> None:
        if not 0 < self.enough <= _MAX_ENOUGH:
            raise ConfigError(
                _("option «enough» of «skim»"),
                _("{enough} isn't a valid length", enough=self.enough),
                _("give a number from 1 to {most}", most=decimal(f"{_MAX_ENOUGH:,}")),
            )

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with `text` and `extractor` of each HTML page; `extract` replaces both."""
        frame = batch.frame
        if "raw" not in frame.columns:
            return batch
        texts = [
            self._text(raw, kind) if raw is not None else None
            for raw, kind in zip(frame["raw"], frame["media_type"], strict=True)
        ]
        skimmed = pl.Series("text", texts, dtype=pl.String)
        name = pl.select(pl.when(skimmed.is_not_null()).then(pl.lit(SKIMMED))).to_series()
        columns = {"text": skimmed, "extractor": name}
        return batch.with_columns(
            {key: pl.coalesce(new, pl.col(key)) if key in frame.columns else new for key, new in columns.items()}
        )

    def _text(self, raw: bytes, media_type: str | None) -> str | None:
        kind, parameters = parse_media_type(media_type or "")
        return visible_text(raw, parameters.get("charset"), self.enough) if kind in HTML else None


def visible_text(raw: bytes, charset: str | None = None, enough: int = 4000) -> str:
    r"""Return the beginning of a page's visible text, a block per line.

    Args:
        raw: the page's bytes.
        charset: the charset, if it is known from outside.
        enough: bytes of text after which no more is read.

    >>> visible_text(b"<title>Aviso</title><ul><li>Inicio<li>Contacto</ul><p>Ma&ntilde;ana no hay clases.")
    'Inicio\nContacto\nMañana no hay clases.'
    """
    markup = decode(raw, charset or meta_charset(raw))[0]
    page = read_markup(markup, enough)
    return html.unescape("\n".join(page.block(number) for number in range(len(page))))
