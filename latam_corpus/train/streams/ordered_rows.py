"""Reads the rows of files in the order of an epoch, one window at a time, and reads the next window ahead."""

from __future__ import annotations

import warnings
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from latam_corpus import schema
from latam_corpus.errors import ConfigError, NoteWarning, closest
from latam_corpus.messages import _
from latam_corpus.release.reading.exclusions import no_exclusion_found
from latam_corpus.schema.extra_columns import released
from latam_corpus.train.shards.row_order import Window, shuffled, windows_of
from latam_corpus.train.shards.rows_in_memory import ChosenRows, RowsInMemory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.release.reading.condition import Condition
    from latam_corpus.train.shards.corpus_files import CorpusFiles

# Another name of the column `doc_id`, which users of other libraries expect.
ID: Final = "id"
_BATCH_BYTES: Final = 8 << 20
_BATCH_ROWS: Final = 1024
# The number of row groups that are fetched or decompressed concurrently.
_READERS: Final = 8
# The number of bytes of a window of a remote store if rows aren't shuffled.
_REMOTE_WINDOW_BYTES: Final = 32 << 20


@cache
def _arrow_types(extra: tuple[tuple[str, str], ...]) -> pa.Schema:
    """Return the columns of a version with their types."""
    return schema.arrow_schema(released(dict(extra)))


@dataclass(frozen=True)
class Selection:
    """The columns and rows that a stream returns.

    Attributes:
        columns: the names of the columns; all of a release if empty.
        where: the condition on rows; None for all rows.
        excluded: ids of documents to leave out.
        must_meet: whether to warn if none of the excluded documents exists: their ids may be from another version.
        extra: the columns that sources and plug-ins add to the version, with their types.
    """

    columns: tuple[str, ...] = ()
    where: Condition | None = None
    excluded: frozenset[str] = frozenset()
    must_meet: bool = False
    extra: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        existing = self.types.names  # check it now, since Polars can't be used in a forked worker
        for name in self.columns:
            if name not in existing and name != ID:
                raise ConfigError("columns", _("unknown column «{name}»", name=name), closest(name, [*existing, ID]))

    @property
    def types(self) -> pa.Schema:
        """The columns of the version with their types."""
        return _arrow_types(self.extra)

    @property
    def returned(self) -> tuple[str, ...]:
        """The names of the columns to return."""
        return self.columns or tuple(self.types.names)

    def with_ids(self) -> Selection:
        """Return the selection with `doc_id` among its columns."""
        return self if "doc_id" in self.returned else replace(self, columns=(*self.columns, "doc_id"))

    @property
    def reads(self) -> list[str]:
        """The names of the columns to read."""
        stored = ["doc_id" if name == ID else name for name in self.returned]
        return list(dict.fromkeys([*stored, "doc_id", *(self.where.reads if self.where else ())]))


@dataclass(frozen=True)
class _LoadedWindow:
    """A window in memory.

    Attributes:
        rows: its rows, in the order of its row groups.
        order: the index in `rows` for each position of the window.
        is_kept: for each row of `rows`, whether it is returned.
        has_excluded: whether the window contains any excluded document.
    """

    window: Window
    rows: RowsInMemory
    order: NDArray[np.int64]
    is_kept: NDArray[np.bool_]
    has_excluded: bool


