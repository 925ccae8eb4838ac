"""What may be shown of a document: redacted, and only where its terms allow others to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema, vocabulary
from latam_corpus.privacy.redact import redact
from latam_corpus.release.admission import Terms, closed_by_labels

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

BEGINNING: Final = 400


def readable(today: date) -> pl.Expr:
    """Whether a row's terms allow it to be shown: rights that are known, the use `redistribute`, no embargo or label.

    >>> from datetime import date
    >>> rows = pl.DataFrame({"rights_tier": ["open", "open"], "uses": [["redistribute"], ["train"]]})
    >>> rows = schema.conform(rows, pl.Schema({name: schema.DOCUMENT_SCHEMA[name] for name in Terms.READS}))
    >>> rows.select(readable(date(2026, 11, 25))).to_series().to_list()
    [True, False]
    """
    terms = Terms(vocabulary.RIGHTS_TIERS[:-1], ("redistribute",), today)
    return pl.coalesce(closed_by_labels(), terms.refusal()).is_null()


def with_readable(frame: pl.DataFrame, today: date) -> pl.DataFrame:
    """Return the frame with the column `readable`; what isn't stated allows nothing."""
    terms = schema.conform(frame, pl.Schema({name: schema.DOCUMENT_SCHEMA[name] for name in Terms.READS}))
    terms = terms.with_columns(
        pl.col("uses").fill_null(pl.lit([], dtype=pl.List(pl.String))), pl.col("rights_tier").fill_null("unknown")
    )
    return frame.with_columns(terms.select(readable(today).alias("readable")).to_series())


def is_readable(row: Mapping[str, Any], today: date) -> bool:
    """Whether one row's terms allow it to be shown, see `readable`."""
    terms = {name: [row.get(name)] for name in Terms.READS}
    frame = pl.DataFrame(terms, schema={name: schema.DOCUMENT_SCHEMA[name] for name in Terms.READS})
    return bool(with_readable(frame, today)["readable"][0])


def beginning(row: Mapping[str, Any], most: int = 200) -> str | None:
    """Return the redacted beginning of a row's text, on one line; None where it isn't `readable`."""
    if not row["readable"]:
        return None
    text = " ".join(redact((row["text"] or "")[:BEGINNING])[0].split())
    return text if len(text) <= most else text[:most] + "…"
