"""Bags: each file is compared with the checksum in its bag's list, and each problem is a row of its own."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import bagit
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read_all

_SOURCE = Source(id="envio", title="Envío", holder="Biblioteca")


@pytest.fixture(params=["sha512", "sha256", "md5"])
def bag(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A bag that bagit-python made, with a name that its list writes in another way."""
    folder = tmp_path / "bolsa"
    (folder / "cantos").mkdir(parents=True)
    for name, text in (("cantos/la barca.txt", "La barca salió."), ("río%.txt", "Baja el río."), ("tres.txt", "Tres.")):
        (folder / name).write_text(text, encoding="utf-8")
    bagit.make_bag(str(folder), {"Source-Organization": "Biblioteca"}, checksums=[request.param])
    return folder


def _rows(where: Path) -> dict[str, dict[str, Any]]:
    rows = [row for frame in read_all(_SOURCE, list_inputs(_SOURCE, where)) for row in frame.iter_rows(named=True)]
    return {f"{row['origin']['file']}#{row['origin']['member'] or ''}": row for row in rows}


def _reasons(where: Path) -> dict[str, str]:
    return {name: row["drop_reason"] for name, row in _rows(where).items() if row["drop_reason"]}


def test_a_sound_bag_is_its_payload(bag: Path) -> None:
    """Neither its lists nor its description is a text."""
    rows = _rows(bag)
    assert sorted(rows) == ["data/cantos/la barca.txt#", "data/río%.txt#", "data/tres.txt#"]
    assert not _reasons(bag)


def test_what_is_wrong_in_a_bag_is_told_and_the_rest_goes_on(bag: Path) -> None:
    """A changed file, a missing one and an added one are failed rows; the other files are read."""
    (bag / "data/cantos/la barca.txt").write_text("La barca salió!", encoding="utf-8")
    (bag / "data/tres.txt").unlink()
    (bag / "data/nuevo.txt").write_text("Nuevo.", encoding="utf-8")
    (list_,) = bag.glob("manifest-*.txt")
    rows = _rows(bag)
    assert {name: row["drop_reason"] for name, row in rows.items()} == {
        "data/cantos/la barca.txt#": "unreadable:checksum differs",
        "data/nuevo.txt#": "unreadable:not in the list",
        "data/río%.txt#": None,
        f"{list_.name}#1": "unreadable:missing file",
    }
    changed = json.loads(rows["data/cantos/la barca.txt#"]["evidence"])
    assert changed["stated"] != changed["counted"]
    assert json.loads(rows[f"{list_.name}#1"]["evidence"])["name"] == "data/tres.txt"
    assert rows[f"{list_.name}#1"]["title"] == "data/tres.txt"


def test_a_link_in_a_bag_that_leads_nowhere_is_a_failed_row(bag: Path) -> None:
    """The other files are read, and each problem is reported once."""
    (bag / "data" / "tres.txt").unlink()
    (bag / "data" / "tres.txt").symlink_to("no-hay.txt")
    assert _reasons(bag) == {"data/tres.txt#": "unreadable:missing file"}


def test_a_bag_among_others_is_one_by_itself(bag: Path) -> None:
    """Files next to the bag are in no list, and needn't be."""
    (bag.parent / "suelto.txt").write_text("Suelto.", encoding="utf-8")
    (bag / "data/tres.txt").write_text("Cuatro.", encoding="utf-8")
    assert _reasons(bag.parent) == {"bolsa/data/tres.txt#": "unreadable:checksum differs"}


def test_a_bag_without_a_list_that_can_be_checked(tmp_path: Path) -> None:
    """No file of it is accepted without a check."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/uno.txt").write_text("Uno.", encoding="utf-8")
    (tmp_path / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", encoding="utf-8")
    assert _reasons(tmp_path) == {
        "bagit.txt#": "unreadable:damaged file",
        "data/uno.txt#": "unreadable:not in the list",
    }


def test_a_bag_within_a_bag_is_held_against_its_own_list(bag: Path) -> None:
    """Files that the outer list names exist, but lists of the inner bag aren't texts."""
    outer = bag.parent / "lote"
    outer.mkdir()
    bag.rename(outer / "bolsa")
    bagit.make_bag(str(outer))
    assert not _reasons(outer)
    (outer / "data/bolsa/data/tres.txt").write_text("Cuatro.", encoding="utf-8")
    assert _reasons(outer) == {"data/bolsa/data/tres.txt#": "unreadable:checksum differs"}


