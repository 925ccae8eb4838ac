"""CSV, TSV and Arrow files give one document a row; a bad row is a failed row in its place."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latam_corpus.catalog.identity import doc_id
from latam_corpus.catalog.source import Source
from latam_corpus.collect import streams
from latam_corpus.collect.documents.contract import Watch
from latam_corpus.collect.examine import examine
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.errors import ConfigError, PartError

if TYPE_CHECKING:
    from pathlib import Path


def _source(more: str = "") -> Source:
    return parse_toml('id = "notas"\ntitle = "Notas"\nholder = "B"\n' + more, Source, "notas.toml")


def _read(path: Path, more: str = "", **options: Any) -> pl.DataFrame:
    source = _source(more)
    return pl.concat([frame for file in list_inputs(source, path) for frame in read(source, file, **options)])


def _write(path: Path, text: str, charset: str = "utf-8") -> Path:
    path.write_bytes(text.encode(charset))
    return path


def test_a_row_is_a_record_with_the_columns_of_the_first_line(tmp_path: Path) -> None:
    """A mark of byte order, quoted line ends and delimiters, blank lines; numbers are those of lines."""
    text = '\ufeffid,title,text\r\na1,El río,"Uno, dos\ny ""tres"""\r\n\r\na2,,Cuatro\r\n'
    frame = _read(_write(tmp_path / "n.csv", text))
    assert frame["text"].to_list() == ['Uno, dos\ny "tres"', "Cuatro"]
    assert frame["title"].to_list() == ["El río", None]
    assert frame["doc_id"].to_list() == [doc_id("notas", "a1"), doc_id("notas", "a2")]
    frame = _read(_write(tmp_path / "n.csv", 'text\n"a\nb"\nc\n'))
    assert frame["origin"].struct.field("member").to_list() == ["2", "4"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("n.csv", "title;text\nCoplas;Sol, luna, mar\nOtras;Pan\n"),
        ("n.csv", "title|text\nCoplas|Sol, luna, mar\nOtras|Pan\n"),
        ("n.csv", 'title\ttext\nCoplas\t"Sol, luna, mar"\nOtras\tPan\n'),
        ("n.csv", "title;text\nCoplas;Sol, luna, mar\nuna, fila, rota\nOtras;Pan\n"),
        ("n.tsv", "title\ttext\nCoplas\tSol, luna, mar\nOtras\tPan\n"),
        ("n.tsv.gz", "title\ttext\nCoplas\tSol, luna, mar\nOtras\tPan\n"),
    ],
)
def test_the_delimiter_is_found(tmp_path: Path, name: str, text: str) -> None:
    """The delimiter that gives most rows the first line's number of columns; a broken row doesn't hide it."""
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    frame = _read(path).filter(pl.col("drop_reason").is_null())
    assert frame["text"].to_list() == ["Sol, luna, mar", "Pan"]
    assert frame["title"].to_list() == ["Coplas", "Otras"]


def test_quotation_marks_of_a_tsv_may_be_the_texts_own(tmp_path: Path) -> None:
    """Without quoting, a line may begin with one."""
    frame = _read(_write(tmp_path / "n.tsv", 'text\tautor\n"Vení", dijo.\tAna\n¿Qué?\tLuis\n'))
    assert frame["text"].to_list() == ['"Vení", dijo.', "¿Qué?"]


def test_the_source_may_state_charset_delimiter_and_header(tmp_path: Path) -> None:
    """Properties that a file doesn't show."""
    path = _write(tmp_path / "n.csv", "1:Mañana, sí\n2:Año\n", "cp1252")
    more = '[collect]\ncharset = "cp1252"\ndelimiter = ":"\nheader = ["id", "text"]\n'
    frame = _read(path, more)
    assert frame["text"].to_list() == ["Mañana, sí", "Año"]
    assert frame["doc_id"][0] == doc_id("notas", "1")
    path = _write(tmp_path / "n.csv", "\ufefftext\nAño\n", "utf-16-le")
    assert _read(path)["text"].to_list() == ["Año"]
    with pytest.raises(ConfigError, match="isn't a charset"):
        _source('[collect]\ncharset = "klingon"\n')


