"""A disk or a network that fails while a file is read fails its part: the next run has the file."""

from __future__ import annotations

import errno
import gzip
import io
import os
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import read
from latam_corpus.collect.input_files.listing import list_inputs
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.errors import PartError

if TYPE_CHECKING:
    from pathlib import Path

_SOURCE = parse_toml('id = "notas"\ntitle = "Notas"\nholder = "B"\n', Source, "notas.toml")
_TEXT = "La barca salió del puerto con la marea, y el patrón cantaba.\n"
_ROWS = b"".join(b'{"text": "La barca %d"}\n' % number for number in range(2000))


def _parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": [f"{_TEXT}{number}" for number in range(2000)]}), sink, compression="none")
    return sink.getvalue()


def _zip() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as opened:
        opened.writestr("nota.txt", _TEXT * 4000)
    return sink.getvalue()


def _tar() -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as opened:
        entry = tarfile.TarInfo("nota.txt")
        entry.size = 300_000
        opened.addfile(entry, io.BytesIO(os.urandom(300_000)))
    return sink.getvalue()


_FILES = {
    "nota.txt": (_TEXT * 4000).encode(),
    "filas.jsonl": _ROWS,
    "filas.jsonl.gz": gzip.compress(_ROWS + os.urandom(200_000)),
    "filas.csv": b"text\n" + b"La barca\n" * 20_000,
    "filas.parquet": _parquet(),
    "carpeta.zip": _zip(),
    "carpeta.tar.gz": _tar(),
    "pagina.html": f"<p>{_TEXT * 4000}</p>".encode(),
}


class _Failing(io.BytesIO):
    """A medium that gives some bytes of a file, and then an error."""

    def __init__(self, data: bytes, error: Exception) -> None:
        super().__init__(data)
        self._left, self._error = len(data) // 3, error

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self._left -= len(data)
        if self._left < 0:
            raise self._error
        return data


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), RuntimeError("payload isn't complete")])
@pytest.mark.parametrize("name", _FILES)
def test_a_read_that_fails_fails_the_part(
    name: str, error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever reads the format: as a row of its own it would count as done, and stay away for ever."""
    file = tmp_path / name
    file.write_bytes(_FILES[name])
    [listed] = list_inputs(_SOURCE, file)

    def failing(*_: Any, **__: Any) -> _Failing:
        return _Failing(_FILES[name], error)

    monkeypatch.setattr("pathlib.Path.open", failing)
    with pytest.raises(PartError, match="can't be read") as reported:
        list(read(_SOURCE, listed))
    assert str(file) in str(reported.value)


def test_a_file_that_can_no_longer_be_opened_fails_the_part(tmp_path: Path) -> None:
    """It was there when it was listed."""
    file = tmp_path / "nota.txt"
    file.write_text(_TEXT, encoding="utf-8")
    [listed] = list_inputs(_SOURCE, file)
    file.unlink()
    with pytest.raises(PartError, match="can't be opened"):
        list(read(_SOURCE, listed))
