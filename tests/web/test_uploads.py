"""Uploads: folders keep their names, nothing leaves the collection's folder, and caps hold."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from latam_corpus.web import workspace
from latam_corpus.web.models import Collection, CollectionFile
from latam_corpus.web.workspace import files_folder, safe_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_BOUNDARY = "limite"


def _sent(client: Any, files: Iterable[tuple[str, bytes]]) -> Any:
    """The answer to a form with files, whose names are sent as they are here."""
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        + data
        + b"\r\n"
        for name, data in files
    ]
    body = b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()
    return client.post(
        "/collections/cantos/files/upload", body, content_type=f"multipart/form-data; boundary={_BOUNDARY}"
    )


@pytest.fixture
def cantos(person: Callable[..., Any], client_of: Callable[..., Any], collection: Any) -> tuple[Any, Path]:
    owner = person("contributor")
    return client_of(owner), files_folder(collection(owner))


def test_a_folder_keeps_its_names_and_equal_bytes_are_stored_once(cantos: tuple[Any, Path], tmp_path: Path) -> None:
    client, folder = cantos
    _sent(client, [("río/uno.txt", b"uno"), ("río/otro/dos.txt", b"dos"), ("río/tres.txt", b"uno")])
    assert (folder / "río/otro/dos.txt").read_bytes() == b"dos"
    assert (folder / "río/uno.txt").samefile(folder / "río/tres.txt")
    uploads = [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()]
    assert sorted(path.read_bytes() for path in uploads) == [b"dos", b"uno"]
    assert all(path.name.startswith(path.parent.name) for path in uploads)
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "../../fuera.txt",
        "a/../../../fuera.txt",
        "/etc/../../fuera.txt",
        "..\\\\..\\\\fuera.txt",
        ".bashrc",
        "a/.ssh/key",
    ],
)
def test_a_name_that_leads_elsewhere_is_not_taken(cantos: tuple[Any, Path], tmp_path: Path, name: str) -> None:
    client, folder = cantos
    _sent(client, [(name, b"x"), ("bien.txt", b"y")])
    assert [path.name for path in folder.rglob("*")] == ["bien.txt"]
    assert not any(path.name == "fuera.txt" for path in tmp_path.parent.rglob("*"))
    page = client.get("/collections/cantos/files").content.decode()
    assert "warning" in page


def test_absolute_names_and_overlong_ones_become_relative_and_short() -> None:
    assert safe_path("/etc/passwd") == "etc/passwd"
    assert safe_path("C:\\Textos\\uno.txt") == "C_/Textos/uno.txt"
    assert safe_path("a/b\x00c\n.txt") == "a/b_c_.txt"
    long = safe_path("ñ" * 300 + ".pdf")
    assert len(long.encode()) <= 180
    assert long.endswith(".pdf")
    assert long != safe_path("ñ" * 301 + ".pdf")
    assert safe_path("a/" * 30 + "b") == ""


def test_a_file_with_new_bytes_replaces_its_row_and_keeps_both_uploads(cantos: tuple[Any, Path]) -> None:
    client, folder = cantos
    _sent(client, [("uno.txt", b"uno")])
    CollectionFile.objects.update(facts={"read": True}, correction={"genre": "lyrics"})
    _sent(client, [("uno.txt", b"otro")])
    row = CollectionFile.objects.get()
    assert (row.size, row.version, row.facts, row.correction) == (4, 2, None, {"genre": "lyrics"})
    assert (folder / "uno.txt").read_bytes() == b"otro"


def test_files_beyond_the_caps_are_named_and_the_others_kept(cantos: tuple[Any, Path], tmp_path: Path) -> None:
    client, folder = cantos
    settings.DESK = replace(settings.DESK, largest_file=100_000, largest_upload=250_000)
    _sent(client, [("grande.txt", b"x" * 100_001), ("bien.txt", b"y" * 100_000), ("tarde.txt", b"z" * 90_000)])
    assert [path.name for path in folder.iterdir()] == ["bien.txt"]
    page = client.get("/collections/cantos/files").content.decode()
    assert "grande.txt" in page
    assert "tarde.txt" in page
    assert list((tmp_path / "tmp").iterdir()) == []


def test_an_upload_by_somebody_else_is_refused(cantos: tuple[Any, Path], person: Any, client_of: Any) -> None:
    _client, folder = cantos
    assert _sent(client_of(person("contributor", "otra")), [("uno.txt", b"x")]).status_code == 404
    assert _sent(client_of(person("reviewer")), [("uno.txt", b"x")]).status_code == 403
    assert _sent(client_of(), [("uno.txt", b"x")]).status_code == 302
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("cantos")
def test_a_folder_names_what_it_may_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run as a user who reads everything, so the refusals are made."""
    folder = tmp_path / "fondo"
    (folder / "reservado").mkdir(parents=True)
    for name in ("uno.txt", "dos.txt"):
        (folder / name).write_text(name)
    scandir, copied = os.scandir, workspace._copied  # noqa: SLF001  (what opens a file)

    def scan(path: Any) -> Any:
        if str(path).endswith("reservado"):
            raise PermissionError(errno.EACCES, "denied", str(path))
        return scandir(path)

    def copy(path: Path) -> Any:
        if path.name == "dos.txt":
            raise PermissionError
        return copied(path)

    monkeypatch.setattr(os, "scandir", scan)
    monkeypatch.setattr(workspace, "_copied", copy)
    created = Collection.objects.get()
    assert list(workspace.import_folder(created, folder)) == [
        ("dos.txt", "closed"),
        ("uno.txt", ""),
        ("reservado", "closed"),
    ]


def test_only_one_person_on_this_machine_may_name_a_folder(
    person: Callable[..., Any], client_of: Callable[..., Any], collection: Any
) -> None:
    steward = person("steward")
    created = collection(steward)
    client_of(steward).post("/collections/cantos/files/folder", {"folder": "/etc"})
    assert not created.jobs.exists()
