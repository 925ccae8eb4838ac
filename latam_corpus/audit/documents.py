"""Find the run or the version that a user names, and read its documents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow.parquet as pq

from latam_corpus import schema
from latam_corpus.audit.stores import existing_store, load_version, open_store
from latam_corpus.errors import ConfigError
from latam_corpus.messages import Message, _
from latam_corpus.pipeline.stored_runs.history import find_run, newest_of, read_tags, unfinished_after
from latam_corpus.pipeline.stored_runs.run_record import RUN_FILE, read_record, refuse_removed
from latam_corpus.release.eligibility.build_inputs import InputPart
from latam_corpus.release.storing.shard_file import read_batches
from latam_corpus.release.storing.withdrawal_log import read_log, withdrawn_note
from latam_corpus.report.disclosure import Disclosure, Redaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    import polars as pl

    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import ReadableShard
CHOSEN: Final = _("«{named}» is the run {run}")


@dataclass(frozen=True)
class Documents:
    """The documents of a run or of a version."""

    name: str
    folder: Path | None = None
    store: Store | None = None
    shards: tuple[ReadableShard, ...] = ()

    def frames(self, kind: str = "kept") -> Iterator[pl.DataFrame]:
        """Yield frames of some thousand documents, with all columns of the schema; a version has only `kept` ones."""
        for shard, without in self.shards:
            place = f"{self.name}, {shard.path}"
            for frame in InputPart("", place, shard.object, self.store, without=without).batches():
                yield schema.conform(frame, schema.DOCUMENT_SCHEMA)
        for path in read_record(self.folder).files(kind) if self.folder else ():
            with pq.ParquetFile(path) as file:
                for frame in read_batches(file):
                    yield schema.conform(frame, schema.DOCUMENT_SCHEMA)


def disclosure_of(
    folder: Path | None, today: date, store: str | None = None, *, internal: bool = False, names: bool = False
) -> Disclosure:
    """Return the rules for showing documents of a run or version: which may be shown, and how they are redacted.

    A version is read without withdrawn documents, so it needs no folder. The default store is the one next to the run.

    Raises:
        ConfigError: the run's record is damaged.
        ReleaseError: the store can't be read.
    """
    if folder is None:
        return Disclosure(today, Redaction.of_run(Path(), {}), None, internal)
    redaction = Redaction.of_run(folder, read_record(folder).values)
    opened = existing_store(store, folder.resolve().parent.parent)
    if opened is None:
        return Disclosure(today, redaction, None, internal, names)
    with opened.named_errors():
        return Disclosure(today, redaction, read_log(opened), internal, names)


def named_run(named: str, out: Path, tell: Callable[[str | Message], None]) -> Documents:
    """Return the documents of a run, see `resolve_run`.

    Raises:
        ConfigError: there is no such run, or its documents are no longer on disk.
    """
    folder = with_documents(resolve_run(named, out, tell))
    return Documents(folder.resolve().name, folder)


def resolve_run(named: str, out: Path, tell: Callable[[str | Message], None]) -> Path:
    """Return the folder of the finished run with this folder, name, start of a name, recipe or tag; see `find_run`.

    Unless the name is complete, `tell` is called with a sentence about the chosen run and any newer unfinished one.

    Raises:
        ConfigError: no run has the name, or several have it.
    """
    folder = find_run(named, out)
    if folder.name != Path(named).name:
        for later in unfinished_after(folder, out)[:1]:
            newest = _(
                "«{named}» is the run {run}, the newest finished one; the later run {later} isn't finished: {state}"
            )
            tell(newest.fill(named=named, run=folder.name, later=later.name, state=Message(later.state)))
            return folder
        tell(CHOSEN.fill(named=named, run=folder.name))
    return folder


def with_documents(folder: Path) -> Path:
    """Return the folder of a run; raise ConfigError or PartError if its documents are no longer on disk."""
    refuse_removed(folder)
    if not any((folder / "kept").glob("*.parquet")):
        raise ConfigError(str(folder), _("the run has no documents on disk"), _("run the recipe again"))
    return folder


def named_documents(named: str, out: Path, store: str | None, tell: Callable[[str | Message], None]) -> Documents:
    """Return the documents of a run or of a version.

    If a recipe and a release have the same name, the recipe's newest run is read.

    Raises:
        ConfigError: there is neither such a run nor such a release.
    """
    exact = (Path(named) / RUN_FILE).is_file() or (out / "runs" / named / RUN_FILE).is_file()
    opened = open_store(store, out)
    names = opened.names()
    if named in names and named in read_tags(out):
        raise ConfigError(
            named, _("it is a run's tag and a release's name"), _("name the run in full, or NAME@VERSION")
        )
    # If the start of a run's name is also the name of a release, the release is meant, unless a recipe has this name.
    if exact or ("@" not in named and (named not in names or newest_of(named, out))):
        if named in names:
            tell(_("«{named}» means the run here; the release of that name is {named}@latest", named=named))
        try:
            return named_run(named, out, tell)
        except ConfigError as error:
            _place, problem, remedy = error.args
            if names:
                remedy = _("{remedy}, or a release: {known}", remedy=remedy, known=", ".join(names))
            raise ConfigError(
                named, _("there is no such run or release ({problem})", problem=problem), remedy
            ) from None
    manifest = load_version(opened, named, tell)
    log = read_log(opened)
    withdrawn = withdrawn_note(log, manifest)
    if withdrawn:
        tell(_("note: {note}", note=withdrawn))
    return Documents(manifest.spec, None, opened, tuple(log.readable(manifest)))
