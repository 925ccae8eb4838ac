"""Archives are read as if they were folders; what can't or mustn't be read of them is a failed row."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import lzma
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import zstandard

from latam_corpus.catalog.identity import doc_id
from latam_corpus.catalog.source import Source
from latam_corpus.collect import archives, streams
from latam_corpus.collect.files import list_inputs, read, split
from latam_corpus.config.toml_model import parse_toml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_ANY = Source(id="envios", title="Envíos", holder="Biblioteca")
_PACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes, ".gz": gzip.compress, ".xz": lzma.compress, ".zst": zstandard.compress,
}  # fmt: skip
_PARQUET = io.BytesIO()
pl.DataFrame({"text": ["Fila uno", "Fila dos"]}).write_parquet(_PARQUET)
_MEMBERS = {
    "notas/a.html": "<p>Buenos días</p>".encode(),
    "./notas/b.jsonl": b'{"text": "Uno"}\n{roto\n{"id": "d2", "text": "Dos"}\n',
    "notas/c.txt.gz": gzip.compress(b"Tres"),
    "tabla.parquet": _PARQUET.getvalue(),
    "foto.gif": b"GIF89a",
    "__MACOSX/._a.html": b"x",
    ".oculto": b"x",
}


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _tar(members: dict[str, bytes], mtime: int = 1_700_000_000) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), mtime
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("enlace.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return buffer.getvalue()


def _rows(path: Path, data: bytes, source: Source = _ANY, **options: Any) -> list[dict[str, Any]]:
    path.write_bytes(data)
    (file,) = list_inputs(source, path)
    return [row for frame in read(source, file, **options) for row in frame.iter_rows(named=True)]


@pytest.mark.parametrize("name", ["e.zip", "e.tar", "e.tar.gz", "e.tar.xz", "e.tar.zst", "e.tgz", "e.txz"])
def test_members_are_read_as_files_of_a_folder(tmp_path: Path, name: str) -> None:
    """Each by its suffix, with its path after the archive's; hidden ones are left out, links are no files."""
    suffix = {"e.tgz": ".gz", "e.txz": ".xz"}.get(name, name[5:])
    data = _zip(_MEMBERS) if name == "e.zip" else _PACK[suffix](_tar(_MEMBERS))
    rows = _rows(tmp_path / name, data)
    assert [(row["origin"]["file"], row["origin"]["member"]) for row in rows] == [
        (name, member)
        for member in (
            "notas/a.html", "notas/b.jsonl#1", "notas/b.jsonl#2", "notas/b.jsonl#d2", "notas/c.txt.gz",
            "tabla.parquet#1", "tabla.parquet#2", "foto.gif",
        )
    ]  # fmt: skip
    locators = ["notas/a.html", "notas/b.jsonl#1", "notas/b.jsonl#2"]
    assert [row["doc_id"] for row in rows[:3]] == [doc_id("envios", f"{name}/{locator}") for locator in locators]
    assert rows[3]["doc_id"] == doc_id("envios", "d2")
    assert [row.get("raw") for row in rows] == [_MEMBERS["notas/a.html"], *[None] * 3, b"Tres", *[None] * 3]
    assert [row.get("text") for row in rows] == [None, "Uno", None, "Dos", None, "Fila uno", "Fila dos", None]
    assert [row["drop_reason"] for row in rows if row["drop_reason"]] == [
        "unreadable:not JSON", "unreadable:unknown format",
    ]  # fmt: skip
    if name != "e.zip":
        (file,) = list_inputs(_ANY, tmp_path / name)
        assert split(_ANY, file, 1) == [None]  # its middle can't be reached without what is before


def test_the_sources_patterns_choose_among_members(tmp_path: Path) -> None:
    """As among a folder's files; an archive that the patterns name themselves is read whole."""
    text = 'id = "e"\ntitle = "E"\nholder = "B"\n[collect]\nfiles = ["**/*.html"]\n'
    rows = _rows(tmp_path / "e.zip", _zip(_MEMBERS), parse_toml(text, Source, "e.toml"))
    assert [row["origin"]["member"] for row in rows] == ["notas/a.html"]
    whole = parse_toml(text.replace("*.html", "*.zip"), Source, "e.toml")
    assert len(_rows(tmp_path / "e.zip", _zip(_MEMBERS), whole)) == 8


