"""The rows of files at positions of an epoch's order, a window in memory at a time and the next one on its way."""

from __future__ import annotations

import warnings
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
import pyarrow as pa

from latam_corpus import schema
from latam_corpus.errors import ConfigError, NoteWarning, closest
from latam_corpus.extra_columns import released
from latam_corpus.messages import _
from latam_corpus.release.reading.exclusions import no_exclusion_found
from latam_corpus.train.shards.row_order import Window, shuffled, windows_of
from latam_corpus.train.shards.rows_in_memory import ChosenRows, HeldRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.release.reading.condition import Condition
    from latam_corpus.train.shards.corpus_files import CorpusFiles

# Those who come from elsewhere expect a document's id under this name.
ID: Final = "id"
_BATCH_BYTES: Final = 8 << 20
_BATCH_ROWS: Final = 1024
# A store elsewhere answers several requests in the time of one; row groups are decompressed on as many cores.
_AT_ONCE: Final = 8
_AHEAD_ELSEWHERE: Final = 32 << 20


@cache
def _arrow_types(extra: tuple[tuple[str, str], ...]) -> pa.Schema:
    """Return the columns of a version with their types.

    Args:
        extra: the columns that sources and plug-ins add to it, with their types.
    """
    return schema.arrow_schema(released(dict(extra)))


@dataclass(frozen=True)
class Selection:
    """What of the rows is returned, and which rows.

    Attributes:
        columns: by name; all of a release when empty.
        where: of which rows; all when None.
        excluded: ids of documents that are left out.
        must_meet: whether none of these is there only where they are another version's.
        extra: the columns that sources and plug-ins add to the version, with their types.
    """

    columns: tuple[str, ...] = ()
    where: Condition | None = None
    excluded: frozenset[str] = frozenset()
    must_meet: bool = False
    extra: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        known = self.types.names  # here, since Polars can't be asked in a forked worker
        for name in self.columns:
            if name not in known and name != ID:
                raise ConfigError("columns", _("unknown column «{name}»", name=name), closest(name, [*known, ID]))

    @property
    def types(self) -> pa.Schema:
        """The columns of the version with their types."""
        return _arrow_types(self.extra)

    @property
    def returned(self) -> tuple[str, ...]:
        """The columns that are returned."""
        return self.columns or tuple(self.types.names)

    def with_ids(self) -> Selection:
        """Return the selection with `doc_id` among its columns."""
        return self if "doc_id" in self.returned else replace(self, columns=(*self.columns, "doc_id"))

    @property
    def reads(self) -> list[str]:
        """The columns that are read."""
        wanted = ["doc_id" if name == ID else name for name in self.returned]
        return list(dict.fromkeys([*wanted, "doc_id", *(self.where.reads if self.where else ())]))


@dataclass(frozen=True)
class _Loaded:
    """A window in memory: its rows as they stand in their groups, the order, which stay, and if any is excluded."""

    window: Window
    rows: HeldRows
    order: NDArray[np.int64]
    stays: NDArray[np.bool_]
    meets: bool


