"""Keep copies of a submitted run's files, which its jobs read in place of the originals.

A job may be queued for days, and edits during this time must not affect it. The recipe, the files of its sources, the
policies, the list of inputs and the site file are copied. Of lists of names, models and plug-ins, only digests are
kept: a job refuses to start if one of them has changed.

The input, and the withdrawals and refusals in the release store, are read when the run starts.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.config.toml_model import read_copies
from latam_corpus.engine.cluster.slurm_jobs import own_folder
from latam_corpus.errors import ConfigError
from latam_corpus.formats.registry import plugged_formats
from latam_corpus.messages import _, first_of
from latam_corpus.pipeline.stored_runs.keys import digest_of
from latam_corpus.stages import Barrier
from latam_corpus.storage.durable import package_digest, replacing, sealed, unsealed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from latam_corpus.pipeline.planning.plan import Plan
    from latam_corpus.stages import Stage

_FILE: Final = "submitted.json"
_OURS: Final = "latam_corpus."
_MAX_NAMED: Final = 3  # names that a message lists at most


def keep_copies(folder: Path, plan: Plan, more_files: Iterable[Path | None]) -> None:
    """Write the copies of a run's files, and the digests of its other inputs.

    The plan is without the changes for the release store. `more_files` are other TOML and CSV files of the command,
    such as the site file.
    """
    files = dict.fromkeys([*_files(plan), *(_name(path) for path in more_files if path)])
    texts = {file: text for file in files if (text := _text_of(file)) is not None}
    _write(folder, {"files": texts, "digests": dict(_digests(plan))})


def copy_again(folder: Path, file: Path) -> None:
    """Replace the copy of one file with its current content."""
    stored, text = _read(folder), _text_of(str(file))
    if stored and text is not None:
        stored["files"][_name(file)] = text
        _write(folder, stored)


def use_copies(folder: Path) -> None:
    """Make this process read the copies in place of the files."""
    read_copies((_read(folder) or {}).get("files", {}))


def use_own_copies() -> None:
    """If this process is a driver in a job, make it read the copies in place of the files."""
    if folder := own_folder():
        use_copies(folder)


def refuse_changed(plan: Plan) -> None:
    """Raise `ConfigError` if this process is a driver in a job and an input has changed since the submission.

    The plan is without the changes for the release store.
    """
    folder = own_folder()
    stored = _read(folder) if folder else None
    if folder is None or stored is None:  # submitted by an older version
        return
    submitted, current = stored["digests"], dict(_digests(plan))
    changed = sorted(name for name in {*submitted, *current} if submitted.get(name) != current.get(name))
    if changed:
        template = _("changed since the run was submitted, or different on this machine: {names}")
        problem = template.fill(names=first_of(changed, _MAX_NAMED))
        remedy = _("submit the run again, or restore its lists, models and plug-ins, then: latam-corpus runs retry")
        raise ConfigError(folder.name, problem, remedy)


def edited(folder: Path) -> list[str]:
    """Return the files that differ from their copies, or are missing."""
    files: dict[str, str] = (_read(folder) or {}).get("files", {})
    return [file for file, text in files.items() if _text_of(file) != text]


def _text_of(file: str) -> str | None:
    try:
        return Path(file).read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None


def _files(plan: Plan) -> Iterator[str]:
    recipe = plan.recipe.file
    yield _name(recipe)
    for source_name in plan.recipe.sources:
        if source_name.endswith(".toml"):
            yield _name(recipe.parent / Path(source_name).expanduser())
    for stage in plan.operations:
        yield from map(_name, _policies(stage))


def _policies(stage: Stage | Barrier) -> list[Path]:
    folder = getattr(stage, "policies", "") or stage.policy_folder
    return sorted(Path(folder).rglob("*.toml")) if folder else []


def _digests(plan: Plan) -> Iterator[tuple[str, str]]:
    yield "recipe", plan.recipe.digest()
    for source in plan.sources:
        yield f"source {source.id}", digest_of(source.model_dump(mode="json"))
    for stage in plan.operations:
        is_plug_in = not type(stage).__module__.startswith(_OURS)
        # The toolkit's barriers depend on versions in the store, which are only read when the run starts.
        models = stage.fingerprint() if is_plug_in or not isinstance(stage, Barrier) else ""
        # Policies are copied; their names are compared too, since a policy may have been added or removed.
        policies = [path.name for path in _policies(stage)]
        package = package_digest(type(stage).__module__) if is_plug_in else ""
        yield f"stage {stage.name}", digest_of(models, package, policies)
    for plugged_format in plugged_formats():
        if plugged_format.records:
            yield f"reader {plugged_format.name}", package_digest(plugged_format.package)


def _name(path: Path) -> str:
    # Links aren't resolved: they may point elsewhere when the job starts.
    return os.path.abspath(path)  # noqa: PTH100


def _read(folder: Path) -> dict[str, Any] | None:
    try:
        return unsealed((folder / _FILE).read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        remedy = _("submit the run again: finished work is reused")
        raise ConfigError(str(folder / _FILE), str(error), remedy) from None


def _write(folder: Path, values: dict[str, Any]) -> None:
    with replacing(folder / _FILE) as temporary:
        temporary.touch(0o600)  # the environment in a site file may contain secret keys
        temporary.write_bytes(sealed(values, indent=1))
