"""What a release is built from: the kept documents of finished runs, and the shards of the parent version."""

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
from latam_corpus.extra_columns import EXTRA, merged
from latam_corpus.messages import _
from latam_corpus.pipeline.planning.survival import Loss
from latam_corpus.pipeline.stored_runs.run_record import Record, read_record
from latam_corpus.release.storing.manifest import VERIFY
from latam_corpus.release.storing.shard_file import read_batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog

_NEEDED: Final = ("doc_id", "text", "genre", "source_id", "obtained")


@dataclass(frozen=True)
class Part:
    """One Parquet file of documents.

    Attributes:
        run: the run's folder name; empty for the parent version.
        place: what to call the file in an error.
        path: where it is, in the store when there is one; empty where nothing is left of it.
        only: the ids of the documents that are meant; all of them when None.
        without: the ids of those that aren't.
    """

    run: str
    place: str
    path: str
    store: Store | None = None
    only: pl.Series | None = None
    without: pl.Series | None = None

    def batches(self) -> Iterator[pl.DataFrame]:
        """Its rows in order, with the columns of a release; `split` is what the parent version had."""
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
                    yield completed(self._meant(frame))
        except (pa.ArrowException, OSError, pl.exceptions.PolarsError) as error:
            raise ReleaseError(self.place, _("it can't be read: {cause}", cause=error), remedy) from error

    def _meant(self, frame: pl.DataFrame) -> pl.DataFrame:
        if self.only is not None:
            frame = frame.filter(pl.col("doc_id").is_in(self.only.implode()))
        return frame if self.without is None else frame.filter(~pl.col("doc_id").is_in(self.without.implode()))


@dataclass(frozen=True)
class Run:
    """A finished run: its name, its record, its recipe's title and `[release]`, and the digest of `run.json`.

    Attributes:
        sources: what the catalogue said of each source, by id.
        failed_parts: the parts that gave nothing.
        stages: the recipe's, each with its options and its name as `use`.
        losses: the groups of which a stage kept less than the recipe's floor.
        accepted_loss: the reason for which they may be released; None where nobody gave one.
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

    def parts(self) -> list[Part]:
        """Return the files of its kept documents, each as the run wrote it.

        Raises:
            ReleaseError: one is damaged.
        """
        return [Part(self.id, f"{self.id}/kept/{path.name}", str(path)) for path in self.files("kept")]

    def files(self, kind: str) -> list[Path]:
        """Its files of a kind, see `Record.files`.

        Raises:
            ReleaseError: one is damaged.
        """
        try:
            return self.record.files(kind)
        except PartError as error:
            raise ReleaseError(error.place, error.problem, error.remedy) from None


def load_run(folder: Path) -> Run:
    """Return the run in a folder.

    Raises:
        ConfigError: there is no run, or it isn't finished.
    """
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
        raise ConfigError(str(folder), _("the run isn't finished"), _("run the recipe again; what is done is reused"))
    name = folder.resolve().name
    return Run(name, record, title, release, record.sha256, sources, failed, stages, losses, accepted, extra)


@dataclass(frozen=True)
class Inputs:
    """What a version is built from: runs, by name, and the parent version where there is one.

    Attributes:
        others: runs of earlier versions from which single documents come back (`replacement_copies.py`).
        earlier: versions out of which what was held comes back (`returned.py`).
        places: `doc_id` of each copy that comes back, and the document `of` which it takes the place.
    """

    runs: tuple[Run, ...]
    parent: Manifest | None
    others: tuple[Run, ...] = ()
    earlier: tuple[Manifest, ...] = ()
    places: pl.DataFrame | None = None

    @classmethod
    def of(cls, runs: Iterable[Run], parent: Manifest | None) -> Self:
        """Return the inputs, the runs in the order of their names.

        Raises:
            ConfigError: two of them have one name.
        """
        ordered = tuple(sorted(runs, key=lambda run: run.id))
        for before, after in pairwise(ordered):
            if before.id == after.id:
                raise ConfigError(after.id, _("two runs have this name"), _("name each run once"))
        return cls(ordered, parent)

    @property
    def title(self) -> str | None:
        """The title that all have, if they have one."""
        titles = {run.title for run in self.runs} | ({self.parent.title} if self.parent else set())
        return titles.pop() if len(titles) == 1 else None

    @property
    def extra(self) -> dict[str, str]:
        """The columns that sources and plug-ins add, with their types.

        Raises:
            ConfigError: two of the inputs have one name with different types.
        """
        versions = [*self.earlier, *([self.parent] if self.parent else [])]
        return merged(
            [*((one.spec, one.extra) for one in versions), *((run.id, run.extra) for run in (*self.runs, *self.others))]
        )

    def parts(self, store: Store, log: WithdrawalLog) -> list[Part]:
        """Every file of documents, the parent's shards last, purged ones as they are now."""
        parts = [part for run in self.runs for part in run.parts()]
        if self.parent:
            shards = ((shard, log.resolved(shard)) for shard in self.parent.shards)
            parts += [Part("", old.path, now.object if now else "", store) for old, now in shards]
        return parts


def completed(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with every column of a release, and a value where the schema wants one."""
    # On their way into a version rows have `extra` as in runs; its shards have a struct.
    rows = schema.conform(frame, pl.Schema({**schema.RELEASE_SCHEMA, EXTRA: schema.EXTRA}))
    rows = rows.with_columns(
        pl.col("language").fill_null("und"),
        pl.col("composition").fill_null("original"),
        pl.col("rights_tier").fill_null("unknown"),
        pl.col("uses").fill_null(pl.lit([], dtype=pl.List(pl.String))),
    )
    if rows["text_hash"].null_count() == 0:
        return rows
    # A recipe without `dedupe` computes none, and a withdrawal finds texts by it.
    hashes = [
        text_hash(text) if known is None and text is not None else known
        for text, known in zip(rows["text"], rows["text_hash"], strict=True)
    ]
    return rows.with_columns(pl.Series("text_hash", hashes, dtype=pl.Binary))
