"""The runs of an `--out` folder: what became of each, the names by which people mean them, and their tags.

A run is never overwritten. Its folder's name has a digest of all that it rests on, so that other inputs are another
run, and the same command for the same inputs confirms the run that is there. Where it comes to something else (a part
that had failed is done), the run that is there stays, and the new one has the next name.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import Message, _, known
from latam_corpus.pipeline.stored_runs.keys import digest_of
from latam_corpus.pipeline.stored_runs.run_record import (
    ATTEMPT_FILE,
    RUN_FILE,
    Record,
    is_removed,
    read_attempt,
    read_record,
    sentence,
)
from latam_corpus.storage.bucket import is_leased, publish
from latam_corpus.storage.durable import replace as replace_file
from latam_corpus.storage.durable import sealed, unsealed
from latam_corpus.storage.locks import is_locked, locked

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

State: TypeAlias = Literal["finished", "failed parts", "failed", "interrupted", "running", "damaged"]
TAGS_FILE: Final = "tags.json"
_APART: Final = timedelta(minutes=5)  # by which the clocks of two machines may differ
_NAME: Final = re.compile(r"(?P<recipe>.+)-[0-9a-f]{8}")
_TAG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


@dataclass(frozen=True)
class Entry:
    """A run as its folder tells it.

    Attributes:
        folder: the run's.
        state: what became of it.
        when: when it was last finished, or else begun.
        record: what `run.json` says; None where it isn't finished, or damaged.
        problem: why it failed, or failed when it was run again, or what is damaged; empty where nothing is.
        attempt: when the command was last given and how that ended; empty where nothing tells.
    """

    folder: Path
    state: State
    when: str
    record: Record | None = None
    problem: str | Message = ""
    attempt: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The run's."""
        return self.folder.name

    @property
    def whole(self) -> bool:
        """Whether it was finished with all of its parts."""
        return self.record is not None and not any(part.get("failed") for part in self.record.values["parts"])


def recipe_of(run: str) -> str:
    """Return the recipe's name in a run's name; the whole where it has another form.

    >>> recipe_of("prensa-del-sur-1a2b3c4d")
    'prensa-del-sur'
    """
    match = _NAME.fullmatch(run)
    return match["recipe"] if match else run


def run_names(recipe: str, digest: str) -> Iterator[str]:
    """Yield the names of the runs on one digest: of the first, and of those that came to something else after it."""
    number = 0
    while True:
        yield f"{recipe}-{(digest_of(digest, number) if number else digest)[:8]}"
        number += 1


def existing(runs: Path, recipe: str, digest: str) -> list[Path]:
    """Return the folders of the runs that rest on one digest, in order."""
    return list(itertools.takewhile(Path.is_dir, (runs / name for name in run_names(recipe, digest))))


def latest(runs: Path, recipe: str, digest: str) -> Path:
    """Return the folder of the latest run that rests on the digest, or of the first that will."""
    return [runs / next(run_names(recipe, digest)), *existing(runs, recipe, digest)][-1]


def next_name(runs: Path, recipe: str, digest: str) -> str:
    """Return the first name of a run that rests on the digest which nothing has."""
    return next(name for name in run_names(recipe, digest) if not (runs / name).exists())


def folders(out: Path) -> list[Path]:
    """Return the folders of runs, whatever became of them, by name."""
    return sorted(path for path in (out / "runs").glob("*") if path.is_dir() and not path.name.startswith("."))


def readable_runs(out: Path) -> dict[str, Path]:
    """Return the folders of the finished runs whose documents are still there, by name."""
    return {one.name: one for one in folders(out) if (one / RUN_FILE).exists() and not is_removed(one)}


