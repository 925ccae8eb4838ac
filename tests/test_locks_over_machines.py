"""A run's folder belongs to one process, even if the file system's locks don't reach other machines."""

from __future__ import annotations

import errno
import fcntl
import itertools
import resource
import threading
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

import pytest

from latam_corpus.errors import ConfigError, NoteWarning
from latam_corpus.pipeline.execution.work_cleanup import remove_documents
from latam_corpus.pipeline.stored_runs.disk import prune
from latam_corpus.release.withdrawals.purge import Purged, _purge_runs
from latam_corpus.storage import locks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import CommandLine, Document, KeptRun, SmallRecipe, SmallSource, Told

    from latam_corpus.release.refusals.tombstones import Tombstones

    Run: TypeAlias = Callable[..., Told]

_NOBODY = cast("Tombstones", None)  # of what is looked at here nothing is withdrawn


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make holders beat often, so that no test waits long."""
    monkeypatch.setattr(locks, "BEAT_SECONDS", 0.2)


@contextmanager
def _held_elsewhere(folder: Path) -> Iterator[None]:
    """Hold the folder as a process of another machine does, whose lock isn't seen here."""
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


def _watches() -> AbstractContextManager[object]:
    """Expect the note about the wait to see whether a process of another machine is alive."""
    return pytest.warns(NoteWarning, match="waiting 1 second to see whether the processes that hold these are alive")


def test_who_shows_signs_of_life_on_another_machine_holds_it(tmp_path: Path) -> None:
    """The error names it; once it is silent, the folder is free."""
    (tmp_path / locks.LOCK_FILE).write_text("process 7 on nodo3, beat x")
    refused = pytest.raises(ConfigError, match="in use by process 7 on nodo3; wait")
    with _watches(), _held_elsewhere(tmp_path), refused, locks.locked(tmp_path, beats=True):
        pass
    with _watches(), locks.locked(tmp_path, beats=True):
        pass
    assert (tmp_path / locks.LOCK_FILE).read_text() == ""


def test_the_file_of_who_holds_a_lock_is_never_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine that read an empty file would treat the folder as free."""
    monkeypatch.setattr(locks, "BEAT_SECONDS", 0.0)
    with locks.locked(tmp_path, beats=True):
        first = (tmp_path / locks.LOCK_FILE).read_text()
        seen = {first}
        for read in itertools.count():  # until a beat was seen, however late its thread has its turn
            seen.add((tmp_path / locks.LOCK_FILE).read_text())
            if read >= 3_000 and len(seen) > 1:
                break
    assert first
    assert "" not in seen


def test_what_removes_work_sees_a_run_of_another_machine(tmp_path: Path, document: Document, kept_run: KeptRun) -> None:
    """Before a run ends, no record refers to its work, and a removal would take its input away."""
    out, run = tmp_path / "out", kept_run("cuentos-0a1b2c3d", [document(0)])
    (out / "work" / "ab" / "ab12").mkdir(parents=True)
    (run / locks.LOCK_FILE).write_text("process 7 on nodo3, beat x")
    removals: list[Callable[[], object]] = [
        lambda: prune(out),
        lambda: remove_documents(out, run),
        lambda: _purge_runs(out, _NOBODY, Purged()),
    ]
    with _held_elsewhere(run):
        for remove in removals:
            with _watches(), pytest.raises(ConfigError, match="in use by process 7 on nodo3"):
                remove()
    assert (out / "work" / "ab" / "ab12").is_dir()


def test_who_shares_a_lock_leaves_nothing_to_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two machines' runs share the folder of work: neither may treat the other's lock as exclusive."""
    with locks.locked(tmp_path, shared=True, beats=True):
        monkeypatch.setattr("socket.gethostname", lambda: "nodo3")
        with locks.locked(tmp_path, shared=True, beats=True):
            pass


@pytest.mark.parametrize("removal", ["prune", "purge"])
def test_what_killed_runs_of_another_machine_left_is_watched_at_once(removal: str, tmp_path: Path) -> None:
    """However many there are, one wait and few open files are enough, and the next removal doesn't wait."""
    out, count = tmp_path / "out", 60
    for number in range(count):
        run = out / "runs" / f"cuentos-{number:08x}"
        run.mkdir(parents=True)
        (run / locks.LOCK_FILE).write_text("process 7 on nodo3, beat x")
    remove = partial(prune, out) if removal == "prune" else partial(_purge_runs, out, _NOBODY, Purged())
    previous = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + count // 2, previous[1]))
    try:
        with pytest.warns(NoteWarning, match=f"cuentos-00000002 and {count - 3} more") as reported:
            remove()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, previous)
    assert len(reported) == 1
    remove()


@pytest.fixture
def one_tale(tmp_path: Path, command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource) -> Run:
    """Return `run` with a recipe over one document."""
    (tmp_path / "receta.toml").write_text(small_recipe("repair"))
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.jsonl"]'))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text('{"id": "1", "text": "La barca salió del puerto antes del alba."}\n')
    given = ["--input", f"fuente={tmp_path / 'in'}", "--out", str(tmp_path / "out"), "--engine", "in-process"]
    return partial(command_line, "run", str(tmp_path / "receta.toml"), *given)


@pytest.mark.filterwarnings("default::latam_corpus.errors.NoteWarning")
def test_who_removes_rows_and_who_reads_them_see_one_another_over_machines(one_tale: Run, tmp_path: Path) -> None:
    """A run that keeps all rows may run with others; one that removes rows runs alone."""
    other_run, work = tmp_path / "out" / "runs" / "otra-0a1b2c3d", tmp_path / "out" / "work"
    for folder in (other_run, work):
        folder.mkdir(parents=True)
        (folder / locks.LOCK_FILE).write_text("process 7 on nodo3, beat x")
    begun = work / "ab" / "ab12.nodo3-7.partial"
    begun.mkdir(parents=True)
    with _held_elsewhere(other_run):
        reported = one_tale("--work", "measured")
        assert (reported.code, "in use by process 7 on nodo3" in reported.err, "to see whether" in reported.err) == (
            2,
            True,
            True,
        )
        assert begun.is_dir()
        reported = one_tale()
        assert (reported.code, "to see whether" in reported.err) == (0, False)
    with _held_elsewhere(work):
        reported = one_tale()
        assert (reported.code, "in use by process 7 on nodo3" in reported.err) == (2, True)
    reported = one_tale("--work", "measured")
    assert (reported.code, begun.exists()) == (0, False), reported.err


def test_without_locks_of_the_file_system_signs_of_life_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beats decide then, for processes of this machine, too."""

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    refused = pytest.raises(ConfigError, match="in use by process")
    with locks.locked(tmp_path, beats=True), _watches(), refused, locks.locked(tmp_path, beats=True):
        pass
    with locks.locked(tmp_path, beats=True):
        pass