def test_heads_in_another_encoding_are_told_as_that(tmp_path: Path) -> None:
    """With what to write, and no column is called missing for it; once it is written, all is read."""
    _write(tmp_path / "n.csv", "id;título;text\n1;Uno;Hubo un rey.\n2;Dos;Hubo años.\n", "cp1252")
    wrong = _source('[collect.columns]\ntitle = "título"\n')
    seen = examine(wrong, str(tmp_path))
    [breach] = seen.breaches
    assert str(breach.problem) == "its heads aren't UTF-8 text: t\ufffdtulo"
    assert 'charset = "cp1252"' in str(breach.remedy)
    with pytest.raises(PartError, match="heads aren't UTF-8"):
        _read(tmp_path)
    # A row without a text tells the names of the columns that there are.
    lax = _source('[collect.columns]\ntext = "texto"\n')
    rows = _read(tmp_path, '[collect.columns]\ntext = "texto"\n', watch=Watch(lax, strict=False))
    assert "t\ufffdtulo" in rows["evidence"][0]
    right = '[collect]\ncharset = "cp1252"\n[collect.columns]\ntitle = "título"\n'
    assert _read(tmp_path, right)["title"].to_list() == ["Uno", "Dos"]
    assert not examine(_source(right), str(tmp_path)).breaches


def test_rows_in_another_encoding_are_told_with_what_to_write(tmp_path: Path) -> None:
    """Other mistakes in rows of the file are reported as well."""
    _write(tmp_path / "n.csv", "id,text\n1\n2,Hubo años.\n", "cp1252")
    unread = examine(_source(), str(tmp_path)).unread
    assert unread["n.csv", "unreadable:wrong number of columns"] is None
    assert 'charset = "cp1252"' in str(unread["n.csv", "unreadable:not UTF-8"])


def test_a_bad_row_is_a_failed_row_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too few or too many columns, broken quotes, bytes that aren't UTF-8, a field without end."""
    monkeypatch.setattr(streams, "MAX_RECORD", 100_000)
    rows = [
        b"text,autor", b"uno,Ana", b"dos", b'"tres"x,Ana', b"cuatro,Ana,2", b"a\xf1o,Ana", b"x" * 300_000 + b",Ana",
        b"siete,Ana", b'"ocho,Ana', b"nueve,Ana",
    ]  # fmt: skip
    (tmp_path / "n.csv").write_bytes(b"\n".join(rows))
    frame = _read(tmp_path / "n.csv", rows=3)
    assert frame["text"].drop_nulls().to_list() == ["uno", "siete"]
    assert frame["drop_reason"].to_list() == [
        None, "unreadable:wrong number of columns", "unreadable:not CSV", "unreadable:wrong number of columns",
        "unreadable:not UTF-8", "unreadable:line too long", None, "unreadable:not CSV",
    ]  # fmt: skip
    assert json.loads(frame["evidence"][1]) == {"file": "n.csv", "line": 3, "found": 1, "expected": 2}


@pytest.mark.parametrize(
    ("rows", "causes"),
    [
        (['text,"autor', "uno,Ana", "dos,Luis"], ["not CSV"]),
        (['"te"xt,autor', "uno,Ana"], ["not CSV", "wrong number of columns"]),
    ],
)
def test_a_first_row_that_is_no_csv_is_a_failed_row(tmp_path: Path, rows: list[str], causes: list[str]) -> None:
    """It names no columns, so all later rows have too many; `check` reports the file, too."""
    frame = _read(_write(tmp_path / "n.csv", "\n".join(rows)))
    assert frame["drop_reason"].to_list() == [f"unreadable:{cause}" for cause in causes]
    assert json.loads(frame["evidence"][0])["line"] == 1
    assert "unreadable:not CSV" in str(examine(_source(), str(tmp_path)).unread)


