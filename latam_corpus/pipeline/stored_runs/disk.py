"""What runs take on disk, and what of it no run refers to any more."""

from __future__ import annotations

import shutil
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

_SHOWN: Final = 3  # versions that a message names


@dataclass(frozen=True)
class Use:
    """The disk that a run's outputs take.

    Attributes:
        run: the run's name.
        total: bytes of all outputs that it refers to.
        alone: bytes that no other run refers to: what removing it would free.
    """

    run: str
    total: int
    alone: int


@dataclass(frozen=True)
class Disk:
    """The disk that an `--out` folder takes, in bytes; `unused` is what `prune` frees."""

    runs: tuple[Use, ...]
    work: int
    unused: int


def disk_use(out: Path) -> Disk:
    """Return what each run takes, and what no run refers to."""
    on_this_disk(out)
    named = {folder.name: keys for folder, keys in referred(out).items()}
    sizes = {path.name: _size(path) for path in _outputs(out)}
    held: dict[str, int] = {}
    for keys in named.values():
        for key in keys:
            held[key] = held.get(key, 0) + 1
    uses = tuple(
        Use(
            run,
            sum(sizes.get(key, 0) for key in keys),
            sum(sizes.get(key, 0) for key in keys if held[key] == 1),
        )
        for run, keys in sorted(named.items())
    )
    unused = sum(size for name, size in sizes.items() if name not in held)
    return Disk(uses, sum(sizes.values()), unused)


def prune(
    out: Path, runs: Sequence[Path] = (), released: Mapping[str, Sequence[str]] | None = None, *, force: bool = False
) -> tuple[list[str], int]:
    """Remove these runs, and all outputs that no run refers to then; gives the runs removed and the bytes freed.

    Args:
        out: the folder of runs and work.
        runs: the folders of those that go.
        released: the versions that were made of each run, by its name.
        force: whether a run goes that has a tag, or of which a version was made.

    Raises:
        ConfigError: a run has a tag, a version was made of it, it is in use, or the record of one that stays is
            damaged; nothing is removed then.
    """
    on_this_disk(out)
    known = folders(out)
    for folder in runs:
        if folder.resolve() not in {one.resolve() for one in known}:
            raise ConfigError(
                str(folder), _("it isn't a run in {folder}", folder=out / "runs"), _("see `latam-corpus runs list`")
            )
    going = {folder.resolve().name: folder for folder in runs}
    tags = [(tag, name) for tag, name in (read_tags(out) if going else {}).items() if name in going]
    if not force:
        _refuse_needed(tags, {name: versions for name, versions in (released or {}).items() if name in going})
    if not (out / "runs").is_dir() and not (out / "work").is_dir():
        return [], 0
    with alone(out):  # an unfinished run's outputs are referred to by nothing yet
        needed = {key for folder, keys in referred(out, set(going)).items() for key in keys}
        before = sum(_size(path) for path in _rest(out))
        for tag, name in tags:
            untag(out, going[name], tag)
        for name, folder in going.items():
            hidden = folder.with_name(f".{name}.removed")  # a folder that is half there is no run
            folder.rename(hidden)
        for hidden in (out / "runs").glob(".*.removed"):
            shutil.rmtree(hidden)
        for path in _rest(out):
            if path.name not in needed:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        return sorted(going), before - sum(_size(path) for path in _rest(out))


@contextmanager
def alone(out: Path, but: Path | None = None) -> Iterator[None]:
    """Let no run go on in an `--out` folder, on whatever machine, while something is removed from its work.

    Args:
        out: the folder of runs and work.
        but: the folder of the run that removes it, which holds its own lock.

    Raises:
        ConfigError: a run is being worked on.
    """
    (out / "work").mkdir(exist_ok=True)
    with locked(out / "work", beats=True):
        refuse_held(folder for folder in folders(out) if but is None or folder.name != but.name)
        yield


def on_this_disk(out: Path) -> None:
    """Refuse a folder whose files are objects elsewhere: to find those that nothing needs, all would be listed.

    Raises:
        ConfigError: it is a bucket's.
    """
    if bucket := bucket_of(out):
        remedy = _("remove «runs/» and «work/» there by the store's own tools: a run makes anew what it needs")
        raise ConfigError(bucket.url, _("runs and work in an object store are not looked through"), remedy)


def _refuse_needed(tags: Sequence[tuple[str, str]], released: Mapping[str, Sequence[str]]) -> None:
    """Nothing, where no run has a tag and no version was made of one.

    Raises:
        ConfigError: else.
    """
    for tag, name in tags:
        remedy = _("take it off (`latam-corpus runs tag {name} {tag} --remove`), or give --force", name=name, tag=tag)
        raise ConfigError(name, _("it has the tag «{tag}»", tag=tag), remedy)
    for name, versions in released.items():
        remedy = _(
            "the release stays whole without it, but nothing tells then why documents were left out; give --force"
        )
        raise ConfigError(name, _("{listed} was made of it", listed=first_of(versions, _SHOWN)), remedy)


def referred(out: Path, without: set[str] | None = None) -> dict[Path, list[str]]:
    """Return the names of what each finished run refers to, each once: parts without rows share outputs."""
    return {record.folder: named_by(record.values) for record in finished_runs(out, without or set())}


def named_by(values: Mapping[str, Any]) -> list[str]:
    """Return the names of the outputs and decisions in a run's record, each once."""
    parts = dict.fromkeys(key for part in values["parts"] for key in part["outputs"])
    return [*parts, *values.get("decisions", ())]


def _outputs(out: Path) -> list[Path]:
    """Return the folders of step outputs, half-written ones too, and the files with decisions."""
    return sorted([*(out / "work").glob("??/*"), *(out / "work").glob("decisions/*")])


def _rest(out: Path) -> list[Path]:
    """Return what `prune` may remove: step outputs, decisions, and what killed runs left."""
    return _outputs(out) + sorted((out / "work").glob("decisions-*"))


def remove_begun(work: Path) -> None:
    """Remove what processes that were killed had begun to write, texts in it; who asks holds the folder alone.

    Raises:
        OSError: something can't be removed.
    """
    for path in [*work.glob("??/*.*"), *work.glob("decisions-*")]:
        remove(path)


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder with what is in it.

    Raises:
        OSError: it can't be removed.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in (path, *path.rglob("*")) if file.is_file())
