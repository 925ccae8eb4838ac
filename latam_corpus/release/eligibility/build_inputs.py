"""The inputs of a version: the kept documents of finished runs, and the shards of the parent version."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from latam_corpus import schema
from latam_corpus.dedupe.fingerprints.fingerprint import text_hash
from latam_corpus.errors import ConfigError, PartError, ReleaseError
from latam_corpus.messages import _
from latam_corpus.pipeline.planning.survival import Loss
from latam_corpus.pipeline.stored_runs.run_record import Record, read_record
from latam_corpus.release.storing.manifest import VERIFY
from latam_corpus.release.storing.shard_file import read_batches
from latam_corpus.schema.extra_columns import EXTRA, merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog

_NEEDED: Final = ("doc_id", "text", "genre", "source_id", "obtained")


@dataclass(frozen=True)
class InputPart:
    """One Parquet file of documents.

    Attributes:
        place: the name of the file in error messages.
    """

    run: str
    place: str
    path: str
    store: Store | None = None
    only: pl.Series | None = None
    without: pl.Series | None = None

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield the rows in order, with the columns of a release; `split` is the parent version's."""
        if not self.path:
            return
        remedy = VERIFY if self.store else _("run the recipe again, to its end")
        try:
            with self.store.open(self.path) if self.store else Path(self.path).open("rb") as opened:
                file = pq.ParquetFile(opened)
                missing = [name for name in _NEEDED if name not in file.schema_arrow.names]
                if missing:
                    problem = _("the column «{missing}» is missing", missing=missing[0])
                    raise ReleaseError(self.place, problem, remedy)
                for frame in read_batches(file):
                    yield completed(self._selected(frame))
        except (pa.ArrowException, OSError, pl.exceptions.PolarsError) as error:
            raise ReleaseError(self.place, _("it can't be read: {cause}", cause=error), remedy) from error

    def _selected(self, frame: pl.DataFrame) -> pl.DataFrame:
        if self.only is not None:
            frame = frame.filter(pl.col("doc_id").is_in(self.only.implode()))
        return frame if self.without is None else frame.filter(~pl.col("doc_id").is_in(self.without.implode()))


@dataclass(frozen=True)
class InputRun:
    """A finished run.

    Attributes:
        stages: the stages of the recipe, each with its options and its name as `use`.
        losses: the groups of documents of which a stage kept less than the recipe's floor.
        accepted_loss: why these losses are accepted; None if no reason was given.
        extra: the columns that its sources and stages add, with their types.
    """

    id: str
    record: Record
    title: str
    release: dict[str, Any]
    sha256: str
    sources: dict[str, dict[str, Any]]
    failed_parts: tuple[str, ...] = ()
    stages: tuple[dict[str, Any], ...] = ()
    losses: tuple[Loss, ...] = ()
    accepted_loss: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    def parts(self) -> list[InputPart]:
        """Return the files of the kept documents.

        Raises ReleaseError if a file is damaged.
        """
        return [InputPart(self.id, f"{self.id}/kept/{path.name}", str(path)) for path in self.files("kept")]

    def files(self, kind: str) -> list[Path]:
        """Return the run's files of one kind, see `Record.files`; raise ReleaseError if a file is damaged."""
        try:
            return self.record.files(kind)
        except PartError as error:
            raise ReleaseError(error.place, error.problem, error.remedy) from None


