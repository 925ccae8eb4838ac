"""The runs of an `--out` folder: their states, their names, and their tags.

A run is never overwritten. The name of its folder contains a digest of all its inputs, so that different inputs result
in another run, and the same command with the same inputs confirms the existing run. If the result differs, for example
because a part that had failed is now done, the existing run is kept and the new one gets the next name.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import Message, _, known, sentence
from latam_corpus.pipeline.stored_runs.keys import digest_of
from latam_corpus.pipeline.stored_runs.run_record import (
    ATTEMPT_FILE,
    RUN_FILE,
    Record,
    is_removed,
    read_attempt,
    read_record,
)
from latam_corpus.storage.bucket import is_leased, publish
from latam_corpus.storage.durable import replace as replace_file
from latam_corpus.storage.durable import sealed, unsealed
from latam_corpus.storage.locks import is_locked, locked

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

State: TypeAlias = Literal["finished", "failed parts", "failed", "interrupted", "running", "damaged"]
TAGS_FILE: Final = "tags.json"
_CLOCK_SKEW: Final = timedelta(minutes=5)  # tolerated difference between the clocks of two machines
_NAME: Final = re.compile(r"(?P<recipe>.+)-[0-9a-f]{8}")
_TAG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


@dataclass(frozen=True)
class ListedRun:
    """A run and its state.

    Attributes:
        when: the time at which it last finished, or else started; ISO 8601.
        record: the contents of `run.json`; None if the run isn't finished, or is damaged.
        problem: why the last attempt failed, or which file is damaged; empty if neither applies.
    """

    folder: Path
    state: State
    when: str
    record: Record | None = None
    problem: str | Message = ""
    attempt: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The run's name."""
        return self.folder.name

    @property
    def whole(self) -> bool:
        """Whether the run finished without a failed part."""
        return self.record is not None and not any(part.get("failed") for part in self.record.values["parts"])


def recipe_of(run: str) -> str:
    """Return the recipe's name in a run's name; return a name of another form unchanged.

    >>> recipe_of("prensa-del-sur-1a2b3c4d")
    'prensa-del-sur'
    """
    match = _NAME.fullmatch(run)
    return match["recipe"] if match else run


def run_names(recipe: str, digest: str) -> Iterator[str]:
    """Yield the possible names of runs with one digest of inputs: the first run's, then those of runs that differ."""
    number = 0
    while True:
        yield f"{recipe}-{(digest_of(digest, number) if number else digest)[:8]}"
        number += 1


def existing(runs: Path, recipe: str, digest: str) -> list[Path]:
    """Return the folders of the existing runs with one digest of inputs, in order."""
    return list(itertools.takewhile(Path.is_dir, (runs / name for name in run_names(recipe, digest))))


def latest(runs: Path, recipe: str, digest: str) -> Path:
    """Return the folder of the latest run with this digest of inputs, or the folder for the first one."""
    return [runs / next(run_names(recipe, digest)), *existing(runs, recipe, digest)][-1]


def next_name(runs: Path, recipe: str, digest: str) -> str:
    """Return the first unused name of a run with this digest of inputs."""
    return next(name for name in run_names(recipe, digest) if not (runs / name).exists())


def folders(out: Path) -> list[Path]:
    """Return the folders of all runs, whatever their state, sorted by name."""
    return sorted(path for path in (out / "runs").glob("*") if path.is_dir() and not path.name.startswith("."))


def readable_runs(out: Path) -> dict[str, Path]:
    """Return the folders of finished runs whose documents weren't removed, by name."""
    return {path.name: path for path in folders(out) if (path / RUN_FILE).exists() and not is_removed(path)}