class OrderedRows:
    """The rows of files in the order of an epoch."""

    def __init__(
        self, files: CorpusFiles, selection: Selection, seed: int, epoch: int, window: int, *, shuffle: bool
    ) -> None:
        self._files = files
        self._selection = selection
        self._key = (seed, epoch)
        self._shuffle = shuffle
        # Windows in which an excluded document may yet be met; None when one was.
        self._unmet: set[int] | None = None
        # Rows that aren't shuffled are read as they come; the order is the same.
        few = _BATCH_BYTES if files.store.folder is not None else _AHEAD_ELSEWHERE
        held = window if shuffle else min(window, few)
        self._windows = windows_of(files.groups, held, seed, epoch, shuffle=shuffle)
        if selection.excluded and selection.must_meet:
            self._unmet = {one.number for one in self._windows}
        self._starts = np.array([one.start for one in self._windows], dtype=np.int64)
        self.total = sum(one.rows for one in self._windows)
        self._loaded: _Loaded | None = None
        self._coming: tuple[int, Future[_Loaded]] | None = None
        self._pool = ThreadPoolExecutor(1)
        # Slices that share groups would push out what the others are about to ask for.
        self._readers = ThreadPoolExecutor(1 if files.shared else _AT_ONCE)

    def batch_end(self, position: int, world: int) -> int:
        """Up to where, exclusive, a rank's positions make a batch of one window: 1,024 rows or about 8 MB at most."""
        window = self._windows[self._window_at(position)]
        rows = min(_BATCH_ROWS, int(_BATCH_BYTES * window.rows / max(1, window.size)))
        return min(position + max(1, rows) * world, window.start + window.rows)

    def take(self, positions: NDArray[np.int64]) -> tuple[ChosenRows, NDArray[np.int64]]:
        """Return the rows at positions of one window that aren't left out, and their positions.

        Args:
            positions: ascending, and not before those that were asked for earlier but in the same window.
        """
        loaded = self._at(self._window_at(int(positions[0])))
        places = loaded.order[positions - loaded.window.start]
        stays = loaded.stays[places]
        positions, places = positions[stays], places[stays]
        return ChosenRows(loaded.rows, places), positions

    def close(self) -> None:
        """Stop reading ahead."""
        for pool in (self._pool, self._readers):
            pool.shutdown(wait=False, cancel_futures=True)

    def _window_at(self, position: int) -> int:
        return int(np.searchsorted(self._starts, position, side="right")) - 1

    def _at(self, number: int) -> _Loaded:
        if self._loaded is None or self._loaded.window.number != number:
            self._loaded = None  # freed before the next one is whole
            coming, self._coming = self._coming, None
            self._loaded = coming[1].result() if coming and coming[0] == number else self._load(number)
            if number + 1 < len(self._windows):
                self._coming = (number + 1, self._pool.submit(self._load, number + 1))
            self._tell_of_exclusions(self._loaded)
        return self._loaded

    def _tell_of_exclusions(self, loaded: _Loaded) -> None:
        """Warn where all rows have been read and none of the excluded documents was there."""
        if self._unmet is None:
            return
        self._unmet.discard(loaded.window.number)
        if loaded.meets:
            self._unmet = None
        elif not self._unmet:
            self._unmet = None
            told = no_exclusion_found(self._selection.excluded, self._files.manifest.spec)
            warnings.warn(NoteWarning(told), stacklevel=6)

    def _load(self, number: int) -> _Loaded:
        window = self._windows[number]
        tables, stays, meets = [], [], False
        read = partial(self._files.read, columns=self._selection.reads)
        for group, table in zip(window.groups, self._readers.map(read, window.groups), strict=True):
            excluded = among(table, self._selection.excluded)
            meets = meets or bool(excluded.any())
            stays.append(self._staying(table, self._files.files[group.file].withdrawn) & ~excluded)
            tables.append(self._returned(table))
        rows = HeldRows(pa.concat_tables(tables, promote_options="permissive"))
        order = shuffled(window.rows, *self._key, "rows", number) if self._shuffle else np.arange(window.rows)
        return _Loaded(window, rows, order, np.concatenate(stays), meets)

    def _returned(self, table: pa.Table) -> pa.Table:
        """Return the columns that are asked for; what a file lacks, since it is older, is null."""
        columns = []
        for name in self._selection.returned:
            stored = "doc_id" if name == ID else name
            if stored in table.column_names:
                columns.append(table[stored])
            else:
                columns.append(pa.nulls(table.num_rows, self._selection.types.field(stored).type))
        return pa.table(columns, names=list(self._selection.returned))

    def _staying(self, table: pa.Table, withdrawn: frozenset[str]) -> NDArray[np.bool_]:
        stays = ~among(table, withdrawn)
        where = self._selection.where
        if where:
            lacking = where.lacking(table.schema)
            if lacking:
                problem = _(
                    "{spec} has no column «{lacking}»: it was made before there was one",
                    spec=self._files.manifest.spec,
                    lacking=lacking,
                )
                raise ConfigError(f"where {where.text}", problem, _("leave it out, or name a later version"))
            frame = pl.from_arrow(table.select(list(dict.fromkeys(steps[0] for steps in where.columns))))
            if isinstance(frame, pl.DataFrame):
                stays &= frame.select(where.expression.fill_null(value=False)).to_series().to_numpy()
        return stays


def among(table: pa.Table, ids: frozenset[str]) -> NDArray[np.bool_]:
    """Return which rows are of these documents."""
    if not ids:
        return np.zeros(table.num_rows, dtype=bool)
    import pyarrow.compute as pc  # which takes longer to import than the first documents to read

    listed = pa.array(sorted(ids), type=pa.large_string())
    among: NDArray[np.bool_] = pc.is_in(table["doc_id"], value_set=listed).to_numpy()
    return among