def test_heads_alone_that_are_not_utf_8_are_a_failed_row(tmp_path: Path) -> None:
    """Otherwise none of the file would be read, as for another kind of file with a wrong suffix."""
    (tmp_path / "n.csv").write_bytes(gzip.compress(b"Sol y mar", mtime=0))
    examined = examine(_source(), str(tmp_path))
    assert "unreadable:not UTF-8" in str(examined.unread)
    assert examined.breaches


@pytest.mark.parametrize("charset", ["utf-8", "utf-16-le"])
def test_lines_may_end_with_cr_alone(tmp_path: Path, charset: str) -> None:
    """As Excel's "CSV (Macintosh)" writes them; a cell keeps a line end of its own, and another file its CR."""
    text = '\ufefftext,"autor\na"\r"Sol\ny mar",Ana\r\r"Luna\rnueva",Luis\r' + "Pan,Eva\r" * 20_000
    frame = _read(_write(tmp_path / "n.csv", text, charset))
    assert frame["text"].to_list() == ["Sol\ny mar", "Luna\rnueva"] + ["Pan"] * 20_000
    assert frame["origin"].struct.field("member").to_list()[:3] == ["2", "4", "6"]
    frame = _read(_write(tmp_path / "n.csv", 'text\r\n"Sol\rmar"\r\nPan\r\n'))
    assert frame["text"].to_list() == ["Sol\rmar", "Pan"]


def test_a_large_field_is_read(tmp_path: Path) -> None:
    """A novel in one field, beyond the limit that Python sets."""
    novel = "Era una tarde de enero. " * 100_000
    assert _read(_write(tmp_path / "n.csv", f'text\n"{novel}"\n'))["text"].to_list() == [novel]


@given(
    st.lists(st.tuples(st.text(min_size=1, max_size=20), st.text(max_size=5)), min_size=1, max_size=20),
    st.sampled_from([",", ";", "\t"]),
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_written_is_read(tmp_path: Path, rows: list[tuple[str, str]], delimiter: str) -> None:
    """Any texts, quoted as CSV quotes, come back as they were."""
    rows = [
        (f"Texto {a}".replace("\0", "").replace("\r", "\n"), b.replace("\0", "").replace("\r", "")) for a, b in rows
    ]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([("text", "x"), *rows])
    (tmp_path / "n.csv").write_bytes(out.getvalue().encode("utf-8", "replace"))
    frame = _read(tmp_path / "n.csv", f"[collect]\ndelimiter = {json.dumps(delimiter)}\n")
    assert frame["text"].to_list() == [a.encode("utf-8", "replace").decode() for a, _ in rows]


@pytest.mark.parametrize("form", ["file", "stream"])
@pytest.mark.parametrize("suffix", ["", ".zst"])
def test_arrow_files_and_streams_are_read_like_parquet(tmp_path: Path, form: str, suffix: str) -> None:
    """Both forms of Arrow, one of which `datasets` writes, plain or compressed."""
    table = pa.table({"id": [f"n{n}" for n in range(25)], "text": [f"Nota {n}" for n in range(25)], "otra": range(25)})
    sink = io.BytesIO()
    make = pa.ipc.new_file if form == "file" else pa.ipc.new_stream
    with make(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=10)
    data = sink.getvalue()
    path = tmp_path / f"n.arrow{suffix}"
    path.write_bytes(zstandard.compress(data) if suffix else data)
    frame = _read(path, rows=4)
    pl.DataFrame(table).write_parquet(tmp_path / "n.parquet")
    assert frame.select("doc_id", "text").equals(_read(tmp_path / "n.parquet").select("doc_id", "text"))
    path.write_bytes(path.read_bytes()[: len(path.read_bytes()) // 2])
    assert _read(path)["drop_reason"].to_list()[-1] == "unreadable:damaged file"
