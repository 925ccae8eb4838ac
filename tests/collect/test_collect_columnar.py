"""Parquet and Arrow files of odd names or types end in a sentence or in rows, and in no crash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.toml_model import parse_toml

if TYPE_CHECKING:
    from pathlib import Path

_SOURCE = parse_toml('id = "notas"\ntitle = "Notas"\nholder = "B"\n', Source, "notas.toml")
_MB = 2**20


def _read(path: Path) -> pl.DataFrame:
    return pl.concat([frame for file in list_inputs(_SOURCE, path) for frame in read(_SOURCE, file)])


def _write(path: Path, table: pa.Table) -> Path:
    """A file of the table in the format of its suffix, packed as hard as that can be."""
    if path.suffix == ".parquet":
        pq.write_table(table, path, compression="zstd", use_dictionary=True)
        return path
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    make: Any = pa.ipc.new_file if path.suffix == ".arrow" else pa.ipc.new_stream
    with pa.OSFile(str(path), "wb") as out, make(out, table.schema, options=options) as writer:
        writer.write_table(table)
    return path


def _error(frame: pl.DataFrame) -> tuple[str, str]:
    (reason,), (evidence,) = frame["drop_reason"].to_list(), frame["evidence"].to_list()
    return reason, evidence


def test_a_large_file_within_the_bound_is_read_in_pieces(tmp_path: Path) -> None:
    """What a dictionary holds once is held once a row, and no frame is larger for it."""
    path = _write(tmp_path / "grande.parquet", pa.table({"text": pa.repeat("a" * _MB, 60)}))
    frames = [frame for file in list_inputs(_SOURCE, path) for frame in read(_SOURCE, file)]
    assert sum(frame.height for frame in frames) == 60
    assert max(frame.height for frame in frames) <= 20


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".ipc"])
def test_a_name_of_a_column_that_isnt_utf_8_is_told(tmp_path: Path, suffix: str) -> None:
    """It was `añoN` in Latin-1."""
    path = _write(tmp_path / f"n{suffix}", pa.table({"text": ["Hola"], "aXoN": [1]}))
    path.write_bytes(path.read_bytes().replace(b"aXoN", b"a\xf1oN"))
    reason, evidence = _error(_read(path))
    assert "unreadable" in reason
    assert "the name of a column isn't UTF-8" in evidence


_UNION = pa.UnionArray.from_dense(
    pa.array([0, 1], pa.int8()), pa.array([0, 0], pa.int32()), [pa.array(["uno"]), pa.array([2])]
)


@pytest.mark.parametrize(
    "column",
    [
        _UNION,
        pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array(["a", "b"]), pa.array([1, 2])]),
        pa.ListArray.from_arrays([0, 1, 2], _UNION),
        pa.StructArray.from_arrays([_UNION], ["a"]),
        pa.array([(1, 2, 3), None], pa.month_day_nano_interval()),
        pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int32()), pa.array(["x"])),
        pa.array([1, 2], pa.decimal256(50, 2)),
        pa.array([["x"], []], pa.list_view(pa.string())),
        pa.array([["x"], []], pa.large_list_view(pa.string())),
    ],
    ids=lambda column: str(column.type)[:30],
)
def test_types_that_polars_doesnt_have_cost_nothing(tmp_path: Path, column: pa.Array) -> None:
    """A mapped column of such a type, and one that nobody asks for."""
    for name in ("title", "otra"):
        batch = pa.RecordBatch.from_arrays([pa.array(["Hola", "Adiós"]), column], ["text", name])
        path = _write(tmp_path / f"{name}.arrow", pa.Table.from_batches([batch]))
        assert _read(path)["text"].to_list() == ["Hola", "Adiós"]
