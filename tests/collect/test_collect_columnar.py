"""Parquet and Arrow files that are bombs, of odd names or types end in a sentence or in rows, and in no crash."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.collect.row_files import read_chunks
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_SOURCE = parse_toml('id = "notas"\ntitle = "Notas"\nholder = "B"\n', Source, "notas.toml")
_MB = 2**20
_ARROW = (".arrow", ".ipc")


def _read(path: Path) -> pl.DataFrame:
    return pl.concat([frame for file in list_inputs(_SOURCE, path) for frame in read(_SOURCE, file)])


def _write(path: Path, table: pa.Table, **parquet: Any) -> Path:
    """A file of the table in the format of its suffix, packed as hard as that can be."""
    if path.suffix == ".parquet":
        pq.write_table(table, path, compression="zstd", **parquet)
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
    """A dictionary value is repeated once per row, and frames stay within the limit."""
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
    """A mapped or unused column of such a type is accepted."""
    for name in ("title", "otra"):
        batch = pa.RecordBatch.from_arrays([pa.array(["Hola", "Adiós"]), column], ["text", name])
        path = _write(tmp_path / f"{name}.arrow", pa.Table.from_batches([batch]))
        assert _read(path)["text"].to_list() == ["Hola", "Adiós"]


def _meant_often(times: int) -> pa.Array:
    """Return a text of a megabyte that a dictionary stores once for many rows."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * times, pa.int32()), pa.array(["a" * _MB]))


def _views(times: int) -> pa.Array:
    view = struct.pack("<i4sii", _MB, b"aaaa", 0, 0)
    return pa.Array.from_buffers(pa.string_view(), times, [None, pa.py_buffer(view * times), pa.py_buffer(b"a" * _MB)])


def _bomb(kind: str) -> tuple[pa.Table, dict[str, Any]]:
    """A table of gigabytes that are packed to kilobytes, and how Parquet writes it so."""
    many = 3000
    hello = ["Hola"]
    same, one = pa.array([0] * many, pa.int32()), pa.array([1] * many, pa.int32())
    big = pa.array(["a" * _MB])
    makes: dict[str, Any] = {
        "numbers": lambda: {"text": _meant_often(many)},
        "prefixes": lambda: {"text": ["a" * _MB + str(n) for n in range(200)]},
        "packed": lambda: {"text": pa.repeat("a" * _MB, 150)},
        "list": lambda: {"text": hello, "creators": pa.ListArray.from_arrays([0, many], _meant_often(many))},
        "runs": lambda: {"text": pa.RunEndEncodedArray.from_arrays(pa.array([many], pa.int32()), big)},
        "list views": lambda: {"text": hello * many, "title": pa.ListViewArray.from_arrays(same, one, big)},
        "views": lambda: {"text": _views(many)},
    }
    options = {"prefixes": {"use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY"}}
    return pa.table(makes[kind]()), options.get(kind, {"use_dictionary": kind != "packed"})


_MEASURED = """
import json, sys
from pathlib import Path
from latam_corpus.extract.isolation.process_memory import held
from latam_corpus.collect.files import list_inputs, split
from tests.collect.test_collect_columnar import _SOURCE, _read
for path in map(Path, sys.argv[1:]):
    Path("/proc/self/clear_refs").write_text("5")  # the kernel forgets the peak of the file before
    before = held("VmRSS")
    frame = _read(path)
    for file in list_inputs(_SOURCE, path):
        split(_SOURCE, file, 10)
    peak, why = (held("VmHWM") - before) >> 20, frame.drop_nulls("drop_reason")["evidence"].to_list()
    print(json.dumps({"peak": peak, "rows": frame.height, "why": why}))
    del frame
"""
_BOMBS = [
    *((kind, ".parquet") for kind in ("numbers", "prefixes", "packed", "list")),
    *((kind, end) for kind in ("numbers", "packed", "list", "runs", "list views", "views") for end in _ARROW),
]


def test_a_file_that_unpacks_to_gigabytes_is_told_and_costs_little(tmp_path: Path) -> None:
    """Doubtful data isn't kept in memory, and one row reports it, whichever encoding inflates it."""
    paths = []
    for kind, suffix in _BOMBS:
        table, options = _bomb(kind)
        paths.append(_write(tmp_path / f"{kind}{suffix}", table, **options))
        assert paths[-1].stat().st_size < 100_000
    command = [sys.executable, "-c", _MEASURED, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for path, line in zip(paths, done.stdout.splitlines(), strict=True):
        reported = json.loads(line)
        assert ["bombs do" in why for why in reported["why"]] == [True], path.name
        assert reported["rows"] <= 65, path.name  # the rest is never read
        assert reported["peak"] < 600, path.name


def test_a_bomb_for_one_stage_is_told(tmp_path: Path) -> None:
    """`stage` reads Parquet by itself."""
    path = _write(tmp_path / "bomba.parquet", _bomb("numbers")[0])
    with pytest.raises(ConfigError, match="as decompression bombs do"):
        list(read_chunks(path))


def test_a_footer_that_lies_about_its_pages_is_found_out(tmp_path: Path) -> None:
    """The page's own header counts, which is what a reader goes by."""
    path = _write(tmp_path / "n.parquet", pa.table({"text": pa.repeat("a" * _MB, 100)}), use_dictionary=False)
    meta = pq.read_metadata(path).row_group(0).column(0)
    real, lie = (_zigzag(number) for number in (meta.total_uncompressed_size, 1000))
    data = path.read_bytes()
    assert data.count(real) == 2  # the column's size, and the row group's
    path.write_bytes(data.replace(real, _padded(lie, len(real))))
    assert pq.read_metadata(path).row_group(0).column(0).total_uncompressed_size == 1000
    assert "a page of «text» unpacks from" in _error(_read(path))[1]


def _zigzag(number: int) -> bytes:
    number, created = number << 1, bytearray()
    while number >= 0x80:
        created.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*created, number])


def _padded(varint: bytes, size: int) -> bytes:
    """The same number in more bytes."""
    return varint[:-1] + bytes([varint[-1] | 0x80]) + b"\x80" * (size - len(varint) - 1) + b"\x00"


def test_texts_that_repeat_much_are_no_bomb(tmp_path: Path) -> None:
    """Tables of few different lines, lists of few different names, in every format."""
    lines = [f"El año {number % 50} llovió en todo el valle del río. " * 20 for number in range(20_000)]
    table = pa.table({"text": lines, "creators": [["Ana", "Rosa"]] * len(lines)})
    for suffix in (".parquet", *_ARROW):
        frame = _read(_write(tmp_path / f"n{suffix}", table))
        assert frame["text"].to_list() == lines
        assert frame["creators"].to_list() == [["Ana", "Rosa"]] * len(lines)
