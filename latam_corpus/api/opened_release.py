"""A version of a corpus as a notebook sees it: its documents as a lazy frame, its manifest, whether it is whole."""

from __future__ import annotations

import warnings
from collections.abc import Sequence  # noqa: TC003  (arguments are held against it)
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
from latam_corpus.extra_columns import released
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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.release.reading.corpus_lock import Lock
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.withdrawal_log import ReadableShard


@dataclass(frozen=True, repr=False)
class Release:
    """A version in a store.

    Attributes:
        store: where it is.
        manifest: its shards with their digests, its sources, counts, terms, and what it left out.
    """

    store: Store
    manifest: Manifest

    @property
    def name(self) -> str:
        """The release's name."""
        return self.manifest.name

    @property
    def version(self) -> str:
        """The version's number."""
        return self.manifest.version

    def scan(self) -> pl.LazyFrame:
        """Give the version's documents, in the columns of a release; a store elsewhere is read as far as is asked for.

        Raises:
            ReleaseError: a shard is missing or has another size; `verify` looks at every byte.
        """
        log = read_log(self.store)
        shards = log.readable(self.manifest)
        columns = released(self.manifest.extra)
        withdrawn = withdrawn_note(log, self.manifest)
        if withdrawn:
            warnings.warn(str(withdrawn), stacklevel=2)
        for shard, _left_out in shards:
            size = self.store.size(shard.object)
            if size != shard.bytes:
                problem = (
                    _("the shard is missing")
                    if size is None
                    else _("the shard has {size} bytes, not {bytes}", size=size, bytes=shard.bytes)
                )
                raise ReleaseError(f"{self.store.url}, {shard.object}", problem, VERIFY)
        if self.store.folder is not None:
            rows = schema.scan([self.store.path(one.shard.object) for one in shards], columns)
            without = [one.without for one in shards if one.without is not None]
            return rows.filter(~pl.col("doc_id").is_in(pl.concat(without).implode())) if without else rows
        return register_io_source(partial(self._frames, shards, columns), schema=columns)

    def _frames(
        self,
        shards: Sequence[ReadableShard],
        known: pl.Schema,
        columns: list[str] | None,
        predicate: pl.Expr | None,
        rows: int | None,
        _batch: int | None,
    ) -> Iterator[pl.DataFrame]:
        """Frames of a store that isn't on this disk, as Polars asks for them."""
        wanted = columns or list(known)
        needed = {*wanted, "doc_id", *(predicate.meta.root_names() if predicate is not None else ())}
        types = pl.Schema({name: dtype for name, dtype in known.items() if name in needed})
        for one in shards:
            with open_shard(self.store, one.shard) as file:
                there = [name for name in types if name in file.schema_arrow.names]
                for frame in read_batches(file, there):
                    matching = schema.conform(frame, types).filter(one.wanted())
                    if predicate is not None:
                        matching = matching.filter(predicate)
                    if rows is not None:
                        matching = matching.head(rows)
                        rows -= matching.height
                    yield matching.select(wanted)
                    if rows == 0:
                        return

    def verify(self, *, progress: bool = True) -> list[str]:
        """Every problem found in the version's bytes, rows and counts, one sentence each; empty when it is whole.

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


def open_release(store: str | Path, spec: str) -> Release:
    """Return a version in a store.

    Args:
        store: a folder or URL.
        spec: `NAME@VERSION`, or `NAME` for its latest.

    Raises:
        ConfigError: there is no such store, release or version.
        ReleaseError: the store can't be read, or the version is damaged.
    """
    check_arguments(open_release, locals())
    opened = Store.at(store)
    return Release(opened, load_version(opened, spec, lambda told: warnings.warn(str(told), stacklevel=4)))


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
    """Fetch a version into a folder, verified as `latam-corpus pull` does it; it goes on where it was cut.

    Args:
        store: a folder or URL.
        spec: `NAME@VERSION`, or `NAME` for its latest.
        to: a folder that is new, empty, or holds an earlier pull of the same release.
        where: only rows of which this is true, such as `country in ('CL', 'AR')`.
        with_index: also the fingerprints of its documents.
        columns: only these beside `doc_id`; all when empty.
        exclude: lists of ids that are left out.
        progress: whether a line tells how far it is, on a terminal and in a notebook.

    Returns:
        What `corpus.lock` says; keep that file beside what is trained on the documents.

    Raises:
        ConfigError: there is no such version, the condition is wrong, or the folder holds something else.
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