def entry(folder: Path) -> Entry:
    """Return what became of the run in a folder."""
    record, attempt = None, {}
    problem: str | Message = ""
    try:
        attempt = read_attempt(folder)
    except ValueError as error:
        problem = Message("{file}: {error}", {"file": ATTEMPT_FILE, "error": known(error.args[0])})
    began = attempt.get("started") or _touched(folder)
    damaged = bool(problem)
    try:
        record = _known(folder)
        damaged = damaged and record is None  # a record tells how it ended
    except ConfigError as error:
        problem, damaged = error.args[1], True
    if is_locked(folder):
        return Entry(folder, "running", began, record, problem, attempt)
    if damaged:
        return Entry(folder, "damaged", attempt.get("ended") or began, None, problem, attempt)
    if record:
        failed = attempt.get("error")
        confirmed = attempt.get("ended") if not failed else None
        if failed:
            problem = _("when it was run again: {error}", error=sentence(attempt, failed))
        run_entry = Entry(folder, "finished", max(record.values["written"], confirmed or ""), record, problem, attempt)
        return run_entry if run_entry.whole else replace(run_entry, state="failed parts")
    if attempt.get("error"):
        return Entry(folder, "failed", attempt["ended"], None, sentence(attempt, attempt["error"]), attempt)
    state: State = "running" if is_leased(folder) else "interrupted"
    return Entry(folder, state, began, None, "", attempt)


def _known(folder: Path) -> Record | None:
    """Return the record of a finished run; None where the run isn't finished.

    Raises:
        ConfigError: it is damaged, or lacks what every record has.
    """
    if not (folder / RUN_FILE).exists():
        return None
    record = read_record(folder)
    missing = [key for key in ("id", "written", "parts") if key not in record.values]
    if missing:
        problem = _("this isn't the record of a run ({missing})", missing=missing[0])
        raise ConfigError(str(folder / RUN_FILE), problem, _("run its recipe again, or remove the folder"))
    return record


def finished(folder: Path) -> Record:
    """Return the record of the finished run in a folder.

    Raises:
        ConfigError: it isn't finished, or its record is damaged.
    """
    record = _known(folder)
    if record is None:
        raise ConfigError(str(folder), _("the run is {state}", state=entry(folder).state), _("run its recipe again"))
    return record


def _touched(folder: Path) -> str:
    return datetime.fromtimestamp(folder.stat().st_mtime, UTC).isoformat(timespec="milliseconds")


def history(out: Path) -> list[Entry]:
    """All runs under `<out>/runs`, the latest first."""
    return sorted(map(entry, folders(out)), key=lambda one: (one.when, one.name), reverse=True)


def finished_runs(out: Path, without: Container[str] = ()) -> list[Record]:
    """Return the finished runs under `<out>/runs`, the latest first.

    Args:
        out: the folder in which `runs/` is.
        without: the names of runs that don't count.

    Raises:
        ConfigError: one of them is damaged.
    """
    counted = [one for one in history(out) if one.name not in without]
    return [record for one in counted if (record := _sound(one).record) is not None]


def _sound(one: Entry) -> Entry:
    """Return the same.

    Raises:
        ConfigError: its record is damaged.
    """
    if one.record is None:
        _known(one.folder)
    return one


def find_run(named: str, out: Path, *, must_be_finished: bool = True) -> Path:
    """Return the folder of a run: given as a path, by its name or the start of it, by a tag, or by its recipe.

    A recipe's name means its newest finished run.

    Args:
        named: what the user typed.
        out: the folder in which `runs/` is.
        must_be_finished: whether a run that isn't finished is none.

    Raises:
        ConfigError: there is none, several are meant, or it isn't finished.
    """
    if any((Path(named) / file).is_file() for file in (RUN_FILE, *(() if must_be_finished else (ATTEMPT_FILE,)))):
        return Path(named)
    known = {folder.name: folder for folder in folders(out)}
    if named in known:
        if must_be_finished and not (known[named] / RUN_FILE).exists():
            finished(known[named])  # it says what it is
        return known[named]
    tagged = read_tags(out).get(named)
    if tagged and any(recipe_of(name) == named for name in known):
        raise ConfigError(
            named, _("it is a tag of {tagged} and a recipe's name", tagged=tagged), _("name the run in full")
        )
    if tagged:
        return find_run(tagged, out, must_be_finished=must_be_finished)
    there = [name for name, folder in known.items() if not must_be_finished or (folder / RUN_FILE).exists()]
    if newest := newest_of(named, out):
        return newest
    names = [name for name in there if name.startswith(named)]
    if len(names) > 1:
        remedy = _("name one of: {names}", names=", ".join(names))
        raise ConfigError(named, _("{n} runs begin so", n=len(names)), remedy)
    if not names:
        raise ConfigError(f"{out / 'runs'}", _("there is no run «{named}»", named=named), closest(named, there))
    return known[names[0]]


