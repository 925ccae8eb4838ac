"""The stage `extract`: raw bytes to text, by media type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import polars as pl

from latam_corpus.batch import Batch
from latam_corpus.catalog.address_country import country_of_address
from latam_corpus.catalog.identity import canonical_url, doc_id
from latam_corpus.errors import ConfigError
from latam_corpus.extract.document import Extracted
from latam_corpus.extract.isolation import sandbox
from latam_corpus.extract.isolation.child import DocumentLimits, ExtractFailure, ExtractJob, attempt
from latam_corpus.extract.isolation.programs import office, tesseract
from latam_corpus.extract.media_type import parse_media_type
from latam_corpus.extract.stated_rights.licences import with_page_terms
from latam_corpus.extract.web_pages.model_file import model_digest
from latam_corpus.formats.registry import FORMATS, extractors, media_types_of, plugged_formats
from latam_corpus.messages import _, decimal
from latam_corpus.schema import DOCUMENT_SCHEMA
from latam_corpus.stages import Stage
from latam_corpus.storage.durable import package_digest
from latam_corpus.vocabulary import MAX_TEXT, SKIMMED, TOO_LONG

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from latam_corpus.extract.isolation.child import Outcome

# An extractor's module is imported when the first document of its type arrives.
EXTRACTORS: Final = extractors(FORMATS)
# Media types that don't need the sandbox: plain text has no parser, only our own passes of linear time and memory.
IN_PROCESS: Final = media_types_of(lambda file_format: file_format.in_process)
_RECOGNISED: Final = media_types_of(lambda file_format: file_format.ocr)
# For these, each further megabyte adds the time limit once more.
_IN_PIECES: Final = media_types_of(lambda file_format: file_format.in_pieces)
_BY_OFFICE: Final = media_types_of(lambda file_format: file_format.program == "libreoffice")
# Factors of the time limits, since other programs do the work: OCR takes seconds per page, and a megabyte of a scan may
# have fifty pages.
_OCR_PATIENCE: Final = 30
_OFFICE_PATIENCE: Final = 4
_MB: Final = 2**20
# Columns that the extractor fills if the record left them empty.
_FILLED: Final = ("title", "creators", "published", "declared_language", "url")
_TERMS: Final = ("rights", "rights_tier", "uses")
_NO_LIMIT: Final = 10**6  # seconds or megabytes
# The wall-clock limit is this many times the limit of processor time, and at least half a minute.
_PATIENCE: Final = 6
_MIN_CLOCK: Final = 30.0


@dataclass(frozen=True)
class Extract(Stage):
    """The stage that converts bytes to text; rows that have text already get the extractor `record`.

    Attributes:
        mode: how HTML pages are read: `balanced` uses their layout, and trafilatura if the layout is uncertain;
            `careful` uses trafilatura, three times as slow; `fast` only the layout.
        time_limit: seconds of processor time for a document's parser; a PDF or TEI document gets as many again for each
            of its megabytes. The wall-clock limit is six times as long.
        memory_limit_mb: megabytes for a document's parser; enforced on Linux only.
        ocr: languages, such as spa, por or que, in which tesseract recognises pictures and pages without text; by
            default they are not recognised.
        libreoffice: whether LibreOffice reads Word 97-2003 documents (.doc).
    """

    mode: Literal["balanced", "careful", "fast"] = "balanced"
    time_limit: float = 10.0
    memory_limit_mb: int = 1024
    ocr: tuple[str, ...] = ()
    libreoffice: bool = False
    name: ClassVar[str] = "extract"
    version: ClassVar[int] = 7
    needs: ClassVar[frozenset[str]] = frozenset({"raw", "media_type"})
    gives: ClassVar[frozenset[str]] = frozenset(
        {"text", "extractor", "turns", "country", "opt_outs", *_FILLED, *_TERMS}
    )
    makes_rows: ClassVar[bool] = True
    stored_after: ClassVar[bool] = True  # later stages are cheaper, and change more often
    libraries: ClassVar[tuple[str, ...]] = ("trafilatura", "resiliparse", "lxml", "ftfy", "striprtf", "pypdfium2")

    def __post_init__(self) -> None:
        for option in ("time_limit", "memory_limit_mb"):
            value = getattr(self, option)
            if not 0 < value <= _NO_LIMIT:
                raise ConfigError(
                    _("option «{option}» of «extract»", option=option),
                    _("{value} isn't a valid limit", value=value),
                    _("give a number from 1 to {most}", most=decimal(f"{_NO_LIMIT:,}")),
                )
        if self.ocr:
            tesseract(self.ocr)
        if self.libreoffice:
            office()

    def fingerprint(self) -> str:
        """Return a string that changes with the layout model, the OCR engine and plug-ins' extractors."""
        layout = "" if self.mode == "careful" else model_digest()
        engine = f" {tesseract(self.ocr)}" if self.ocr else ""
        plug_ins = [f" {each.name} {package_digest(each.package)}" for each in plugged_formats() if each.extractor]
        return layout + engine + "".join(plug_ins)

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with `text` and `extractor` and without `raw`; a row whose bytes give no text fails.

        A file with a text in several languages becomes several rows: the first is the file's row, the others are its
        children. Rights statements in the file may narrow the row's terms, see `stated_rights/licences.py`.
        """
        frame = batch.frame
        if "raw" not in frame.columns:
            return batch.with_columns({"extractor": pl.lit("record", dtype=pl.String)})
        clock = max(_PATIENCE * self.time_limit, _MIN_CLOCK)
        limits = DocumentLimits(self.time_limit, self.memory_limit_mb, clock)
        outcomes = self._outcomes(frame["raw"], frame["media_type"], limits)
        frame = _unskimmed(frame.drop("raw", "media_type"))
        frame = frame.with_columns(
            _filled(frame, name, [getattr(outcome, name, None) for outcome in outcomes])
            for name in ("text", "extractor", *_FILLED)
        )
        if any(isinstance(outcome, Extracted) and outcome.turns for outcome in outcomes):
            turns = [_turns(outcome) for outcome in outcomes]
            frame = frame.with_columns(pl.Series("turns", turns, dtype=DOCUMENT_SCHEMA["turns"]))
        frame = frame.with_columns(
            pl.when(pl.col("extractor").is_null() & pl.col("text").is_not_null())
            .then(pl.lit("record"))
            .otherwise(pl.col("extractor"))
            .alias("extractor")
        )
        by_address = pl.Series("country", [country_of_address(url) for url in frame["url"]], dtype=pl.String)
        frame = frame.with_columns(
            pl.coalesce("country", by_address) if "country" in frame.columns else by_address.alias("country")
        )
        frame = with_page_terms(frame, outcomes)
        failed = {row: outcome for row, outcome in enumerate(outcomes) if isinstance(outcome, ExtractFailure)}
        if not failed:
            return Batch(_with_versions(frame, outcomes))
        reasons = [failed[row].reason if row in failed else None for row in range(len(outcomes))]
        evidence = [failed[row].evidence if row in failed else None for row in range(len(outcomes))]
        return Batch(_with_versions(Batch(frame).drop(reasons, evidence, "failed").frame, outcomes))

    def _outcomes(
        self, raws: Iterable[bytes | None], media_types: Iterable[str | None], limits: DocumentLimits
    ) -> list[Outcome | None]:
        """Return the outcome of each row; None for a row without bytes."""
        outcomes: list[Outcome | None] = []
        sandboxed: dict[int, ExtractJob] = {}
        types = list(media_types)
        extractors_by_type = extractors(plugged_formats()) | EXTRACTORS
        for row, (raw, media_type) in enumerate(zip(raws, types, strict=True)):
            outcomes.append(None)
            if raw is None:
                continue
            kind, parameters = parse_media_type(media_type or "")
            if kind not in extractors_by_type:
                outcomes[row] = ExtractFailure("no extractor", {"known": sorted(extractors_by_type)})
            elif kind in IN_PROCESS and len(raw) > MAX_TEXT:
                outcomes[row] = ExtractFailure(
                    "too large", {"bytes": len(raw), "limit_bytes": MAX_TEXT, "remedy": TOO_LONG}
                )
            elif kind in IN_PROCESS:
                outcomes[row] = attempt(ExtractJob(extractors_by_type[kind], raw, parameters))
            else:
                sandboxed[row] = self._job(kind, extractors_by_type[kind], raw, parameters)
        for row, outcome in zip(sandboxed, sandbox.extract(list(sandboxed.values()), limits), strict=True):
            outcomes[row] = outcome
        return [
            ExtractFailure(outcome.cause, {"media_type": media_type} | outcome.evidence)
            if isinstance(outcome, ExtractFailure)
            else outcome
            for outcome, media_type in zip(outcomes, types, strict=True)
        ]

    def _job(self, kind: str, extractor: str, raw: bytes, parameters: Mapping[str, str]) -> ExtractJob:
        """Return the job for a document, with the stage's options for its media type."""
        added_parameters: dict[str, str] = {}
        patience = 1 + len(raw) / _MB if kind in _IN_PIECES else 1.0
        if self.ocr and kind in _RECOGNISED:
            added_parameters["ocr"] = ",".join(self.ocr)
            patience *= _OCR_PATIENCE
        if self.libreoffice and kind in _BY_OFFICE:
            added_parameters["libreoffice"] = "yes"
            patience = _OFFICE_PATIENCE
        return ExtractJob(extractor.format(mode=self.mode), raw, {**parameters, **added_parameters}, patience)


