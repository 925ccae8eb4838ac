"""Measure the disk space of runs, and remove runs and unused outputs."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _, first_of
from latam_corpus.pipeline.stored_runs.history import finished_runs, folders, read_tags, untag
from latam_corpus.storage.bucket import bucket_of
from latam_corpus.storage.locks import locked, refuse_held

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_MAX_NAMED: Final = 3  # versions that a message names at most


@dataclass(frozen=True)
class Use:
    """The disk space of a run's outputs.

    Attributes:
        alone: bytes of outputs to which no other run refers; removing the run would free them.
    """

    run: str
    total: int
    alone: int


@dataclass(frozen=True)
class Disk:
    """The disk space of an `--out` folder, in bytes; `prune` frees `unused`."""

    runs: tuple[Use, ...]
    work: int
    unused: int


def disk_use(out: Path) -> Disk:
    """Return the disk space of each run, of all outputs, and of outputs to which no run refers."""
    refuse_bucket(out)
    keys_by_run = {folder.name: keys for folder, keys in referred(out).items()}
    sizes = {path.name: _size(path) for path in _outputs(out)}
    run_counts = Counter(key for keys in keys_by_run.values() for key in keys)
    uses = tuple(
        Use(
            run,
            sum(sizes.get(key, 0) for key in keys),
            sum(sizes.get(key, 0) for key in keys if run_counts[key] == 1),
        )
        for run, keys in sorted(keys_by_run.items())
    )
    unused = sum(size for name, size in sizes.items() if name not in run_counts)
    return Disk(uses, sum(sizes.values()), unused)


def prune(
    out: Path, runs: Sequence[Path] = (), released: Mapping[str, Sequence[str]] | None = None, *, force: bool = False
) -> tuple[list[str], int]:
    """Remove runs, and all outputs to which no remaining run refers; return the removed runs and the bytes freed.

    `released` has the versions that were made from each run, by its name; `force` also removes runs with a tag or a
    version.

    Raises:
        ConfigError: a run has a tag, a version was made from it, it is in use, or the record of a remaining run is
            damaged. Nothing is removed then.
    """
    refuse_bucket(out)
    all_runs = folders(out)
    for folder in runs:
        if folder.resolve() not in {run.resolve() for run in all_runs}:
            raise ConfigError(
                str(folder), _("it isn't a run in {folder}", folder=out / "runs"), _("see `latam-corpus runs list`")
            )
    removed = {folder.resolve().name: folder for folder in runs}
    tags = [(tag, name) for tag, name in (read_tags(out) if removed else {}).items() if name in removed]
    if not force:
        _refuse_needed(tags, {name: versions for name, versions in (released or {}).items() if name in removed})
    if not (out / "runs").is_dir() and not (out / "work").is_dir():
        return [], 0
    with exclusive(out):  # no record refers to the outputs of an unfinished run yet
        needed = {key for folder, keys in referred(out, set(removed)).items() for key in keys}
        size_before = sum(_size(path) for path in _removable(out))
        for tag, name in tags:
            untag(out, removed[name], tag)
        for name, folder in removed.items():
            hidden = folder.with_name(f".{name}.removed")  # so that a half-removed folder doesn't look like a run
            folder.rename(hidden)
        for hidden in (out / "runs").glob(".*.removed"):
            shutil.rmtree(hidden)
        for path in _removable(out):
            if path.name not in needed:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        return sorted(removed), size_before - sum(_size(path) for path in _removable(out))


@contextmanager
def exclusive(out: Path, but: Path | None = None) -> Iterator[None]:
    """Lock an `--out` folder against runs on any machine, while outputs are removed.

    The run that removes them holds a lock itself. Raises `ConfigError` if another run is in progress.
    """
    (out / "work").mkdir(exist_ok=True)
    with locked(out / "work", beats=True):
        refuse_held(folder for folder in folders(out) if but is None or folder.name != but.name)
        yield


def refuse_bucket(out: Path) -> None:
    """Raise `ConfigError` if the folder is a bucket's: finding unused outputs would require listing all objects."""
    if bucket := bucket_of(out):
        remedy = _("remove «runs/» and «work/» with the store's own tools: a run rebuilds what it needs")
        raise ConfigError(bucket.url, _("work in an object store can't be measured or removed by this command"), remedy)


def _refuse_needed(tags: Sequence[tuple[str, str]], released: Mapping[str, Sequence[str]]) -> None:
    """Raise `ConfigError` if a run has a tag or a version was made from one."""
    for tag, name in tags:
        remedy = _("remove it (`latam-corpus runs tag {name} {tag} --remove`), or give --force", name=name, tag=tag)
        raise ConfigError(name, _("it has the tag «{tag}»", tag=tag), remedy)
    for name, versions in released.items():
        remedy = _("give --force; the version is not affected, but can no longer explain why documents were left out")
        raise ConfigError(name, _("{listed} was made from it", listed=first_of(versions, _MAX_NAMED)), remedy)


def referred(out: Path, without: set[str] | None = None) -> dict[Path, list[str]]:
    """Return the distinct names of the outputs and decisions to which each finished run refers."""
    return {record.folder: named_by(record.values) for record in finished_runs(out, without or set())}


def named_by(values: Mapping[str, Any]) -> list[str]:
    """Return the distinct names of the outputs and decisions in a run's record."""
    parts = dict.fromkeys(key for part in values["parts"] for key in part["outputs"])
    return [*parts, *values.get("decisions", ())]


def _outputs(out: Path) -> list[Path]:
    """Return the folders of step outputs, including partial ones, and the files of decisions."""
    return sorted([*(out / "work").glob("??/*"), *(out / "work").glob("decisions/*")])


def _removable(out: Path) -> list[Path]:
    """Return the paths that `prune` may remove: step outputs, decisions, and leftovers of killed runs."""
    return _outputs(out) + sorted((out / "work").glob("decisions-*"))


def remove_partial(work: Path) -> None:
    """Remove the partial outputs of killed processes. The caller must have locked the folder with `exclusive`.

    Raises:
        OSError: something can't be removed.
    """
    for path in [*work.glob("??/*.*"), *work.glob("decisions-*")]:
        remove(path)


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder with its contents.

    Raises:
        OSError: it can't be removed.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in (path, *path.rglob("*")) if file.is_file())
