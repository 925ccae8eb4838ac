"""A step's files return every column as it was written, and files with few rows are small."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from latam_corpus import schema
from latam_corpus.dedupe.lines.line_keys import ASIDE
from latam_corpus.pipeline.rows.step_file import StepFile
from latam_corpus.signals import BY_NAME

if TYPE_CHECKING:
    from pathlib import Path

_FULL: dict[str, Any] = {
    "doc_id": "0" * 32,
    "text": "La barca salió del puerto antes del alba.\nVolvió con la red vacía.",
    "language": "spa_Latn",
    "language_score": 0.75,
    "languages": [{"code": "spa_Latn", "share": 0.5}],
    "genre": "literature",
    "creators": ["Ana", "Luis"],
    "uses": ["train"],
    "expires": date(2030, 1, 1),
    "obtained": datetime(2024, 5, 1, 12, 30, tzinfo=UTC),
    "origin": {"file": "cuentos.txt", "member": "1", "offset": 7, "digest": None},
    "consent": [{"id": "c-1", "label": None, "community": "Puerto"}],
    "opt_outs": [{"signal": "noai", "value": "x", "address": "y", "time": datetime(2024, 5, 1, tzinfo=UTC)}],
    "signals": {name: number / 7 for number, name in enumerate(BY_NAME)},
    "redactions": [{"key": "email", "value": 2}],
    "text_hash": b"0123456789abcdef",
}


def _written(path: Path, frame: pl.DataFrame) -> Path:
    with StepFile(path, frame.schema) as opened:
        opened.write(frame)
    return path


def test_every_column_comes_back(tmp_path: Path) -> None:
    """Columns have the same types and values, nulls included, when Polars or the next step reads them."""
    sparse = {"doc_id": "1" * 32, "text": None, "obtained": _FULL["obtained"]}
    frame = schema.conform(pl.DataFrame([_FULL, sparse]), schema.DOCUMENT_SCHEMA)
    path = _written(tmp_path / "rows.parquet", frame)
    back = pl.read_parquet(path)
    assert back.schema == schema.DOCUMENT_SCHEMA
    assert back.equals(frame)
    keys = pl.DataFrame({"line_keys": [[2**64 - 1, 0], []], "line_sheet": [2**63, 1]}, schema=ASIDE)
    assert pl.read_parquet(_written(tmp_path / "aside.parquet", keys)).equals(keys)


def test_a_file_with_few_rows_is_small(tmp_path: Path) -> None:
    """A short document takes 17 kB instead of 32, and an empty file 3.2 kB instead of 12.2."""
    frame = schema.conform(pl.DataFrame([_FULL]), schema.DOCUMENT_SCHEMA)
    assert _written(tmp_path / "rows.parquet", frame).stat().st_size < 18_500
    assert _written(tmp_path / "dropped.parquet", frame.clear()).stat().st_size < 4_000
    assert _written(tmp_path / "ledger.parquet", pl.DataFrame(schema=schema.LEDGER_SCHEMA)).stat().st_size < 500