def test_a_catalogue_beside_the_payload_is_read(bag: Path) -> None:
    """Files of a bag that aren't payload or part of the format are read like any others."""
    (bag / "metadata").mkdir()
    (bag / "metadata/indice.csv").write_text("archivo,title\ndata/tres.txt,Tres\n", encoding="utf-8")
    source = Source.model_validate({**_SOURCE.model_dump(), "collect": {"index": {"file": "metadata/indice.csv"}}})
    (frame,) = read_all(source, list_inputs(source, bag))
    assert dict(frame.select(frame["origin"].struct.field("file"), "title").iter_rows())["data/tres.txt"] == "Tres"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _list(bag: Path) -> Path:
    (list_,) = bag.glob("manifest-*.txt")
    return list_


def _evidence(where: Path) -> dict[str, dict[str, Any]]:
    return {name: json.loads(row["evidence"]) for name, row in _rows(where).items() if row["drop_reason"]}


def test_a_broken_line_of_a_list_is_told(bag: Path) -> None:
    """The failed row has its number; the file that the line named is in no list."""
    lines = _list(bag).read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if "tres" in line)
    lines[at] = "¿? data/tres.txt"
    (bag / "tagmanifest-md5.txt").unlink(missing_ok=True)
    for tags in bag.glob("tagmanifest-*"):
        tags.unlink()
    _list(bag).write_text("\n".join(lines))
    assert _reasons(bag) == {
        "data/tres.txt#": "unreadable:not in the list",
        f"{_list(bag).name}#{at + 1}": "unreadable:malformed record",
    }
    assert _evidence(bag)[f"{_list(bag).name}#{at + 1}"]["near"] == "¿? data/tres.txt"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("00 data/tres.txt", "malformed record"),  # too short a checksum
        ("{checksum} bag-info.txt", "malformed record"),  # no payload
        ("{checksum} data/../../secreto", "missing file"),
        ("{other} data/tres.txt", "named twice"),
    ],
)
def test_a_line_that_contradicts_is_told(bag: Path, line: str, reason: str) -> None:
    """A second checksum of a file, a file outside the payload, or half a checksum is a failed row."""
    for tags in bag.glob("tagmanifest-*"):
        tags.unlink()
    checksum = _list(bag).read_text().split()[0]
    added = line.format(checksum=checksum, other=checksum[::-1])
    count = len(_list(bag).read_text().splitlines())
    _list(bag).write_text(_list(bag).read_text().rstrip("\n") + "\n" + added + "\n")
    assert (
        _reasons(bag).get(f"{_list(bag).name}#{1 if reason == 'missing file' else count + 1}") == f"unreadable:{reason}"
    )


def test_a_doubled_line_says_nothing_new(bag: Path) -> None:
    """The same checksum twice is no contradiction."""
    for tags in bag.glob("tagmanifest-*"):
        tags.unlink()
    _list(bag).write_text(_list(bag).read_text() * 2)
    assert not _reasons(bag)


def test_a_changed_list_is_told(bag: Path) -> None:
    """The bag's list of its own files has the original digest."""
    _list(bag).write_text(_list(bag).read_text() + "\n")
    assert _reasons(bag) == {f"{_list(bag).name}#": "unreadable:checksum differs"}


def test_names_are_coded_as_the_bags_maker_did(tmp_path: Path) -> None:
    """Percent signs as they are (0.97), the sign alone (1.0), or all that isn't ASCII."""
    (tmp_path / "data").mkdir()
    lines = ["BagIt-Version: 1.0"]
    (tmp_path / "bagit.txt").write_text(lines[0])
    coded = {"100%25.txt": "100%25.txt", "50%.txt": "50%25.txt", "el río.txt": "el%20r%C3%ADo.txt", "b.txt": "b.txt"}
    manifest_lines = []
    for name, written in coded.items():
        (tmp_path / "data" / name).write_text(name, encoding="utf-8")
        manifest_lines.append(f"{_md5(name)}  ./data/{written}")
    (tmp_path / "manifest-md5.txt").write_text("\r\n".join(manifest_lines))
    assert not _reasons(tmp_path)


def test_the_strongest_list_that_names_a_file_counts(tmp_path: Path) -> None:
    """Lists of 0.97 may name different files; a list with an unknown algorithm isn't a text."""
    (tmp_path / "data").mkdir()
    (tmp_path / "bagit.txt").write_text("BagIt-Version: 0.97")
    for name in ("uno", "dos", "tres"):
        (tmp_path / "data" / f"{name}.txt").write_text(name)
    digests = {name: hashlib.new(kind, word).hexdigest() for name, kind, word in (
        ("uno", "sha3_256", b"uno"), ("dos", "md5", b"dos"), ("tres", "md5", b"tes"))}  # fmt: skip
    (tmp_path / "manifest-sha3-256.txt").write_text(f"{digests['uno']} data/uno.txt\n")
    (tmp_path / "manifest-md5.txt").write_text(f"{digests['dos']} data/dos.txt\n{digests['tres']} data/tres.txt\n")
    (tmp_path / "manifest-whirlpool.txt").write_text("00 data/uno.txt\n")
    assert _reasons(tmp_path) == {"data/tres.txt#": "unreadable:checksum differs"}


