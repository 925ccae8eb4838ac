"""A file gives the same rows by spans as in one piece, wherever it is cut."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import lzma
import pickle
import random
import zipfile
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latam_corpus.catalog.source import Source
from latam_corpus.collect import spans as spans_module
from latam_corpus.collect import streams
from latam_corpus.collect.files import list_inputs, read, split
from latam_corpus.config.toml_model import parse_toml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_ANY = Source(id="relatos", title="Relatos", holder="Biblioteca")
_FIXTURE = [HealthCheck.function_scoped_fixture]


def _whole_and_by_spans(path: Path, bytes_: int, **options: Any) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    (file,) = list_inputs(_ANY, path)
    spans = [pickle.loads(pickle.dumps(span)) for span in split(_ANY, file, bytes_)]  # noqa: S301
    frames = [frame for span in spans for frame in read(_ANY, file, span=span, **options)]
    return pl.concat(list(read(_ANY, file))), pl.concat(frames), len(spans)


_PACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes, ".gz": gzip.compress, ".xz": lzma.compress, ".zst": zstandard.compress,
}  # fmt: skip
# What a seekable Zstandard file has at its end, and parallel compressors before each frame: bytes of no content.
_SKIPPABLE = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"


def _in_members(data: bytes, suffix: str, cuts: list[int]) -> bytes:
    """Compress the data in one member per piece between cuts, with the padding that tools put between members."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    between = {".zst": _SKIPPABLE, ".gz": b"\0" * 5000, ".xz": b"\0" * 8}.get(suffix, b"")
    pieces = [data[start:stop] for start, stop in itertools.pairwise(places)]
    return between.join(map(_PACK[suffix], pieces)) + (between if suffix else b"")


