"""What runs take on disk, and what of it no run refers to any more."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from latam_corpus.errors import ConfigError
from latam_corpus.pipeline.lock import locked
from latam_corpus.pipeline.run import RUN_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


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
    """What each run takes, and what no run refers to."""
    referred = {folder.name: keys for folder, keys in _referred(out).items()}
    sizes = {path.name: _size(path) for path in _outputs(out)}
    held: dict[str, int] = {}
    for keys in referred.values():
        for key in keys:
            held[key] = held.get(key, 0) + 1
    uses = tuple(
        Use(
            run,
            sum(sizes.get(key, 0) for key in keys),
            sum(sizes.get(key, 0) for key in keys if held[key] == 1),
        )
        for run, keys in sorted(referred.items())
    )
    unused = sum(size for name, size in sizes.items() if name not in held)
    return Disk(uses, sum(sizes.values()), unused)


def prune(out: Path, runs: Sequence[str] = ()) -> tuple[list[str], int]:
    """Remove these runs, and all outputs that no run refers to then; gives the runs removed and the bytes freed.

    Raises:
        ConfigError: a name is no run's, or a run is in use; nothing is removed then.
    """
    folders = {folder.name: folder for folder in sorted((out / "runs").glob("*")) if folder.is_dir()}
    for name in runs:
        if name not in folders:
            raise ConfigError(str(out / "runs"), f"there is no run «{name}»", "see `latam-corpus runs list`")
    for folder in folders.values():  # an unfinished run's outputs are referred to by nothing yet
        with locked(folder):
            pass
    before = sum(_size(path) for path in _outputs(out))
    for name in runs:
        shutil.rmtree(folders[name])
    kept = {key for keys in _referred(out).values() for key in keys}
    for path in _outputs(out):
        if path.name not in kept:
            shutil.rmtree(path)
    shutil.rmtree(out / "work" / "decisions", ignore_errors=True)  # quickly made again
    return list(runs), before - sum(_size(path) for path in _outputs(out))


def finished_runs(out: Path) -> dict[Path, dict[str, Any]]:
    """What `run.json` tells of each finished run under `<out>/runs`, by folder, the latest first.

    Raises:
        ConfigError: one of them isn't the record of a run.
    """
    found: dict[Path, dict[str, Any]] = {}
    for file in (out / "runs").glob(f"*/{RUN_FILE}"):
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            missing = [key for key in ("id", "written", "parts") if key not in told]
        except FileNotFoundError:  # that run has just begun anew
            continue
        except (OSError, ValueError, TypeError) as error:
            missing = [str(error)]
        if missing:
            remedy = "run its recipe again, or remove the folder"
            raise ConfigError(str(file), f"this isn't the record of a run ({missing[0]})", remedy)
        found[file.parent] = told
    return dict(sorted(found.items(), key=lambda item: item[1]["written"], reverse=True))


def _referred(out: Path) -> dict[Path, list[str]]:
    """The keys of the outputs that each finished run refers to."""
    return {
        folder: [key for part in told["parts"] for key in part["outputs"]]
        for folder, told in finished_runs(out).items()
    }


def _outputs(out: Path) -> list[Path]:
    """The folders of step outputs, half-written ones too."""
    return sorted((out / "work").glob("??/*"))


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
