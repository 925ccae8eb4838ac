"""Streams the documents of a version, in an order shared by any number of ranks and resumable at every document."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _, decimal
from latam_corpus.paths import cache_folder
from latam_corpus.release.reading.condition import condition
from latam_corpus.release.reading.corpus_lock import read_locks, selection_digest
from latam_corpus.release.reading.exclusions import excluded_ids
from latam_corpus.train.shards.corpus_files import open_files
from latam_corpus.train.shards.group_cache import GroupCache
from latam_corpus.train.streams.ordered_rows import OrderedRows, Selection
from latam_corpus.train.streams.positioned_stream import PositionedStream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from latam_corpus.train.shards.corpus_files import CorpusFiles
    from latam_corpus.train.shards.group_cache import SharedGroups

WINDOW_BYTES: Final = 256 << 20
CACHE_BYTES: Final = 4 << 30


class CorpusStream(PositionedStream):
    """A stream of the documents of a version, once per epoch, as dicts.

    The order of row groups is drawn from the seed and the epoch, and rows are shuffled within windows of row groups.
    """

    def __init__(
        self,
        store: str | Path,
        name: str | None = None,
        *,
        seed: int = 0,
        epoch: int = 0,
        rank: int = 0,
        world: int = 1,
        columns: str | Sequence[str] = (),
        split: str | None = None,
        language: str | None = None,
        genre: str | None = None,
        where: str | None = None,
        exclude: str | Path | Sequence[str | Path] | frozenset[str] = (),
        lock: str | Path | None = None,
        shuffle: bool = True,
        window: int = WINDOW_BYTES,
        cache: str | Path | None = None,
        cache_bytes: int = CACHE_BYTES,
        decompressed: bool = False,
    ) -> None:
        """Open a version.

        Args:
            store: the folder or URL of a store, or a folder into which a version was pulled.
            name: `NAME@VERSION`, or `NAME` for the latest version; optional for a pulled folder.
            seed: seed of the order.
            epoch: number of the epoch; each epoch has another order.
            rank: rank of this process, from 0.
            world: number of processes that share the order.
            columns: the column or columns to return, or all if empty. `id` is another name of `doc_id`.
            split: `train` (the default, so that no run trains on held-out rows by accident), `validation`, `test`, or
                `all`.
            language: only this language, such as `quy_Latn`.
            genre: only this genre.
            where: only rows that meet this condition, written as for `pull --where`.
            exclude: files with ids to leave out, as from `contamination --write-exclusions`; or a frozenset of ids.
            lock: a `corpus.lock` that the version must match.
            shuffle: whether to shuffle the documents, or keep the order of the manifest.
            window: decompressed bytes of a window in which rows are shuffled; the stream uses about twice as much
                memory.
            cache: a folder for row groups of a remote store; by default in the user's cache.
            cache_bytes: maximum bytes of that folder.
            decompressed: whether to store row groups there in decompressed form, even for a local store. Groups that
                are read again, in the next epoch or by another rank of the machine, are then mapped, which takes less
                time and no additional memory, but as much disk as the decompressed columns.

        Raises:
            ConfigError: the version, a column or the split doesn't exist, or an option is out of range.
            ReleaseError: a file is missing or damaged.
        """
        super().__init__(seed, epoch, rank, world)
        for option, value, minimum in (("window", window, 1), ("cache_bytes", cache_bytes, 0)):
            if value < minimum:
                raise ConfigError(
                    option, _("{value} is too small", value=value), _("give {least} or more", least=minimum)
                )
        folder = Path(cache) if cache is not None else cache_folder() / "stream"
        files = open_files(store, name, lock, GroupCache(folder, cache_bytes, decompressed))
        self._slices = {"split": files.chosen_split(split), "language": language, "genre": genre}
        self._files = files.of(**self._slices)
        self._selection = Selection(
            ((columns,) if isinstance(columns, str) else tuple(columns)) or files.columns or (),
            condition(where, "where", files.manifest.extra) if where is not None else None,
            excluded_ids(exclude, [files.manifest.spec]),
            must_meet=not isinstance(exclude, frozenset) and self._files.files == files.files,
            extra=tuple(files.manifest.extra.items()),
        )
        files.must_have(name.partition(".")[0] for name in self._selection.reads)
        if lock:
            _must_select(Path(lock), self.version, {self.selection, files.selection})
        self._window, self._shuffle = window, shuffle

    @property
    def version(self) -> str:
        """The streamed version, as `NAME@VERSION`."""
        return self._files.manifest.spec

    @property
    def files(self) -> CorpusFiles:
        """The files to read."""
        return self._files

    @property
    def where(self) -> str | None:
        """The condition on rows, as it was written; None without one."""
        return self._selection.where.text if self._selection.where else None

    @property
    def total(self) -> int:
        """The number of positions of an epoch, including documents that are left out."""
        return sum(group.rows for group in self._files.groups)

    def of_rows(self, values: Mapping[str, str], shared: SharedGroups | None = None) -> CorpusStream:
        """Return a stream with the same options that is restricted to rows with the given values; "" means null.

        `shared` is a cache in memory for several such streams.
        """
        sliced = copy(self)
        sliced._files = self._files.of_rows(values, shared)  # noqa: SLF001  (its own kind)
        return sliced

    def with_withdrawn(self) -> tuple[CorpusStream, frozenset[str]]:
        """Return a stream with withdrawn documents and the column `doc_id`, and the ids that its reader must drop."""
        files = self._files.files
        complete = copy(self)
        complete._files = replace(self._files, files=tuple(replace(file, withdrawn=frozenset()) for file in files))  # noqa: SLF001  (its own kind)
        complete._selection = self._selection.with_ids()  # noqa: SLF001
        return complete, frozenset().union(*(file.withdrawn for file in files))

    @property
    def columns(self) -> list[str]:
        """The names of a row's columns."""
        return list(self._selection.returned)

    @property
    def selection(self) -> str:
        """The digest of the stream's choice of rows, regardless of withdrawals; "" if it has all rows."""
        return selection_digest(self.where, self._selection.excluded, **self._slices, of=self._files.selection)

    def order(self, seed: int, epoch: int) -> OrderedRows:
        """Return the rows in the order of a seed and an epoch."""
        self._files.must_fit(self._selection.reads)
        return OrderedRows(self._files, self._selection, seed, epoch, self._window, shuffle=self._shuffle)

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_files": replace(self._files)}

    def _open(self) -> OrderedRows:
        return self.order(self._seed, self._epoch)

    def _digest(self) -> str:
        return f"{self._files.digest}-{self._window}-{'shuffled' if self._shuffle else 'stored'}"


def _must_select(lock: Path, spec: str, selections: set[str]) -> None:
    """Raise `ConfigError` if a lock covers only some rows of the version and this stream reads others."""
    locks = [entry for entry in read_locks(lock) if entry.spec == spec]
    if any(not entry.is_part or entry.selection in selections for entry in locks):
        return
    problem = _(
        "it covers {n} {n:document|documents} of {spec} (where: {where}), but others are being read",
        spec=spec,
        n=decimal(f"{locks[0].rows:,}"),
        where=locks[0].where or "—",
    )
    remedy = _("use the `where`, `exclude` and slices with which it was made, or the lock of a whole version")
    raise ConfigError(str(lock), problem, remedy)
