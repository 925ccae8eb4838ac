"""Open a version in a notebook: its documents as a lazy frame, its manifest, and its verification."""

from __future__ import annotations

import warnings
from collections.abc import Sequence  # noqa: TC003  (arguments are checked against it)
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from polars.io.plugins import register_io_source

from latam_corpus import schema
from latam_corpus.api.arguments import check_arguments
from latam_corpus.api.progress import LineProgress
from latam_corpus.audit.stores import load_version
from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _
from latam_corpus.release.reading import verify_version as verifying
from latam_corpus.release.reading.exclusions import excluded_ids
from latam_corpus.release.reading.pull import Subset
from latam_corpus.release.reading.pull import pull as pull_version
from latam_corpus.release.storing.manifest import VERIFY
from latam_corpus.release.storing.shard_file import read_batches
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.store_tables import open_shard
from latam_corpus.release.storing.withdrawal_log import read_log, withdrawn_note
from latam_corpus.report.notebook import plain, table_html
from latam_corpus.schema.extra_columns import released

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.release.reading.corpus_lock import Lock
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.withdrawal_log import ReadableShard


@dataclass(frozen=True, repr=False)
class Release:
    """A version in a store.

    Attributes:
        store: the store.
        manifest: the manifest, with shards and their digests, sources, counts, terms, and reasons for documents left
            out.
    """

    store: Store
    manifest: Manifest

    @property
    def name(self) -> str:
        """The name of the release."""
        return self.manifest.name

    @property
    def version(self) -> str:
        """The number of the version."""
        return self.manifest.version

    def scan(self) -> pl.LazyFrame:
        """Return the documents of the version. From a remote store, only the required columns are read.

        Raises:
            ReleaseError: a shard is missing or has another size; `verify` checks every byte.
        """
        log = read_log(self.store)
        shards = log.readable(self.manifest)
        columns = released(self.manifest.extra)
        withdrawn = withdrawn_note(log, self.manifest)
        if withdrawn:
            warnings.warn(str(withdrawn), stacklevel=2)
        for shard, _skipped_ids in shards:
            size = self.store.size(shard.object)
            if size != shard.bytes:
                problem = (
                    _("the shard is missing")
                    if size is None
                    else _("the shard has {size} bytes, not {bytes}", size=size, bytes=shard.bytes)
                )
                raise ReleaseError(f"{self.store.url}, {shard.object}", problem, VERIFY)
        if self.store.folder is not None:
            rows = schema.scan([self.store.path(readable.shard.object) for readable in shards], columns)
            without = [readable.without for readable in shards if readable.without is not None]
            return rows.filter(~pl.col("doc_id").is_in(pl.concat(without).implode())) if without else rows
        return register_io_source(partial(self._frames, shards, columns), schema=columns)

    def _frames(
        self,
        shards: Sequence[ReadableShard],
        all_columns: pl.Schema,
        columns: list[str] | None,
        predicate: pl.Expr | None,
        rows: int | None,
        _batch: int | None,
    ) -> Iterator[pl.DataFrame]:
        """Yield frames of a remote store with the columns and rows that Polars requests."""
        selected = columns or list(all_columns)
        needed = {*selected, "doc_id", *(predicate.meta.root_names() if predicate is not None else ())}
        types = pl.Schema({name: dtype for name, dtype in all_columns.items() if name in needed})
        for readable in shards:
            with open_shard(self.store, readable.shard) as file:
                existing = [name for name in types if name in file.schema_arrow.names]
                for frame in read_batches(file, existing):
                    matching = schema.conform(frame, types).filter(readable.wanted())
                    if predicate is not None:
                        matching = matching.filter(predicate)
                    if rows is not None:
                        matching = matching.head(rows)
                        rows -= matching.height
                    yield matching.select(selected)
                    if rows == 0:
                        return

    def verify(self, *, progress: bool = True) -> list[str]:
        """Check every byte, the rows and the counts; return one sentence per problem, none if the version is intact.

        Raises:
            ReleaseError: the manifest or the store can't be read.
        """
        with self.store.named_errors(), LineProgress(shown=progress) as line:
            return verifying.verify(self.store, self.name, self.version, line.step)

    def __repr__(self) -> str:
        return f"<release {self.manifest.spec}: {self.manifest.rows} documents>"

    def _repr_html_(self) -> str:
        manifest = self.manifest
        sources = [(s.source_id, s.rights, s.rights_tier, s.holder, s.rows) for s in manifest.sources]
        return (
            f"<div><b>{plain(manifest.title)}</b> {plain(manifest.spec)}</div>"
            f"<div>{manifest.rows} documents in {len(manifest.shards)} shards; "
            f"admits {plain(', '.join(manifest.admit))} "
            f"for {plain(', '.join(manifest.uses))}</div>"
            + table_html(("source", "rights", "tier", "holder", "documents"), sources)
        )


def versions(store: str | Path, name: str = "") -> list[str]:
    """Return the versions in a store as `NAME@VERSION`, oldest first for each release; none if there is no store.

    Args:
        store: a folder or URL.
        name: the release; by default, all releases.

    Raises:
        ConfigError: the name isn't a valid name of a release.
        ReleaseError: the store can't be read.
    """
    check_arguments(versions, locals())
    if isinstance(store, Path) and not store.exists():
        return []
    opened = Store.at(store)
    with opened.named_errors():
        names = [name] if name else opened.names()
        return [f"{release}@{version}" for release in names for version in opened.versions(release)]


def open_release(store: str | Path, spec: str) -> Release:
    """Open a version in a store.

    Args:
        store: a folder or URL.
        spec: `NAME@VERSION`, or `NAME` for the latest version.

    Raises:
        ConfigError: the store, the release or the version doesn't exist.
        ReleaseError: the store can't be read, or the version is damaged.
    """
    check_arguments(open_release, locals())
    opened = Store.at(store)
    return Release(opened, load_version(opened, spec, lambda note: warnings.warn(str(note), stacklevel=4)))


def pull(
    store: str | Path,
    spec: str,
    to: str | Path,
    where: str | None = None,
    *,
    with_index: bool = False,
    columns: Sequence[str] = (),
    exclude: Sequence[str | Path] = (),
    progress: bool = True,
) -> Lock:
    """Download and verify a version, like `latam-corpus pull`, or resume an interrupted download.

    Args:
        store: a folder or URL.
        spec: `NAME@VERSION`, or `NAME` for the latest version.
        to: a folder that is new or empty, or contains an earlier pull of the same release.
        where: a condition that rows must meet, such as `country in ('CL', 'AR')`.
        with_index: whether to download the documents' fingerprints too.
        columns: the columns to keep in addition to `doc_id`; if empty, all columns.
        exclude: files with lists of ids to leave out.
        progress: whether to show a progress line, on a terminal and in a notebook.

    Returns:
        The values of `corpus.lock`. Keep that file with the models that you train on the documents.

    Raises:
        ConfigError: the version doesn't exist, the condition is wrong, or the folder contains other files.
        ReleaseError: bytes in the store are missing or damaged.
    """
    check_arguments(pull, locals())
    release = open_release(store, spec)
    with LineProgress(shown=progress) as line:
        return pull_version(
            release.manifest.spec,
            release.store,
            Path(to),
            Subset(where, columns, excluded_ids(exclude, [release.manifest.spec]), with_index),
            line.step,
            report=lambda message: warnings.warn(str(message), stacklevel=2),
        )