def test_a_bag_of_unknown_lists_says_which_are_known(tmp_path: Path) -> None:
    """The evidence names the bag's lists and the supported ones."""
    (tmp_path / "data").mkdir()
    (tmp_path / "bagit.txt").write_text("BagIt-Version: 1.0")
    (tmp_path / "manifest-whirlpool.txt").write_text("00 data/uno.txt\n")
    reported = _evidence(tmp_path)["bagit.txt#"]
    assert reported["lists"] == ["manifest-whirlpool.txt"]
    assert "sha512" in reported["known"]


def test_what_is_to_be_fetched_is_told_with_its_address(bag: Path) -> None:
    """Files to fetch, a broken line of the list, and files without a checksum are failed rows."""
    (bag / "data/tres.txt").unlink()
    fetch_lines = ("https://b.example/tres.txt 5 data/tres.txt", "roto", "https://b.example/x - data/otro.txt")
    (bag / "fetch.txt").write_text("\n".join(fetch_lines))
    reported = list(_evidence(bag).values())
    assert [problem.get("fetch") for problem in reported if problem.get("name") == "data/tres.txt"] == [
        "https://b.example/tres.txt"
    ]
    assert sorted(str(problem.get("near") or problem.get("name")) for problem in reported) == [
        "data/otro.txt",
        "data/tres.txt",
        "roto",
    ]


def test_what_a_bag_says_of_itself_may_be_a_column(bag: Path) -> None:
    """The source may map a label of the bag's description to a column."""
    columns = {"contributor": "Source-Organization"}
    source = Source.model_validate({**_SOURCE.model_dump(), "collect": {"columns": columns}})
    (frame,) = read_all(source, list_inputs(source, bag))
    assert set(frame["contributor"]) == {"Biblioteca"}


def _packed(folder: Path, suffix: str) -> Path:
    """Pack a folder as an archive, as a library hands over a bag."""
    return Path(shutil.make_archive(str(folder), suffix, folder.parent, folder.name))


@pytest.mark.parametrize("suffix", ["zip", "gztar"])
def test_a_bag_in_an_archive_is_held_against_its_list(bag: Path, suffix: str) -> None:
    """A changed, a missing and an added file are reported as for the unpacked bag."""
    assert not _reasons(_packed(bag, suffix))
    (bag / "data/cantos/la barca.txt").write_text("La barca salió!", encoding="utf-8")
    (bag / "data/tres.txt").unlink()
    (bag / "data/nuevo.txt").write_text("Nuevo.", encoding="utf-8")
    archive = _packed(bag, suffix)
    unpacked = {name.removesuffix("#"): reason for name, reason in _reasons(bag).items()}
    packed = {name.removeprefix(f"{archive.name}#bolsa/"): reason for name, reason in _reasons(archive).items()}
    assert packed == unpacked
    assert len(packed) == 3


def test_a_bag_in_an_archive_in_a_tar_is_checked_too(bag: Path) -> None:
    """The bag is checked although a tar's members can be read only once."""
    (bag / "data/tres.txt").write_text("Cuatro.", encoding="utf-8")
    inner = _packed(bag, "zip")
    outer = inner.parent / "lote.tar"
    with tarfile.open(outer, "w") as packed:
        packed.add(inner, "bolsa.zip")
    assert _reasons(outer) == {"lote.tar#bolsa.zip/bolsa/data/tres.txt": "unreadable:checksum differs"}


def test_a_damaged_member_of_a_bag_is_one_failed_row(tmp_path: Path) -> None:
    """The other members are read."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("bagit.txt", "BagIt-Version: 1.0")
        for name in ("uno", "dos"):
            packed.writestr(f"data/{name}.txt", f"Aquí está {name}.")
        digests = [f"{_md5(f'Aquí está {name}.')} data/{name}.txt" for name in ("uno", "dos")]
        packed.writestr("manifest-md5.txt", "\n".join(digests))
    (tmp_path / "b.zip").write_bytes(buffer.getvalue().replace("está uno".encode(), b"esta  uno", 1))
    assert _reasons(tmp_path / "b.zip") == {"b.zip#data/uno.txt": "unreadable:damaged file"}