def unfinished_after(run: Path, out: Path) -> list[Entry]:
    """Return the later runs of the same recipe that aren't finished with all parts, the latest first."""
    when = entry(run).when
    others = [one for one in history(out) if recipe_of(one.name) == recipe_of(run.name)]
    return [one for one in others if one.when > when and not one.whole]


def newest_of(recipe: str, out: Path) -> Path | None:
    """Return the newest finished run of a recipe, by the recipe's name; None where there is none.

    Raises:
        ConfigError: the record of one is damaged: it may be the newest. Or one of several is of a time that is to come.
    """
    runs = [folder for folder in folders(out) if recipe_of(folder.name) == recipe]
    entries = sorted((one for one in map(entry, runs) if _sound(one).whole), key=lambda one: (one.when, one.name))
    if len(entries) > 1 and entries[-1].when > (datetime.now(UTC) + _APART).isoformat():
        problem = _("by this machine's clock it ended in the future ({time}): which run is the newest can't be told")
        names = ", ".join(one.name for one in entries)
        remedy = _("set the clock, or name the run that is meant: {names}", names=names)
        raise ConfigError(str(entries[-1].folder), problem.fill(time=entries[-1].when), remedy)
    return entries[-1].folder if entries else None


def read_tags(out: Path) -> dict[str, str]:
    """Return the names of tagged runs, by tag.

    Raises:
        ConfigError: the file that has them is damaged.
    """
    file = out / "runs" / TAGS_FILE
    try:
        return dict(unsealed(file.read_bytes())["tags"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(str(file), f"{error}", _("remove it, and give the tags again")) from None


def tag(out: Path, run: Path, name: str) -> None:
    """Give a run a name that stays with it.

    Raises:
        ConfigError: it can't be one, or it is another run's, or a run or recipe has it; or the run isn't here.
    """
    if run.resolve().parent != (out / "runs").resolve():
        raise ConfigError(
            str(run), _("it isn't in {folder}", folder=out / "runs"), _("name the folder in which it is with --out")
        )
    if not _TAG.fullmatch(name):
        remedy = _("use letters without accents, digits, dots, hyphens and underscores")
        raise ConfigError(_("the tag"), _("«{name}» can't be used", name=name), remedy)
    for folder in folders(out):
        if name in (folder.name, recipe_of(folder.name)):
            what = "a run" if name == folder.name else "a recipe"
            raise ConfigError(
                _("the tag"), _("«{name}» is the name of {what} already", name=name, what=what), _("choose another one")
            )
    with locked(out / "runs"):
        tags = read_tags(out)
        if tags.get(name, run.resolve().name) != run.resolve().name:
            remedy = _(
                "take it off there first: latam-corpus runs tag {tags} {name} --remove", tags=tags[name], name=name
            )
            raise ConfigError(_("the tag"), _("«{name}» is a tag of {tags}", name=name, tags=tags[name]), remedy)
        _write_tags(out, tags | {name: run.resolve().name})


def untag(out: Path, run: Path, name: str) -> None:
    """Take a tag off a run.

    Raises:
        ConfigError: the run hasn't that tag.
    """
    with locked(out / "runs"):
        tags = read_tags(out)
        if tags.get(name) != run.name:
            mine = [one for one, tagged in tags.items() if tagged == run.name]
            raise ConfigError(run.name, _("it has no tag «{name}»", name=name), closest(name, mine))
        _write_tags(out, {one: tagged for one, tagged in tags.items() if one != name})


def _write_tags(out: Path, tags: dict[str, str]) -> None:
    file = out / "runs" / TAGS_FILE
    replace_file(file, sealed({"tags": dict(sorted(tags.items()))}, indent=1))
    publish(file)
