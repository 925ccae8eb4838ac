"""A finished run of any documents, as a benchmark of versions needs it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from itertools import count, islice
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.pipeline.stored_runs.run_record import DIGESTS_FILE, FORMAT, RUN_FILE
from latam_corpus.storage.durable import digest_of, sealed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_PART: Final = 20_000
_USUAL: Final[dict[str, Any]] = {
    "language": "spa_Latn", "genre": "literature", "composition": "original", "source_id": "benchmark",
    "rights": "CC0-1.0", "rights_tier": "open", "basis": "licence", "uses": ["train"],
    "obtained": datetime(2026, 11, 27, tzinfo=UTC),
    "origin": {"file": "benchmark", "member": None, "offset": None, "digest": None},
}  # fmt: skip


def doc_id(number: int) -> str:
    """The id of a document that has no other."""
    return hashlib.sha256(f"{number}".encode()).hexdigest()[:32]


def _set_aside(run: Path, name: str, dropped: pl.DataFrame) -> None:
    reported = dropped.select("doc_id", "source_id", pl.col("drop_reason").alias("reason"))
    reported = reported.with_columns(pl.lit("filter").alias("stage"), pl.lit("dropped").alias("verdict"))
    for kind, frame in (("dropped", dropped), ("ledger", schema.conform(reported, schema.LEDGER_SCHEMA))):
        (run / kind).mkdir(exist_ok=True)
        frame.write_parquet(run / kind / name)


def write_run(run: Path, documents: Iterable[Mapping[str, Any]]) -> Path:
    """Write a run of documents, each with its text and any values that differ from the defaults.

    One with a `drop_reason` is set aside, and the ledger says so.
    """
    (run / "kept").mkdir(parents=True)
    numbered = enumerate(documents)
    in_all = fell = 0
    for part in count():
        named = [{**_USUAL, "doc_id": doc_id(number), **row} for number, row in islice(numbered, _PART)]
        if not named:
            break
        frame = schema.conform(pl.DataFrame(named, infer_schema_length=None), schema.DOCUMENT_SCHEMA)
        dropped = frame.filter(pl.col("drop_reason").is_not_null())
        frame.filter(pl.col("drop_reason").is_null()).write_parquet(run / "kept" / f"part-{part:05d}.parquet")
        in_all, fell = in_all + frame.height, fell + dropped.height
        if dropped.height:
            _set_aside(run, f"part-{part:05d}.parquet", dropped)
    source = {"id": "benchmark", "title": "Benchmark", "holder": None, "homepage": None}
    values = {
        "format": FORMAT,
        "id": run.name,
        "written": "2026-11-27T00:00:00+00:00",
        "finished": True,
        "parts": [],
        "sources": [source],
        "recipe": {"name": "benchmark", "title": "Benchmark"},
        "rows": {"in": in_all, "kept": in_all - fell, "set_aside": fell},
        "stages": {},
    }
    digests = {str(path.relative_to(run)): digest_of(path) for path in run.rglob("*.parquet")}
    (run / DIGESTS_FILE).write_bytes(sealed(digests))
    (run / RUN_FILE).write_bytes(sealed(values))
    return run