def test_names_that_lead_out_are_refused(tmp_path: Path) -> None:
    """No file is written outside, and such a name would also be a false origin."""
    members = {"../../fuera.txt": b"a", "/raiz.txt": b"b", "C:\\c.txt": b"c", "bien.txt": b"Sana."}
    for name, data in (("e.zip", _zip(members)), ("e.tar", _tar(members))):
        rows = _rows(tmp_path / name, data)
        assert [row["drop_reason"] for row in rows] == ["unreadable:unsafe name"] * 3 + [None]
        assert rows[3]["raw"] == b"Sana."


def test_one_archive_in_another_is_read_and_no_more(tmp_path: Path) -> None:
    """The second level is a failed row."""
    inner = _zip({"a.txt": b"Dentro.", "mas.zip": _zip({"b.txt": b"x"})})
    for name, data in (("e.zip", _zip({"i.zip": inner})), ("e.tar", _tar({"i.zip": inner}))):
        rows = _rows(tmp_path / name, data)
        assert [row["drop_reason"] for row in rows] == [None, "unreadable:nested archive"]
        assert [row["origin"]["member"] for row in rows] == ["i.zip/a.txt", "i.zip/mas.zip"]
        assert rows[0]["doc_id"] == doc_id("envios", f"{name}/i.zip/a.txt")


def test_a_bomb_is_a_failed_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its ratio or by what all members come to; members before it are read."""
    monkeypatch.setattr(streams, "RATIO_FROM", 2**20)
    members = {"a.txt": b"Sana.", "b.txt": b" " * 2**23, "c.txt": b"Buena."}
    rows = _rows(tmp_path / "e.zip", _zip(members))
    assert [row["drop_reason"] for row in rows] == [None, "unreadable:damaged file", None]
    assert "as decompression bombs do" in json.loads(rows[1]["evidence"])["error"]
    rows = _rows(tmp_path / "e.tar.gz", gzip.compress(_tar(members)))
    assert [row["drop_reason"] for row in rows][:2] == [None, "unreadable:damaged file"]
    monkeypatch.setattr(archives, "MAX_TOTAL", 1000)
    rows = _rows(tmp_path / "e.zip", _zip({"a.txt": b"a" * 900, "b.txt": b"b" * 900}))
    assert [row["drop_reason"] for row in rows] == [None, "unreadable:damaged file"]


def test_a_member_that_can_not_seek_is_held_only_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Parquet file in an archive is read from memory, or not at all."""
    monkeypatch.setattr(streams, "MAX_RECORD", 100)
    rows = _rows(tmp_path / "e.zip", _zip({"t.parquet": _PARQUET.getvalue()}))
    assert "bytes of memory" in rows[0]["evidence"]
    assert [row["drop_reason"] for row in rows] == ["unreadable:damaged file"]