class OrderedRows:
    """The rows of files in the order of an epoch.

    Attributes:
        total: the number of positions, including rows that are left out.
    """

    def __init__(
        self, files: CorpusFiles, selection: Selection, seed: int, epoch: int, window: int, *, shuffle: bool
    ) -> None:
        self._files = files
        self._selection = selection
        self._key = (seed, epoch)
        self._shuffle = shuffle
        # The windows in which an excluded document may still occur; None after one was found.
        self._unchecked: set[int] | None = None
        # Without shuffling, the order doesn't depend on the size of windows.
        unshuffled_bytes = _BATCH_BYTES if files.store.folder is not None else _REMOTE_WINDOW_BYTES
        window_bytes = window if shuffle else min(window, unshuffled_bytes)
        self._windows = windows_of(files.groups, window_bytes, seed, epoch, shuffle=shuffle)
        if selection.excluded and selection.must_meet:
            self._unchecked = {member.number for member in self._windows}
        self._starts = np.array([member.start for member in self._windows], dtype=np.int64)
        self.total = sum(member.rows for member in self._windows)
        self._loaded: _LoadedWindow | None = None
        self._next: tuple[int, Future[_LoadedWindow]] | None = None
        self._pool = ThreadPoolExecutor(1)
        # With several readers, slices that share a cache would evict groups that other slices are about to read.
        self._readers = ThreadPoolExecutor(1 if files.shared else _READERS)

    def batch_end(self, position: int, world: int) -> int:
        """Return the end, exclusive, of a rank's batch; it is in one window, with at most 1,024 rows and about 8 MB."""
        window = self._windows[self._window_at(position)]
        rows = min(_BATCH_ROWS, int(_BATCH_BYTES * window.rows / max(1, window.size)))
        return min(position + max(1, rows) * world, window.start + window.rows)

    def take(self, positions: NDArray[np.int64]) -> tuple[ChosenRows, NDArray[np.int64]]:
        """Return the rows at positions of one window, except those that are left out, and their positions.

        Positions are ascending; they may precede earlier calls' positions only within the same window.
        """
        loaded = self._load_once(self._window_at(int(positions[0])))
        places = loaded.order[positions - loaded.window.start]
        is_kept = loaded.is_kept[places]
        positions, places = positions[is_kept], places[is_kept]
        return ChosenRows(loaded.rows, places), positions

    def close(self) -> None:
        """Stop reading ahead."""
        for pool in (self._pool, self._readers):
            pool.shutdown(wait=False, cancel_futures=True)

    def _window_at(self, position: int) -> int:
        return int(np.searchsorted(self._starts, position, side="right")) - 1

    def _load_once(self, number: int) -> _LoadedWindow:
        """Return a window, loading it unless it is the current one, and begin to load the next one."""
        if self._loaded is None or self._loaded.window.number != number:
            self._loaded = None  # free its memory before the next window is complete
            ahead, self._next = self._next, None
            self._loaded = ahead[1].result() if ahead and ahead[0] == number else self._load(number)
            if number + 1 < len(self._windows):
                self._next = (number + 1, self._pool.submit(self._load, number + 1))
            self._check_exclusions(self._loaded)
        return self._loaded

    def _check_exclusions(self, loaded: _LoadedWindow) -> None:
        """Warn if all windows have been read and none of them had an excluded document."""
        if self._unchecked is None:
            return
        self._unchecked.discard(loaded.window.number)
        if loaded.has_excluded:
            self._unchecked = None
        elif not self._unchecked:
            self._unchecked = None
            message = no_exclusion_found(self._selection.excluded, self._files.manifest.spec)
            warnings.warn(NoteWarning(message), stacklevel=6)

    def _load(self, number: int) -> _LoadedWindow:
        window = self._windows[number]
        tables, is_kept, has_excluded = [], [], False
        read = partial(self._files.read, columns=self._selection.reads)
        for group, table in zip(window.groups, self._readers.map(read, window.groups), strict=True):
            excluded = has_id_in(table, self._selection.excluded)
            has_excluded = has_excluded or bool(excluded.any())
            is_kept.append(self._is_selected(table, self._files.files[group.file].withdrawn) & ~excluded)
            tables.append(self._with_columns(table))
        rows = RowsInMemory(pa.concat_tables(tables, promote_options="permissive"))
        order = shuffled(window.rows, *self._key, "rows", number) if self._shuffle else np.arange(window.rows)
        return _LoadedWindow(window, rows, order, np.concatenate(is_kept), has_excluded)

    def _with_columns(self, table: pa.Table) -> pa.Table:
        """Return the columns of the selection; a column that an older file lacks is null."""
        columns = []
        for name in self._selection.returned:
            stored = "doc_id" if name == ID else name
            if stored in table.column_names:
                columns.append(table[stored])
            else:
                columns.append(pa.nulls(table.num_rows, self._selection.types.field(stored).type))
        return pa.table(columns, names=list(self._selection.returned))

    def _is_selected(self, table: pa.Table, withdrawn: frozenset[str]) -> NDArray[np.bool_]:
        is_selected = ~has_id_in(table, withdrawn)
        where = self._selection.where
        if where:
            lacking = where.lacking(table.schema)
            if lacking:
                problem = _(
                    "{spec} has no column «{lacking}»: the version is older than the column",
                    spec=self._files.manifest.spec,
                    lacking=lacking,
                )
                raise ConfigError(f"where {where.text}", problem, _("leave it out, or name a later version"))
            frame = pl.from_arrow(table.select(list(dict.fromkeys(steps[0] for steps in where.columns))))
            if isinstance(frame, pl.DataFrame):
                is_selected &= frame.select(where.expression.fill_null(value=False)).to_series().to_numpy()
        return is_selected


def has_id_in(table: pa.Table, ids: frozenset[str]) -> NDArray[np.bool_]:
    """Return for each row whether its `doc_id` is one of these."""
    if not ids:
        return np.zeros(table.num_rows, dtype=bool)

    value_set = pa.array(sorted(ids), type=pa.large_string())
    has_id: NDArray[np.bool_] = pc.is_in(table["doc_id"], value_set=value_set).to_numpy()
    return has_id