def load_run(folder: Path) -> InputRun:
    """Return the run in a folder; raise ConfigError if the folder has no run, or the run isn't finished."""
    file = folder / "run.json"
    record = read_record(folder)
    values = record.values
    try:
        recipe = values["recipe"]
        title = str(recipe.get("title") or recipe.get("name") or folder.name)
        finished, release = bool(values["finished"]), dict(recipe.get("release") or {})
        sources = {str(source["id"]): dict(source) for source in values.get("sources", ())}
        failed = tuple(str(part["name"]) for part in values.get("parts", ()) if part.get("failed"))
        stages = tuple(dict(stage) for stage in recipe.get("stage", ()))
        losses = tuple(Loss(**loss) for loss in values.get("losses", ()))
        accepted = values.get("accepted_loss")
        extra = {str(column): str(kind) for column, kind in values.get("extra", {}).items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        problem = _("this isn't the record of a run: {reason}", reason=f"{error!r}")
        raise ConfigError(str(file), problem, _("run the recipe again")) from None
    if not finished:
        raise ConfigError(str(folder), _("the run isn't finished"), _("run the recipe again; finished work is reused"))
    name = folder.resolve().name
    return InputRun(name, record, title, release, record.sha256, sources, failed, stages, losses, accepted, extra)


@dataclass(frozen=True)
class Inputs:
    """The inputs of a version.

    Attributes:
        others: runs of earlier versions that have replacements of withdrawn documents (`replacement_copies.py`).
        earlier: versions from which documents return after a hold (`replacement_copies.py`).
        places: `doc_id` of each replacement, and the document that it replaces in `of`.
    """

    runs: tuple[InputRun, ...]
    parent: Manifest | None
    others: tuple[InputRun, ...] = ()
    earlier: tuple[Manifest, ...] = ()
    places: pl.DataFrame | None = None

    @classmethod
    def of(cls, runs: Iterable[InputRun], parent: Manifest | None) -> Self:
        """Return the inputs, with the runs sorted by name; raise ConfigError if two have the same name."""
        ordered = tuple(sorted(runs, key=lambda run: run.id))
        for previous, run in pairwise(ordered):
            if previous.id == run.id:
                raise ConfigError(run.id, _("two runs have this name"), _("name each run once"))
        return cls(ordered, parent)

    @property
    def title(self) -> str | None:
        """The title, if all inputs have the same one."""
        titles = {run.title for run in self.runs} | ({self.parent.title} if self.parent else set())
        return titles.pop() if len(titles) == 1 else None

    @property
    def extra(self) -> dict[str, str]:
        """The columns that sources and plug-ins add, with their types; raises ConfigError for two types of a column."""
        versions = [*self.earlier, *([self.parent] if self.parent else [])]
        runs = (*self.runs, *self.others)
        return merged([(version.spec, version.extra) for version in versions] + [(run.id, run.extra) for run in runs])

    def parts(self, store: Store, log: WithdrawalLog) -> list[InputPart]:
        """Return all files of documents: the runs' files, then the parent's shards with purges applied."""
        parts = [part for run in self.runs for part in run.parts()]
        if self.parent:
            shards = ((shard, log.resolved(shard)) for shard in self.parent.shards)
            parts += [InputPart("", old.path, now.object if now else "", store) for old, now in shards]
        return parts


def unreadable(place: object, error: Exception) -> ReleaseError:
    """Return the error for a file of a run that can't be read."""
    return ReleaseError(str(place), _("it can't be read: {cause}", cause=error), _("run the recipe again"))


def completed(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with all columns of a release, and with defaults for missing required values."""
    # `extra` has the same type as in runs until shards are written; there it is a struct.
    rows = schema.conform(frame, pl.Schema({**schema.RELEASE_SCHEMA, EXTRA: schema.EXTRA}))
    rows = rows.with_columns(
        pl.col("language").fill_null("und"),
        pl.col("composition").fill_null("original"),
        pl.col("rights_tier").fill_null("unknown"),
        pl.col("uses").fill_null(pl.lit([], dtype=pl.List(pl.String))),
    )
    if rows["text_hash"].null_count() == 0:
        return rows
    # A recipe without `dedupe` computes no text_hash, but withdrawals find texts by it.
    hashes = [
        text_hash(text) if digest is None and text is not None else digest
        for text, digest in zip(rows["text"], rows["text_hash"], strict=True)
    ]
    return rows.with_columns(pl.Series("text_hash", hashes, dtype=pl.Binary))