def test_locked_and_damaged_archives_are_failed_rows(tmp_path: Path) -> None:
    """Encrypted members, false checksums, truncated archives and files that aren't archives are failed rows."""
    data = bytearray(_zip({"a.txt": b"Secreta.", "b.txt": b"Sana."}))
    for mark, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.index(mark) + at] |= 1
    rows = _rows(tmp_path / "e.zip", bytes(data))
    assert [row["drop_reason"] for row in rows] == ["unreadable:encrypted member", None]
    data = bytearray(_zip({"a.txt": b"Mala.", "b.txt": b"Sana."}))
    data[data.index(b"PK\x01\x02") + 16] ^= 1
    assert [row["drop_reason"] for row in _rows(tmp_path / "e.zip", bytes(data))] == ["unreadable:damaged file", None]
    assert [row["drop_reason"] for row in _rows(tmp_path / "f.zip", _zip(_MEMBERS)[:200])] == [
        "unreadable:damaged file"
    ]
    noise = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(10_000))
    packed = gzip.compress(_tar({"a.txt": b"Sana.", "b.txt": noise}))
    rows = _rows(tmp_path / "e.tar.gz", packed[: len(packed) // 2])
    assert rows[0]["drop_reason"] is None
    assert {row["drop_reason"] for row in rows[1:]} == {"unreadable:damaged file"}
    rows = _rows(tmp_path / "g.tar", b"<html>404</html>" * 100)
    assert [row["drop_reason"] for row in rows] == ["unreadable:damaged file"]


def test_a_limit_holds_across_members(tmp_path: Path) -> None:
    """As many documents as asked for, from however many members."""
    members = {f"{n}.txt": b"Texto." for n in range(10)}
    assert len(_rows(tmp_path / "e.zip", _zip(members), limit=3)) == 3


@pytest.mark.parametrize("name", ["e.zip", "e.tar"])
def test_a_bomb_by_number_is_told_and_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A tar is read up to the limit; a zip, whose list is read first, is one failed row; at the limit all is read."""
    make = _zip if name == "e.zip" else _tar
    monkeypatch.setattr(archives, "MAX_MEMBERS", 5)
    full = {f"{n}.txt": b"Texto." for n in range(4 + (name == "e.zip"))}  # a tar here has a link too
    assert [row["drop_reason"] for row in _rows(tmp_path / name, make(full))] == [None] * len(full)
    rows = _rows(tmp_path / name, make({f"{n}.txt": b"Texto." for n in range(9)}))
    assert [row["drop_reason"] for row in rows if row["drop_reason"]] == ["unreadable:too large"]
    assert len(rows) == (1 if name == "e.zip" else 6)
    assert rows[-1]["origin"] == {"file": name, "member": None, "offset": None, "digest": None}
    reported = json.loads(rows[-1]["evidence"])
    assert reported == {"file": name, "limit_members": 5, "remedy": "split it into smaller archives"}


def test_a_zip_that_lies_of_its_number_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its list is counted before it is unpacked to memory, and not believed; nor is one that is too long read."""
    monkeypatch.setattr(archives, "MAX_MEMBERS", 5)
    data = bytearray(_zip({f"{n}.txt": b"Texto." for n in range(9)}))
    end = data.index(b"PK\x05\x06")
    data[end + 8 : end + 12] = b"\x01\x00\x01\x00"
    assert [row["drop_reason"] for row in _rows(tmp_path / "e.zip", bytes(data))] == ["unreadable:too large"]
    long = _zip({"a" * 1500: b"Texto."})
    assert [row["drop_reason"] for row in _rows(tmp_path / "e.zip", long)] == ["unreadable:too large"]


def test_archives_in_an_archive_are_counted_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb isn't made smaller by packing it once more."""
    monkeypatch.setattr(archives, "MAX_MEMBERS", 9)
    inner = {f"{n}.txt": b"Texto." for n in range(4)}
    rows = _rows(tmp_path / "e.zip", _zip({f"{n}.zip": _zip(inner) for n in range(4)}))
    assert len([row for row in rows if not row["drop_reason"]]) < 9
    assert "unreadable:too large" in [row["drop_reason"] for row in rows]


def test_members_share_frames(tmp_path: Path) -> None:
    """A hundred members of all formats are one frame, in their order, and not a hundred."""
    members = {f"{n:03}.{'html' if n % 3 else 'jsonl'}": b'{"text": "Copla."}' for n in range(100)}
    path = tmp_path / "e.zip"
    path.write_bytes(_zip(members))
    (file,) = list_inputs(_ANY, path)
    (frame,) = read(_ANY, file)
    assert [name.partition("#")[0] for name in frame["origin"].struct.field("member")] == list(members)
    assert frame["raw"].null_count() == 34
    assert [result.height for result in read(_ANY, file, rows=30)] == [15] * 6 + [10]


@pytest.mark.parametrize("stored", ["libro.epub", "carta.docx", "partitura.mxl", "biblioteca/metadata.opf"])
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_of_packages_is_no_package(tmp_path: Path, stored: str, compression: int) -> None:
    """Names in a nested archive, which are visible if it is stored uncompressed, aren't the outer archive's own."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as inner:
        for name in ("META-INF/container.xml", "word/document.xml", "b.opf", "xl/workbook.xml"):
            inner.writestr(name, "<x/>")
    with zipfile.ZipFile(tmp_path / "envio.zip", "w", compression) as outer:
        outer.writestr(stored, held.getvalue())
        outer.writestr("nota.txt", "La barca salió del puerto.")
    (file,) = list_inputs(_ANY, tmp_path)
    members = {row["origin"]["member"] for frame in read(_ANY, file) for row in frame.iter_rows(named=True)}
    assert members == {stored, "nota.txt"}
