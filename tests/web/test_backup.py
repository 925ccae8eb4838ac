"""Backups: what a desk has is what its copy has."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from latam_corpus.errors import ConfigError
from latam_corpus.web.commands.archive import unpack
from latam_corpus.web.commands.backup import back_up
from latam_corpus.web.models import Job

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_backup_has_rows_files_and_key_but_no_session(
    person: Callable[..., Any], client_of: Callable[..., Any], collection: Any, tmp_path: Path
) -> None:
    owner = person("contributor")
    collection(owner)
    files = {"files": [SimpleUploadedFile("uno.txt", b"uno")]}
    client_of(owner).post("/collections/cantos/files/upload", files)
    (tmp_path / "secret_key").write_text("k")
    target = tmp_path.parent / f"{tmp_path.name}.tar.gz"
    assert back_up(target) == 4
    unpack(target, tmp_path.parent / f"{tmp_path.name}-copy")
    copy = tmp_path.parent / f"{tmp_path.name}-copy"
    assert (copy / "collections/cantos/files/uno.txt").read_bytes() == b"uno"
    assert (copy / "secret_key").read_text() == "k"
    rows = (copy / "rows.json").read_text()
    assert "uno.txt" in rows
    assert "session" not in rows
    with pytest.raises(ConfigError, match="isn't empty"):
        unpack(target, copy)


def test_a_running_job_an_existing_file_and_a_damaged_archive_are_refused(tmp_path: Path) -> None:
    Job.objects.create(kind="import folder", state=Job.State.RUNNING)
    with pytest.raises(ConfigError, match="a job is running"):
        back_up(tmp_path / "a.tar")
    Job.objects.all().delete()
    back_up(tmp_path / "a.tar")
    with pytest.raises(ConfigError, match="it exists"):
        back_up(tmp_path / "a.tar")
    (tmp_path / "bad.tar").write_bytes((tmp_path / "a.tar").read_bytes()[:700])
    with pytest.raises(ConfigError, match="it can't be read as a backup"):
        unpack(tmp_path / "bad.tar", tmp_path / "new")
    with tarfile.open(tmp_path / "other.tar", "w"):
        pass
    with pytest.raises(ConfigError, match="it isn't a backup of a desk"):
        unpack(tmp_path / "other.tar", tmp_path / "newer")