def entry(folder: Path) -> ListedRun:
    """Return the run in a folder with its state."""
    record, attempt = None, {}
    problem: str | Message = ""
    try:
        attempt = read_attempt(folder)
    except ValueError as error:
        problem = Message("{file}: {error}", {"file": ATTEMPT_FILE, "error": known(error.args[0])})
    started = attempt.get("started") or _modified(folder)
    damaged = bool(problem)
    try:
        record = _record_of(folder)
        damaged = damaged and record is None  # the record suffices to know how the run ended
    except ConfigError as error:
        problem, damaged = error.args[1], True
    if is_locked(folder):
        return ListedRun(folder, "running", started, record, problem, attempt)
    if damaged:
        return ListedRun(folder, "damaged", attempt.get("ended") or started, None, problem, attempt)
    if record:
        failed = attempt.get("error")
        confirmed = attempt.get("ended") if not failed else None
        if failed:
            problem = _("when it was run again: {error}", error=sentence(attempt, failed))
        run_entry = ListedRun(
            folder, "finished", max(record.values["written"], confirmed or ""), record, problem, attempt
        )
        return run_entry if run_entry.whole else replace(run_entry, state="failed parts")
    if attempt.get("error"):
        return ListedRun(folder, "failed", attempt["ended"], None, sentence(attempt, attempt["error"]), attempt)
    state: State = "running" if is_leased(folder) else "interrupted"
    return ListedRun(folder, state, started, None, "", attempt)


def _record_of(folder: Path) -> Record | None:
    """Return the record of a finished run, None if it isn't finished; raise `ConfigError` if it is damaged."""
    if not (folder / RUN_FILE).exists():
        return None
    record = read_record(folder)
    missing = [key for key in ("id", "written", "parts") if key not in record.values]
    if missing:
        problem = _("this isn't the record of a run ({missing})", missing=missing[0])
        raise ConfigError(str(folder / RUN_FILE), problem, _("run its recipe again, or remove the folder"))
    return record


def finished(folder: Path) -> Record:
    """Return the record of the finished run in a folder; raise `ConfigError` if it isn't finished or is damaged."""
    record = _record_of(folder)
    if record is None:
        raise ConfigError(str(folder), _("the run is {state}", state=entry(folder).state), _("run its recipe again"))
    return record


def _modified(folder: Path) -> str:
    return datetime.fromtimestamp(folder.stat().st_mtime, UTC).isoformat(timespec="milliseconds")


def history(out: Path) -> list[ListedRun]:
    """Return all runs under `<out>/runs`, the latest first."""
    return sorted(map(entry, folders(out)), key=lambda run: (run.when, run.name), reverse=True)


def finished_runs(out: Path, without: Container[str] = ()) -> list[Record]:
    """Return the records of the finished runs under `<out>/runs`, the latest first.

    Raises `ConfigError` if one is damaged.
    """
    runs = [run for run in history(out) if run.name not in without]
    return [record for run in runs if (record := _checked(run).record) is not None]


def _checked(run: ListedRun) -> ListedRun:
    """Return the run; raise `ConfigError` if its record is damaged."""
    if run.record is None:
        _record_of(run.folder)
    return run


def find_run(named: str, out: Path, *, must_be_finished: bool = True) -> Path:
    """Return the folder of a run, given by its path, its name, the start of its name, a tag, or its recipe's name.

    A recipe's name selects its newest finished run.

    Raises:
        ConfigError: no run or more than one matches, or the run isn't finished.
    """
    if any((Path(named) / file).is_file() for file in (RUN_FILE, *(() if must_be_finished else (ATTEMPT_FILE,)))):
        return Path(named)
    all_runs = {folder.name: folder for folder in folders(out)}
    if named in all_runs:
        if must_be_finished and not (all_runs[named] / RUN_FILE).exists():
            finished(all_runs[named])  # raises an error with the run's state
        return all_runs[named]
    tagged = read_tags(out).get(named)
    if tagged and any(recipe_of(name) == named for name in all_runs):
        raise ConfigError(
            named, _("it is both a tag of {tagged} and a recipe's name", tagged=tagged), _("name the run in full")
        )
    if tagged:
        return find_run(tagged, out, must_be_finished=must_be_finished)
    candidates = [name for name, folder in all_runs.items() if not must_be_finished or (folder / RUN_FILE).exists()]
    if newest := newest_of(named, out):
        return newest
    names = [name for name in candidates if name.startswith(named)]
    if len(names) > 1:
        remedy = _("name one of: {names}", names=", ".join(names))
        raise ConfigError(named, _("the names of {n} runs begin like this", n=len(names)), remedy)
    if not names:
        raise ConfigError(f"{out / 'runs'}", _("there is no run «{named}»", named=named), closest(named, candidates))
    return all_runs[names[0]]


