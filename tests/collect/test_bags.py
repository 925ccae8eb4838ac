"""Bags: each file is held against the checksum of its bag's list, and what is wrong is a row of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import bagit
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read_all

if TYPE_CHECKING:
    from pathlib import Path

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
    """A changed file, one that is missing, one that somebody added."""
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


def test_a_bag_among_others_is_one_by_itself(bag: Path) -> None:
    """Files beside it are in no list, and needn't be."""
    (bag.parent / "suelto.txt").write_text("Suelto.", encoding="utf-8")
    (bag / "data/tres.txt").write_text("Cuatro.", encoding="utf-8")
    assert _reasons(bag.parent) == {"bolsa/data/tres.txt#": "unreadable:checksum differs"}


def test_a_bag_without_a_list_that_can_be_checked(tmp_path: Path) -> None:
    """Nothing of it is taken on trust."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/uno.txt").write_text("Uno.", encoding="utf-8")
    (tmp_path / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", encoding="utf-8")
    assert _reasons(tmp_path) == {
        "bagit.txt#": "unreadable:damaged file",
        "data/uno.txt#": "unreadable:not in the list",
    }


def test_a_bag_within_a_bag_is_held_against_its_own_list(bag: Path) -> None:
    """What the outer list names is there, though the inner bag's lists are no texts."""
    outer = bag.parent / "lote"
    outer.mkdir()
    bag.rename(outer / "bolsa")
    bagit.make_bag(str(outer))
    assert not _reasons(outer)
    (outer / "data/bolsa/data/tres.txt").write_text("Cuatro.", encoding="utf-8")
    assert _reasons(outer) == {"data/bolsa/data/tres.txt#": "unreadable:checksum differs"}


def test_a_catalogue_beside_the_payload_is_read(bag: Path) -> None:
    """Files of a bag that aren't its payload and aren't its own are as any other."""
    (bag / "metadata").mkdir()
    (bag / "metadata/indice.csv").write_text("archivo,title\ndata/tres.txt,Tres\n", encoding="utf-8")
    source = Source.model_validate({**_SOURCE.model_dump(), "collect": {"index": {"file": "metadata/indice.csv"}}})
    (frame,) = read_all(source, list_inputs(source, bag))
    assert dict(frame.select(frame["origin"].struct.field("file"), "title").iter_rows())["data/tres.txt"] == "Tres"
