"""The documents of a run or of a release, as frames, however the user names them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from latam_corpus import schema
from latam_corpus.audit.stores import existing_store, load_version, open_store
from latam_corpus.errors import ConfigError
from latam_corpus.messages import Message, _
from latam_corpus.pipeline.stored_runs.history import find_run, newest_of, read_tags, unfinished_after
from latam_corpus.pipeline.stored_runs.run_record import RUN_FILE, read_record, refuse_removed
from latam_corpus.release.eligibility.build_inputs import Part
from latam_corpus.release.storing.shard_file import read_batches
from latam_corpus.release.storing.withdrawal_log import read_log, withdrawn_note
from latam_corpus.report.disclosure import Disclosure, Redaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    import polars as pl

    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import ReadableShard


@dataclass(frozen=True)
class Documents:
    """A run's kept documents, or those that it set aside, or a version's.

    Attributes:
        name: the run's, or `NAME@VERSION`.
        folder: the run's; None for a version.
        store: of a version.
        shards: of a version, without what is withdrawn.
    """

    name: str
    folder: Path | None = None
    store: Store | None = None
    shards: tuple[ReadableShard, ...] = ()

    def frames(self, kind: str = "kept") -> Iterator[pl.DataFrame]:
        """Frames of some thousand documents, with all columns of the schema.

        Args:
            kind: `kept` or `dropped`; a version has the first alone.
        """
        for shard, without in self.shards:
            place = f"{self.name}, {shard.path}"
            for frame in Part("", place, shard.object, self.store, without=without).batches():
                yield schema.conform(frame, schema.DOCUMENT_SCHEMA)
        for path in read_record(self.folder).files(kind) if self.folder else ():
            with pq.ParquetFile(path) as file:
                for frame in read_batches(file):
                    yield schema.conform(frame, schema.DOCUMENT_SCHEMA)


def disclosure_of(
    folder: Path | None, today: date, store: str | None = None, *, internal: bool = False, names: bool = False
) -> Disclosure:
    """Return what people may see of the documents of a run, or of a version, which is read without what is withdrawn.

    Args:
        folder: the run's; None for a version.
        today: the day on which terms are judged.
        store: the store that says what is withdrawn; the one beside the run when None.
        internal: whether texts are shown whose terms hide them.
        names: whether documents of a run are named whatever their terms.

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
    """Return the documents of a run, named by its folder, name or start of it, recipe or tag; see `run_meant`.

    Raises:
        ConfigError: there is no such run, or its documents are no longer on disk.
    """
    folder = with_documents(run_meant(named, out, tell))
    return Documents(folder.resolve().name, folder)


def run_meant(named: str, out: Path, tell: Callable[[str | Message], None]) -> Path:
    """Return the folder of a finished run, see `find_run`.

    Args:
        named: what the user typed.
        out: the folder in which `runs/` is.
        tell: is given a sentence where the run wasn't named in full: which one it is, and which newer one failed.

    Raises:
        ConfigError: there is none, or several are meant.
    """
    folder = find_run(named, out)
    if folder.name != Path(named).name:
        meant = {"named": named, "run": folder.name}
        for later in unfinished_after(folder, out)[:1]:
            newest = _("«{named}» is the run {run}, the newest that is finished; {later}, after it, is not: {state}")
            tell(newest.fill(later=later.name, state=Message(later.state), **meant))
            return folder
        tell(_("«{named}» is the run {run}", **meant))
    return folder


def with_documents(folder: Path) -> Path:
    """Return the run's folder.

    Raises:
        ConfigError: its documents are no longer on disk.
        PartError: `run --work none` has removed them.
    """
    refuse_removed(folder)
    if not any((folder / "kept").glob("*.parquet")):
        raise ConfigError(str(folder), _("the run has no documents on disk"), _("run the recipe again"))
    return folder


def named_documents(named: str, out: Path, store: str | None, tell: Callable[[str | Message], None]) -> Documents:
    """Return the documents of a run or of a version; a name that a recipe and a release have means the newest run.

    Args:
        named: a run's folder or name, or `NAME[@VERSION]` of a release.
        out: the folder in which `runs/` and the store are.
        store: the store's folder or URL; `<out>/store` when None.
        tell: is given a sentence for each thing that a reader should know of the choice.

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
    # The start of a run's name may be the name of a release: the release is meant then, unless it is the recipe's name.
    if exact or ("@" not in named and (named not in names or newest_of(named, out))):
        if named in names:
            tell(_("«{named}» means the run here; the release of that name is {named}@latest", named=named))
        try:
            return named_run(named, out, tell)
        except ConfigError as error:
            _place, problem, remedy = error.args
            if known := ", ".join(names):
                remedy = _("{remedy}, or a release: {known}", remedy=remedy, known=known)
            raise ConfigError(
                named, _("there is no such run or release ({problem})", problem=problem), remedy
            ) from None
    manifest = load_version(opened, named, tell)
    log = read_log(opened)
    withdrawn = withdrawn_note(log, manifest)
    if withdrawn:
        tell(_("note: {note}", note=withdrawn))
    return Documents(manifest.spec, None, opened, tuple(log.readable(manifest)))
