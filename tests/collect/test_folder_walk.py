"""Links in a folder are followed to their targets, once; unreachable targets are reported."""

from __future__ import annotations

import os
from operator import itemgetter
from typing import TYPE_CHECKING

import pytest
from fsspec.implementations.local import LocalFileSystem

from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read_all
from latam_corpus.collect.row_files import text_rows
from latam_corpus.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ANY = Source(id="entrega", title="Entrega", holder="Biblioteca")
_TEXTS = Source.model_validate(_ANY.model_dump() | {"collect": {"files": ["**/*.txt"]}})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Create a folder of texts, next to others."""
    for name in ("entrega/a.txt", "entrega/coplas/b.txt", "afuera/c.txt", "afuera/hondo/d.txt", "afuera/.e.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"Copla de {name}.", encoding="utf-8")
    return tmp_path / "entrega"


def _names(where: Path | str, source: Source = _ANY) -> list[str]:
    return [list_input.relative for list_input in list_inputs(source, where)]


def _rows(where: Path, source: Source = _ANY) -> Iterator[tuple[str, str | None, str | None]]:
    for frame in read_all(source, list_inputs(source, where)):
        for row in frame.iter_rows(named=True):
            text = (row.get("raw") or b"").decode()
            yield row["origin"]["file"], row["drop_reason"], text


def test_links_are_read_as_what_they_lead_to(folder: Path) -> None:
    """Folders of the Hub's cache, of DVC and of git-annex are made of links."""
    (folder / "c.txt").symlink_to("../afuera/c.txt")
    (folder / "hondo").symlink_to(folder.parent / "afuera" / "hondo", target_is_directory=True)
    assert list(_rows(folder)) == [
        ("a.txt", None, "Copla de entrega/a.txt."),
        ("c.txt", None, "Copla de afuera/c.txt."),
        ("coplas/b.txt", None, "Copla de entrega/coplas/b.txt."),
        ("hondo/d.txt", None, "Copla de afuera/hondo/d.txt."),
    ]
    assert _names(f"{folder}/*.txt") == ["a.txt", "c.txt"]
    assert _names(f"file://{folder}") == _names(folder)
    assert [row["id"] for row in text_rows(folder)] == _names(folder)


def test_of_a_file_and_its_link_the_one_whose_name_tells_a_format_is_read(folder: Path) -> None:
    """A cache names files by their digests, and links to them by their names."""
    cached = folder / "blobs" / "0a1b2c"
    cached.parent.mkdir()
    (folder / "a.txt").rename(cached)
    (folder / "a.txt").symlink_to(cached)
    (folder / "z").symlink_to("coplas/b.txt")
    assert _names(folder) == ["a.txt", "coplas/b.txt"]


@pytest.mark.parametrize("step", [1, -1])
def test_a_file_is_read_once_however_many_links_lead_to_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """By its own name where that is chosen, too, and in whatever order a folder is listed; loops end."""
    listed = LocalFileSystem.ls
    in_order = lambda *of, **how: sorted(listed(*of, **how), key=itemgetter("name"))[::step]  # noqa: E731
    monkeypatch.setattr(LocalFileSystem, "ls", in_order)
    for name, leads_to in {
        "0.txt": "a.txt",
        "1": ".",
        "2": "coplas",
        "3": "../afuera",
        "4": "../afuera",
        "coplas/arriba": "..",
        "coplas/fuera": "../..",
        "otra.txt": "../afuera/c.txt",
    }.items():
        (folder / name).symlink_to(leads_to)
    (folder.parent / "afuera" / "vuelta").symlink_to(folder)
    once = ["3/c.txt", "3/hondo/d.txt", "a.txt", "coplas/b.txt"]
    assert _names(folder) == once
    (folder.parent / "enlace").symlink_to(folder)
    assert _names(folder.parent / "enlace") == once
    zero = Source.model_validate(_ANY.model_dump() | {"collect": {"files": ["0.txt"]}})
    assert _names(folder, zero) == ["0.txt"]


def test_a_link_that_leads_nowhere_is_a_failed_row(folder: Path) -> None:
    """So is one that may have led to a folder of files that the source looks for, such as a disk that isn't mounted."""
    (folder / "c.txt").symlink_to("no-hay.txt")
    (folder / "disco").symlink_to("/mnt/no-hay")
    (folder / "tapa.jpg").symlink_to("no-hay.jpg")
    (folder / "vuelta.txt").symlink_to("vuelta.txt")
    rows = {file: reason for file, reason, _ in _rows(folder, _TEXTS)}
    missing = "unreadable:missing file"
    assert rows == {"a.txt": None, "c.txt": missing, "coplas/b.txt": None, "disco": missing, "vuelta.txt": missing}


def test_links_into_the_system_and_hidden_ones_are_left_alone(folder: Path) -> None:
    """Their targets could be endless."""
    (folder / "c.txt").symlink_to("/proc/cpuinfo")
    (folder / "d").symlink_to("/sys/kernel")
    (folder / ".e.txt").symlink_to("a.txt")
    assert _names(folder) == ["a.txt", "coplas/b.txt"]


def test_a_folder_that_can_not_be_listed_ends_the_listing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a file that can't be opened: its content would be lost silently."""
    scandir = os.scandir

    def denied(path: str) -> Iterator[os.DirEntry[str]]:
        if str(path).endswith("/coplas"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)
    for listing in (list_inputs, lambda _source, where: text_rows(where)):
        with pytest.raises(SourceError, match=r"/coplas: can't be opened \(.*Permission denied.*access rights"):
            listing(_ANY, folder)
