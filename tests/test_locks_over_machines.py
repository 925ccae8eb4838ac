"""A run's folder is in one process's hands, also where the file system's locks don't reach over machines."""

from __future__ import annotations

import errno
import fcntl
import itertools
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import pytest

from latam_corpus import locks
from latam_corpus.errors import ConfigError
from latam_corpus.pipeline.disk import prune
from latam_corpus.pipeline.sweep import remove_documents
from latam_corpus.release.purge import Purged, _purge_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Document, KeptRun

    from latam_corpus.release.tombstones import Tombstones


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Holders show themselves often, so that nobody waits long."""
    monkeypatch.setattr(locks, "BEAT_SECONDS", 0.2)


@contextmanager
def _held_elsewhere(folder: Path) -> Iterator[None]:
    """A process of another machine, whose lock isn't seen here, holds the folder."""
    ended = threading.Event()

    def beat() -> None:
        with (folder / locks.LOCK_FILE).open("r+") as file:  # never empty, as those that hold it leave it
            for number in itertools.count():
                file.seek(0)
                file.write(f"process 7 on nodo3, beat {number}")
                file.flush()
                if ended.wait(0.02):
                    return

    holder = threading.Thread(target=beat)
    holder.start()
    try:
        yield
    finally:
        ended.set()
        holder.join()


def test_who_shows_signs_of_life_on_another_machine_holds_it(tmp_path: Path) -> None:
    """And is named; once it is silent, the folder is free."""
    (tmp_path / locks.LOCK_FILE).write_text("process 7 on nodo3, beat x")
    refused = pytest.raises(ConfigError, match="in use by process 7 on nodo3; wait")
    with _held_elsewhere(tmp_path), refused, locks.locked(tmp_path, beats=True):
        pass
    with locks.locked(tmp_path, beats=True):
        pass
    assert (tmp_path / locks.LOCK_FILE).read_text() == ""


def test_the_file_of_who_holds_a_lock_is_never_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine that read it then would take the folder for free."""
    monkeypatch.setattr(locks, "BEAT_SECONDS", 0.0)
    with locks.locked(tmp_path, beats=True):
        first = (tmp_path / locks.LOCK_FILE).read_text()
        seen = {(tmp_path / locks.LOCK_FILE).read_text() for _ in range(3_000)}
    assert first
    assert len(seen) > 1
    assert "" not in seen


def test_what_removes_work_sees_a_run_of_another_machine(tmp_path: Path, document: Document, kept_run: KeptRun) -> None:
    """Its work is referred to by nothing before it is done, and what it reads would go under its hands."""
    out, run = tmp_path / "out", kept_run("cuentos-0a1b2c3d", [document(0)])
    (out / "work" / "ab" / "ab12").mkdir(parents=True)
    (run / locks.LOCK_FILE).write_text("process 7 on nodo3, beat x")
    removals: list[Callable[[], object]] = [
        lambda: prune(out),
        lambda: remove_documents(out, run),
        lambda: _purge_runs(out, cast("Tombstones", None), Purged()),  # nothing is looked at
    ]
    with _held_elsewhere(run):
        for remove in removals:
            with pytest.raises(ConfigError, match="in use by process 7 on nodo3"):
                remove()
    assert (out / "work" / "ab" / "ab12").is_dir()


def test_without_locks_of_the_file_system_signs_of_life_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of processes of this machine, too."""

    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    refused = pytest.raises(ConfigError, match="in use by process")
    with locks.locked(tmp_path, beats=True), refused, locks.locked(tmp_path, beats=True):
        pass
    with locks.locked(tmp_path, beats=True):
        pass
