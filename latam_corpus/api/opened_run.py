"""A finished run as a notebook sees it: its documents as lazy frames, a document's story, signals against bounds."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from latam_corpus import schema
from latam_corpus.api.arguments import check_arguments
from latam_corpus.audit.documents import with_documents
from latam_corpus.audit.explanation import Explanation, explained
from latam_corpus.audit.measurement import measured_run, signal_table
from latam_corpus.audit.stores import existing_store, made_of
from latam_corpus.extra_columns import EXTRA, released
from latam_corpus.extra_forms import in_form
from latam_corpus.pipeline.stored_runs.history import find_run, unfinished_after
from latam_corpus.pipeline.stored_runs.run_record import read_record
from latam_corpus.report.notebook import plain, table_html
from latam_corpus.storage.bucket import out_folder

if TYPE_CHECKING:
    from typing import Self

    from latam_corpus.pipeline.stored_runs.run_record import Record
    from latam_corpus.release.storing.store import Store


@dataclass(frozen=True, repr=False)
class Run:
    """A finished run.

    Attributes:
        record: its folder, and what `run.json` says.
        store: where its release is, if it has one.
        release: the version that was made of it, `NAME@VERSION`; None where there is none.
    """

    record: Record
    store: Store | None = None
    release: str | None = None

    @classmethod
    def at(cls, folder: Path, store: Store | None, release: str | None) -> Self:
        """Return the run in a folder.

        Raises:
            ConfigError: its record is missing or damaged.
        """
        return cls(read_record(folder), store, release)

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self.record.folder

    @property
    def name(self) -> str:
        """The run's name, its folder's."""
        return self.folder.resolve().name

    @property
    def values(self) -> dict[str, Any]:
        """What `run.json` says: recipe, sources, parts, rows, stages, and more."""
        return self.record.values

    def documents(self) -> pl.LazyFrame:
        """Return the documents that the run kept, in the columns of the schema.

        Raises:
            PartError: one of the files is damaged; every byte is compared with its digest first. So in the next two.
        """
        return self._scan("kept")

    def dropped(self) -> pl.LazyFrame:
        """Return the documents that it set aside, each with its `drop_reason`, in the columns of the schema."""
        return self._scan("dropped")

    def _scan(self, kind: str) -> pl.LazyFrame:
        """Return documents, with the columns that sources and plug-ins add as a struct, as releases have them."""
        rows = schema.scan(self.record.files(kind), schema.DOCUMENT_SCHEMA)
        added = released(self.values.get("extra", {})).get(EXTRA)
        if added is None:
            return rows
        return rows.with_columns(pl.col(EXTRA).map_batches(lambda one: in_form(one, added), return_dtype=added))

    def ledger(self) -> pl.LazyFrame:
        """Return what happened to documents other than passing, a row each: `stage`, `verdict`, `reason` and more."""
        return schema.scan(self.record.files("ledger"), schema.LEDGER_SCHEMA)

    def explain(self, query: str) -> Explanation:
        """Return the story of the document that a doc_id, an address or words of its text mean.

        Raises:
            ConfigError: no document of the run has it.
            PartError: one of its files is damaged.
        """
        check_arguments(Run.explain, locals())
        return explained(query, self._out, self.folder, self.store)

    def measure(self, policies: str | Path = "") -> pl.DataFrame:
        """Each signal's distribution against its bounds, by language and genre, and what each bound would drop.

        Args:
            policies: a `filters/` folder to hold documents against; the run's own when empty.

        Raises:
            ConfigError: nothing was measured, or a policy is wrong.
            PartError: one of its files is damaged.
        """
        check_arguments(Run.measure, locals())
        measured = measured_run(with_documents(self.folder), str(policies), datetime.now(UTC).date())
        return signal_table(measured)

    @property
    def _out(self) -> Path:
        return self.folder.resolve().parent.parent

    def _counts(self) -> tuple[int, int]:
        rows = self.values.get("rows") or {}
        return rows.get("in", 0), rows.get("kept", 0)

    def __repr__(self) -> str:
        rows_in, kept = self._counts()
        released = f", released as {self.release}" if self.release else ""
        return f"<run {self.name}: {rows_in} documents in, {kept} kept{released}>"

    def _repr_html_(self) -> str:
        rows_in, kept = self._counts()
        title = self.values.get("recipe", {}).get("title")
        rows = [
            (
                row["genre"],
                row["source"],
                row["in"],
                row["kept"],
                ", ".join(f"{reason} {n}" for reason, n in row["reasons"].items()),
            )
            for row in self.values.get("by_genre", ())
        ]
        released = f"<div>released as {plain(self.release)}</div>" if self.release else ""
        return (
            f"<div><b>{plain(title)}</b> {plain(self.name)}</div>"
            f"<div>{rows_in} documents in = {kept} kept + {rows_in - kept} set aside</div>{released}"
            + table_html(("genre", "source", "in", "kept", "set aside, by reason"), rows)
        )


def open_run(named: str | Path, out: str | Path = "out", store: str | Path | None = None) -> Run:
    """Return a finished run, given by its folder, its name or the start of it, a tag, or its recipe's name.

    Args:
        named: which run.
        out: the folder of runs.
        store: the release store; the one beside the run by default.

    Raises:
        ConfigError: there is no such run, several are meant, or it isn't finished.
    """
    check_arguments(open_run, locals())
    folder = _named(named, out_folder(out))
    beside = existing_store(None if store is None else str(store), folder.resolve().parent.parent)
    return Run.at(folder, beside, made_of(beside, folder.resolve().name) if beside else None)


def _named(named: str | Path, out: Path) -> Path:
    """Return the folder of the run that is meant, see `find_run`; a newer one that isn't finished is a warning."""
    folder = find_run(str(named), out)
    if folder.name != Path(named).name:
        for newer in unfinished_after(folder, out)[:1]:
            warning = f"«{named}» is the run {folder.name}; {newer.name}, after it, is not finished: {newer.state}"
            warnings.warn(warning, stacklevel=3)
    return folder


def explain(
    query: str, out: str | Path = "out", run: str | Path | None = None, store: str | Path | None = None
) -> Explanation:
    """Give the story of the document that a doc_id, an address or words of its text mean, from the latest run with it.

    Args:
        query: what is known of the document.
        out: the folder of runs.
        run: a run, however it is named; any when None.
        store: the release store; `<out>/store` by default.

    Raises:
        ConfigError: no document has it.
        PartError: a run's file is damaged.
    """
    check_arguments(explain, locals())
    folder = out_folder(out)
    meant = None if run is None else _named(run, folder)
    return explained(query, folder, meant, existing_store(None if store is None else str(store), folder))
