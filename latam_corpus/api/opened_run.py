"""A finished run in Python: its documents as lazy frames, explanations of documents, and measurements of signals."""

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
        record: its folder and the contents of `run.json`.
        store: the store of its release, if it has one.
        release: the version that was made from it, `NAME@VERSION`; None if there is none.
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
        """The run's name, which is the name of its folder."""
        return self.folder.resolve().name

    @property
    def values(self) -> dict[str, Any]:
        """The contents of `run.json`: recipe, sources, parts, rows, stages, and more."""
        return self.record.values

    def documents(self) -> pl.LazyFrame:
        """Return the kept documents with the columns of the schema. Every file is first compared with its digest.

        Raises:
            PartError: a file is damaged.
        """
        return self._scan("kept")

    def dropped(self) -> pl.LazyFrame:
        """Return the dropped documents with their `drop_reason`, with the columns of the schema; see `documents`."""
        return self._scan("dropped")

    def _scan(self, kind: str) -> pl.LazyFrame:
        """Return documents; the columns that sources and plug-ins add are in the struct `extra`, as in releases."""
        rows = schema.scan(self.record.files(kind), schema.DOCUMENT_SCHEMA)
        extra_type = released(self.values.get("extra", {})).get(EXTRA)
        if extra_type is None:
            return rows
        return rows.with_columns(
            pl.col(EXTRA).map_batches(lambda column: in_form(column, extra_type), return_dtype=extra_type)
        )

    def ledger(self) -> pl.LazyFrame:
        """Return the ledger, with a row for each drop, change or failure: `stage`, `verdict`, `reason` and more."""
        return schema.scan(self.record.files("ledger"), schema.LEDGER_SCHEMA)

    def explain(self, query: str) -> Explanation:
        """Explain what happened to a document, given by its doc_id, its address or words of its text.

        Raises:
            ConfigError: no document of the run matches.
            PartError: a file of the run is damaged.
        """
        check_arguments(Run.explain, locals())
        return explained(query, self._out, self.folder, self.store)

    def measure(self, policies: str | Path = "") -> pl.DataFrame:
        """Return each signal's distribution and bounds, by language and genre, and how much each bound would drop.

        Args:
            policies: a `filters/` folder with the bounds; the run's own if empty.

        Raises:
            ConfigError: nothing was measured, or a policy is wrong.
            PartError: a file of the run is damaged.
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
        rows_in, kept_count = self._counts()
        released = f", released as {self.release}" if self.release else ""
        return f"<run {self.name}: {rows_in} documents in, {kept_count} kept{released}>"

    def _repr_html_(self) -> str:
        rows_in, kept_count = self._counts()
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
            f"<div>{rows_in} documents in = {kept_count} kept + {rows_in - kept_count} set aside</div>{released}"
            + table_html(("genre", "source", "in", "kept", "set aside, by reason"), rows)
        )


def open_run(named: str | Path, out: str | Path = "out", store: str | Path | None = None) -> Run:
    """Return a finished run, given by its folder, its name, the start of its name, a tag, or its recipe's name.

    Args:
        named: the run.
        out: the folder of runs.
        store: the release store; by default the store in the run's `out` folder.

    Raises:
        ConfigError: no run or more than one matches, or the run isn't finished.
    """
    check_arguments(open_run, locals())
    folder = _find(named, out_folder(out))
    run_store = existing_store(None if store is None else str(store), folder.resolve().parent.parent)
    return Run.at(folder, run_store, made_of(run_store, folder.resolve().name) if run_store else None)


def _find(named: str | Path, out: Path) -> Path:
    """Return the folder of a run, see `find_run`; warn if there is a newer run that isn't finished."""
    folder = find_run(str(named), out)
    if folder.name != Path(named).name:
        for newer in unfinished_after(folder, out)[:1]:
            warning = f"«{named}» is the run {folder.name}; {newer.name}, after it, is not finished: {newer.state}"
            warnings.warn(warning, stacklevel=3)
    return folder


def explain(
    query: str, out: str | Path = "out", run: str | Path | None = None, store: str | Path | None = None
) -> Explanation:
    """Explain what happened to a document in the latest run that has it.

    Args:
        query: the document's doc_id, its address, or words of its text.
        out: the folder of runs.
        run: a run, as in `open_run`; by default all runs.
        store: the release store; `<out>/store` by default.

    Raises:
        ConfigError: no document matches.
        PartError: a file of a run is damaged.
    """
    check_arguments(explain, locals())
    folder = out_folder(out)
    run_folder = None if run is None else _find(run, folder)
    return explained(query, folder, run_folder, existing_store(None if store is None else str(store), folder))