@pytest.fixture
def entered_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every member of a compressed file begin a part, and at most three parts begin in one member."""
    monkeypatch.setattr(streams, "ENTRIES_APART", 1)
    monkeypatch.setattr(spans_module, "MOST_IN_MEMBER", 3)


_LINE = st.one_of(
    st.text(max_size=40).map(lambda text: json.dumps({"text": f"Vidalita {text}"}, ensure_ascii=False).encode()),
    st.sampled_from([b"", b"  ", b"{roto", b"\xff\xfe", "{'text': 'año'}".encode(), b'{"text": ""}\r']),
)


_CUTS = st.lists(st.integers(0, 2000), max_size=8)


@pytest.mark.usefixtures("entered_often")
@pytest.mark.parametrize("suffix", list(_PACK))
@given(
    st.lists(_LINE, min_size=1, max_size=30),
    st.booleans(),
    st.booleans(),
    _CUTS,
    st.integers(1, 200),
    st.integers(1, 7),
)
@settings(deadline=None, suppress_health_check=_FIXTURE)
def test_lines_do_not_depend_on_the_cut(
    tmp_path: Path, suffix: str, lines: list[bytes], marked: bool, ended: bool, cuts: list[int], bytes_: int, rows: int
) -> None:
    """Every line is in one span, under its number in the file, even if it crosses members of a compressed file.

    Only the first line has a byte order mark.
    """
    path = tmp_path / f"r.jsonl{suffix}"
    data = b"\n".join([b'{"text": "primera"}', *lines]) + b"\n" * ended
    path.write_bytes(_in_members(b"\xef\xbb\xbf" * marked + data, suffix, cuts))
    whole, pieces, _ = _whole_and_by_spans(path, bytes_, rows=rows)
    assert pieces.equals(whole)


@given(st.integers(1, 60), st.integers(1, 10), st.integers(1, 4_000))
@settings(max_examples=settings().max_examples // 5, deadline=None, suppress_health_check=_FIXTURE)
def test_row_groups_do_not_depend_on_the_cut(tmp_path: Path, count: int, group: int, bytes_: int) -> None:
    """Every row of a Parquet file is in one span, under its number in the file."""
    path = tmp_path / "r.parquet"
    records = [{"text": f"Copla {n} " * (n % 9), "title": None if n % 3 else f"T{n}"} for n in range(count)]
    pl.DataFrame(records, schema={"text": pl.String, "title": pl.String}).write_parquet(path, row_group_size=group)
    whole, pieces, _ = _whole_and_by_spans(path, bytes_)
    assert pieces.equals(whole)
    assert whole.height == count


_FIELD = st.one_of(
    st.text(alphabet='aé"\n,; x', max_size=12),
    st.sampled_from(['"', '""', '"a"b', "\n", '"\n"', "a\r\nb"]),
)


@pytest.mark.usefixtures("entered_often")
@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
@pytest.mark.parametrize("end", ["\n", "\r"])
@given(st.lists(_FIELD, max_size=25), st.integers(1, 120), st.booleans(), _CUTS, st.integers(1, 5))
@settings(max_examples=settings().max_examples // 3, deadline=None, suppress_health_check=_FIXTURE)
def test_rows_of_csv_do_not_depend_on_the_cut(
    tmp_path: Path, suffix: str, end: str, fields: list[str], bytes_: int, marked: bool, cuts: list[int], rows: int
) -> None:
    """A cut is only made where the reader sees the end of a row, in sound files and broken ones."""
    path = tmp_path / f"r.csv{suffix}"
    data = b"\xef\xbb\xbf" * marked + end.join(["text,x", "Uno,1", *fields]).encode()
    path.write_bytes(_in_members(data, suffix, cuts))
    whole, pieces, _ = _whole_and_by_spans(path, bytes_, rows=rows)
    assert pieces.equals(whole)


@given(st.integers(1, 120), st.integers(1, 30), st.integers(1, 5_000))
@settings(max_examples=settings().max_examples // 5, deadline=None, suppress_health_check=_FIXTURE)
def test_record_batches_do_not_depend_on_the_cut(tmp_path: Path, count: int, batch: int, bytes_: int) -> None:
    """Every row of an Arrow file is in one span; an Arrow stream is one part."""
    path = tmp_path / "r.arrow"
    table = pa.table({"text": [f"Copla {n} " * (n % 9) for n in range(count)], "x": range(count)})
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=batch)
    whole, pieces, _ = _whole_and_by_spans(path, bytes_)
    assert pieces.equals(whole)
    assert whole.height == count
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=batch)
    assert _whole_and_by_spans(path, bytes_)[2] == 1


def _record(number: int, kind: str) -> bytes:
    body = f"<html><p>Página {number}, {'una línea más ' * (number % 5)}</p></html>".encode()
    if kind == "response":
        body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
    about = f"WARC-Type: {kind}\r\nWARC-Target-URI: https://p.example/{number}\r\nWARC-Date: 2024-05-01T12:00:00Z\r\n"
    media = "application/http; msgtype=response" if kind == "response" else "text/html"
    head = f"WARC/1.1\r\n{about}Content-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body + b"\r\n\r\n"


_RECORD = st.sampled_from(["response", "resource", "request", "metadata", "broken"])


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
@given(st.lists(_RECORD, min_size=1, max_size=20), st.just(1) | st.integers(2, 2000))
@settings(max_examples=settings().max_examples // 5, deadline=None, suppress_health_check=_FIXTURE)
def test_records_of_a_warc_do_not_depend_on_the_cut(tmp_path: Path, suffix: str, kinds: list[str], bytes_: int) -> None:
    """Every page, and the failed row of a malformed record, is in one span, under its number and offset."""
    pack = _PACK[suffix]
    broken = b"" if suffix == ".zst" else b"basura\r\n"
    path = tmp_path / f"r.warc{suffix}"
    records = [broken if kind == "broken" else pack(_record(n, kind)) for n, kind in enumerate(kinds)]
    path.write_bytes(pack(_record(100, "resource")) + b"".join(records))
    whole, pieces, count = _whole_and_by_spans(path, bytes_)
    assert pieces.equals(whole)
    read_ = 1 + sum(kind in ("response", "resource") for kind in kinds)
    assert whole["drop_reason"].null_count() == read_
    # Every record that can be read may begin a span.
    assert count == 1 + len(kinds) - kinds.count("broken") or bytes_ > 1
    for offset in whole.filter(pl.col("drop_reason").is_null())["origin"].struct.field("offset"):
        assert path.read_bytes()[offset:].startswith((b"WARC/", b"\x1f\x8b", b"\x28\xb5"))


def test_spans_are_about_as_large_as_asked(tmp_path: Path) -> None:
    """A megabyte of lines in parts of 100 kB is ten parts; a line longer than a part is a part of its own."""
    path = tmp_path / "r.jsonl"
    line = json.dumps({"text": "Zamba de mi esperanza. " * 4}).encode() + b"\n"
    path.write_bytes(line * 10_000)
    (file,) = list_inputs(_ANY, path)
    spans = split(_ANY, file, 100_000)
    assert len(spans) == file.size // 100_000 + 1
    assert max(len(str(span)) for span in spans) < 40
    path.write_bytes(line * 3 + b" " * 500_000 + b"\n" + line * 3)
    (file,) = list_inputs(_ANY, path)
    assert [span.first_record for span in split(_ANY, file, 100_000) if span] == [1, 5]


@pytest.mark.parametrize("more", ['[collect]\ngroup = ["conv"]\n', "[collect]\ngroup_rows = 3\n"])
def test_a_source_that_joins_records_reads_a_file_as_one(tmp_path: Path, more: str) -> None:
    """A cut could separate records that belong together."""
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'{"conv": "e1", "text": "Buenas."}\n' * 100)
    source = parse_toml('id = "r"\ntitle = "R"\nholder = "B"\n' + more, Source, "r.toml")
    (file,) = list_inputs(source, path)
    assert split(source, file, 100) == [None]
    assert len(split(_ANY, file, 100)) > 1


@pytest.mark.parametrize(("members", "skipped"), [(1, 8 * 7 // 2 * 8), (8, 8 * 8 * 7 // 2)])
def test_a_compressed_file_is_entered_at_its_members(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, members: int, skipped: int
) -> None:
    """With eight members each part is read from its own member; in a single one at most 8 parts begin, not 64."""
    monkeypatch.setattr(streams, "ENTRIES_APART", 1)
    line = '{"text": "%064x"}\n'
    data = "".join(line % random.Random(n).getrandbits(256) for n in range(6400)).encode()
    size = len(data) // 64  # a hundred lines
    whole = len(data) // members
    path = tmp_path / "r.jsonl.gz"
    path.write_bytes(b"".join(gzip.compress(data[n * whole : (n + 1) * whole]) for n in range(members)))
    (file,) = list_inputs(_ANY, path)
    spans = [span for span in split(_ANY, file, size) if span]
    assert sum(span.size for span in spans) == len(data)
    assert len(spans) == (8 if members == 1 else 64)
    assert [span.first_record for span in spans[:3]] == ([1, 801, 1601] if members == 1 else [1, 101, 201])
    assert sum(span.skip for span in spans) == skipped * size


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_file_that_became_shorter_is_told(tmp_path: Path, suffix: str) -> None:
    """If a file shrinks between listing and reading, the part that lacks lines has a failed row."""
    path = tmp_path / f"r.jsonl{suffix}"
    lines = [json.dumps({"text": f"{random.Random(n).getrandbits(256):x}"}).encode() + b"\n" for n in range(200)]
    path.write_bytes(_PACK[suffix](b"".join(lines)))
    (file,) = list_inputs(_ANY, path)
    spans = split(_ANY, file, 1000)
    path.write_bytes(_PACK[suffix](b"".join(lines[:-1])))
    rows = pl.concat([frame for span in spans for frame in read(_ANY, file, span=span)])
    assert rows["drop_reason"].to_list() == [None] * 199 + ["unreadable:damaged file"]
    assert "shorter" in rows["evidence"][-1]


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".zst"])
def test_a_file_of_nuls_is_damaged(tmp_path: Path, suffix: str) -> None:
    """NULs between members are padding; a file of NULs alone is damaged, as by a full disk."""
    path = tmp_path / f"r.jsonl{suffix}"
    path.write_bytes(b"\0" * 9000)
    (file,) = list_inputs(_ANY, path)
    (frame,) = read(_ANY, file)
    assert frame["drop_reason"].to_list() == ["unreadable:damaged file"]


def test_a_bomb_is_not_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that unpacks to far more than any text is one part, so that a worker reads it and not the planner."""
    monkeypatch.setattr(streams, "RATIO_FROM", 2**20)
    path = tmp_path / "r.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"text": "Buenas."}\n' * 1000 + b"\n" * 2**23))
    (file,) = list_inputs(_ANY, path)
    assert split(_ANY, file, 1000) == [None]