def unfinished_after(run: Path, out: Path) -> list[ListedRun]:
    """Return the later runs of the same recipe that aren't finished or lack parts, the latest first."""
    when = entry(run).when
    same_recipe = [later for later in history(out) if recipe_of(later.name) == recipe_of(run.name)]
    return [later for later in same_recipe if later.when > when and not later.whole]


def newest_of(recipe: str, out: Path) -> Path | None:
    """Return the folder of a recipe's newest finished run without failed parts, or None.

    Raises:
        ConfigError: the record of a run is damaged, so that this run may be the newest; or the newest of several has a
            time in the future.
    """
    runs = [folder for folder in folders(out) if recipe_of(folder.name) == recipe]
    entries = sorted((run for run in map(entry, runs) if _checked(run).whole), key=lambda run: (run.when, run.name))
    if len(entries) > 1 and entries[-1].when > (datetime.now(UTC) + _CLOCK_SKEW).isoformat():
        problem = _("by this machine's clock it ended in the future ({time}), so the newest run can't be determined")
        names = ", ".join(run.name for run in entries)
        remedy = _("set the clock, or name the run: {names}", names=names)
        raise ConfigError(str(entries[-1].folder), problem.fill(time=entries[-1].when), remedy)
    return entries[-1].folder if entries else None


def read_tags(out: Path) -> dict[str, str]:
    """Return the names of tagged runs, by tag; raise `ConfigError` if the file is damaged."""
    file = out / "runs" / TAGS_FILE
    try:
        return dict(unsealed(file.read_bytes())["tags"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(str(file), f"{error}", _("remove it, and tag the runs again")) from None


def tag(out: Path, run: Path, name: str) -> None:
    """Add a tag to a run.

    Raises:
        ConfigError: the tag has a wrong form or is already a tag, a run's name or a recipe's name; or the run isn't in
            `out`.
    """
    if run.resolve().parent != (out / "runs").resolve():
        raise ConfigError(str(run), _("it isn't in {folder}", folder=out / "runs"), _("name its folder with --out"))
    if not _TAG.fullmatch(name):
        remedy = _("use letters without accents, digits, dots, hyphens and underscores")
        raise ConfigError(_("the tag"), _("«{name}» can't be used", name=name), remedy)
    for folder in folders(out):
        if name in (folder.name, recipe_of(folder.name)):
            kind_of_name = "a run" if name == folder.name else "a recipe"
            raise ConfigError(
                _("the tag"),
                _("«{name}» is already the name of {what}", name=name, what=kind_of_name),
                _("choose another one"),
            )
    with locked(out / "runs"):
        tags = read_tags(out)
        if tags.get(name, run.resolve().name) != run.resolve().name:
            remedy = _(
                "remove it there first: latam-corpus runs tag {tags} {name} --remove", tags=tags[name], name=name
            )
            raise ConfigError(_("the tag"), _("«{name}» is a tag of {tags}", name=name, tags=tags[name]), remedy)
        _write_tags(out, tags | {name: run.resolve().name})


def untag(out: Path, run: Path, name: str) -> None:
    """Remove a tag from a run; raise `ConfigError` if the run doesn't have it."""
    with locked(out / "runs"):
        tags = read_tags(out)
        if tags.get(name) != run.name:
            own_tags = [own_tag for own_tag, tagged in tags.items() if tagged == run.name]
            raise ConfigError(run.name, _("it has no tag «{name}»", name=name), closest(name, own_tags))
        _write_tags(out, {kept_tag: tagged for kept_tag, tagged in tags.items() if kept_tag != name})


def _write_tags(out: Path, tags: dict[str, str]) -> None:
    file = out / "runs" / TAGS_FILE
    replace_file(file, sealed({"tags": dict(sorted(tags.items()))}, indent=1))
    publish(file)
