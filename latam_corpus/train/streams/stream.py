"""A version as a stream of documents, in one order that any number of ranks shares and that goes on after a stop."""

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
    from latam_corpus.train.shards.shared_groups import SharedGroups

WINDOW_BYTES: Final = 256 << 20
CACHE_BYTES: Final = 4 << 30


class CorpusStream(PositionedStream):
    """The documents of a version, each once an epoch, as dicts.

    Row groups come in an order drawn from the seed and the epoch, and rows are shuffled inside windows of row groups.
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
            store: a folder or URL; or a folder into which a version was pulled.
            name: `NAME@VERSION`, or `NAME` for its latest; of a pulled folder it may be left out.
            seed: from which the order is drawn.
            epoch: from which, too.
            rank: of this process, from 0.
            world: how many processes share the order.
            columns: the column or columns that are read; all of them when empty. `id` is `doc_id` under that name.
            split: `train` by default, so that no run trains on rows that were held out; `validation`, `test`, or `all`.
            language: a language alone, such as `quy_Latn`.
            genre: a genre alone.
            where: only rows of which this is true, as `pull --where` takes it.
            exclude: lists of ids to leave out, as from `contamination --write-exclusions`; or a frozenset of ids.
            lock: a `corpus.lock` that the version must match.
            shuffle: whether the order is shuffled, or that of the manifest.
            window: bytes, decompressed, in which rows are shuffled; it takes about twice that in memory.
            cache: where row groups of a store elsewhere are kept; a folder of the user's cache by default.
            cache_bytes: how many bytes that folder may have.
            decompressed: whether row groups are kept there as they are in memory, those of a store on this disk too.
                What is read again, in the next epoch or by another rank of the machine, is mapped then: it takes less
                time, no memory of its own, and of the disk what the columns take decompressed.

        Raises:
            ConfigError: there is no such version, column or split, or an option is out of range.
            ReleaseError: a file is missing or damaged.
        """
        super().__init__(seed, epoch, rank, world)
        for option, value, least in (("window", window, 1), ("cache_bytes", cache_bytes, 0)):
            if value < least:
                raise ConfigError(
                    option, _("{value} is too small", value=value), _("give {least} or more", least=least)
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
        """What is streamed, as `NAME@VERSION`."""
        return self._files.manifest.spec

    @property
    def files(self) -> CorpusFiles:
        """The files that are read."""
        return self._files

    @property
    def where(self) -> str | None:
        """The condition that selects rows, as it was written."""
        return self._selection.where.text if self._selection.where else None

    @property
    def total(self) -> int:
        """How many documents there are, with those that are left out."""
        return sum(group.rows for group in self._files.groups)

    def of_rows(self, values: Mapping[str, str], shared: SharedGroups | None = None) -> CorpusStream:
        """Return a stream, with this one's options, of those rows alone that have values in columns, "" for none.

        Args:
            values: by column.
            shared: the same for several such streams, so that what one has read the others needn't.
        """
        sliced = copy(self)
        sliced._files = self._files.of_rows(values, shared)  # noqa: SLF001  (its own kind)
        return sliced

    def with_withdrawn(self) -> tuple[CorpusStream, frozenset[str]]:
        """Return the stream with what was withdrawn in its places, by `doc_id`, and which ids its reader must drop."""
        files = self._files.files
        whole = copy(self)
        whole._files = replace(self._files, files=tuple(replace(file, withdrawn=frozenset()) for file in files))  # noqa: SLF001  (its own kind)
        whole._selection = self._selection.with_ids()  # noqa: SLF001
        return whole, frozenset().union(*(file.withdrawn for file in files))

    @property
    def columns(self) -> list[str]:
        """The columns that a row has."""
        return list(self._selection.returned)

    @property
    def selection(self) -> str:
        """What tells its choice of rows from others, whatever was withdrawn; "" where it has all."""
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
    """Raise ConfigError where a lock is of some rows of a version alone, and others are read."""
    locks = [one for one in read_locks(lock) if one.spec == spec]
    if any(not one.is_part or one.selection in selections for one in locks):
        return
    about = {"spec": spec, "n": decimal(f"{locks[0].rows:,}"), "where": locks[0].where or "—"}
    problem = _("it is of {n} {n:document|documents} of {spec} (where: {where}), and others are read", **about)
    remedy = _("give `where`, `exclude` and slices as they were when it was made, or the lock of a whole version")
    raise ConfigError(str(lock), problem, remedy)