def _turns(outcome: object) -> list[dict[str, Any]] | None:
    turns = outcome.turns if isinstance(outcome, Extracted) else ()
    return [turn._asdict() for turn in turns] or None


def _with_versions(frame: pl.DataFrame, outcomes: Sequence[Outcome | None]) -> pl.DataFrame:
    """Return the rows, each followed by one row per version of its text in another language."""
    versions = {
        row: outcome.versions
        for row, outcome in enumerate(outcomes)
        if isinstance(outcome, Extracted) and outcome.versions
    }
    if not versions:
        return frame
    if "parent_id" not in frame.columns:
        frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias("parent_id"))
    pieces: list[pl.DataFrame] = []
    for row, row_versions in versions.items():
        for number, version in enumerate(row_versions, 1):
            values = frame.row(row, named=True)
            values |= {
                "doc_id": doc_id(values["source_id"], f"{values['doc_id']}#{version.declared_language or number}"),
                "parent_id": values["doc_id"],
                "text": version.text,
                "turns": _turns(version),
                "declared_language": version.declared_language,
                "verdict": None,
                "evidence": None,
                "at": row,
            }
            if version.composition:
                values["composition"] = version.composition
            pieces.append(
                pl.DataFrame([values], schema={**frame.schema, "turns": DOCUMENT_SCHEMA["turns"], "at": pl.Int64()})
            )
    ordered = frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("at"))
    return pl.concat([ordered, *pieces], how="diagonal").sort("at", maintain_order=True).drop("at")


def _unskimmed(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows without the text that `skim` added."""
    if not {"text", "extractor"} <= set(frame.columns):
        return frame
    skimmed = pl.col("extractor").eq_missing(SKIMMED)
    return frame.with_columns(pl.when(~skimmed).then(pl.col(name)).alias(name) for name in ("text", "extractor"))


def _filled(frame: pl.DataFrame, name: str, outcomes: list[Any]) -> pl.Series:
    """Return the column with its nulls replaced by extracted values."""
    values: list[Any] = [list(value) or None if isinstance(value, tuple) else value for value in outcomes]
    if name == "url":  # like all addresses, without passwords and tracking parameters
        values = [value and canonical_url(value) for value in values]
    extracted = pl.Series(name, values, dtype=DOCUMENT_SCHEMA[name])
    if name not in frame.columns:
        return extracted
    return pl.select(pl.coalesce(frame[name], extracted).alias(name)).to_series()