@given(st.lists(st.sampled_from(["a.txt", "b.jsonl", "c/", ".d.txt", "../e.txt", "f.png"]), min_size=1, max_size=20))
@settings(max_examples=settings().max_examples // 5, deadline=None, suppress_health_check=_FIXTURE)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_a_zip_do_not_depend_on_the_cut(tmp_path: Path, names: list[str]) -> None:
    """Every member is in one span: folders, hidden ones, those that are refused, and two of one name."""
    path = tmp_path / "r.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, name in enumerate(["z.txt", *names]):
            data = b"" if name.endswith("/") else b'{"text": "Copla %d."}\n' % number * (number % 4)
            archive.writestr(name, data)
    (file,) = list_inputs(_ANY, path)
    spans = split(_ANY, file, 1)
    # A part of records alone has no column `raw`, one of pages no `text`.
    whole, pieces = (
        pl.concat([frame for part in of for frame in read(_ANY, file, span=part)], how="diagonal")
        for of in ([None], spans)
    )
    assert pieces.select(whole.columns).equals(whole)
    # Every member with any bytes may end a span.
    assert len(spans) >= sum(not name.endswith("/") and number % 4 > 0 for number, name in enumerate(names, 1))


def test_a_zip_with_archives_in_it_is_one_part(tmp_path: Path) -> None:
    """The sizes of all archives in an archive are counted together."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.txt", "Dentro.")
    path = tmp_path / "r.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "Fuera. " * 100)
        archive.writestr("b.txt", "Fuera. " * 100)
    (file,) = list_inputs(_ANY, path)
    assert len(split(_ANY, file, 100)) == 2
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("i.zip", inner.getvalue())
    (file,) = list_inputs(_ANY, path)
    assert split(_ANY, file, 100) == [None]


def test_what_can_not_be_cut_is_one_part(tmp_path: Path) -> None:
    """Small files, whole documents and damaged files are one part; a reader reports the damage."""
    data = b'{"text": "Buenas."}\n' * 1000
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(data, 0)[:-100])
    (tmp_path / "b.txt").write_bytes(data)
    (tmp_path / "c.parquet").write_bytes(data)
    (tmp_path / "d.jsonl").write_bytes(data[:100])
    (tmp_path / "e.zip").write_bytes(data)
    for file in list_inputs(_ANY, tmp_path):
        assert split(_ANY, file, 1000) == [None], file.relative
