"""The stage `extract`: raw bytes to text, by media type."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

import polars as pl

from latam_corpus.batch import Batch
from latam_corpus.catalog.urls import canonical_url
from latam_corpus.schema import DOCUMENT_SCHEMA

if TYPE_CHECKING:
    from latam_corpus.extract.document import Extracted, Extractor

# A new format is one line here and one module. Modules are imported when the first document of their type comes.
EXTRACTORS: Final = {
    "text/plain": "latam_corpus.extract.plain:extract",
    "text/html": "latam_corpus.extract.html:extract",
    "application/xhtml+xml": "latam_corpus.extract.html:extract",
}
# What a record brought is kept; the extractor fills the gaps.
_FILLED: Final = ("title", "creators", "published", "declared_language", "url")
_ERROR_SHOWN: Final = 300


@dataclass(frozen=True)
class Extract:
    """The stage that makes text of bytes; rows that came as text pass with the extractor `record`."""

    name: ClassVar[str] = "extract"
    needs: ClassVar[frozenset[str]] = frozenset({"raw", "media_type"})
    gives: ClassVar[frozenset[str]] = frozenset({"text", "extractor", *_FILLED})
    libraries: ClassVar[tuple[str, ...]] = ("trafilatura", "lxml")

    def __call__(self, batch: Batch) -> Batch:
        """The batch with `text` and `extractor`, without `raw`; a row whose bytes give no text fails."""
        frame = batch.frame
        if "raw" not in frame.columns:
            return batch.with_columns({"extractor": pl.lit("record", dtype=pl.String)})
        outcomes = [_extract(raw, kind) for raw, kind in zip(frame["raw"], frame["media_type"], strict=True)]
        frame = frame.drop("raw", "media_type").with_columns(
            _filled(frame, name, [getattr(outcome, name, None) for outcome in outcomes])
            for name in ("text", "extractor", *_FILLED)
        )
        frame = frame.with_columns(
            pl.when(pl.col("extractor").is_null() & pl.col("text").is_not_null())
            .then(pl.lit("record"))
            .otherwise(pl.col("extractor"))
            .alias("extractor")
        )
        failed = {row: outcome for row, outcome in enumerate(outcomes) if isinstance(outcome, _Failed)}
        if not failed:
            return Batch(frame)
        reasons = [failed[row].reason if row in failed else None for row in range(len(outcomes))]
        evidence = [failed[row].evidence if row in failed else None for row in range(len(outcomes))]
        return Batch(frame).drop(reasons, evidence, "failed")


@dataclass(frozen=True)
class _Failed:
    reason: str
    evidence: dict[str, Any]


def _extract(raw: bytes | None, media_type: str | None) -> Extracted | _Failed | None:
    """The extracted document, or why there is none; None for a row without bytes."""
    if raw is None:
        return None
    kind, parameters = parse_media_type(media_type or "")
    if kind not in EXTRACTORS:
        return _Failed("extract:no extractor", {"media_type": media_type, "known": sorted(EXTRACTORS)})
    extractor = _extractor(EXTRACTORS[kind])
    try:
        found = extractor(raw, parameters)
    except Exception as error:  # noqa: BLE001  (the document boundary: one document's bytes may break any parser)
        told = f"{type(error).__name__}: {error}"[:_ERROR_SHOWN]
        return _Failed(f"extract:{type(error).__name__}", {"media_type": media_type, "error": told, "bytes": len(raw)})
    if not found.text.strip():
        return _Failed("extract:no text", {"media_type": media_type, "extractor": found.extractor, "bytes": len(raw)})
    return found


def parse_media_type(media_type: str) -> tuple[str, dict[str, str]]:
    """A media type and its parameters.

    >>> parse_media_type("text/plain; form=verse; charset=utf-8")
    ('text/plain', {'form': 'verse', 'charset': 'utf-8'})
    """
    kind, *parts = (part.strip() for part in media_type.split(";"))
    pairs = (part.partition("=") for part in parts if part)
    return kind.lower(), {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


@cache
def _extractor(path: str) -> Extractor:
    module, _, name = path.partition(":")
    return cast("Extractor", getattr(import_module(module), name))


def _filled(frame: pl.DataFrame, name: str, found: list[Any]) -> pl.Series:
    """The column as it came, with what was found where it was null."""
    values: list[Any] = [list(value) or None if isinstance(value, tuple) else value for value in found]
    if name == "url":  # without passwords and tracking parameters, as all addresses
        values = [value and canonical_url(value) for value in values]
    extracted = pl.Series(name, values, dtype=DOCUMENT_SCHEMA[name])
    if name not in frame.columns:
        return extracted
    return pl.select(pl.coalesce(frame[name], extracted).alias(name)).to_series()
