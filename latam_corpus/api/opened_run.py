"""Open a finished run in a notebook: its documents as lazy frames, explanations of documents, and signals."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from latam_corpus import schema
from latam_corpus.api.arguments import Language, check_arguments
from latam_corpus.audit.documents import with_documents
from latam_corpus.audit.explanation import Explanation, explained
from latam_corpus.audit.measurement import measured_run, signal_table
from latam_corpus.audit.stores import existing_store, made_of
from latam_corpus.pipeline.stored_runs.history import find_run, unfinished_after
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.pipeline.stored_runs.run_record import read_record
from latam_corpus.report.notebook import plain, table_html
from latam_corpus.schema.extra_columns import EXTRA, released
from latam_corpus.schema.extra_forms import in_form
from latam_corpus.storage.bucket import out_folder

if TYPE_CHECKING:
    from typing import Self

    from latam_corpus.pipeline.stored_runs.run_record import Record
    from latam_corpus.release.storing.store import Store


@dataclass(frozen=True, repr=False)
class Run:
    """A finished run.

    Attributes:
        record: the run's folder and the values of its `run.json`.
        store: the release store, if there is one.
        release: the version that was built from the run, `NAME@VERSION`; None if there is none.
    """

    record: Record
    store: Store | None = None
    release: str | None = None

    @classmethod
    def at(cls, folder: Path, store: Store | None, release: str | None) -> Self:
        """Open the run in a folder; raise ConfigError if its record is missing or damaged."""
        return cls(read_record(folder), store, release)

    @property
    def folder(self) -> Path:
        """The folder of the run."""
        return self.record.folder

    @property
    def name(self) -> str:
        """The name of the run, which is its folder's name."""
        return self.folder.resolve().name

    @property
    def values(self) -> dict[str, Any]:
        """The values of `run.json`: recipe, sources, parts, rows, stages, and more."""
        return self.record.values

    def documents(self) -> pl.LazyFrame:
        """Return the documents that the run kept, with the columns of the schema.

        Raises:
            PartError: a file is damaged; all digests are checked first.
        """
        return self._scan("kept")

    def dropped(self) -> pl.LazyFrame:
        """Return the documents that the run dropped, each with its `drop_reason`; otherwise like `documents`."""
        return self._scan("dropped")

    def _scan(self, kind: str) -> pl.LazyFrame:
        """Return documents; like in releases, additional columns of sources and plug-ins are a struct."""
        rows = schema.scan(self.record.files(kind), schema.DOCUMENT_SCHEMA)
        added = released(self.values.get("extra", {})).get(EXTRA)
        if added is None:
            return rows
        return rows.with_columns(pl.col(EXTRA).map_batches(lambda column: in_form(column, added), return_dtype=added))

    def ledger(self) -> pl.LazyFrame:
        """Return the events of documents that a stage didn't just pass on: `stage`, `verdict`, `reason` and more."""
        return schema.scan(self.record.files("ledger"), schema.LEDGER_SCHEMA)

    def files(self, language: Language = "en") -> pl.DataFrame:
        """Return the result for each file, in order: one row per source and file.

        Files that the run couldn't read have a row too. A file that `collect.files` doesn't choose has no row.

        Args:
            language: the language of the sentences.

        Returns:
            A frame with `source_id`, `file` (null for records without one), `documents`, `kept`, `dropped`, `reasons`
            (the drop reasons, most frequent first) and `why` (the same as sentences).

        Raises:
            PartError: a file of the run is damaged.
        """
        check_arguments(Run.files, locals())
        columns = pl.col("source_id"), pl.col("origin").struct.field("file").alias("file"), pl.col("drop_reason")
        documents = pl.concat([self._scan(kind).select(columns) for kind in ("kept", "dropped")])
        counts = documents.group_by("source_id", "file", "drop_reason").len().collect(engine="streaming")
        reason, n = pl.col("drop_reason"), pl.col("len").cast(pl.Int64())
        files = (
            counts.sort(n, "drop_reason", descending=[True, False])
            .group_by("source_id", "file", maintain_order=True)
            .agg(
                n.sum().alias("documents"),
                n.filter(reason.is_null()).sum().alias("kept"),
                n.filter(reason.is_not_null()).sum().alias("dropped"),
                reason.drop_nulls().alias("reasons"),
            )
            .sort("source_id", "file")
        )
        why = [[meaning(reason).translate(language) for reason in reasons] for reasons in files["reasons"]]
        return files.with_columns(pl.Series("why", why, dtype=pl.List(pl.String())))

    def explain(self, query: str) -> Explanation:
        """Explain the documents that match a doc_id, a URL or words of the text.

        Raises:
            ConfigError: no document in the run matches.
            PartError: a file is damaged.
        """
        check_arguments(Run.explain, locals())
        return explained(query, self._out, self.folder, self.store)

    def measure(self, policies: str | Path = "") -> pl.DataFrame:
        """Return the distribution of each signal by language and genre, and the documents that its bound drops.

        Args:
            policies: a `filters/` folder with the bounds; by default, the run's own.

        Raises:
            ConfigError: the run measured no signals, or a policy is wrong.
            PartError: a file is damaged.
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
        rows_in, rows_kept = self._counts()
        released = f", released as {self.release}" if self.release else ""
        return f"<run {self.name}: {rows_in} documents in, {rows_kept} kept{released}>"

    def _repr_html_(self) -> str:
        rows_in, rows_kept = self._counts()
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
            f"<div>{rows_in} documents in = {rows_kept} kept + {rows_in - rows_kept} set aside</div>{released}"
            + table_html(("genre", "source", "in", "kept", "set aside, by reason"), rows)
        )


def open_run(named: str | Path, out: str | Path = "out", store: str | Path | None = None) -> Run:
    """Open a finished run.

    Args:
        named: the run's folder, its name or the start of it, a tag, or the name of its recipe.
        out: the folder of runs.
        store: the release store; by default, the store next to the run.

    Raises:
        ConfigError: no run or several runs have the name, or the run isn't finished.
    """
    check_arguments(open_run, locals())
    folder = _run_folder(named, out_folder(out))
    opened = existing_store(None if store is None else str(store), folder.resolve().parent.parent)
    return Run.at(folder, opened, made_of(opened, folder.resolve().name) if opened else None)


def _run_folder(named: str | Path, out: Path) -> Path:
    """Return the folder of the named run (see `find_run`); warn if a newer run isn't finished."""
    folder = find_run(str(named), out)
    if folder.name != Path(named).name:
        for newer in unfinished_after(folder, out)[:1]:
            warning = f"«{named}» is the run {folder.name}; the later run {newer.name} isn't finished: {newer.state}"
            warnings.warn(warning, stacklevel=3)
    return folder


def explain(
    query: str, out: str | Path = "out", run: str | Path | None = None, store: str | Path | None = None
) -> Explanation:
    """Explain the documents that match a query, each by the latest run that contains it.

    Args:
        query: a doc_id, a URL or words of the text.
        out: the folder of runs.
        run: a run, see `open_run`; None for all runs.
        store: the release store; `<out>/store` by default.

    Raises:
        ConfigError: no document matches.
        PartError: a file of a run is damaged.
    """
    check_arguments(explain, locals())
    folder = out_folder(out)
    run_folder = None if run is None else _run_folder(run, folder)
    return explained(query, folder, run_folder, existing_store(None if store is None else str(store), folder))
