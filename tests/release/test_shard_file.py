"""The statistics of shards decide which row groups need not be read."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow.parquet as pq
from built_versions import build

from latam_corpus.release.eligibility.expired_terms import lapsing
from latam_corpus.release.storing.shard_file import may_be_below, read_batches, write_group, writer
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.withdrawal_log import read_log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_DAYS = (None, date(2027, 1, 1), date(2026, 1, 1))


def _file(days: Sequence[Sequence[date | None]], *, measured: bool = True) -> pq.ParquetFile:
    """Return a file with a row group for each list of days."""
    columns = pl.Schema({"doc_id": pl.String(), "expires": pl.Date()})
    written = io.BytesIO()
    if measured:
        with writer(written, columns) as opened:
            for number, group in enumerate(days):
                ids = [f"{number}{row}" for row in range(len(group))]
                write_group(opened, pl.DataFrame({"doc_id": ids, "expires": list(group)}, schema=columns))
    else:
        table = pl.DataFrame({"doc_id": ["a"], "expires": list(days[0])}, schema=columns).to_arrow()
        pq.write_table(table, written, write_statistics=False)
    return pq.ParquetFile(io.BytesIO(written.getvalue()))


def test_row_groups_without_an_earlier_day_are_skipped() -> None:
    """Groups with only nulls and later days are skipped; one with an earlier day is read."""
    none, later, ended = _DAYS
    file = _file([[none, none], [later, none], [later, ended, none], [ended]])
    assert may_be_below(file, "expires", date(2026, 6, 1)) == [2, 3]
    assert may_be_below(file, "expires", ended) == []
    assert may_be_below(file, "expires", date(2027, 1, 2)) == [1, 2, 3]
    rows = pl.concat(read_batches(file, ("doc_id",), [2, 3]))
    assert rows["doc_id"].to_list() == ["20", "21", "22", "30"]
    assert list(read_batches(file, ("doc_id",), [])) == []


def test_a_file_without_statistics_is_read() -> None:
    """Groups without statistics are read, and a missing column has no value below any day."""
    file = _file([[_DAYS[1]]], measured=False)
    assert may_be_below(file, "expires", date(2026, 6, 1)) == [0]
    assert may_be_below(file, "embargo_until", date(2026, 6, 1)) == []


def test_an_ended_permission_is_found_by_statistics(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """In a version without refusals, statistics decide which groups are read."""
    documents = [document(n, expires=date(2026, 12, 31) if n == 3 else None) for n in range(6)]
    store = Store.at(tmp_path / "store")
    terms: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "splits": {}}
    manifest = build("puerto", [kept_run("a-1", documents)], store, created=datetime(2026, 11, 27, tzinfo=UTC), **terms)
    assert lapsing(read_log(store), manifest, date(2027, 1, 1)).to_list() == [documents[3]["doc_id"]]
    assert lapsing(read_log(store), manifest, date(2026, 12, 31)).to_list() == []
