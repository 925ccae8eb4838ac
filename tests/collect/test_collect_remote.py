"""A folder of every format gives the same rows from a disk, from memory and from an object store."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from typing import TYPE_CHECKING

import fsspec
import polars as pl
import pyarrow as pa
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read, split
from latam_corpus.collect.streams import state_of
from latam_corpus.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

_ANY = Source(id="entrega", title="Entrega", holder="Biblioteca")
_LINES = b"".join(json.dumps({"text": f"Copla {n}. " * 9}).encode() + b"\n" for n in range(300))
_ZIP = io.BytesIO()
with zipfile.ZipFile(_ZIP, "w", zipfile.ZIP_DEFLATED) as _archive:
    _archive.writestr("dentro/carta.txt", "Señora: le escribo.")
    _archive.writestr("dentro/coplas.jsonl", _LINES)
_ARROW = io.BytesIO()
_TABLE = pa.table({"text": [f"Nota {n}" for n in range(200)]})
with pa.ipc.new_file(_ARROW, _TABLE.schema) as _writer:
    _writer.write_table(_TABLE, max_chunksize=50)
_PARQUET = io.BytesIO()
pl.DataFrame(_TABLE).write_parquet(_PARQUET, row_group_size=50)


def _warc(number: int) -> bytes:
    body = b"<html><body><p>Una nota.</p></body></html>"
    head = (
        f"WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: https://p.example/{number}\r\nContent-Type: text/html\r\n"
    )
    return f"{head}WARC-Date: 2024-05-01T12:00:00Z\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body + b"\r\n\r\n"


_FILES = {
    "a.jsonl": _LINES,
    "b.jsonl.gz": gzip.compress(_LINES),
    "c/d.csv": b"text,autor\n" + b"Sol y luna,Ana\n" * 200,
    "c/e.md": "# Crónica\n\nHabía una vez.\n".encode(),
    "c/f.html": b"<p>Hola</p>",
    "g.xml": b"<TEI><teiHeader/><text><body><p>Era la hora.</p></body></text></TEI>",
    "h.warc.gz": b"".join(gzip.compress(_warc(n)) for n in range(40)),
    "i.warc": b"".join(_warc(n) for n in range(40)),
    "j.zip": _ZIP.getvalue(),
    "k.arrow": _ARROW.getvalue(),
    "l.parquet": _PARQUET.getvalue(),
    "m.txt": b"Una historia.",
    "portada.gif": b"GIF89a",
    ".oculto.txt": b"x",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files on a disk."""
    for name, data in _FILES.items():
        path = tmp_path / "entrega" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "entrega"


def _rows(where: str | Path, bytes_: int | None = None) -> pl.DataFrame:
    """All rows."""
    frames = []
    for file in list_inputs(_ANY, where):
        for span in [None] if bytes_ is None else split(_ANY, file, bytes_):
            frames += list(read(_ANY, file, span=span))
    return pl.concat(frames, how="diagonal")


def _copy(url: str) -> None:
    fs, root = fsspec.url_to_fs(url)
    for name, data in _FILES.items():
        fs.pipe_file(f"{root}/{name}", data)


def test_a_folder_of_every_format_is_read_by_suffix(folder: Path) -> None:
    """No delivered file is skipped silently: an unreadable one is a failed row."""
    rows = _rows(folder)
    counts = dict(rows.group_by(pl.col("origin").struct.field("file"), maintain_order=True).len().iter_rows())
    assert counts == {
        "a.jsonl": 300, "b.jsonl.gz": 300, "c/d.csv": 200, "c/e.md": 1, "c/f.html": 1, "g.xml": 1, "h.warc.gz": 40,
        "i.warc": 40, "j.zip": 301, "k.arrow": 200, "l.parquet": 200, "m.txt": 1, "portada.gif": 1,
    }  # fmt: skip
    failed = rows.filter(pl.col("drop_reason").is_not_null())
    assert failed.select(pl.col("origin").struct.field("file"), "drop_reason", "verdict").rows() == [
        ("portada.gif", "unreadable:unknown format", "failed")
    ]


def test_memory_gives_the_rows_of_the_disk(folder: Path) -> None:
    """The memory of fsspec has no disk under it; whole and by parts."""
    _copy("memory://entrega")
    try:
        assert _rows("memory://entrega").equals(_rows(folder))
        assert _rows("memory://entrega", 1000).equals(_rows(folder))
        assert _rows(f"file://{folder}").equals(_rows(folder))
    finally:
        fsspec.filesystem("memory").rm("/entrega", recursive=True)


@pytest.fixture
def bucket(object_store: str) -> str:
    """Return the address of a prefix in an object store that runs during the test."""
    return f"{object_store}/entrega"


@pytest.mark.slow
def test_an_object_store_gives_the_rows_of_the_disk(folder: Path, bucket: str) -> None:
    """Every format, whole and by parts, read as streams or by ranges."""
    _copy(bucket)
    assert _rows(bucket).equals(_rows(folder))
    assert _rows(bucket, 1000).equals(_rows(folder))


@pytest.mark.parametrize("where", ["disk", "memory", "object_store"])
def test_a_file_tells_that_its_bytes_changed(tmp_path: Path, where: str, request: pytest.FixtureRequest) -> None:
    """By its size, its version or its time, wherever it is, without being read."""
    store = {"disk": str(tmp_path), "memory": "memory://estado"}.get(where) or request.getfixturevalue(where)
    fs, root = fsspec.url_to_fs(store)
    fs.pipe_file(f"{root}/a.jsonl", b"La barca")
    (file,) = list_inputs(_ANY, f"{store}/a.jsonl")
    previous = state_of(file.url)
    assert state_of(file.url) == previous
    if where != "disk":  # on which two writes may fall into one tick of the clock
        fs.pipe_file(f"{root}/a.jsonl", b"La marea")
        assert state_of(file.url) != previous
    fs.pipe_file(f"{root}/a.jsonl", b"La")
    assert state_of(file.url) != previous
    fs.rm_file(f"{root}/a.jsonl")
    with pytest.raises(SourceError, match="can't be opened"):
        state_of(file.url)
